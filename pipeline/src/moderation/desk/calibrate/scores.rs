//! What the classifier makes of a sample, rule by rule and language by language.

use plic_filter::{
    Action, Earlier, Language, Rule, RuleError, RuleSet, Said, Verdict,
    rule::{RuleKind, State},
};

use super::{
    super::candidate::without_examples,
    sample::{Known, KnownMessage},
};

/// The languages that the classifier scores, and those that are not sure.
pub(super) const GROUPS: usize = Language::SCORED.len() + 1;
pub(super) const UNSURE: usize = Language::SCORED.len();

/// The live rules that ask the classifier, with thresholds that every message reaches, so that each shows its score.
pub(super) struct Probe {
    set: RuleSet,
    /// The rules as they are in force.
    pub(super) rules: Vec<Rule>,
    pub(super) scores: Scores,
}

/// Scores of a sample, for each group of languages and each rule.
#[derive(Debug, Default)]
pub(super) struct Scores {
    pub(super) ordinary: [Vec<Vec<f32>>; GROUPS],
    pub(super) upheld: [Vec<Vec<f32>>; GROUPS],
}

impl Probe {
    /// The most rules that one verdict shows.
    pub(super) const MAX_RULES: usize = Verdict::MAX_MATCHES;

    /// Nothing is scored yet.
    pub(super) fn new(in_force: &[Rule]) -> Result<Self, RuleError> {
        let is_live = |rule: &&Rule| rule.state == State::Live;
        let allows = |rule: &Rule| rule.action == Action::Allow;
        let rules: Vec<Rule> = in_force
            .iter()
            .filter(is_live)
            .filter(|rule| !allows(rule) && matches!(rule.kind, RuleKind::Classifier(_)))
            .cloned()
            .collect();
        let allowing = in_force.iter().filter(is_live).filter(|rule| allows(rule)).cloned();
        let set =
            RuleSet::compile(rules.iter().map(probing).chain(allowing.map(without_examples)).collect())?;
        let empty = || std::array::from_fn(|_| vec![Vec::new(); rules.len()]);
        let scores = Scores { ordinary: empty(), upheld: empty() };
        Ok(Self { set, rules, scores })
    }

    /// Scores a message; what is in a language that is not scored, or lifted, reaches no line.
    pub(super) fn add(&mut self, one: &KnownMessage) {
        let text = &one.message.text;
        let group = match Language::of_text(text) {
            Language::English => 0,
            Language::French => 1,
            Language::Unsure => UNSURE,
            Language::Other(_) => return,
        };
        let said = Said { text, room: Some(one.message.room), earlier: &Earlier::default() };
        let verdict = self.set.judge(&said);
        let side =
            if one.known == Known::Upheld { &mut self.scores.upheld } else { &mut self.scores.ordinary };
        for (rule, scores) in self.rules.iter().zip(&mut side[group]) {
            let score = verdict.matches.iter().find(|hit| hit.rule == rule.id).and_then(|hit| hit.score);
            scores.push(score.unwrap_or(0.0));
        }
    }

    /// Brings all scores into falling order.
    pub(super) fn sort(&mut self) {
        let Scores { ordinary, upheld } = &mut self.scores;
        for scores in ordinary.iter_mut().chain(upheld).flatten() {
            scores.sort_unstable_by(|a, b| b.total_cmp(a));
        }
    }
}

/// The same rule, for every message in any language.
fn probing(rule: &Rule) -> Rule {
    let mut probing = Rule { languages: None, ..without_examples(rule.clone()) };
    if let RuleKind::Classifier(spec) = &mut probing.kind {
        spec.threshold = 0.0;
    }
    probing
}
