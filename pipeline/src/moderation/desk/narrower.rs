//! Rules that reach less than one that is in force: the publish gate has nothing to say about them.

use plic_filter::{
    Action, Rule,
    rule::{RuleKind, State},
};

/// Whether a classifier's rule reaches no message that `before`, a rule in force, does not reach: a higher line is no worse
/// for ordinary chat, even where it is not good enough.
pub(super) fn narrows(rule: &Rule, before: &Rule) -> bool {
    let (RuleKind::Classifier(line), RuleKind::Classifier(was)) = (&rule.kind, &before.kind) else {
        return false;
    };
    let is_within = |some: Option<&Vec<String>>, all: Option<&Vec<String>>| match (some, all) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(some), Some(all)) => some.iter().all(|one| all.contains(one)),
    };
    before.state == State::Live
        && rule.action != Action::Allow
        && rule.action == before.action
        && line.head == was.head
        && line.threshold >= was.threshold
        && (before.rooms.is_none() || rule.rooms == before.rooms)
        && is_within(rule.languages.as_ref(), before.languages.as_ref())
        && before.unless.iter().all(|phrase| rule.unless.contains(phrase))
}

#[cfg(test)]
mod tests {
    use plic_filter::rules_from_json;
    use serde_json::{Value, json};

    use super::*;

    /// A rule of the classifier with these keys over its own.
    fn rule(keys: Value) -> Rule {
        let mut rule = json!({
            "id": 1, "name": "n", "kind": "classifier", "category": "hate", "action": "hold", "state": "live",
            "head": "hate", "threshold": 0.5,
        });
        if let Value::Object(keys) = keys {
            rule.as_object_mut().expect("an object").extend(keys);
        }
        rules_from_json(json!([rule]).to_string().as_bytes()).expect("a rule").remove(0)
    }

    #[test]
    fn what_reaches_no_more_messages_is_narrower() {
        let before = rule(json!({ "unless": ["never"] }));
        for keys in [
            json!({ "unless": ["never"] }),
            json!({ "unless": ["never"], "threshold": 0.6 }),
            json!({ "unless": ["not", "never"], "languages": ["fr"], "rooms": [7], "id": 2 }),
        ] {
            assert!(narrows(&rule(keys.clone()), &before), "{keys}");
        }
        let english = rule(json!({ "languages": ["en", "fr"], "rooms": [7] }));
        assert!(narrows(&rule(json!({ "languages": ["en"], "rooms": [7] })), &english));
    }

    #[test]
    fn what_may_reach_another_message_or_do_more_is_not() {
        let before = rule(json!({ "languages": ["en"], "rooms": [7], "unless": ["never"] }));
        let as_before = json!({ "languages": ["en"], "rooms": [7], "unless": ["never"] });
        for (key, value) in [
            ("threshold", json!(0.499)),
            ("languages", json!(["en", "fr"])),
            ("languages", Value::Null),
            ("rooms", json!([7, 8])),
            ("rooms", Value::Null),
            ("unless", json!([])),
            ("action", json!("block")),
            ("action", json!("allow")),
            ("head", json!("scam")),
        ] {
            let mut keys = as_before.clone();
            keys[key] = value;
            assert!(!narrows(&rule(keys.clone()), &before), "{keys}");
        }
        let shadow = rule(json!({ "state": "shadow" }));
        assert!(!narrows(&rule(json!({})), &shadow));
        let allowing = rule(json!({ "action": "allow" }));
        assert!(!narrows(&allowing, &allowing));
        let terms = json!([{
            "id": 1, "name": "n", "kind": "terms", "terms": ["x y"], "category": "hate", "action": "hold", "state": "live",
        }]);
        let terms = rules_from_json(terms.to_string().as_bytes()).expect("a rule").remove(0);
        assert!(!narrows(&terms, &terms));
    }
}
