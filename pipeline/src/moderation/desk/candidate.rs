//! Rule sets that are not in force: what is about to be, and what is only tried.

use super::DeskError;
use crate::{
    filter::{
        Rule, RuleError, RuleSet, canary,
        rule::{Action, State},
    },
    id::RuleId,
};

/// Of the shipped ordinary chat, a rule may match one message in so many.
const ORDINARY_SHARE: usize = 1_000;
/// How many of those that it matches are shown.
const SHOWN: usize = 5;

/// Compiles rules that were put in force before, without holding them to their examples again: another version of the
/// program may know other words. A rule that does not compile any more is left out, and said so in the log: chat goes on,
/// moderated by all others.
pub(super) fn put_back_in_force(rules: Vec<Rule>) -> Result<RuleSet, RuleError> {
    let rules: Vec<Rule> = rules.into_iter().map(without_examples).collect();
    let error = match RuleSet::compile(rules.clone()) {
        Ok(set) => return Ok(set),
        Err(error) => error,
    };
    tracing::error!(error = &error as &dyn std::error::Error, "the rules do not compile together");
    let compiles = |rule: &Rule| match RuleSet::compile(vec![rule.clone()]) {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(rule.id = %rule.id, error = &error as &dyn std::error::Error, "a rule is not in force");
            false
        }
    };
    RuleSet::compile(rules.into_iter().filter(compiles).collect())
}

/// `rules` with `draft` live in place of the rule with its id, or beside them; and the draft's id among them.
pub(super) fn with_draft(rules: &[Rule], draft: Rule) -> (Vec<Rule>, RuleId) {
    let draft = tried(draft);
    let id = draft.id;
    let mut rules: Vec<Rule> = rules.iter().cloned().map(without_examples).collect();
    match rules.iter_mut().find(|rule| rule.id == id) {
        Some(rule) => *rule = draft,
        None => rules.push(draft),
    }
    (rules, id)
}

/// The draft as it is tried: live, and not held to its own examples.
pub(super) fn tried(draft: Rule) -> Rule {
    Rule { state: State::Live, ..without_examples(draft) }
}

fn without_examples(rule: Rule) -> Rule {
    Rule { must_match: Vec::new(), must_not_match: Vec::new(), ..rule }
}

/// Refuses a set in which one of these rules matches ordinary chat.
pub(super) fn spare_ordinary_chat(set: &RuleSet, rules: &[RuleId]) -> Result<(), DeskError> {
    let most = canary::texts().count() / ORDINARY_SHARE;
    // What a rule matches depends on itself and on the rules that allow: thousands of texts are soon compared.
    let alone =
        set.rules().iter().filter(|one| rules.contains(&one.id) || one.action == Action::Allow).cloned();
    let set = RuleSet::compile(alone.map(without_examples).collect())?;
    let name = |id| set.rules().iter().find(|rule| rule.id == id).map_or("", |rule| &rule.name);
    for (id, rate) in rules.iter().zip(set.hit_rates(rules, canary::texts())) {
        if rate.hits > most {
            let shown = rate.first.iter().take(SHOWN).filter_map(|&at| canary::texts().nth(at));
            let shown: Vec<String> = shown.map(|text| format!("\"{text}\"")).collect();
            return Err(DeskError::Invalid {
                field: "state".to_owned(),
                problem: format!(
                    "`live` is not for rule {id} ({}): it matches {} of {} messages of ordinary chat, and {most} are the most \
                     for a rule that is put in force: {}. An admin may override this with a reason.",
                    name(*id),
                    rate.hits,
                    rate.texts,
                    shown.join(", "),
                ),
            });
        }
    }
    Ok(())
}
