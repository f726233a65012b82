//! Letters without spaces as words: those that were spelled one by one, and words that were run together.

use std::{collections::HashSet, ops::Range, sync::LazyLock};

use super::{
    own::OwnWords,
    targets::{Targets, hash_of},
};
use crate::{
    classifier::{Vocabulary, has_class},
    hash::{self, Hashed},
    phrases::Phrases,
    word_lists::section,
};

/// Letters that are looked at together, and of one word among them.
pub(super) const MAX_LETTERS: usize = 64;
const MAX_WORD: usize = 16;
/// Letters of a word that is worth taking others apart for.
const MIN_WORTH: usize = 4;
/// A slur of fewer letters needs neighbours that are common beside one.
const MIN_SURE: usize = 5;
/// What a letter costs that belongs to no word.
const STRAY: u16 = 16;

/// Words that stand beside a slur.
static NEIGHBOURS: LazyLock<HashSet<u64, Hashed>> = LazyLock::new(|| {
    section(include_str!("neighbours.txt"), "neighbours").map(|word| hash_of(word.as_bytes())).collect()
});

/// Every word that the engine knows.
#[derive(Clone, Copy)]
pub(crate) struct Lexis<'a> {
    pub(crate) targets: &'a Targets,
    /// The words of lexicons and concepts.
    pub(crate) phrases: &'a Phrases,
    /// The words of the moderators' own terms.
    pub(crate) own: Option<&'a OwnWords>,
    /// Ordinary words.
    pub(crate) vocabulary: &'a Vocabulary,
}

impl Lexis<'_> {
    /// The rank of a slur, or of a word of a moderator's term.
    pub(super) const SLUR: u8 = 4;
    /// The rank of a word with a class.
    pub(super) const CLASS: u8 = 3;
    /// The least rank of a word that is looked for.
    pub(super) const TARGET: u8 = 2;

    /// How much letters are worth as a word: looked for, one of a phrase, or just known; nothing is zero.
    pub(super) fn rank(&self, letters: &[u8]) -> u8 {
        self.rank_of(hash_of(letters), letters)
    }

    fn rank_of(&self, hash: u64, letters: &[u8]) -> u8 {
        if letters.len() < 3 {
            return u8::from(self.vocabulary.has(hash) || has_class(hash));
        }
        match self.targets.exact(hash) {
            Some(target) if target.is_slur => return Self::SLUR,
            Some(_) => return Self::CLASS,
            None => {}
        }
        if self.own.is_some_and(|own| own.has(letters)) {
            return Self::SLUR;
        }
        if self.phrases.has_word(letters) {
            return Self::TARGET;
        }
        u8::from(self.vocabulary.has(hash) || has_class(hash))
    }
}

/// The words that letters are, where one of them is worth it. Of letters that were spelled one by one some may belong to
/// no word.
pub(super) fn segment(letters: &[u8], lexis: &Lexis<'_>, spelled: bool) -> Option<Vec<Range<usize>>> {
    if letters.len() > MAX_LETTERS {
        return None;
    }
    // For each place, the least that words up to there cost, and where the last of them begins.
    let mut best = [(u16::MAX, 0_usize, 0_u8); MAX_LETTERS + 1];
    best[0] = (0, 0, 0);
    for start in 0..letters.len() {
        let (cost, ..) = best[start];
        if cost == u16::MAX {
            continue;
        }
        let mut hash = hash::START;
        for end in start + 1..=letters.len().min(start + MAX_WORD) {
            hash = hash::push(hash, letters[end - 1]);
            let rank = lexis.rank_of(hash, &letters[start..end]);
            let dear = match (end - start, rank) {
                (1, _) if matches!(letters[start], b'a' | b'i' | b'y') => 12,
                (1, _) if spelled => STRAY,
                (1, _) => continue,
                (2.., 0) if !NEIGHBOURS.contains(&hash) => continue,
                (2, _) => 10,
                (3, Lexis::SLUR) => 6,
                (3, _) => 7,
                (_, Lexis::SLUR) => 3,
                _ => 5,
            };
            if cost + dear < best[end].0 {
                best[end] = (cost + dear, start, rank);
            }
        }
    }
    if best[letters.len()].0 == u16::MAX {
        return None;
    }
    let mut words: Vec<(Range<usize>, u8)> = Vec::new();
    let mut end = letters.len();
    while end > 0 {
        let (_, start, rank) = best[end];
        words.push((start..end, rank));
        end = start;
    }
    words.reverse();
    is_worth(letters, &words, spelled).then(|| words.into_iter().map(|(range, _)| range).collect())
}

fn is_worth(letters: &[u8], words: &[(Range<usize>, u8)], spelled: bool) -> bool {
    let is_neighbour =
        |(range, _): &(Range<usize>, u8)| NEIGHBOURS.contains(&hash_of(&letters[range.clone()]));
    let is_stray = |word: Option<&(Range<usize>, u8)>| {
        word.is_some_and(|(range, _)| {
            range.len() == 1 && !matches!(letters[range.start], b'a' | b'i' | b'o' | b'u' | b'y')
        })
    };
    words.iter().enumerate().any(|(at, word)| {
        let (range, rank) = word;
        let least = if spelled { Lexis::TARGET } else { Lexis::CLASS };
        if *rank < least || range.len() < if spelled && *rank == Lexis::SLUR { 3 } else { MIN_WORTH } {
            return false;
        }
        if *rank < Lexis::SLUR || range.len() >= MIN_SURE {
            return true;
        }
        if spelled {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            !is_stray(before) && !is_stray(words.get(at + 1))
        } else {
            words.iter().enumerate().all(|(other, word)| other == at || is_neighbour(word))
        }
    })
}
