//! Words that are a slip of the pen away from a slur.
//!
//! Kept of each slur are its spellings with a letter left out or two swapped, backwards, without vowels and by ear. A
//! word is looked up as it is, by ear, and once without each of its letters, for a letter too many. A filter of bits
//! answers nearly all of these from hashes that follow from one another, so an ordinary word costs nanoseconds.

use std::collections::{HashMap, HashSet};

use super::{MIN_LETTERS, ordinary::is_ordinary};

/// The longest word that is looked up; slurs are shorter.
const MAX_LETTERS: usize = 15;
/// Consonants that are enough to know a word by.
const MIN_CONSONANTS: usize = 4;
/// Letters that a word spelt by ear may have in place of others.
const BY_EAR: u32 = letters_of(b"cpqyz");

/// A bit for each letter that is among these.
const fn letters_of(word: &[u8]) -> u32 {
    let (mut bits, mut at) = (0, 0);
    while at < word.len() {
        bits |= 1 << (word[at] % 32);
        at += 1;
    }
    bits
}

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
const POWERS: [u64; MAX_LETTERS] = {
    let mut powers = [1_u64; MAX_LETTERS];
    let mut at = 1;
    while at < MAX_LETTERS {
        powers[at] = powers[at - 1].wrapping_mul(BASE);
        at += 1;
    }
    powers
};

/// The spellings of slurs.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// Spellings that are near a slur, and the slur.
    spellings: HashMap<Box<str>, usize>,
    /// How slurs sound, and the slur.
    sounds: HashMap<Box<[u8]>, usize>,
    slurs: HashMap<Box<str>, usize>,
    exact: HashSet<Box<str>>,
    filter: Filter,
    edges: Edges,
}

/// With what letters slurs begin and end: a word of which neither is so is no slur with a letter too many.
#[derive(Debug)]
struct Edges {
    /// For three letters, a bit for each length of the slurs that begin with them; then the same for the ends.
    lengths: Box<[u16]>,
    /// For the first letter that is heard, a bit for each second one.
    sounds: [u32; 32],
}

impl Edges {
    const PLACES: usize = 1 << 12;

    fn place(letters: &[u8]) -> usize {
        letters[..3].iter().fold(0, |place, &letter| place * 31 + usize::from(letter)) % Self::PLACES
    }

    fn insert(&mut self, slur: &[u8]) {
        self.lengths[Self::place(slur)] |= 1 << slur.len();
        self.lengths[Self::PLACES + Self::place(&slur[slur.len() - 3..])] |= 1 << slur.len();
    }

    /// Whether a slur of this length begins or ends as a word does.
    fn may_have(&self, word: &[u8], length: usize) -> bool {
        let lengths = self.lengths[Self::place(word)]
            | self.lengths[Self::PLACES + Self::place(&word[word.len() - 3..])];
        lengths & 1 << length != 0
    }

    fn insert_sound(&mut self, sound: &[u8]) {
        self.sounds[usize::from(sound[0] % 32)] |= 1 << (sound[1] % 32);
    }

    /// Whether a slur sounds as a word does at its beginning.
    fn may_sound(&self, word: &[u8]) -> bool {
        let (first, length) = heard(word);
        let (second, _) = heard(&word[length..]);
        self.sounds[usize::from(first % 32)] & 1 << (second % 32) != 0
    }
}

impl Default for Edges {
    fn default() -> Self {
        Self { lengths: vec![0; 2 * Self::PLACES].into(), sounds: [0; 32] }
    }
}

impl Near {
    pub(super) fn insert(&mut self, slur: &str, index: usize) {
        if slur.len() > MAX_LETTERS {
            return;
        }
        self.exact.insert(slur.into());
        let backwards: String = slur.chars().rev().collect();
        let mut spellings = vec![backwards];
        for without in
            [slur.replace(['a', 'e', 'i', 'o', 'u'], ""), slur.replace(['a', 'e', 'i', 'o', 'u', 'y'], "")]
        {
            spellings.extend((without.len() >= MIN_CONSONANTS).then_some(without));
        }
        if slur.len() >= MIN_LETTERS {
            spellings.extend((0..slur.len()).map(|at| without(slur, at)));
            spellings.extend((1..slur.len()).map(|at| swapped(slur, at)));
            self.filter.insert(slur.as_bytes());
            self.edges.insert(slur.as_bytes());
            self.slurs.insert(slur.into(), index);
        }
        for spelling in spellings {
            self.filter.insert(spelling.as_bytes());
            self.spellings.entry(spelling.into()).or_insert(index);
        }
        let sound = Sound::of(slur);
        self.filter.insert(sound.letters());
        self.edges.insert_sound(sound.letters());
        self.sounds.entry(sound.letters().into()).or_insert(index);
    }

    /// The slur that a word is near. A slur itself is not: it is found as it is.
    pub(super) fn find(&self, word: &str) -> Option<usize> {
        let letters = word.as_bytes();
        if !(MIN_LETTERS - 1..=MAX_LETTERS).contains(&letters.len()) {
            return None;
        }
        let mut hit = None;
        if self.filter.may_have(letters.iter().copied().fold(0, Filter::extend)) {
            hit = self.spellings.get(word).or_else(|| self.sounds.get(word.as_bytes()));
        }
        if hit.is_none() && self.edges.may_sound(letters) && letters_of(letters) & BY_EAR != 0 {
            hit = self.sound(word);
        }
        // At most one letter is too many: three at the other end of the word are the slur's.
        if hit.is_none() && letters.len() > MIN_LETTERS && self.edges.may_have(letters, letters.len() - 1) {
            hit = self.with_one_more(word);
        }
        hit.copied().filter(|_| !self.exact.contains(word) && !is_ordinary(word))
    }

