//! Patterns: which text they are matched against, and what is too much.

use std::time::{Duration, Instant};

use plic_filter::RuleSet;

use crate::set::{matched, rule, set};
use serde_json::json;

#[test]
fn a_pattern_is_matched_against_its_view_and_its_spans_are_of_the_original() {
    for (pattern, view, text, expected) in [
        (r"pay(ez|er) \d+", "folded", "Bonjour, PAYEZ\u{200b}\n 300 €", &["PAYEZ\u{200b}\n 300"][..]),
        ("réservé", "folded", "C'est RÉSERVÉ", &["RÉSERVÉ"]),
        ("réservé", "folded", "C'est reserve", &[]),
        ("reserve", "skeleton", "C'est RÉSΕRVÉ", &["RÉSΕRVÉ"]),
        ("[A-Z]{5,}", "original", "VENEZ vite à MADRID", &["VENEZ", "MADRID"]),
        ("[A-Z]{5,}", "folded", "VENEZ vite", &["VENEZ"]),
        ("Western Union", "folded", "by western UNION", &["western UNION"]),
        ("(É|W)cole", "folded", "École", &["École"]),
        (r"(?i)western\s+union", "original", "Western  UNION", &["Western  UNION"]),
        (r"\b\d{4}\b", "folded", "en 2026 ou 12345", &["2026"]),
        (r"(?:.*abc|\d+def)", "folded", "x 12def", &["12def"]),
    ] {
        let set = set(&[rule(1, "pattern", json!({"pattern": pattern, "view": view}))]);
        assert_eq!(matched(&set.check(text), text), expected, "{pattern} in {text}");
    }
}

#[test]
fn what_stands_behind_many_matches_is_masked_and_not_hidden_by_what_is_allowed() {
    let text = format!("{}9999", "1234 ".repeat(200));
    let mask = rule(1, "pattern", json!({"pattern": r"\d{4}", "action": "mask"}));
    let masked = set(std::slice::from_ref(&mask)).check(&text).masked(&text);
    assert!(!masked.contains(|c: char| c.is_ascii_digit()), "{masked}");
    let allow = rule(2, "terms", json!({"terms": ["1234"], "action": "allow"}));
    let verdict = set(&[mask, allow]).check(&text);
    assert_eq!(matched(&verdict, &text), ["9999"]);
}

#[test]
fn many_patterns_are_each_found_where_they_are() {
    let patterns: Vec<_> = (1..=500)
        .map(|id| rule(id, "pattern", json!({"pattern": format!(r"\bword{id}x\s+\d+|[^a-z]q{id}z")})))
        .collect();
    let set = set(&patterns);
    for id in [1, 7, 500] {
        for text in [format!("a word{id}x 12"), format!("a q{id}z b")] {
            let verdict = set.check(&text);
            assert_eq!(verdict.matches.iter().map(|found| found.rule.0).collect::<Vec<_>>(), [id], "{text}");
        }
    }
}

#[test]
fn a_pattern_that_is_too_much_is_refused_in_time_and_named() {
    let nested = format!("{}a{}", "(".repeat(300), ")".repeat(300));
    for (pattern, problem) in [
        ("", "pattern: is empty"),
        (&"a".repeat(1025), "pattern: is longer than 1024"),
        ("(", "pattern: is not a pattern: unclosed group"),
        (r"(a)\1", "pattern: is not a pattern: backreferences are not supported"),
        ("(?=a)b", "pattern: is not a pattern: look-around"),
        (&nested, "pattern: is not a pattern"),
        ("a*", "pattern: matches nothing, or a text with nothing in it"),
        ("^$", "pattern: matches nothing, or a text with nothing in it"),
        ("a|", "pattern: matches nothing"),
        (r"(?:\w{100}){100}", "pattern: takes more than 1048576 bytes compiled"),
        ("(((a{100}){100}){100}){100}", "pattern: takes more than 1048576 bytes compiled"),
        (r"\p{L}{1000}", "pattern: takes more than 1048576 bytes compiled"),
        (&r"[\p{L}&&[^a]]{50}".repeat(20), "pattern: takes more than"),
    ] {
        for state in ["live", "draft"] {
            let started = Instant::now();
            let rules = json!([rule(3, "pattern", json!({"pattern": pattern, "state": state}))]).to_string();
            let error = RuleSet::from_json(rules.as_bytes()).expect_err("is refused").to_string();
            assert!(error.starts_with("rule 3 (rule 3): ") && error.contains(problem), "{pattern}: {error}");
            assert!(!error.contains('\n'), "{error}");
            assert!(started.elapsed() < Duration::from_secs(5), "{pattern}: {:?}", started.elapsed());
        }
    }
}

#[test]
fn what_would_backtrack_takes_no_longer() {
    let set = set(&[
        rule(1, "pattern", json!({"pattern": "(a+)+b"})),
        rule(2, "pattern", json!({"pattern": "(x+x+)+y"})),
        rule(3, "pattern", json!({"pattern": r"(?:[a-z]+\s?)+!{3}"})),
    ]);
    for text in ["a".repeat(16_000), "x".repeat(16_000), "word ".repeat(3_000)] {
        let started = Instant::now();
        set.check(&text);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}
