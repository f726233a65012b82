//! Rules as moderators write them.

use std::{error::Error, thread};

use plic_filter::id::{RoomId, RuleId};
use plic_filter::{
    Action, Earlier, Head, Rule, RuleError, RuleSet, Rules, Said, Verdict,
    rule::{RuleKind, Threshold},
};
use serde_json::{Value, json};

/// A live rule against "western union" that rejects, with some keys changed; `null` takes a key away.
fn rule(id: i64, changes: Value) -> Value {
    let mut rule = json!({
        "id": id, "version": 3, "name": format!("rule {id}"), "kind": "terms", "category": "scam", "action": "reject",
        "state": "live", "languages": null, "terms": ["western union"],
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
        assert!(verdict.action.is_none() && verdict.matches.is_empty());
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
        (json!({"kind": "patterns"}), "kind: there is no kind `patterns`"),
        (
            json!({"action": "stop"}),
            "unknown variant `stop`, expected one of `allow`, `flag`, `mask`, `hold`",
        ),
        (json!({"unles": []}), "unknown field `unles`"),
        (json!({"rooms": []}), "rooms: is empty"),
        (json!({"languages": ["x".repeat(201)]}), "languages[0]: is longer than 200"),
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
fn a_rule_of_any_kind_round_trips_through_json() {
    let mut rules = RuleSet::starter().rules().to_vec();
    let kinds = [
        ("terms", json!({"terms": ["a b"], "match": "substring"})),
        ("terms", json!({"terms": null, "lexicon": "hate-en"})),
        ("pattern", json!({"pattern": "a+b", "view": "original"})),
        ("concepts", json!({"concepts": {"at_least": 1, "of": ["mine"], "define": {"mine": ["my own"]}}})),
        ("links", json!({"domains": ["*.example"], "allow_domains": ["a.fr"], "shorteners": true})),
        ("contact", json!({})),
        ("classifier", json!({"head": "hate", "threshold": 0.921_234_567_891_234_5})),
        ("repetition", json!({"limit": {"same_text": 3, "window_seconds": 60}})),
    ];
    for (id, (kind, keys)) in (1..).zip(kinds) {
        let mut value = rule(id, keys);
        for (key, other) in json!({
            "kind": kind, "action": "mask", "rooms": [1, 9_007_199_254_740_991_i64], "unless": ["x"], "note": "n",
            "must_match": [], "must_not_match": ["y"],
        })
        .as_object()
        .expect("an object")
        {
            value[key] = other.clone();
        }
        rules.push(serde_json::from_value(value).expect("is a rule"));
    }
    for rule in rules {
        let json = serde_json::to_string(&rule).expect("rules are JSON");
        assert_eq!(serde_json::from_str::<Rule>(&json).expect("rules are read back"), rule);
        let value = serde_json::to_value(&rule).expect("rules are JSON");
        assert_eq!(serde_json::from_value::<Rule>(value.clone()).expect("rules are read back"), rule);
        for key in ["id", "version", "languages", "rooms", "unless", "must_match", "must_not_match", "note"] {
            assert!(value.get(key).is_some(), "{key} is written");
        }
    }
}

#[test]
fn a_form_may_send_the_whole_shape_with_nulls_and_keys_of_other_kinds() {
    let shape = json!({
        "name": "n", "kind": "links", "category": "scam", "action": "flag", "state": "live", "id": null, "version": null,
        "languages": null, "rooms": null, "terms": [], "match": "word", "lexicon": null, "pattern": "(", "view": 7,
        "concepts": {"at_least": "x"}, "domains": ["a.fr"], "allow_domains": [], "head": "?", "threshold": -1,
        "limit": null, "unless": null, "must_match": null, "must_not_match": null, "note": null, "updated_by": "u",
        "updated_at": "t",
    });
    let rule: Rule = serde_json::from_value(shape).expect("is a rule");
    assert_eq!((rule.id.0, rule.version, rule.kind.name()), (0, 1, "links"));
    assert!(RuleSet::compile(vec![rule]).is_ok());
}

#[test]
fn what_is_wrong_with_other_kinds_is_named() {
    for (kind, keys, message) in [
        ("classifier", json!({"head": "hate", "threshold": 1.5}), "threshold: is not from 0 to 1"),
        ("classifier", json!({"head": "hate", "threshold": -0.1}), "threshold: is not from 0 to 1"),
        ("classifier", json!({"head": "joy", "threshold": 0.5}), "head: unknown variant `joy`"),
        ("classifier", json!({"threshold": 0.5}), "head: is missing"),
        ("pattern", json!({"pattern": "a", "view": "leet"}), "view: unknown variant `leet`"),
        ("pattern", json!({}), "pattern: is missing"),
        ("links", json!({}), "domains: is empty"),
        ("links", json!({"domains": ["a.fr", "https://a.fr"]}), "domains[1]: is not a domain"),
        ("links", json!({"allow_domains": ["*"]}), "allow_domains[0]: is not a domain"),
        ("repetition", json!({}), "limit: is missing"),
        ("repetition", json!({"limit": {"same_text": -1, "window_seconds": 1}}), "limit: invalid value"),
    ] {
        let mut value = rule(1, keys);
        value["kind"] = json!(kind);
        let error = refused(&[value]);
        assert!(error.contains(message), "{error}");
    }
    let mut nan = RuleSet::starter().rules()[0].clone();
    nan.kind = RuleKind::Classifier(Threshold { head: Head::Hate, threshold: f64::NAN });
    assert!(RuleSet::compile(vec![nan]).expect_err("is refused").to_string().contains("threshold"));
    // Half of a character in UTF-16 is no text.
    assert!(RuleSet::from_json(br#"[{"name": "\ud800"}]"#).is_err());
}

#[test]
fn a_rule_for_some_rooms_is_for_no_others() {
    let set = compile(&[rule(1, json!({"rooms": [7], "must_match": ["western union"]}))]).expect("in order");
    let judge = |room: Option<i64>| {
        let said = Said { text: "western union", room: room.map(RoomId), earlier: &Earlier::default() };
        set.judge(&said).refuses()
    };
    assert_eq!([judge(Some(7)), judge(Some(8)), judge(None)], [true, false, false]);
    assert_eq!(set.hit_rates(&[RuleId(1)], ["western union", "no", "western union"])[0].first, [0, 2]);
}

#[test]
fn actions_are_told_apart() {
    for (action, stops, refuses, closes, holds, flags, masked) in [
        ("flag", false, false, false, false, true, "by western union"),
        ("mask", false, false, false, false, false, "by *************"),
        ("hold", true, false, false, true, false, "by western union"),
        ("reject", true, true, false, false, false, "by western union"),
        ("block", true, true, true, false, false, "by western union"),
    ] {
        let verdict = check(&[rule(1, json!({"action": action}))], "by western union");
        assert_eq!(
            (verdict.stops(), verdict.refuses(), verdict.closes(), verdict.holds(), verdict.flags()),
            (stops, refuses, closes, holds, flags),
            "{action}"
        );
        assert_eq!(verdict.masked("by western union"), masked, "{action}");
    }
}

#[test]
fn every_match_is_masked_and_every_flag_is_seen_beyond_those_that_are_listed() {
    let flag = rule(2, json!({"action": "flag", "terms": ["end"]}));
    let text = "western union ".repeat(100) + "end";
    let verdict = check(&[rule(1, json!({"action": "mask"})), flag], &text);
    assert_eq!(verdict.matches.len(), Verdict::MAX_MATCHES);
    assert!(verdict.flags() && !verdict.masked(&text).contains('w'));
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
