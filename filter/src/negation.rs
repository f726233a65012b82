//! Whether what is said is denied: "never pay by money order", "ne payez jamais par mandat".
//!
//! A denial reaches a few words ahead and no farther than the comma. What only sounds like one ("n'hésitez pas à payer
//! par ...", "no problem, ...", "why not ...") denies nothing.

use std::{ops::Range, sync::LazyLock};

use super::{
    token::Words,
    word_lists::{Lists, WordLists},
};

/// How many words ahead a denial reaches.
const REACH: usize = 7;

const DENIES: Lists = 1;
const DENIES_AS_VERB: Lists = 1 << 1;
const CANCELS_DENIAL: Lists = 1 << 2;
const IS_NO_DENIAL: Lists = 1 << 3;
const CONDEMNS: Lists = 1 << 4;
const IS_VERB: Lists = 1 << 5;
const IS_ENDING: Lists = 1 << 6;
const POINTS: Lists = 1 << 7;
const DENIES_PEOPLE: Lists = 1 << 8;
const IS_ARTICLE: Lists = 1 << 9;

static LISTS: LazyLock<WordLists> = LazyLock::new(|| {
    WordLists::of(
        include_str!("negation.txt"),
        &[
            (DENIES, "denials"),
            (DENIES_AS_VERB, "denying verbs"),
            (CANCELS_DENIAL, "cancels"),
            (IS_NO_DENIAL, "why"),
            (IS_NO_DENIAL, "reassures"),
            (CONDEMNS, "condemned"),
            (IS_VERB, "is"),
            (IS_ENDING, "ending"),
            (POINTS, "points"),
            (DENIES_PEOPLE, "people"),
            (IS_ARTICLE, "articles"),
        ],
    )
});

/// Whether these words are denied, or condemned.
pub(super) fn is_denied(words: &Words<'_>, phrase: &Range<usize>) -> bool {
    denial_before(words, phrase.start).is_some() || is_condemned_after(words, phrase.end)
}

/// A word that denies what follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Denial {
    /// How many words before what it denies it stands.
    pub(super) distance: usize,
    /// Whether it denies people ("no ... here") rather than a deed.
    pub(super) of_people: bool,
}

/// The denial of what begins at a place.
pub(super) fn denial_before(words: &Words<'_>, at: usize) -> Option<Denial> {
    let mut before = words.before(at).take(REACH).map(|word| LISTS.having(word)).enumerate().peekable();
    while let Some((distance, lists)) = before.next() {
        if lists & CANCELS_DENIAL != 0 {
            return None;
        }
        let is_verb = |lists: Lists| lists & DENIES_AS_VERB != 0;
        if lists & DENIES != 0
            || (lists & IS_ENDING != 0 && before.peek().is_some_and(|&(_, next)| is_verb(next)))
        {
            // "pourquoi ne pas", "why don't you", "n'hésitez pas": no denial.
            let is_none = before.take(5).any(|(_, lists)| lists & IS_NO_DENIAL != 0);
            let denial = Denial { distance: distance + 1, of_people: lists & DENIES_PEOPLE != 0 };
            return (!is_none).then_some(denial);
        }
    }
    None
}

/// Whether a word is an indefinite article.
pub(super) fn is_article(word: u64) -> bool {
    LISTS.having(word) & IS_ARTICLE != 0
}

fn is_condemned_after(words: &Words<'_>, at: usize) -> bool {
    let after = words.after(at).take(5).map(|word| LISTS.having(word));
    let mut after = after.skip_while(|lists| lists & POINTS != 0);
    if after.next().is_none_or(|lists| lists & IS_VERB == 0) {
        return false;
    }
    for lists in after {
        if lists & CONDEMNS != 0 {
            return true;
        }
        if lists & DENIES != 0 {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{normalize::View, token::tokens};

    /// Whether "western union" is denied in a text.
    fn denied(text: &str) -> bool {
        let view = View::skeleton(text);
        let at = view.text().find("western union").expect("the text says it");
        let tokens = tokens(view.text());
        let words = Words { view: &view, tokens: &tokens.list };
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
