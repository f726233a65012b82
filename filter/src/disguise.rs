//! Slurs that are misspelt on purpose: what no view of a text makes whole again.
//!
//! Looked for are the slurs of the lexicons only, in one pass over a text: a word broken anywhere (`ni gg er`) or
//! with signs for letters (`n*gger`) by a walk down one [`trie`], a word with a letter too few, too many or swapped, or
//! written backwards, without vowels or by ear, in the index of [`near`]. What is near a slur may be somebody's name or
//! a slip, so such a hit says that it is near and a rule may ask for less; [`ordinary`] words are never one.
//! What a word costs does not depend on its text: at most so many steps.

mod glue;
mod near;
mod ordinary;
mod trie;
mod turned;
mod wild;

use std::ops::Range;

pub(super) use self::{glue::is_glued, ordinary::is_ordinary};
use self::{near::Near, trie::Trie};
use super::{lexicon::Entry, normalize::View};

/// Fewer letters than this are too few to be recognised once the word is broken or misspelt.
const MIN_LETTERS: usize = 5;
/// The most bytes between two pieces of one word.
const MAX_GAP: usize = 3;
/// A broken word has no more pieces than this.
const MAX_PIECES: usize = 8;

/// The slurs of some rules, compiled.
#[derive(Debug, Default)]
pub(super) struct Disguises {
    words: Vec<Word>,
    trie: Trie,
    near: Near,
}

/// A slur, and the rules that have it.
#[derive(Debug)]
struct Word {
    letters: Box<str>,
    /// Its accents tell it from an innocent word: only signs for its letters disguise it.
    is_accented: bool,
    rules: Vec<usize>,
}

/// A slur that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// The rules that have it.
    pub(super) rules: &'a [usize],
    /// The bytes of the view.
    pub(super) at: Range<usize>,
    /// Whether the text is only near the slur.
    pub(super) near: bool,
}

/// Letters of plain Latin side by side.
#[derive(Debug, Clone)]
struct Piece {
    at: Range<usize>,
    /// Neither a digit nor another letter touches it.
    is_word: bool,
}

impl Disguises {
    /// Of slurs, each with its rule; those that are not of Latin letters are left to the views.
    pub(super) fn new(slurs: impl IntoIterator<Item = (Entry, usize)>) -> Self {
        let mut all: Vec<(String, bool, usize)> = slurs
            .into_iter()
            .map(|(slur, rule)| (View::skeleton(&slur.text).text().to_owned(), slur.exact, rule))
            .filter(|(letters, ..)| letters.bytes().all(|byte| byte.is_ascii_lowercase()))
            .collect();
        all.sort_unstable();
        let mut words: Vec<Word> = Vec::new();
        for (letters, is_accented, rule) in all {
            match words.last_mut() {
                Some(word) if *word.letters == *letters => word.rules.push(rule),
                _ => words.push(Word { letters: letters.into(), is_accented, rules: vec![rule] }),
            }
        }
        let mut trie = Trie::default();
        let mut near = Near::default();
        for (index, word) in words.iter().enumerate() {
            trie.insert(&word.letters, trie::End::Word(index));
            if !word.is_accented {
                near.insert(&word.letters, index);
            }
        }
        for word in wild::censored() {
            trie.insert(word, trie::End::Other);
        }
        Self { words, trie, near }
    }

    /// Calls back with each slur that is disguised in a view of the text.
    pub(super) fn search<'a>(&'a self, view: &View, original: &str, mut report: impl FnMut(Found<'a>)) {
        if self.words.is_empty() {
            return;
        }
        let text = view.text();
        let pieces = pieces(text);
        let mut found = |at: Range<usize>, (word, near): (usize, bool)| {
            report(Found { rules: &self.words[word].rules, at, near });
        };
        let is_turned = !original.is_ascii() && turned::has_turned_letters(original);
        for (index, piece) in pieces.iter().enumerate() {
            let word = &text[piece.at.clone()];
            if piece.is_word {
                if let Some(hit) = self.near.find(word) {
                    found(piece.at.clone(), (hit, true));
                }
                if let Some(hit) = is_turned.then(|| self.trie.word(&turned::upright(word))).flatten()
                    && !self.words[hit].is_accented
                {
                    found(piece.at.clone(), (hit, false));
                }
            }
            if let Some((at, hit)) = self.broken(text, &pieces[index..]) {
                found(at, (hit, false));
            }
        }
        wild::runs(text, |run| {
            if let Some(hit) = wild::find(&self.trie, &self.words, &text[run.clone()]) {
                found(run, hit);
            }
        });
    }

