//! What the classifier sees in a text: hashed words, letters and classes, in chunks of about a sentence or two.
//!
//! One pass makes the features of all heads. A feature is a number below [`BUCKETS`]; which ones a text has is part of
//! the model's version, [`VERSION`].

use std::sync::LazyLock;

use super::{
    class::{Classes, classify, named},
    vocabulary::Vocabulary,
};
use crate::{
    hash,
    token::{Before, Token, Tokens, tokens},
};

/// Changes whenever the same text has other features: a model fits one version.
pub const VERSION: u16 = 2;
/// Features are numbers of this many bits.
pub(super) const BITS: u32 = 19;
/// Features of classes have this bit, and those of words and letters alone do not.
const CLASSES: u32 = 1 << (BITS - 1);
/// How many features there are.
pub const BUCKETS: usize = 1 << BITS;

/// A chunk ends with the first sentence that makes it this long,
const FULL_CHUNK: usize = 16;
/// or at this many words.
const MAX_CHUNK: usize = 32;
/// How far a negation reaches.
const NEGATION_REACH: usize = 3;
/// How many classes of one word count in sequences.
const MAX_SENSES: usize = 3;
/// The parts of a frame, as classes; the first two say whether anybody is attacked at all.
const FRAME: [&[&str]; 6] = [
    &["SLUR", "GROUP", "GROUPADJ"],
    &["SLUR", "VIOLENCE", "HATEVERB", "EXPEL", "DEHUMAN", "CRIME", "BADTRAIT", "INSULT", "PROFANITY"],
    &["YOU"],
    &["THEY"],
    &["NEG"],
    &["DISAGREE"],
];
/// All classes of a frame.
pub(super) static FRAME_CLASSES: LazyLock<Classes> =
    LazyLock::new(|| Classes(FRAME.iter().copied().flatten().fold(0, |all, name| all | named(name).0)));
/// The classes of a frame that say what is done to people, or what they are.
pub(super) static ATTACK_CLASSES: LazyLock<Classes> =
    LazyLock::new(|| Classes(FRAME[1].iter().fold(0, |all, name| all | named(name).0)));
/// How many features one part of a frame is.
const FRAME_WEIGHT: usize = 3;
/// So many letters at once.
const LETTERS: usize = 5;
const LETTERS_MASK: u64 = (1 << (8 * LETTERS)) - 1;
/// Account numbers are written in groups of so many digits, and so many of them in a row count.
const ACCOUNT_GROUP: usize = 4;
const MAX_GROUPS: usize = 2;
/// The most different signs in a row that are remembered.
const MAX_SIGNS: usize = 16;
/// Letters' edge of a word.
const EDGE: u8 = 1;
/// The end of a sentence as a word, and as a class.
const STOP: u64 = 2;
const BOUNDARY: u64 = 255;
/// Bits beside those of classes: something is quoted, something is asked.
const QUOTE: u64 = 1 << 63;
const QUESTION: u64 = 1 << 62;

/// The words of a text as [`Vocabulary`] knows them.
pub fn keys(text: &str) -> Vec<u32> {
    tokens(text).list.iter().map(|token| Vocabulary::key(token.hash)).collect()
}

/// Receives the features of a text.
pub trait Sink {
    /// One feature of the chunk.
    fn feature(&mut self, feature: u32);
    /// The chunk ends; another may follow.
    fn end_chunk(&mut self);
}

/// Receives features with what each is about. Every [`Sink`] is one, and learns the features alone.
pub(super) trait Observer {
    /// A word begins, by its place in the text: the features up to the next word are its own.
    fn word(&mut self, _place: usize, _classes: Classes) {}
    /// A sentence ends.
    fn stop(&mut self) {}
    /// One feature of the chunk, and what was hashed.
    fn feature(&mut self, kind: Kind, hashed: u64, feature: u32);
    /// The chunk ends; another may follow.
    fn end_chunk(&mut self);
}

impl<S: Sink> Observer for S {
    #[inline]
    fn feature(&mut self, _: Kind, _: u64, feature: u32) {
        Sink::feature(self, feature);
    }

    fn end_chunk(&mut self) {
        Sink::end_chunk(self);
    }
}

/// What a feature is about; each kind has features of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Word = 1,
    WordPair,
    WordSkip,
    Letters,
    Class,
    ClassPair,
    ClassSkip,
    ClassTriple,
    MixedPair,
    MixedTriple,
    MixedFour,
    MixedSkip,
    Together,
    Negated,
    Quoted,
    Asked,
    Frame,
    ClassNear,
}

/// Makes the features of tokens of a text.
pub(super) fn of_tokens(text: &str, tokens: &Tokens, sink: &mut impl Observer) {
    let Tokens { list, after } = tokens;
    let classes = classify(text, list);
    let mut reader = Reader::new(sink);
    let mut signs = SignRun::default();
    for (place, (token, &classes)) in list.iter().zip(&classes).enumerate() {
        reader.separate(token.before);
        if signs.repeats(token, text) {
            continue;
        }
        reader.sink.word(place, classes);
        reader.letters(token.letters(text));
        reader.word(token, classes);
    }
    reader.end_sentence(*after);
    reader.end_chunk();
}

