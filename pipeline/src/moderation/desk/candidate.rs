//! Rule sets that are not in force: what is about to be, and what is only tried.

use plic_filter::{Rule, RuleError, RuleSet, rule::State};

use crate::id::RuleId;

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

pub(super) fn without_examples(rule: Rule) -> Rule {
    Rule { must_match: Vec::new(), must_not_match: Vec::new(), ..rule }
}
