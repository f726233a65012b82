//! A match of the classifier says which words weighed most, and words that are allowed are no reason to match.

use plic_filter::{RuleSet, Verdict, WeighedWord};
use serde_json::json;

use crate::set::{rule, set};

fn words<'t>(verdict: &Verdict, text: &'t str) -> Vec<&'t str> {
    let found = verdict.matches.iter().find(|found| found.score.is_some()).expect("the classifier matched");
    found.words.iter().map(|word| &text[word.span.clone()]).collect()
}

fn by_classifier(head: &str) -> RuleSet {
    set(&[rule(1, "classifier", json!({"category": head, "head": head, "threshold": 0.5, "action": "hold"}))])
}

#[test]
fn the_words_that_weighed_most_are_told_in_their_order() {
    let rules = by_classifier("hate");
    let text = "Hello, the keys are with Anne. All immigrants are vermin and should be exterminated!";
    let verdict = rules.check(text);
    let words = words(&verdict, text);
    assert!((1..=6).contains(&words.len()), "{words:?}");
    assert!(words.iter().any(|word| ["immigrants", "vermin", "exterminated"].contains(word)), "{words:?}");
    assert!(!words.iter().any(|word| ["Hello", "keys", "Anne"].contains(word)), "{words:?}");
    let found = &verdict.matches[0].words;
    assert!(found.is_sorted_by_key(|word| word.span.start));
    assert!(found.iter().all(|word| word.weight > 0.0 && word.weight <= 1.0), "{found:?}");
    assert!(found.iter().map(|word| word.weight).sum::<f32>() <= 1.001, "{found:?}");
}

#[test]
fn of_a_long_text_only_the_part_that_decided_is_told_of() {
    let rules = by_classifier("hate");
    let pleasant = "The kitchen has a new oven and the balcony gets the morning sun. ".repeat(12);
    let text = format!("{pleasant}All immigrants are vermin and should be exterminated. {pleasant}");
    let verdict = rules.check(&text);
    let decided = pleasant.len().saturating_sub(200)..pleasant.len() + 260;
    for WeighedWord { span, .. } in &verdict.matches[0].words {
        assert!(decided.contains(&span.start), "{:?}", &text[span.clone()]);
    }
}

#[test]
fn words_in_disguise_are_told_as_they_were_written() {
    let rules = by_classifier("hate");
    let text = "🏠 all 1mm1grants are v e r m i n and should be exterminated";
    let verdict = rules.check(text);
    let words = words(&verdict, text);
    assert!(words.iter().any(|word| *word == "v e r m i n" || *word == "1mm1grants"), "{words:?}");
}

#[test]
fn a_rule_in_the_shadow_is_explained_and_other_kinds_have_no_words() {
    let rules = set(&[
        rule(1, "classifier", json!({"head": "hate", "threshold": 0.5, "state": "shadow"})),
        rule(2, "terms", json!({"terms": ["vermin"], "match": "word"})),
    ]);
    let verdict = rules.check("All immigrants are vermin and should be exterminated");
    let explained: Vec<(bool, bool)> =
        verdict.matches.iter().map(|found| (found.shadow, found.words.is_empty())).collect();
    assert_eq!(explained, [(false, true), (true, false)]);
}

#[test]
fn any_text_that_matches_is_explained_within_it() {
    let rules = set(&[rule(1, "classifier", json!({"head": "hate", "threshold": 0.0}))]);
    let texts =
        ["a", "a.b.c?", "né\u{e9} à côté", "ﬁn ﷺ", "👩‍❤️‍👨 we", "\u{202e}abc\u{202c} d", "it's l'ami. no? no!"];
    for text in texts.into_iter().map(str::to_owned).chain([texts.concat().repeat(300)]) {
        for found in rules.check(&text).matches {
            assert!(found.words.len() <= 6);
            assert!(
                found
                    .words
                    .iter()
                    .all(|word| text.get(word.span.clone()).is_some_and(|word| !word.is_empty()))
            );
        }
    }
}

#[test]
fn what_the_classifier_reacted_to_may_be_allowed() {
    let classifier = rule(1, "classifier", json!({"head": "hate", "threshold": 0.5, "action": "hold"}));
    let allow = rule(2, "terms", json!({"terms": ["Squaw Valley"], "match": "word", "action": "allow"}));
    let (without, with) = (set(std::slice::from_ref(&classifier)), set(&[classifier, allow]));
    let text = "Squaw Valley here";
    assert!(without.check(text).holds() && !with.check(text).stops());
    let abuse = "Squaw Valley is full of dirty savages, kill them all";
    assert!(without.check(abuse).holds() && with.check(abuse).holds());
}