/// Signs in a row: three thumbs say no more than one, nor do the many groups of an account number.
#[derive(Default)]
struct SignRun {
    seen: Vec<u64>,
    groups: usize,
}

impl SignRun {
    /// Takes a token, and returns whether it says nothing that the signs right before it did not say.
    fn repeats(&mut self, token: &Token, text: &str) -> bool {
        let letters = token.letters(text);
        if !token.is_plain && letters.len() == ACCOUNT_GROUP && letters.iter().all(u8::is_ascii_digit) {
            self.seen.clear();
            self.groups += 1;
            return self.groups > MAX_GROUPS;
        }
        self.groups = 0;
        let is_sign = !letters.first().is_some_and(u8::is_ascii)
            && text[token.bytes.clone()].chars().all(|c| !c.is_alphanumeric());
        if !is_sign {
            self.seen.clear();
            return false;
        }
        if self.seen.contains(&token.hash) {
            return true;
        }
        if self.seen.len() < MAX_SIGNS {
            self.seen.push(token.hash);
        }
        false
    }
}

/// What is remembered from word to word.
struct Reader<'a, S> {
    sink: &'a mut S,
    /// Words since the chunk began.
    length: usize,
    /// The last words, the nearest first.
    words: [u64; 2],
    /// The last words, each as its class where it has one.
    symbols: [Symbol; 3],
    /// The last classes, the nearest first, and the words since.
    sequence: [u64; 2],
    gap: u64,
    since_negation: usize,
    /// The classes of the chunk, of its sentence, and whether a group was named in an earlier sentence.
    chunk: u64,
    sentence: u64,
    group_named: bool,
    known: Known,
}

/// A word, or the class that stands for it.
#[derive(Debug, Clone, Copy, Default)]
struct Symbol {
    hash: u64,
    is_class: bool,
}

/// Classes that have a part in features of their own.
struct Known {
    group: Classes,
    negation: Classes,
    they: Classes,
    /// Who is meant, what is done to them, and what turns it: the frame of a chunk.
    parts: [Classes; 6],
}

impl<'a, S: Observer> Reader<'a, S> {
    fn new(sink: &'a mut S) -> Self {
        let known = Known {
            group: named("GROUP"),
            negation: named("NEG"),
            they: named("THEY"),
            parts: FRAME.map(|names| Classes(names.iter().fold(0, |all, name| all | named(name).0))),
        };
        Self {
            sink,
            length: 0,
            words: [0; 2],
            symbols: [Symbol::default(); 3],
            sequence: [BOUNDARY; 2],
            gap: 0,
            since_negation: usize::MAX,
            chunk: 0,
            sentence: 0,
            group_named: false,
            known,
        }
    }

    #[inline]
    fn emit(&mut self, kind: Kind, hashed: u64) {
        let hash = hash::spread(hash::pair(kind as u64, hashed));
        // The highest bits are the best mixed, and few enough for any integer.
        let place = u32::try_from(hash >> (65 - BITS)).unwrap_or(0);
        let feature = if kind as u64 >= Kind::Class as u64 { place | CLASSES } else { place };
        self.sink.feature(kind, hashed, feature);
    }

    /// Takes note of what stands before a word.
    fn separate(&mut self, before: Before) {
        if self.length >= MAX_CHUNK {
            self.end_chunk();
        }
        match before {
            Before::Space => {}
            Before::Pause => self.since_negation = usize::MAX,
            Before::Stop | Before::Question => {
                self.end_sentence(before);
                if self.length >= FULL_CHUNK {
                    self.end_chunk();
                }
            }
        }
    }

    fn end_sentence(&mut self, by: Before) {
        if by == Before::Question {
            self.chunk |= QUESTION;
            for class in Classes(self.sentence).iter() {
                self.emit(Kind::Asked, class);
            }
        }
        self.group_named |= Classes(self.sentence).meets(self.known.group);
        self.sentence = 0;
        self.since_negation = usize::MAX;
        self.sink.stop();
        self.words = [STOP, self.words[0]];
        self.symbols = [Symbol { hash: STOP, is_class: false }, self.symbols[0], self.symbols[1]];
        if self.sequence[0] != BOUNDARY {
            self.sequence = [BOUNDARY, self.sequence[0]];
        }
        self.gap = 0;
    }

    /// Each five letters of a word, its edges among them; words of two letters and fewer have none. Fewer letters at once say little, and
    /// made the model worse.
    fn letters(&mut self, word: &[u8]) {
        let mut last = u64::from(EDGE);
        let mut run = (0, 0_u8);
        let mut length = 1;
        for &byte in word.iter().chain([&EDGE]) {
            let byte = if byte.is_ascii_digit() { b'0' } else { byte };
            run = if run.0 == byte { (byte, run.1.saturating_add(1)) } else { (byte, 1) };
            if run.1 > 2 || byte == b'\'' {
                continue;
            }
            last = last << 8 | u64::from(byte);
            length += 1;
            if length >= LETTERS {
                self.emit(Kind::Letters, last & LETTERS_MASK);
            }
        }
    }

