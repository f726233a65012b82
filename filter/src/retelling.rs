//! Whether a sender tells of somebody else's fraud: "someone asked me to wire the deposit, is that a scam?"
//!
//! What others asked for counts for nothing where concepts are put together: who warns is not who cheats. Only the past
//! and the indefinite are a tale ("he wanted", "if anyone asks"): "he wants 300 in vouchers" is still a demand.

use std::sync::LazyLock;

use super::{
    token::Words,
    word_lists::{Lists, PhraseList, WordLists},
};

/// How many words ahead a tale reaches, and how far to both sides a verdict on it.
const TALE_REACH: usize = 25;
const VERDICT_REACH: usize = 40;
/// How many words behind its subject the verb of a tale stands.
const VERB_REACH: usize = 4;

const LISTS_FILE: &str = include_str!("retelling.txt");

const IS_INDEFINITE: Lists = 1;
const IS_PERSONAL: Lists = 1 << 1;
const IS_TELLS: Lists = 1 << 2;
const IS_TOLD: Lists = 1 << 3;
const BEGINS_TOLD_ME: Lists = 1 << 4;
const BEGINS_VERDICT: Lists = 1 << 5;

static LISTS: LazyLock<WordLists> = LazyLock::new(|| {
    WordLists::of(
        LISTS_FILE,
        &[
            (IS_INDEFINITE, "indefinite"),
            (IS_PERSONAL, "personal"),
            (IS_TELLS, "tells"),
            (IS_TOLD, "told"),
            (BEGINS_TOLD_ME, "told me"),
            (BEGINS_VERDICT, "verdicts"),
        ],
    )
});

/// What was said to the sender.
static TOLD_ME: LazyLock<PhraseList> = LazyLock::new(|| PhraseList::of(LISTS_FILE, "told me"));
/// What the sender thinks of it.
static VERDICTS: LazyLock<PhraseList> = LazyLock::new(|| PhraseList::of(LISTS_FILE, "verdicts"));

/// Where a text tells of somebody else, and where it judges that.
#[derive(Debug)]
pub(super) struct Retelling {
    tales: Vec<usize>,
    verdicts: Vec<usize>,
}

impl Retelling {
    pub(super) fn of(words: &Words<'_>) -> Self {
        let lists: Vec<Lists> = (0..words.len()).map(|at| LISTS.having(words.get(at))).collect();
        let (mut tales, mut verdicts) = (Vec::new(), Vec::new());
        for (at, _) in lists.iter().enumerate().filter(|&(_, &lists)| lists != 0) {
            if begins_tale(words, &lists, at) {
                tales.push(at);
            }
            if lists[at] & BEGINS_VERDICT != 0 && VERDICTS.begins_at(words, at) {
                verdicts.push(at);
            }
        }
        Self { tales, verdicts }
    }

    /// Whether a word belongs to a tale.
    pub(super) fn covers(&self, word: usize) -> bool {
        let before = |places: &[usize], reach: usize| {
            let behind = places.partition_point(|&at| at <= word);
            behind > 0 && word - places[behind - 1] <= reach
        };
        let next = self.verdicts.partition_point(|&at| at < word);
        before(&self.tales, TALE_REACH)
            || before(&self.verdicts, VERDICT_REACH)
            || self.verdicts.get(next).is_some_and(|&at| at - word <= VERDICT_REACH)
    }
}

fn begins_tale(words: &Words<'_>, lists: &[Lists], at: usize) -> bool {
    let behind = &lists[at + 1..lists.len().min(at + 1 + VERB_REACH)];
    let follows = |verbs: Lists| behind.iter().any(|lists| lists & verbs != 0);
    (lists[at] & IS_INDEFINITE != 0 && follows(IS_TELLS))
        || (lists[at] & IS_PERSONAL != 0 && follows(IS_TOLD))
        || (lists[at] & BEGINS_TOLD_ME != 0 && TOLD_ME.begins_at(words, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{normalize::View, token::tokens};

    /// Whether "western union" is told of.
    fn retold(text: &str) -> bool {
        let view = View::skeleton(text);
        let tokens = tokens(view.text());
        let words = Words { view: &view, tokens: &tokens.list };
        let place = view.text().find("western").expect("the text says it");
        let at = words.within(&view.original(place..place + 7)).start;
        Retelling::of(&words).covers(at)
    }

    #[test]
    fn who_tells_of_a_fraud_does_not_commit_it() {
        for text in [
            "Someone asked me to pay by Western Union before the visit",
            "He wanted me to use Western Union, I said no",
            "If anyone wants the deposit by Western Union don't do it",
            "Deposit by western union and keys by post, is that a scam?",
            "On m'a demandé de payer par Western Union, c'est une arnaque ?",
            "Il voulait un Western Union avant la visite",
            "C'est normal qu'on me demande un Western Union ?",
        ] {
            assert!(retold(text), "{text}");
        }
    }

    #[test]
    fn a_demand_is_no_tale() {
        for text in [
            "Pay the deposit by Western Union",
            "It is not a scam, pay by Western Union",
            "My agent wants the deposit by Western Union",
            "He wants 300 by Western Union today",
            "Avec toutes ces arnaques je préfère Western Union",
            "Ce n'est pas une arnaque, payez par Western Union",
            "Mon déménageur veut 300 par Western Union",
        ] {
            assert!(!retold(text), "{text}");
        }
    }
}
