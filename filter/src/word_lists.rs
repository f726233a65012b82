//! Lists of words that ship with the program as data files.
//!
//! A file is comma-separated entries below headings such as `[denials]`; a line that begins with `#` is a comment.

use std::collections::{HashMap, HashSet};

use super::{
    hash::Hashed,
    token::{Words, tokens},
};

/// The entries of one list of a file, in their order.
pub(super) fn section(file: &'static str, name: &'static str) -> impl Iterator<Item = &'static str> {
    let mut heading = "";
    let lines = file.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let own = lines.filter(move |line| {
        let begun = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        heading = begun.unwrap_or(heading);
        begun.is_none() && heading == name
    });
    own.flat_map(|line| line.split(',')).map(str::trim).filter(|entry| !entry.is_empty())
}

/// A bit for each list.
pub(super) type Lists = u16;

/// Several lists, compiled together: one look tells in which of them a word is. Words are known by their hashes.
#[derive(Debug)]
pub(super) struct WordLists {
    lists: HashMap<u64, Lists, Hashed>,
}

impl WordLists {
    /// Reads lists of a file, each with its bit; a phrase counts as its first word.
    pub(super) fn of(file: &'static str, lists: &[(Lists, &'static str)]) -> Self {
        let mut bits: HashMap<u64, Lists, Hashed> = HashMap::default();
        for &(bit, name) in lists {
            for word in section(file, name).filter_map(|entry| phrase(entry).first().copied()) {
                *bits.entry(word).or_default() |= bit;
            }
        }
        Self { lists: bits }
    }

    /// Returns the lists that have a word.
    pub(super) fn having(&self, word: u64) -> Lists {
        self.lists.get(&word).copied().unwrap_or(0)
    }
}

/// A list of phrases, each a sequence of words.
#[derive(Debug)]
pub(super) struct PhraseList {
    phrases: Vec<Vec<u64>>,
    firsts: HashSet<u64, Hashed>,
}

impl PhraseList {
    /// Reads a list of a file.
    pub(super) fn of(file: &'static str, name: &'static str) -> Self {
        let phrases: Vec<Vec<_>> = section(file, name).map(phrase).collect();
        Self { firsts: phrases.iter().map(|phrase| phrase[0]).collect(), phrases }
    }

    /// Whether one of the phrases begins at a word.
    pub(super) fn begins_at(&self, words: &Words<'_>, at: usize) -> bool {
        let is_said =
            |phrase: &Vec<u64>| phrase.iter().zip(at..).all(|(&word, place)| words.get(place) == word);
        self.firsts.contains(&words.get(at)) && self.phrases.iter().any(is_said)
    }
}

/// The hashes of the words of an entry.
fn phrase(entry: &str) -> Vec<u64> {
    tokens(entry).list.iter().map(|token| token.hash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Numbers.\n[small]\none, two,\nthree of\n\n[large]\nmany";

    #[test]
    fn a_list_is_what_stands_below_its_heading() {
        assert_eq!(section(FILE, "small").collect::<Vec<_>>(), ["one", "two", "three of"]);
        let lists = WordLists::of(FILE, &[(1, "small"), (2, "large")]);
        assert_eq!(["two", "three", "many", "of"].map(|word| lists.having(phrase(word)[0])), [1, 1, 2, 0]);
    }
}