    fn word(&mut self, token: &Token, mut classes: Classes) {
        if self.group_named && classes.meets(self.known.they) {
            // "Look at those people. They should ...": of whom it is said.
            classes.0 |= self.known.group.0;
            self.emit(Kind::Frame, 0);
        }
        let word = token.hash;
        let [last, before] = self.words;
        self.emit(Kind::Word, word);
        self.emit(Kind::WordPair, hash::pair(last, word));
        self.emit(Kind::WordSkip, hash::pair(before, word));
        self.words = [word, last];
        self.mixed(word, classes);
        if classes == Classes::default() {
            self.gap += 1;
        } else {
            self.classed(classes, token.quoted);
        }
        self.length += 1;
        self.since_negation =
            if classes.meets(self.known.negation) { 0 } else { self.since_negation.saturating_add(1) };
    }

    /// Words in a row, each as its class where it has one: "all GROUP are DEHUMAN".
    fn mixed(&mut self, word: u64, classes: Classes) {
        let symbol = match classes.first() {
            Some(class) => Symbol { hash: class + 1, is_class: true },
            None => Symbol { hash: word, is_class: false },
        };
        let [last, before, first] = self.symbols;
        let two = hash::pair(last.hash, symbol.hash);
        let three = hash::pair(before.hash, two);
        // Without a class among them they are words in a row, and counted as such.
        let mut any = symbol.is_class || last.is_class;
        if any {
            self.emit(Kind::MixedPair, two);
        }
        if symbol.is_class || before.is_class {
            self.emit(Kind::MixedSkip, hash::pair(before.hash, symbol.hash));
        }
        any |= before.is_class;
        if any {
            self.emit(Kind::MixedTriple, three);
        }
        if any || first.is_class {
            self.emit(Kind::MixedFour, hash::pair(first.hash, three));
        }
        self.symbols = [symbol, last, before];
    }

    /// Classes in a row, whatever words stand between.
    fn classed(&mut self, classes: Classes, quoted: bool) {
        let [last, before] = self.sequence;
        let gap = match self.gap {
            near @ 0..=1 => near,
            2..=3 => 2,
            _ => 3,
        };
        for class in classes.iter().take(MAX_SENSES) {
            self.emit(Kind::Class, class);
            let two = hash::pair(last, class);
            self.emit(Kind::ClassPair, two);
            self.emit(Kind::ClassNear, hash::pair(gap + 1, two));
            self.emit(Kind::ClassSkip, hash::pair(before, class));
            self.emit(Kind::ClassTriple, hash::pair(before, two));
            if self.since_negation < NEGATION_REACH {
                self.emit(Kind::Negated, class);
            }
            if quoted {
                self.emit(Kind::Quoted, class);
            }
        }
        if quoted {
            self.chunk |= QUOTE;
        }
        self.chunk |= classes.0;
        self.sentence |= classes.0;
        self.sequence = [classes.first().unwrap_or(BOUNDARY), last];
        self.gap = 0;
    }

    /// Which classes come together, in whatever order.
    fn end_chunk(&mut self) {
        let present = Classes(self.chunk);
        let frame =
            self.known.parts.iter().fold(0, |frame, &part| frame << 1 | u64::from(present.meets(part)));
        for _ in 0..FRAME_WEIGHT {
            // Nobody is meant, or nothing is done to them: that outweighs many words.
            self.emit(Kind::Frame, 1 << 8 | frame >> (self.known.parts.len() - 2));
            self.emit(Kind::Frame, 2 << 8 | frame);
        }
        for class in Classes(self.chunk).iter() {
            for other in Classes(self.chunk & (u64::MAX << class << 1)).iter() {
                self.emit(Kind::Together, class << 8 | other);
            }
        }
        self.chunk = 0;
        self.length = 0;
        self.sink.end_chunk();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Counted {
        features: Vec<u32>,
        chunks: usize,
    }

    impl Sink for Counted {
        fn feature(&mut self, feature: u32) {
            assert!((feature as usize) < BUCKETS);
            self.features.push(feature);
        }

        fn end_chunk(&mut self) {
            self.chunks += 1;
        }
    }

    fn counted(text: &str) -> Counted {
        let mut counted = Counted::default();
        of_tokens(text, &tokens(text), &mut counted);
        counted
    }

    #[test]
    fn a_long_text_is_read_in_chunks_and_costs_no_more_for_each_word() {
        assert_eq!(counted("hello there").chunks, 1);
        let long = counted(&"All of them must go away now. ".repeat(1000));
        assert!((7000 / MAX_CHUNK..=7000 / FULL_CHUNK).contains(&long.chunks), "{}", long.chunks);
        assert!(long.features.len() < 7000 * 60, "{}", long.features.len());
    }

    #[test]
    fn the_order_of_words_and_what_is_negated_show() {
        assert_ne!(counted("dogs bite men").features, counted("men bite dogs").features);
        let negated: Vec<_> = counted("do not kill them").features;
        let plain: Vec<_> = counted("do kill them").features;
        assert!(negated.iter().any(|feature| !plain.contains(feature)));
    }
}
