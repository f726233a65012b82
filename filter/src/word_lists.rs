//! Lists of words that are looked at together: one look tells in which of them a word is.

use super::spellings::{Spellings, SpellingsBuilder};

/// A bit for each list.
pub(super) type Lists = u16;

/// Lists of words, compiled together.
#[derive(Debug)]
pub(super) struct WordLists {
    spellings: Spellings,
    lists: Vec<Lists>,
}

impl WordLists {
    /// Of lists, each with its bit.
    pub(super) fn of(lists: &[(Lists, &[&str])]) -> Self {
        let mut spellings = SpellingsBuilder::default();
        let mut bits: Vec<Lists> = Vec::new();
        for (bit, words) in lists {
            for word in *words {
                let number = spellings.insert(word) as usize;
                bits.resize(bits.len().max(number + 1), 0);
                bits[number] |= bit;
            }
        }
        Self { spellings: spellings.build(), lists: bits }
    }

    /// The lists that have a word.
    pub(super) fn having(&self, word: &str) -> Lists {
        self.spellings.find(word.as_bytes()).map_or(0, |number| self.lists[number as usize])
    }
}
