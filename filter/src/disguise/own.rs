//! The words of the moderators' own terms: found spelled out, with their letters repeated, or with signs for letters.

use std::collections::HashMap;

use super::targets::collapsed;
use crate::{
    hash::Hashed,
    normalize::View,
    spellings::{Spellings, SpellingsBuilder},
    token::tokens,
};

/// Fewer letters than this are found as they are written only.
const MIN_LETTERS: usize = 3;

/// Words, by their letters and by their letters without repeats.
#[derive(Debug)]
pub(crate) struct OwnWords {
    words: Spellings,
    collapsed: HashMap<u64, u32, Hashed>,
}

/// Words that are being collected.
#[derive(Default)]
pub(crate) struct OwnWordsBuilder {
    words: SpellingsBuilder,
    collapsed: HashMap<u64, u32, Hashed>,
}

impl OwnWordsBuilder {
    /// Adds the words of a term.
    pub(crate) fn add(&mut self, term: &str) {
        let view = View::skeleton(term);
        for token in tokens(view.text()).list {
            let letters = token.letters(view.text());
            if letters.len() >= MIN_LETTERS && letters.iter().all(u8::is_ascii_lowercase) {
                let number = self.words.insert(&view.text()[token.bytes.clone()]);
                self.collapsed.entry(collapsed(letters)).or_insert(number);
            }
        }
    }

    pub(crate) fn build(self) -> Option<OwnWords> {
        (self.words.len() > 0).then(|| OwnWords { words: self.words.build(), collapsed: self.collapsed })
    }
}

impl OwnWords {
    pub(super) fn has(&self, letters: &[u8]) -> bool {
        self.words.find(letters).is_some()
    }

    /// The word that letters are with some of them repeated.
    pub(super) fn repeated(&self, letters: &[u8]) -> Option<&str> {
        let number = *self.collapsed.get(&collapsed(letters))?;
        let word = self.words.text(number);
        (word.len() < letters.len()).then(|| std::str::from_utf8(word).ok()).flatten()
    }
}
