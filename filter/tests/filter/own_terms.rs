//! A moderator's own terms are found in the disguises that need no list of slurs: spelled out, stretched, with signs.

use serde_json::json;

use crate::set::{rule, set};

/// Words that no language has, and an ordinary one that another differs from by one letter.
const TERMS: [&str; 4] = ["zorglub quandle", "vexitrope", "brumble", "desert"];

fn disguises(term: &str) -> Vec<String> {
    let each = |change: &dyn Fn(char) -> String| term.chars().map(change).collect::<String>();
    let spelled = |word: &str, by: &str| word.chars().map(String::from).collect::<Vec<_>>().join(by);
    let words: Vec<&str> = term.split(' ').collect();
    vec![
        term.to_uppercase(),
        spelled(term, " "),
        words.iter().map(|word| spelled(word, " ")).collect::<Vec<_>>().join("   "),
        format!("{}{}", spelled(words[0], " "), term.strip_prefix(words[0]).unwrap_or("")),
        spelled(words[0], ".") + term.strip_prefix(words[0]).unwrap_or(""),
        each(&|c| if c == ' ' { " ".to_owned() } else { format!("{c}{c}") }),
        words.iter().map(|word| spelled(word, "  ")).collect::<Vec<_>>().join("    "),
        words.iter().map(|word| spelled(word, "-")).collect::<Vec<_>>().join(" "),
        spelled(&term.replace(' ', ""), " "),
        term.replace(' ', ""),
        each(&|c| if c == 'e' { "eee".to_owned() } else { c.to_string() }),
        each(&|c| if c == 'r' { "rrr".to_owned() } else { c.to_string() }),
        term.replace('e', "3").replace('o', "0"),
        term.replace('r', "r\u{200b}"),
        term.replace('e', "\u{435}"),
    ]
}

#[test]
fn own_terms_are_found_in_every_disguise() {
    let rules = set(&[rule(1, "terms", json!({"terms": TERMS, "match": "word", "action": "block"}))]);
    for term in TERMS {
        for disguised in disguises(term) {
            assert!(rules.check(&format!("so {disguised}, ok")).closes(), "{disguised}");
        }
    }
}

#[test]
fn ordinary_words_are_no_disguise_of_own_terms() {
    let rules = set(&[rule(1, "terms", json!({"terms": TERMS, "match": "word", "action": "block"}))]);
    for text in
        ["the dessert was good", "des erts", "a brum ble", "I took the bus, a b c d", "zorglub, quandle"]
    {
        assert!(!rules.check(text).refuses(), "{text}");
    }
}
