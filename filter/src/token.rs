//! A text as tokens: the one tokenizer, for the classifier's features, for the de-disguise engine and for what is said
//! around a word (denied, told, condemned).

use std::ops::Range;

use super::{hash, normalize::View};

/// A letter counts at most so often in a row: `sooooo` is `soo`, and words with double letters stay as they are.
const MAX_RUN: u8 = 2;
/// So many stars in a row may stand for letters.
const MAX_STARS: usize = 8;
/// How many letters a stem may lack of its word.
pub(super) const MAX_SUFFIX: usize = 3;

/// What stood before a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing but space, or a hyphen.
    #[default]
    Space,
    /// A comma, or what else parts a sentence.
    Pause,
    /// The end of a sentence, and a new one.
    Stop,
    /// The end of a question.
    Question,
}

/// A word, or a symbol that stands for one.
#[derive(Debug, Clone, Default)]
pub(super) struct Token {
    pub(super) hash: u64,
    /// The hashes of the word without its last one, two and three bytes; of short words the last ones are zero.
    pub(super) stems: [u64; MAX_SUFFIX],
    pub(super) bytes: Range<usize>,
    pub(super) before: Before,
    pub(super) quoted: bool,
    /// Nothing but small Latin letters.
    pub(super) is_plain: bool,
    /// A letter stands twice in a row.
    pub(super) is_doubled: bool,
}

impl Token {
    /// The letters of the word.
    pub(super) fn letters<'a>(&self, text: &'a str) -> &'a [u8] {
        &text.as_bytes()[self.bytes.clone()]
    }

    /// Whether a sentence, or a part of one, begins with it.
    fn begins(&self) -> bool {
        self.before != Before::Space
    }
}

/// The tokens of a text, and what stands behind the last.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) list: Vec<Token>,
    pub(super) after: Before,
}

/// The tokens of a view, asked by their places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) view: &'a View,
    pub(super) tokens: &'a [Token],
}

impl<'a> Words<'a> {
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The hash of a word; none is zero.
    pub(super) fn get(&self, at: usize) -> u64 {
        self.tokens.get(at).map_or(0, |token| token.hash)
    }

    /// The words that a span of the original touches.
    pub(super) fn within(&self, span: &Range<usize>) -> Range<usize> {
        let original = |token: &Token| self.view.original(token.bytes.clone());
        let start = self.tokens.partition_point(|token| original(token).end <= span.start);
        let end = self.tokens.partition_point(|token| original(token).start < span.end);
        start..end.max(start)
    }

    /// The nearest words before a place that belong to the same part of a sentence, the nearest first.
    pub(super) fn before(&self, at: usize) -> impl Iterator<Item = u64> + use<'a> {
        let tokens = self.tokens;
        let mut at = at.min(tokens.len());
        std::iter::from_fn(move || {
            if tokens.get(at).is_some_and(Token::begins) {
                return None;
            }
            at = at.checked_sub(1)?;
            Some(tokens[at].hash)
        })
    }

    /// The nearest words from a place on that belong to the same part of a sentence.
    pub(super) fn after(&self, at: usize) -> impl Iterator<Item = u64> + use<'a> {
        let rest = self.tokens.get(at..).unwrap_or_default();
        rest.iter().take_while(|token| !token.begins()).map(|token| token.hash)
    }
}

/// Reads the tokens of a normalised text.
pub(super) fn tokens(text: &str) -> Tokens {
    let mut reader = Reader { tokens: Vec::with_capacity(text.len() / 5 + 1), ..Reader::default() };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_alphanumeric() {
            at = reader.word(text, at);
        } else if byte.is_ascii() {
            reader.sign(bytes, at);
            at += 1;
        } else {
            let Some(c) = text[at..].chars().next() else { break };
            if c.is_alphanumeric() {
                at = reader.word(text, at);
            } else {
                reader.symbol(c, at);
                at += c.len_utf8();
            }
        }
    }
    Tokens { list: reader.tokens, after: reader.before }
}

#[derive(Default)]
struct Reader {
    tokens: Vec<Token>,
    before: Before,
    quoted: bool,
    /// The quotation began with an apostrophe and ends with one.
    by_apostrophe: bool,
}

impl Reader {
    /// Reads the word that begins here, and says where it ends.
    fn word(&mut self, text: &str, start: usize) -> usize {
        let mut at = start;
        let mut hash = hash::START;
        let mut stems = [0; MAX_SUFFIX];
        // The last letter, none at first, and how often it stands in a row.
        let mut run = (0, 0_u8);
        let (mut is_plain, mut is_doubled) = (true, false);
        let bytes = text.as_bytes();
        while let Some(&byte) = bytes.get(at) {
            if byte.is_ascii_lowercase() {
                run = if run.0 == byte { (byte, run.1.saturating_add(1)) } else { (byte, 1) };
                at += 1;
                is_doubled |= run.1 > 1;
                if run.1 <= MAX_RUN {
                    stems = [hash, stems[0], stems[1]];
                    hash = hash::push(hash, byte);
                }
                continue;
            }
            if byte.is_ascii() {
                if byte == b'\'' && contracts(&bytes[start..at], &bytes[at + 1..]) {
                    // "don't" is "dont", as many write it; "l'ami" is two words.
                    is_plain = false;
                    at += 1;
                    continue;
                }
                if byte == b'*' && stars_within(&bytes[start..at], &bytes[at..]) {
                    is_plain = false;
                    stems = [hash, stems[0], stems[1]];
                    hash = hash::push(hash, byte);
                    at += 1;
                    continue;
                }
                if !byte.is_ascii_alphanumeric() {
                    break;
                }
                is_plain = false;
                run = if run.0 == byte && !byte.is_ascii_digit() {
                    (byte, run.1.saturating_add(1))
                } else {
                    (byte, 1)
                };
                at += 1;
                if run.1 > MAX_RUN {
                    continue;
                }
                stems = [hash, stems[0], stems[1]];
                // One price is like another; how many digits it has tells a price from a telephone number.
                hash = hash::push(hash, if byte.is_ascii_digit() { b'0' } else { byte });
                continue;
            }
            let Some(c) = text[at..].chars().next().filter(|c| c.is_alphanumeric()) else { break };
            is_plain = false;
            stems = [hash, stems[0], stems[1]];
            for &byte in &bytes[at..at + c.len_utf8()] {
                hash = hash::push(hash, byte);
            }
            at += c.len_utf8();
            run.0 = 0;
        }
        self.push(Token { hash, stems, bytes: start..at, is_plain, is_doubled, ..Token::default() });
        at
    }

