//! Words, each with a number: which of them a text has is told by a few bits for nearly all that it has not.

use std::collections::HashMap;

/// Bits of a filter for each word.
const BITS_OF_A_WORD: u32 = 8;

/// Words by their text.
#[derive(Debug)]
pub(super) struct Spellings {
    /// Bits that say of nearly every other word that it is none of these.
    filter: Bits,
    /// A table of open addressing: numbers, from 1.
    places: Box<[u32]>,
    texts: Box<[u8]>,
    /// Where the text of each begins, and at the end where the last one ends.
    starts: Box<[u32]>,
}

/// Words that are being numbered.
#[derive(Default)]
pub(super) struct SpellingsBuilder {
    numbers: HashMap<Box<str>, u32>,
    texts: Vec<u8>,
    starts: Vec<u32>,
}

impl SpellingsBuilder {
    /// The number of a word.
    pub(super) fn insert(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.len();
        self.numbers.insert(text.into(), number);
        self.starts.push(narrow(self.texts.len()));
        self.texts.extend(text.as_bytes());
        number
    }

    pub(super) fn len(&self) -> u32 {
        narrow(self.starts.len())
    }

    pub(super) fn build(mut self) -> Spellings {
        let length = self.len();
        self.starts.push(narrow(self.texts.len()));
        let size = (self.starts.len() * 2).next_power_of_two();
        let mut spellings = Spellings {
            filter: Bits::new(BITS_OF_A_WORD * length.max(8)),
            places: vec![0; size].into(),
            texts: self.texts.into(),
            starts: self.starts.into(),
        };
        for number in 0..length {
            let hash = Walk::over(spellings.text(number)).mixed();
            spellings.filter.set(hash);
            let mut at = spellings.place(hash);
            while spellings.places[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            spellings.places[at] = number + 1;
        }
        spellings
    }
}

impl Spellings {
    /// The number of a word.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        let hash = Walk::over(text).mixed();
        if !self.filter.may_have(hash) {
            return None;
        }
        let mut at = self.place(hash);
        loop {
            let number = self.places[at].checked_sub(1)?;
            if self.text(number) == text {
                return Some(number);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    fn place(&self, hash: u64) -> usize {
        usize::try_from(hash & (self.places.len() as u64 - 1)).unwrap_or(0)
    }

    /// The word of a number.
    pub(super) fn text(&self, number: u32) -> &[u8] {
        let number = number as usize;
        &self.texts[self.starts[number] as usize..self.starts[number + 1] as usize]
    }
}

/// A hash that follows the bytes of a word.
struct Walk(u64);

impl Walk {
    fn over(text: &[u8]) -> Self {
        let mut walk = Self::default();
        for &byte in text {
            walk.push(byte);
        }
        walk
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn mixed(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 29)
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

/// Bits by the highest of a hash.
#[derive(Debug)]
pub(super) struct Bits {
    words: Box<[u64]>,
    shift: u32,
}

impl Bits {
    /// At least so many bits.
    pub(super) fn new(least: u32) -> Self {
        let bits = least.max(64).next_power_of_two();
        Self { words: vec![0; bits as usize / 64].into(), shift: 64 - bits.trailing_zeros() }
    }

    pub(super) fn set(&mut self, hash: u64) {
        let (word, bit) = self.place(hash);
        self.words[word] |= bit;
    }

    #[inline]
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.words[word] & bit != 0
    }

    #[inline]
    fn place(&self, hash: u64) -> (usize, u64) {
        let bit = hash >> self.shift;
        (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64))
    }
}

/// As a place in a list.
pub(super) fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("lists have far fewer letters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_numbers_of_their_order_and_others_have_none() {
        let mut builder = SpellingsBuilder::default();
        let words: Vec<String> = (0..5_000).map(|number| format!("w{number}")).collect();
        let numbers: Vec<u32> = words.iter().map(|word| builder.insert(word)).collect();
        assert_eq!((builder.insert("w7"), builder.len()), (7, 5_000));
        let spellings = builder.build();
        assert!(
            words.iter().zip(numbers).all(|(word, number)| spellings.find(word.as_bytes()) == Some(number))
        );
        assert!((5_000..9_000).all(|number| spellings.find(format!("w{number}").as_bytes()).is_none()));
        assert_eq!(SpellingsBuilder::default().build().find(b""), None);
    }
}
