//! The words that are written as they are meant: whatever is among them needs no repair.

use crate::hash;

/// A set of words, by 32 bits of their hashes.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// A table of open addressing, at most half full; zero is no word.
    places: Vec<u32>,
}

impl Vocabulary {
    /// A set of these words, each as [`Vocabulary::key`] has it.
    pub fn of(keys: &[u32]) -> Self {
        let mut places = vec![0; (keys.len() * 2 + 1).next_power_of_two()];
        for &key in keys {
            let mut at = key as usize & (places.len() - 1);
            while places[at] != 0 && places[at] != key {
                at = (at + 1) & (places.len() - 1);
            }
            places[at] = key;
        }
        Self { places }
    }

    /// What a word is known by.
    pub fn key(hash: u64) -> u32 {
        u32::try_from(hash::spread(hash) >> 32).unwrap_or(0).max(1)
    }

    pub(crate) fn has(&self, hash: u64) -> bool {
        let key = Self::key(hash);
        let Some(last) = self.places.len().checked_sub(1) else { return false };
        let mut at = key as usize & last;
        while self.places[at] != 0 {
            if self.places[at] == key {
                return true;
            }
            at = (at + 1) & last;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vocabulary_has_its_words_and_no_others() {
        let keys: Vec<u32> = (1..1000_u64).map(Vocabulary::key).collect();
        let vocabulary = Vocabulary::of(&keys);
        assert!((1..1000).all(|word| vocabulary.has(word)));
        assert!(!(1000..5000).any(|word| vocabulary.has(word)));
        assert!(!Vocabulary::default().has(1) && !Vocabulary::of(&[]).has(1));
    }
}
