//! What is quoted, denied or condemned is held, and never passes.

use plic_filter::{Action, Lowered, RuleSet};

use crate::set::{rule, set, unscored};
use serde_json::json;

fn reason(rules: &RuleSet, text: &str) -> (Option<Action>, Option<Lowered>) {
    let verdict = rules.check(text);
    (verdict.action, verdict.matches.first().and_then(|found| found.lowered))
}

#[test]
fn quotation_denial_and_protest_make_of_a_block_a_hold() {
    let rules = unscored();
    for (text, why) in [
        ("He wrote \"faggot\" on my door", Lowered::Quoted),
        ("Il a écrit « sale arabe » sur le mur", Lowered::Quoted),
        ("“kikes” is what they shouted", Lowered::Quoted),
        ("'nigger' was on the wall", Lowered::Quoted),
        ("We do not say nigger here", Lowered::Negated),
        ("Il ne faut pas dire bougnoule", Lowered::Negated),
        ("My neighbour called me a faggot yesterday", Lowered::Countered),
        ("On m'a traité de sale juif dans le métro", Lowered::Countered),
        ("Traiter quelqu'un de bougnoule, c'est raciste", Lowered::Countered),
        ("kike is a slur and unacceptable", Lowered::Countered),
    ] {
        assert_eq!(reason(&rules, text), (Some(Action::Hold), Some(why)), "{text}");
    }
}

#[test]
fn hate_itself_stays_blocked() {
    let rules = unscored();
    for text in [
        "you nigger",
        "No niggers here",
        "We don't want any faggots in the building",
        "Pas de bougnoules chez moi",
        "Stop being a faggot",
        "You're disgusting, kike",
        "don't be late, faggot",
        "it's \"fine\", faggot",
        "c'est l'appart d'un sale juif",
    ] {
        assert_eq!(reason(&rules, text), (Some(Action::Block), None), "{text}");
    }
}

#[test]
fn nothing_passes_by_quotation_marks() {
    for text in ["\"nigger\"", "«\u{a0}sale arabe\u{a0}»", "\"gas the jews\"", "„kikes“", "'you' \"nigger\""]
    {
        assert!(RuleSet::starter().check(text).stops(), "{text}");
    }
}

#[test]
fn only_hate_threats_and_harassment_are_lowered_and_only_from_a_refusal() {
    let lowered = |category: &str, action: &str| {
        let set =
            set(&[rule(1, "terms", json!({"category": category, "action": action, "terms": ["zorg"]}))]);
        set.check("he said \"zorg\"").action
    };
    for category in ["hate", "threat", "harassment"] {
        assert_eq!(lowered(category, "block"), Some(Action::Hold));
        assert_eq!(lowered(category, "reject"), Some(Action::Hold));
        assert_eq!(lowered(category, "flag"), Some(Action::Flag));
    }
    assert_eq!(lowered("scam", "block"), Some(Action::Block));
}

#[test]
fn one_quoted_word_does_not_lower_another() {
    assert_eq!(reason(&unscored(), "\"nigger\", you kike"), (Some(Action::Block), None));
}
