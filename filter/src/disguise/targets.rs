//! What disguised words stand for: the slurs of the lexicons, and class words that are worth a disguise.
//!
//! Every misspelling that counts is written out once, when the program starts, and kept by the hash that the tokenizer
//! gives a word. An ordinary word of a text therefore costs one look at a few bits.

use std::collections::HashMap;

use super::{
    ordinary, sound,
    trie::{End, Trie},
    variants,
};
use crate::{
    hash::{self, Hashed},
    spellings::Bits,
};

/// Fewer letters than this are too few to be recognised once the word is broken or misspelt.
pub(super) const MIN_LETTERS: usize = 5;
/// Letters of a class word that may be disguised.
const CLASS_LETTERS: std::ops::RangeInclusive<usize> = 4..=20;
/// The longest slur that may be misspelt.
pub(super) const MAX_LETTERS: usize = 15;
const VARIANT_BITS: u32 = 1 << 21;
const PREFIX_BITS: u32 = 1 << 18;

/// A word that others are a disguise of.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) letters: Box<str>,
    pub(super) is_slur: bool,
    /// Its accents tell it from an innocent word: only signs for its letters disguise it.
    pub(super) is_accented: bool,
    /// Whether it has a class that is worth a disguise.
    pub(super) is_class: bool,
}

impl Target {
    /// Whether it is a slur whatever its accents.
    pub(super) fn is_plain_slur(&self) -> bool {
        self.is_slur && !self.is_accented
    }
}

/// A slur, before it is compiled.
pub(crate) struct Slur {
    pub(crate) letters: String,
    pub(crate) is_accented: bool,
}

/// Targets and their spellings.
#[derive(Debug)]
pub(crate) struct Targets {
    words: Vec<Target>,
    exact: HashMap<u64, u32, Hashed>,
    /// Misspellings, by the hash of the word.
    variants: HashMap<u64, u32, Hashed>,
    /// Class words without their repeats.
    collapsed: HashMap<u64, u32, Hashed>,
    variant_bits: Bits,
    prefix_bits: Bits,
    /// Slurs and censored words, for signs in the place of letters.
    pub(super) trie: Trie,
    /// Class words by their first letter and their length, for the same.
    shaped: HashMap<(u8, usize), Vec<u32>>,
}

impl Targets {
    /// Compiles slurs and class words of small Latin letters.
    pub(crate) fn new(mut slurs: Vec<Slur>, class_words: &[&'static str]) -> Self {
        let is_plain = |letters: &str| letters.bytes().all(|byte| byte.is_ascii_lowercase());
        slurs.retain(|slur| is_plain(&slur.letters));
        slurs.sort_by(|one, other| (&one.letters, one.is_accented).cmp(&(&other.letters, other.is_accented)));
        slurs.dedup_by(|later, earlier| later.letters == earlier.letters);
        let mut targets = Self {
            words: Vec::new(),
            exact: HashMap::default(),
            variants: HashMap::default(),
            collapsed: HashMap::default(),
            variant_bits: Bits::new(VARIANT_BITS),
            prefix_bits: Bits::new(PREFIX_BITS),
            trie: Trie::default(),
            shaped: HashMap::new(),
        };
        let slurs = slurs
            .into_iter()
            .map(|Slur { letters, is_accented }| (letters.into_boxed_str(), true, is_accented));
        let classes = class_words
            .iter()
            .filter(|word| is_plain(word) && CLASS_LETTERS.contains(&word.len()))
            .map(|&word| (word.into(), false, false));
        for (letters, is_slur, is_accented) in slurs.chain(classes) {
            let number = u32::try_from(targets.words.len()).expect("far fewer words");
            let slot = *targets.exact.entry(hash_of(letters.as_bytes())).or_insert(number);
            if slot == number {
                targets.words.push(Target { letters, is_slur, is_accented, is_class: !is_slur });
            } else {
                targets.words[slot as usize].is_class |= !is_slur;
            }
        }
        super::stars::censored().for_each(|word| targets.trie.insert(word, End::Other));
        // A spelling that is near several targets is rather that of a class word.
        for is_class in [true, false] {
            for number in 0..targets.words.len() {
                if targets.words[number].is_class == is_class {
                    targets.add_spellings(number);
                }
            }
        }
        targets
    }

    fn add_spellings(&mut self, number: usize) {
        let place = u32::try_from(number).expect("far fewer words");
        let Target { letters, is_slur, is_accented, is_class } = &self.words[number];
        let (letters, is_plain_slur, is_class) = (letters.clone(), *is_slur && !is_accented, *is_class);
        if *is_slur {
            self.trie.insert(&letters, End::Word(number));
        }
        if letters.len() >= MIN_LETTERS && (is_plain_slur || is_class) {
            for end in 1..=letters.len() {
                self.prefix_bits.set(hash::spread(hash_of(&letters.as_bytes()[..end])));
            }
        }
        if is_plain_slur {
            self.add_variants(variants::of_slur(&letters), place);
            self.add_variants(sound::spelt_by_ear(&letters), place);
        }
        if is_class && CLASS_LETTERS.contains(&letters.len()) {
            self.add_variants(variants::of_class_word(&letters), place);
            self.shaped.entry((letters.as_bytes()[0], letters.len())).or_default().push(place);
            self.collapsed.entry(collapsed(letters.as_bytes())).or_insert(place);
        }
    }

    fn add_variants(&mut self, spellings: Vec<String>, place: u32) {
        for spelling in spellings {
            let hash = hash_of(spelling.as_bytes());
            if !self.exact.contains_key(&hash) && !ordinary::is_ordinary(&spelling) {
                self.variant_bits.set(hash::spread(hash));
                self.variants.entry(hash).or_insert(place);
            }
        }
    }

    /// The target that letters are, by their hash.
    pub(super) fn exact(&self, hash: u64) -> Option<&Target> {
        self.exact.get(&hash).map(|&number| &self.words[number as usize])
    }

    /// The target that a word is a misspelling of, by its hash.
    #[inline]
    pub(super) fn misspelt(&self, hash: u64) -> Option<&Target> {
        if !self.variant_bits.may_have(hash::spread(hash)) {
            return None;
        }
        self.variants.get(&hash).map(|&number| &self.words[number as usize])
    }

    /// The class word that a word is with letters repeated.
    pub(super) fn repeated(&self, word: &[u8]) -> Option<&Target> {
        let target = self.collapsed.get(&collapsed(word)).map(|&number| &self.words[number as usize])?;
        (target.letters.len() < word.len()).then_some(target)
    }

    /// Whether some target is, or begins with, letters of this hash.
    #[inline]
    pub(super) fn may_begin(&self, hash: u64) -> bool {
        self.prefix_bits.may_have(hash::spread(hash))
    }

    /// The class words that begin with a letter and are of a length.
    pub(super) fn shaped(&self, first: u8, length: usize) -> impl Iterator<Item = usize> {
        self.shaped.get(&(first, length)).into_iter().flatten().map(|&number| number as usize)
    }

    pub(super) fn word(&self, number: usize) -> &Target {
        &self.words[number]
    }
}

/// The hash of letters as the tokenizer has it.
pub(super) fn hash_of(letters: &[u8]) -> u64 {
    letters.iter().copied().fold(hash::START, hash::push)
}

/// The hash of letters without their repeats.
pub(super) fn collapsed(letters: &[u8]) -> u64 {
    let mut last = None;
    let once = letters.iter().copied().filter(|&byte| last.replace(byte) != Some(byte));
    once.fold(hash::START, hash::push)
}
