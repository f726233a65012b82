//! Rules as moderators write them.

use std::{error::Error, thread};

use plic_pipeline::filter::{Action, Rule, RuleError, RuleSet, Rules, Verdict};
use serde_json::{Value, json};

/// A live rule against "western union" that rejects, with some keys changed; `null` takes a key away.
fn rule(id: i64, changes: Value) -> Value {
    let mut rule = json!({
        "id": id, "version": 3, "name": format!("rule {id}"), "kind": "terms", "category": "scam", "action": "reject",
        "state": "live", "languages": ["fr"], "terms": ["western union"],
    });
    let keys = rule.as_object_mut().expect("a rule is an object");
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (key, value) in changes {
        keys.insert(key, value);
    }
    keys.retain(|_, value| !value.is_null());
    rule
}

fn compile(rules: &[Value]) -> Result<RuleSet, RuleError> {
    RuleSet::from_json(json!(rules).to_string().as_bytes())
}

fn check(rules: &[Value], text: &str) -> Verdict {
    compile(rules).expect("the rules are in order").check(text)
}

fn refused(rules: &[Value]) -> String {
    let error = compile(rules).expect_err("the rules are refused");
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[test]
fn a_match_says_which_rule_and_where() {
    let text = "Déjà 😀 payé par WESTERN  Union";
    let verdict = check(&[rule(7, json!({}))], text);
    assert_eq!(verdict.action, Some(Action::Reject));
    assert!(verdict.refuses() && !verdict.closes());
    let found = &verdict.matches[0];
    assert_eq!((found.rule.0, found.version, &*found.name, found.kind), (7, 3, "rule 7", "terms"));
    assert_eq!(&text[found.span.clone()], "WESTERN  Union");
    assert_eq!(found.utf16(text), 17..31, "as JavaScript counts");
}

#[test]
fn the_strongest_action_wins() {
    let stronger = rule(2, json!({"action": "block", "category": "threat", "terms": ["union"]}));
    let verdict = check(&[rule(1, json!({})), stronger], "western union");
    assert!(verdict.closes());
    assert_eq!(verdict.matches.iter().map(|found| found.rule.0).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn allow_lifts_what_lies_wholly_inside_and_no_more() {
    let allow = rule(2, json!({"action": "allow", "terms": ["no western union", "western"]}));
    let rules = [rule(1, json!({})), allow];
    assert!(!check(&rules, "Please no Western Union").refuses());
    assert!(check(&rules, "Please Western Union").refuses());
    assert!(check(&rules, "No Western Union. Well, Western Union").refuses());
}

#[test]
fn unless_lifts_near_matches_of_its_own_rule_in_the_same_sentence() {
    let rules = [rule(1, json!({"unless": ["ne payez jamais"]}))];
    assert!(!check(&rules, "Ne payez JAMAIS par Western Union").refuses());
    assert!(check(&rules, "Ne payez jamais ailleurs. Western Union me va").refuses());
    assert!(check(&rules, &format!("Ne payez jamais {} western union", "très ".repeat(20))).refuses());
    let both = [rules[0].clone(), rule(2, json!({}))];
    assert!(check(&both, "Ne payez jamais par Western Union").refuses());
}

#[test]
fn words_match_whole_and_substrings_anywhere() {
    let word = [rule(1, json!({"terms": ["art"]}))];
    let substring = [rule(1, json!({"terms": ["art"], "match": "substring"}))];
    assert!(!check(&word, "Le départ").refuses());
    assert!(check(&word, "l'art").refuses());
    assert!(check(&substring, "Le départ").refuses());
}

#[test]
fn a_moderators_word_is_not_its_neighbour() {
    let rules = [rule(1, json!({"terms": ["desert", "the rapist", "con", "rue 88"]}))];
    for text in ["dessert", "a therapist", "coon", "conne", "rue 888", "rue 8"] {
        assert!(!check(&rules, text).refuses(), "{text}");
    }
    for text in ["deseeert", "the rapist", "c o n", "connn", "Rue 88!"] {
        assert!(check(&rules, text).refuses(), "{text}");
    }
}

#[test]
fn shadow_rules_report_and_change_nothing() {
    let shadow = rule(1, json!({"state": "shadow", "action": "block"}));
    let verdict = check(std::slice::from_ref(&shadow), "western union");
    assert_eq!(verdict.action, None);
    assert!(!verdict.refuses() && verdict.matches[0].shadow);
    let verdict = check(&[shadow, rule(2, json!({}))], "western union");
    assert_eq!(verdict.action, Some(Action::Reject));
    let allow = rule(3, json!({"state": "shadow", "action": "allow"}));
    assert!(check(&[allow, rule(2, json!({}))], "western union").refuses());
}

#[test]
fn drafts_and_retired_rules_are_not_evaluated() {
    for state in ["draft", "retired"] {
        let verdict = check(&[rule(1, json!({"state": state, "must_match": ["never"]}))], "western union");
        assert_eq!(verdict, Verdict::default());
    }
}

#[test]
fn a_rule_is_held_to_its_examples() {
    let error = refused(&[rule(5, json!({"must_match": ["western union", "moneygram"]}))]);
    assert_eq!(error, "rule 5 (rule 5): must_match[1]: is not matched by the rule");
    let error = refused(&[rule(5, json!({"must_not_match": ["No Western Union"]}))]);
    assert_eq!(error, "rule 5 (rule 5): must_not_match[0]: is matched by the rule");
}

#[test]
fn what_is_wrong_is_named() {
    for (changes, message) in [
        (json!({"kind": "pattern"}), "kind: there is no kind `pattern`"),
        (json!({"action": "hold"}), "unknown variant `hold`, expected one of `allow`, `reject`, `block`"),
        (json!({"unles": []}), "unknown field `unles`"),
        (json!({"rooms": [1]}), "rooms: rules for some rooms only are not supported"),
        (json!({"terms": null}), "terms: has neither `terms` nor `lexicon`"),
        (json!({"lexicon": "hate-en"}), "terms: has both"),
        (json!({"terms": null, "lexicon": "hate-de"}), "unknown variant `hate-de`"),
        (json!({"terms": []}), "rule 1 (rule 1): terms: is empty"),
        (json!({"terms": ["ok", "\u{200b}..!"]}), "rule 1 (rule 1): terms[1]: has no letter"),
        (json!({"terms": ["a".repeat(201)]}), "terms[0]: is longer than 200"),
        (json!({"terms": ["a"], "match": "substring"}), "terms[0]: is too short"),
        (json!({"unless": [" "]}), "unless[0]: has no letter"),
        (json!({"name": " "}), "name: is empty"),
    ] {
        let error = refused(&[rule(1, changes)]);
        assert!(error.contains(message), "{error}");
    }
    assert_eq!(refused(&[rule(1, json!({})), rule(1, json!({}))]), "two rules have the id 1");
    assert!(RuleSet::from_json(b"{}").expect_err("no list").to_string().contains("not a JSON array"));
    let error = refused(&[rule(1, json!({})), rule(2, json!({"state": "on"}))]);
    assert!(error.starts_with("rule number 2 (rule 2) cannot be read"), "{error}");
}

#[test]
fn a_rule_round_trips_through_json() {
    for rule in RuleSet::starter().rules() {
        let json = serde_json::to_string(rule).expect("rules are JSON");
        assert_eq!(&serde_json::from_str::<Rule>(&json).expect("rules are read back"), rule);
    }
}

#[test]
fn sets_swap_while_texts_are_judged_and_a_text_sees_one_whole_set() {
    // Either set refuses one of the two words: a text judged by halves of both would show two or none.
    let set = |term: &str| compile(&[rule(1, json!({"terms": [term]}))]).expect("the rules are in order");
    let (one, other) = (set("alpha"), set("beta"));
    let rules = Rules::new(one.clone());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    assert_eq!(rules.load().check("alpha beta").matches.len(), 1);
                }
            });
        }
        for turn in 0..500 {
            rules.swap(if turn % 2 == 0 { other.clone() } else { one.clone() });
        }
    });
    rules.swap(RuleSet::default());
    assert!(!rules.load().check("alpha beta").refuses());
}