    fn push(&mut self, mut token: Token) {
        token.before = std::mem::take(&mut self.before);
        token.quoted = self.quoted;
        self.tokens.push(token);
    }

    /// Space and punctuation of ASCII.
    fn sign(&mut self, bytes: &[u8], at: usize) {
        match bytes[at] {
            b'.' | b'!' | b'\n' => self.stop(Before::Stop),
            b'?' => self.stop(Before::Question),
            b',' | b';' | b':' | b'(' | b')' => self.pause(),
            b'@' | b'$' => self.symbol(char::from(bytes[at]), at),
            b'"' => {
                self.quoted = !self.quoted;
                self.by_apostrophe = false;
            }
            b'\'' => {
                let is_letter = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii_whitespace());
                let before = at > 0 && is_letter(bytes.get(at - 1));
                let after = is_letter(bytes.get(at + 1));
                if !self.quoted && !before && after {
                    (self.quoted, self.by_apostrophe) = (true, true);
                } else if self.by_apostrophe
                    && before
                    && !bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
                {
                    (self.quoted, self.by_apostrophe) = (false, false);
                }
            }
            _ => {}
        }
    }

    /// Signs beyond ASCII: quotation marks, punctuation, or a symbol that says as much as a word.
    fn symbol(&mut self, c: char, at: usize) {
        match c {
            '\u{ab}' | '\u{201c}' | '\u{201e}' | '\u{2039}' => self.quoted = true,
            '\u{bb}' | '\u{201d}' | '\u{203a}' => self.quoted = false,
            '…' | '。' => self.stop(Before::Stop),
            // Skin tones say who is meant no more than letters do.
            '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{80}'..='\u{bf}'
            | '\u{2000}'..='\u{206f}'
            | '\u{3000}'..='\u{303f}' => {}
            _ => {
                let mut buffer = [0; 4];
                let bytes = c.encode_utf8(&mut buffer).bytes();
                let hash = bytes.fold(hash::START, hash::push);
                self.push(Token { hash, bytes: at..at + c.len_utf8(), ..Token::default() });
            }
        }
    }

    fn stop(&mut self, stop: Before) {
        if self.before != Before::Question {
            self.before = stop;
        }
    }

    fn pause(&mut self) {
        if self.before == Before::Space {
            self.before = Before::Pause;
        }
    }
}

/// Whether an apostrophe parts an English word from its ending.
fn contracts(word: &[u8], rest: &[u8]) -> bool {
    let length = rest.iter().take(3).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    word.len() > 1 && matches!(&rest[..length], b"t" | b"s" | b"re" | b"ll" | b"ve" | b"d" | b"m")
        || (word == b"i" && matches!(&rest[..length], b"m" | b"d" | b"ll" | b"ve"))
}

/// Whether stars stand for letters: `m*rde`, and neither `2*3` nor `*well*`.
fn stars_within(word: &[u8], rest: &[u8]) -> bool {
    let after = rest.iter().take(MAX_STARS + 1).find(|&&byte| byte != b'*');
    word.last().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'*')
        && after.is_some_and(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).list.into_iter().map(|token| &text[token.bytes]).collect()
    }

    #[test]
    fn words_are_letters_and_contractions_stay_whole() {
        assert_eq!(words("don't, l'ami! i'm 2 late-ish"), ["don't", "l", "ami", "i'm", "2", "late", "ish"]);
        assert_eq!(words("a🐀b 漢字"), ["a", "🐀", "b", "漢字"]);
        let Tokens { list: tokens, after } = tokens("dont don't sooo soooooo so?");
        assert_eq!(tokens[0].hash, tokens[1].hash);
        assert_eq!(tokens[2].hash, tokens[3].hash);
        assert_ne!(tokens[3].hash, tokens[4].hash);
        assert_eq!(after, Before::Question);
    }

    #[test]
    fn quotation_marks_hold_what_is_quoted() {
        let quoted =
            |text: &str| -> Vec<bool> { tokens(text).list.iter().map(|token| token.quoted).collect() };
        assert_eq!(quoted("he said \"no way\" twice"), [false, false, true, true, false]);
        assert_eq!(quoted("he said 'no way' twice"), [false, false, true, true, false]);
        assert_eq!(quoted("il dit «non» ici"), [false, false, true, false]);
        assert_eq!(quoted("l'ami d'anne's"), [false; 4]);
    }

    #[test]
    fn a_stem_is_the_word_without_its_ending() {
        let tokens = tokens("walk walks walked walking").list;
        let walk = tokens[0].hash;
        assert_eq!((tokens[1].stems[0], tokens[2].stems[1], tokens[3].stems[2]), (walk, walk, walk));
    }
}