    /// A slur that begins where the first piece does and ends where a later one does.
    fn broken(&self, text: &str, pieces: &[Piece]) -> Option<(Range<usize>, usize)> {
        let first = pieces.first().filter(|piece| starts_word(text, piece.at.start))?;
        let mut node = Trie::ROOT;
        for (index, piece) in pieces.iter().take(MAX_PIECES).enumerate() {
            if index > 0 && !is_gap(&text[pieces[index - 1].at.end..piece.at.start]) {
                return None;
            }
            for byte in text[piece.at.clone()].bytes() {
                node = self.trie.child(node, byte)?;
            }
            if index > 0
                && let Some(word) = self.trie.word_at(node)
                && self.words[word].letters.len() >= MIN_LETTERS
                && !self.words[word].is_accented
                && ends_word(text, piece.at.end)
                && !pieces[..=index].iter().all(|piece| ordinary::is_short(&text[piece.at.clone()]))
            {
                return Some((first.at.start..piece.at.end, word));
            }
        }
        None
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::with_capacity(bytes.len() / 4);
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        if length > 0 {
            let is_word = starts_word(text, at) && ends_word(text, at + length);
            pieces.push(Piece { at: at..at + length, is_word });
        }
        at += length + 1;
    }
    pieces
}

fn starts_word(text: &str, at: usize) -> bool {
    // Most texts are ASCII, where a byte tells.
    match at.checked_sub(1).map(|before| text.as_bytes()[before]) {
        Some(byte) if byte.is_ascii() => !byte.is_ascii_alphanumeric(),
        _ => text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric()),
    }
}

fn ends_word(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => !byte.is_ascii_alphanumeric(),
        _ => text[at..].chars().next().is_none_or(|c| !c.is_alphanumeric()),
    }
}

/// Whether what is between two pieces may stand inside a word: little, and no end of a sentence.
fn is_gap(between: &str) -> bool {
    let is_stop = |c| matches!(c, ',' | ';' | ':' | '!' | '?' | '\'' | '’') || char::is_alphanumeric(c);
    between.len() <= MAX_GAP
        && !between.contains(is_stop)
        && !(between.contains('.') && between.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Lexicon;

    fn found(text: &str) -> Vec<(String, bool)> {
        let entries = [Lexicon::HateEn, Lexicon::HateFr].into_iter().flat_map(Lexicon::entries);
        let slurs = entries.filter(Entry::is_slur).map(|slur| (slur, 0));
        let view = View::skeleton(text);
        let mut found = Vec::new();
        Disguises::new(slurs)
            .search(&view, text, |hit| found.push((view.text()[hit.at].to_owned(), hit.near)));
        found
    }

    #[test]
    fn broken_words_are_found_however_they_are_broken() {
        for text in ["ni gg er", "n-ig - ger", "nigg er!", "ni/g/ger", "n ig ge r"] {
            assert!(!found(text).is_empty(), "{text}");
        }
        for text in ["ni, gger", "ni. gger", "anni gger", "ni ggerx", "sp ic"] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn near_hits_say_so() {
        assert_eq!(found("two fagogts"), [("fagogts".to_owned(), true)]);
        assert_eq!(found("two f*ggots"), [("f*ggots".to_owned(), false)]);
        assert_eq!(found("p*dé"), [("p*de".to_owned(), false)]);
        assert_eq!(found("pe des, ne gro, pdee"), []);
    }
}