    /// The slur that a word is without one of its letters.
    fn with_one_more(&self, word: &str) -> Option<&usize> {
        let letters = word.as_bytes();
        // The hash of each beginning of the word: with them, that of the word without any letter is two steps away.
        let mut hashes = [0; MAX_LETTERS + 1];
        for (at, &letter) in letters.iter().enumerate() {
            hashes[at + 1] = Filter::extend(hashes[at], letter);
        }
        let whole = hashes[letters.len()];
        (0..letters.len()).find_map(|at| {
            let power = POWERS[letters.len() - 1 - at];
            let behind = whole.wrapping_sub(hashes[at + 1].wrapping_mul(power));
            let hash = hashes[at].wrapping_mul(power).wrapping_add(behind);
            self.filter.may_have(hash).then(|| self.slurs.get(without(word, at).as_str())).flatten()
        })
    }

    fn sound(&self, word: &str) -> Option<&usize> {
        let sound = Sound::of(word);
        let hash = sound.letters().iter().copied().fold(0, Filter::extend);
        self.filter.may_have(hash).then(|| self.sounds.get(sound.letters())).flatten()
    }
}

fn without(word: &str, at: usize) -> String {
    [&word[..at], &word[at + 1..]].concat()
}

/// A word with the letter here and the one before swapped.
fn swapped(word: &str, at: usize) -> String {
    [&word[..at - 1], &word[at..=at], &word[at - 1..at], &word[at + 1..]].concat()
}

/// How a word sounds: one spelling for all that sound alike, `phaggotz`, `koonz`, `chinetok`.
struct Sound {
    letters: [u8; MAX_LETTERS],
    length: usize,
}

impl Sound {
    /// Of a word of at most [`MAX_LETTERS`].
    fn of(word: &str) -> Self {
        let letters = word.as_bytes();
        let mut sound = Self { letters: [0; MAX_LETTERS], length: 0 };
        let mut at = 0;
        while at < letters.len() {
            let (heard, length) = heard(&letters[at..]);
            sound.letters[sound.length] = heard;
            sound.length += 1;
            at += length;
        }
        // "chinetoque" ends as "chinetok" does.
        if sound.letters().ends_with(b"ke") && !word.ends_with("ke") {
            sound.length -= 1;
        }
        sound
    }

    fn letters(&self) -> &[u8] {
        &self.letters[..self.length]
    }
}

/// What the first letter is heard as, or the first two together, and how many they are.
fn heard(letters: &[u8]) -> (u8, usize) {
    match (letters[0], letters.get(1)) {
        (b'p', Some(b'h')) => (b'f', 2),
        (b'c', Some(b'k')) | (b'q', Some(b'u')) => (b'k', 2),
        (b'c', Some(b'e' | b'i' | b'y')) | (b'z', _) => (b's', 1),
        (b'c', Some(b'h')) => (b'c', 1),
        (b'c' | b'q', _) => (b'k', 1),
        (b'y', _) => (b'i', 1),
        (letter, _) => (letter, 1),
    }
}

/// Answers "no" for nearly every string that was not put in: two bits of 65,536 for each.
#[derive(Debug)]
struct Filter(Box<[u64]>);

impl Filter {
    const WORDS: usize = 1 << 10;

    fn extend(hash: u64, letter: u8) -> u64 {
        hash.wrapping_mul(BASE).wrapping_add(u64::from(letter))
    }

    fn places(hash: u64) -> [(usize, u64); 2] {
        let mixed = (hash ^ (hash >> 32)).wrapping_mul(BASE);
        [mixed >> 48, (mixed >> 32) & 0xffff].map(|bit| {
            let place = usize::try_from(bit / 64).expect("sixteen bits");
            (place, 1 << (bit % 64))
        })
    }

    fn insert(&mut self, text: &[u8]) {
        for (place, bit) in Self::places(text.iter().copied().fold(0, Self::extend)) {
            self.0[place] |= bit;
        }
    }

    fn may_have(&self, hash: u64) -> bool {
        Self::places(hash).iter().all(|&(place, bit)| self.0[place] & bit != 0)
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self(vec![0; Self::WORDS].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_near_and_the_word_itself_is_not() {
        let mut near = Near::default();
        near.insert("faggot", 7);
        near.insert("chinetoque", 8);
        for word in ["fagtog", "afggot", "faggt", "aggot", "faggoto", "xfaggot", "toggaf", "fggt", "phaggot"]
        {
            let expected = (word != "fagtog").then_some(7);
            assert_eq!(near.find(word), expected, "{word}");
        }
        assert_eq!(near.find("chinetok"), Some(8));
        for word in ["faggot", "maggot", "fatter", "", "fagot"] {
            assert_eq!(near.find(word), None, "{word}");
        }
    }
}
