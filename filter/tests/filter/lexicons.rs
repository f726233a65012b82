//! What the lists of threats and of sexual words find, and the idioms that they leave.

use plic_filter::{
    RuleSet,
    lexicon::{Boundary, Severity},
    rule::Lexicon,
};
use serde_json::json;

fn rules(lexicons: &[&str]) -> RuleSet {
    let rules: Vec<_> = lexicons
        .iter()
        .enumerate()
        .map(|(id, lexicon)| {
            json!({
                "id": id, "name": lexicon, "kind": "terms", "category": "threat", "action": "reject", "state": "live",
                "lexicon": lexicon,
            })
        })
        .collect();
    RuleSet::from_json(json!(rules).to_string().as_bytes()).expect("the rules are in order")
}

#[test]
fn threats_are_found() {
    let rules = rules(&["threat-en", "threat-fr"]);
    for text in [
        "I will kill you",
        "i'm gonna KILL your family",
        "Kill yourself!",
        "kys",
        "I hope you die",
        "we know where you live",
        "I'll slit your throat",
        "I w1ll k1ll you",
        "k i l l y o u r s e l f",
        "I will kill you. With kindness", // A sentence of its own.
        "Je vais te tuer",
        "on va te retrouver",
        "On va te retrouver et te buter",
        "crève connard",
        "va te pendre",
        "Suicide-toi",
        "je sais où tu habites",
        "t'es un homme mort",
        "j'espère que tu vas crever",
        "je vais brûler ta maison",
    ] {
        assert!(rules.check(text).refuses(), "{text}");
    }
}

#[test]
fn idioms_are_no_threats() {
    let rules = rules(&["threat-en", "threat-fr"]);
    for text in [
        "I'll kill you with kindness",
        "We will shoot you an email, I'm going to beat you at tennis",
        "You will die laughing, the view is to die for",
        "My feet are killing me; the heat will kill the plants",
        "We could kill two birds with one stone, don't kill the wifi",
        "You can jump off the pier, watch your step",
        "Je vais te tuer aux échecs",
        "Je suis mort de rire, tu vas mourir de rire",
        "J'ai la crève, le pneu est crevé, ça me tue",
        "On va te retrouver à la gare demain",
        "On va vous retrouver devant la maison",
        "Il fait une chaleur à crever, on crève de chaud",
        "Fais gaffe à la marche, je te fume un saumon",
    ] {
        assert!(!rules.check(text).refuses(), "{text}: {:?}", rules.check(text).matches);
    }
}

#[test]
fn sexual_approaches_are_found_and_ordinary_words_are_not() {
    let rules = rules(&["sexual-en", "sexual-fr"]);
    for text in
        ["send nudes", "rent for sex", "envoie des nudes", "loyer contre services sexuels", "un plan cul ?"]
    {
        assert!(rules.check(text).refuses(), "{text}");
    }
    for text in [
        "Sussex and Essex",
        "same sex couples are welcome",
        "une bite d'amarrage",
        "les sextos, le sexagénaire",
    ] {
        assert!(!rules.check(text).refuses(), "{text}");
    }
}

#[test]
fn entries_say_whom_they_are_against_how_bad_they_are_and_where_they_count() {
    let entries = Lexicon::HateEn.entries();
    let entry = |text: &str| entries.iter().find(|entry| entry.text == text).expect("the word is listed");
    assert_eq!((entry("faggot").class, entry("faggot").severity), ("orientation", Severity::Slur));
    assert_eq!((entry("faggot").boundary, entry("kike").boundary), (Boundary::Glued, Boundary::Word));
    assert_eq!(entry("you dyke").severity, Severity::Ambiguous);
    assert!(!entry("you dyke").is_plain_slur() && entry("faggots").is_plain_slur());
}
