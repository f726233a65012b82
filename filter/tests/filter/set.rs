//! Rules for tests, as moderators write them.

use plic_filter::{RuleSet, Verdict, starter_rules};
use serde_json::{Value, json};

/// A live rule that flags, with some keys changed.
pub(crate) fn rule(id: i64, kind: &str, changes: Value) -> Value {
    let mut rule = json!({
        "id": id, "name": format!("rule {id}"), "kind": kind, "category": "scam", "action": "flag", "state": "live",
    });
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (key, value) in changes {
        rule[key] = value;
    }
    rule
}

/// A set of rules that are in order.
pub(crate) fn set(rules: &[Value]) -> RuleSet {
    RuleSet::from_json(json!(rules).to_string().as_bytes()).expect("the rules are in order")
}

/// The starter rules without the classifier: what lists of words do by themselves.
pub(crate) fn unscored() -> RuleSet {
    let rules = starter_rules().into_iter().filter(|rule| rule.kind.name() != "classifier");
    RuleSet::compile(rules.collect()).expect("the starter rules are in order")
}

/// What of a text is matched, in its order.
pub(crate) fn matched<'t>(verdict: &Verdict, text: &'t str) -> Vec<&'t str> {
    let mut spans: Vec<_> = verdict.matches.iter().map(|found| found.span.clone()).collect();
    spans.sort_by_key(|span| (span.start, span.end));
    spans.dedup();
    spans.into_iter().map(|span| &text[span]).collect()
}
