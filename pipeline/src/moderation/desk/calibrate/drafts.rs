//! The rules that calibrated lines make: the next version of a rule where its languages share a line, and one rule a
//! language where they do not.

use plic_filter::{
    Language, Rule,
    rule::{RuleKind, Threshold},
};

use super::CalibratedLine;
use crate::id::RuleId;

/// Characters that a rule's name may have.
const MAX_NAME: usize = 200;

/// A rule to write.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    /// The rule that it comes from, which has to be at this version still.
    pub(super) of: (RuleId, u32),
    /// Whether it is a rule of its own beside that one.
    pub(super) is_new: bool,
    pub(super) rule: Rule,
}

/// What has to be written so that these rules have these lines.
pub(super) fn drafts(rules: &[Rule], lines: &[CalibratedLine]) -> Vec<Draft> {
    rules.iter().flat_map(|rule| of_rule(rule, lines)).collect()
}

fn of_rule(rule: &Rule, lines: &[CalibratedLine]) -> Vec<Draft> {
    let lines: Vec<&CalibratedLine> = lines.iter().filter(|line| line.rule == rule.id).collect();
    let same = |a: f64, b: f64| (a - b).abs() < f64::EPSILON;
    let Some((first, others)) = lines.split_first() else { return Vec::new() };
    if lines.iter().all(|line| same(line.proposed, line.threshold)) {
        return Vec::new();
    }
    let of = (rule.id, rule.version);
    if others.iter().all(|line| same(line.proposed, first.proposed)) {
        return vec![Draft { of, is_new: false, rule: with_threshold(rule, first.proposed) }];
    }
    let draft = |line: &CalibratedLine, is_new| Draft { of, is_new, rule: for_language(rule, line, is_new) };
    std::iter::once(draft(first, false)).chain(others.iter().map(|line| draft(line, true))).collect()
}

fn with_threshold(rule: &Rule, threshold: f64) -> Rule {
    let mut rule = rule.clone();
    if let RuleKind::Classifier(Threshold { threshold: line, .. }) = &mut rule.kind {
        *line = threshold;
    }
    rule
}

/// The rule for one language, with the examples that are not in another.
fn for_language(rule: &Rule, line: &CalibratedLine, is_new: bool) -> Rule {
    let languages = vec![line.language.to_owned()];
    let mut rule = with_threshold(rule, line.proposed);
    rule.must_match.retain(|text| Language::of_text(text).is_among(&languages));
    rule.languages = Some(languages);
    if is_new {
        let suffix = format!(" ({})", line.language);
        rule.name = rule.name.chars().take(MAX_NAME - suffix.len()).collect::<String>() + &suffix;
    }
    rule
}

#[cfg(test)]
mod tests {
    use plic_filter::rules_from_json;
    use serde_json::json;

    use super::{super::LineChange, *};

    fn rule() -> Rule {
        let rule = json!([{
            "id": 5, "version": 3, "name": "x".repeat(200), "kind": "classifier", "category": "hate", "action": "hold",
            "state": "live", "head": "hate", "threshold": 0.5, "must_match": ["they are all the same and should leave"],
        }]);
        rules_from_json(rule.to_string().as_bytes()).expect("a rule").remove(0)
    }

    fn lines(proposed: [f64; 2]) -> Vec<CalibratedLine> {
        let line = |(language, proposed): (&'static str, f64)| CalibratedLine {
            rule: RuleId(5),
            version: 3,
            name: String::new(),
            head: plic_filter::Head::Hate,
            action: plic_filter::Action::Hold,
            language,
            threshold: 0.5,
            proposed,
            change: LineChange::Kept,
            ordinary: super::super::Reaching::default(),
            upheld: super::super::Reaching::default(),
        };
        ["en", "fr"].into_iter().zip(proposed).map(line).collect()
    }

    fn thresholds(drafts: &[Draft]) -> Vec<(bool, Option<Vec<String>>, f64)> {
        let threshold = |rule: &Rule| match rule.kind {
            RuleKind::Classifier(spec) => spec.threshold,
            _ => f64::NAN,
        };
        drafts.iter().map(|one| (one.is_new, one.rule.languages.clone(), threshold(&one.rule))).collect()
    }

    #[test]
    fn nothing_is_written_where_no_line_moves() {
        assert_eq!(drafts(&[rule()], &lines([0.5, 0.5])), []);
        assert_eq!(drafts(&[rule()], &[]), []);
    }

    #[test]
    fn a_line_of_all_languages_is_the_next_version() {
        let drafts = drafts(&[rule()], &lines([0.6, 0.6]));
        assert_eq!(thresholds(&drafts), [(false, None, 0.6)]);
        assert_eq!(drafts[0].of, (RuleId(5), 3));
    }

    #[test]
    fn lines_that_differ_are_a_rule_a_language() {
        let drafts = drafts(&[rule()], &lines([0.5, 0.6]));
        let language = |code: &str| Some(vec![code.to_owned()]);
        assert_eq!(thresholds(&drafts), [(false, language("en"), 0.5), (true, language("fr"), 0.6)]);
        assert_eq!(drafts[0].rule.must_match.len(), 1);
        assert_eq!(drafts[1].rule.must_match, Vec::<String>::new());
        assert_eq!(drafts[0].rule.name, rule().name);
        assert!(drafts[1].rule.name.ends_with("x (fr)") && drafts[1].rule.name.len() == 200);
    }
}
