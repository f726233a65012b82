//! Whether what is said is denied: "never pay by money order", "ne payez jamais par mandat".
//!
//! A denial reaches a few words ahead and no farther than the comma. What only sounds like one ("n'hésitez pas à payer
//! par ...", "no problem, ...", "why not ...") denies nothing.

use std::{ops::Range, sync::LazyLock};

use super::{
    word_lists::{Lists, WordLists},
    words::Words,
};

/// How many words ahead a denial reaches.
const REACH: usize = 7;

const DENIALS: &[&str] = &[
    "never",
    "not",
    "no",
    "dont",
    "doesnt",
    "didnt",
    "cannot",
    "cant",
    "wont",
    "wouldnt",
    "shouldnt",
    "isnt",
    "arent",
    "without",
    "nobody",
    "none",
    "nor",
    "neither",
    "refuse",
    "refuses",
    "refused",
    "avoid",
    "beware",
    "jamais",
    "pas",
    "aucun",
    "aucune",
    "sans",
    "ni",
    "refuser",
    "refusez",
    "refusons",
    "evitez",
    "evite",
    "eviter",
    "mefiez",
    "mefie",
    "interdit",
    "interdite",
    "against",
    "instead",
    "nothing",
    "rien",
    "personne",
];

/// The second half of "don't", whose apostrophe parts it.
const DENYING_VERBS: &[&str] = &[
    "don", "doesn", "didn", "can", "won", "wouldn", "shouldn", "isn", "aren", "wasn", "couldn", "mustn",
    "haven",
];

/// What, between a denial and what it seems to deny, says that it denies something else.
const CANCELS: &[&str] = &[
    "hesitate",
    "hesitez",
    "hesite",
    "hesitons",
    "worry",
    "worries",
    "inquiete",
    "inquietez",
    "problem",
    "problems",
    "probleme",
    "problemes",
    "souci",
    "soucis",
    "only",
    "just",
    "seulement",
    "uniquement",
    "que",
    "forget",
    "oublie",
    "oubliez",
    "oublier",
    "wait",
    "but",
    "mais",
    "unless",
    "sauf",
    "until",
    "tant",
    "before",
    "avant",
    "except",
    "matter",
    "doubt",
    "doute",
    "later",
    "tarder",
    "tardez",
    "so",
    "then",
    "alors",
    "donc",
    "because",
    "car",
    "choice",
    "choix",
    "other",
    "autre",
    "longer",
    "miss",
    "fail",
    "manquez",
    "and",
    "et",
];

/// What makes a question or a proposal of a denial.
const WHY: &[&str] = &["why", "pourquoi", "si", "if", "tant", "until", "unless"];

/// What in French stands before the denial that denies it.
const REASSURES: &[&str] = &[
    "hesite",
    "hesitez",
    "hesitons",
    "inquiete",
    "inquietez",
    "oublie",
    "oubliez",
    "tarde",
    "tardez",
    "manquez",
];

/// What condemns when it is said of something: "... is a scam", "... c'est une arnaque".
const CONDEMNED: &[&str] = &[
    "scam",
    "scams",
    "scammer",
    "scammers",
    "fraud",
    "fraudulent",
    "forbidden",
    "prohibited",
    "unsafe",
    "arnaque",
    "arnaques",
    "arnaqueur",
    "arnaqueurs",
    "escroquerie",
    "escroqueries",
    "escroc",
    "escrocs",
    "fraude",
    "interdit",
    "interdite",
    "interdits",
    "interdites",
    "dangereux",
];

const IS: &[&str] = &["is", "are", "was", "s", "est", "sont", "etait"];

const DENIES: Lists = 1;
const DENIES_AS_VERB: Lists = 1 << 1;
const CANCELS_DENIAL: Lists = 1 << 2;
const IS_NO_DENIAL: Lists = 1 << 3;

static LISTS: LazyLock<WordLists> = LazyLock::new(|| {
    WordLists::of(&[
        (DENIES, DENIALS),
        (DENIES_AS_VERB, DENYING_VERBS),
        (CANCELS_DENIAL, CANCELS),
        (IS_NO_DENIAL, WHY),
        (IS_NO_DENIAL, REASSURES),
    ])
});

/// Whether these words are denied, or condemned.
pub(super) fn is_denied(words: &Words, phrase: &Range<usize>) -> bool {
    denial_before(words, phrase.start).is_some() || is_condemned_after(words, phrase.end)
}

/// The word that denies what begins at a place, and how many words before it stands.
pub(super) fn denial_before(words: &Words, at: usize) -> Option<(&str, usize)> {
    let mut before = words.before(at).take(REACH).enumerate().peekable();
    while let Some((distance, word)) = before.next() {
        let lists = LISTS.having(word);
        if lists & CANCELS_DENIAL != 0 {
            return None;
        }
        let is_verb = |next: &str| LISTS.having(next) & DENIES_AS_VERB != 0;
        if lists & DENIES != 0 || (word == "t" && before.peek().is_some_and(|&(_, next)| is_verb(next))) {
            // "pourquoi ne pas", "why don't you", "n'hésitez pas": no denial.
            let is_none = before.take(5).any(|(_, word)| LISTS.having(word) & IS_NO_DENIAL != 0);
            return (!is_none).then_some((word, distance + 1));
        }
    }
    None
}

fn is_condemned_after(words: &Words, at: usize) -> bool {
    let mut after = words.after(at).take(5).skip_while(|word| matches!(*word, "c" | "ce" | "this" | "that"));
    if !after.next().is_some_and(|word| IS.contains(&word)) {
        return false;
    }
    for word in after {
        if CONDEMNED.contains(&word) {
            return true;
        }
        if DENIALS.contains(&word) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::View;

    /// Whether "western union" is denied in a text.
    fn denied(text: &str) -> bool {
        let view = View::skeleton(text);
        let at = view.text().find("western union").expect("the text says it");
        let words = Words::of(&view);
        is_denied(&words, &words.within(&view.original(at..at + 13)))
    }

    #[test]
    fn a_denial_reaches_ahead_within_its_part_of_the_sentence() {
        for text in [
            "Never pay by Western Union",
            "Don't use Western Union",
            "don’t ever pay me with western union",
            "Ne payez jamais par Western Union",
            "On n'accepte pas Western Union",
            "sans western union",
            "Western Union is a scam",
        ] {
            assert!(denied(text), "{text}");
        }
    }

    #[test]
    fn what_sounds_like_a_denial_denies_nothing() {
        for text in [
            "N'hésitez pas à payer par Western Union",
            "Do not hesitate to use Western Union",
            "No problem, pay by Western Union",
            "No worries pay by Western Union",
            "Why not pay by Western Union",
            "Pourquoi ne pas payer par Western Union",
            "Je n'accepte que Western Union",
            "Not the bank. Western Union",
            "Western Union is not a scam",
            "Pay by Western Union",
        ] {
            assert!(!denied(text), "{text}");
        }
    }
}
