//! Words that were disguised, as what they stand for: `musilms`, `musl1ms` (once read as letters), `mus lims`,
//! `m*slims`, `muuuslims`, `allmuslims`.
//!
//! Only a word that nobody writes is repaired, and only to one that says something: a class of [`TARGETS`]. The first
//! and the last letter stay, for without them a reader does not find the word either.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    class::{Classes, named, table},
    vocabulary::Vocabulary,
};
use crate::{
    hash,
    token::{Before, Token},
};

/// The classes whose words are worth a disguise.
const TARGETS: &[&str] = &[
    "SLUR",
    "GROUP",
    "GROUPADJ",
    "VIOLENCE",
    "HATEVERB",
    "EXPEL",
    "DEHUMAN",
    "CRIME",
    "BADTRAIT",
    "INSULT",
    "PROFANITY",
    "MUST",
    "WISH",
    "QUANT",
    "HUMAN",
    "DISAGREE",
    "SAY",
    "POSITIVE",
    "ANIMAL",
    "RELIGION",
];
/// Letters of a word that may be repaired; with a letter missing it has one more.
const LETTERS: std::ops::RangeInclusive<usize> = 4..=20;
/// Words, and signs between two of them, that may be one word that was split.
const MAX_PARTS: usize = 10;
const MAX_GAP: usize = 3;
const MAX_JOINED: usize = 24;
/// Letters of a word that is looked for in pieces, and of a text of words run together, and of one of its words.
const MIN_JOINED: usize = 5;
const RUN_TOGETHER: std::ops::RangeInclusive<usize> = 8..=64;
const MAX_WORD: usize = 16;

/// Where the disguised forms of words lead.
struct Index {
    words: Vec<&'static str>,
    /// By the word without repeats, by the word without one letter, and by its first letter and length.
    collapsed: HashMap<u64, usize, hash::Hashed>,
    shortened: HashMap<u64, Vec<usize>, hash::Hashed>,
    shaped: HashMap<(u8, usize), Vec<usize>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let targets = Classes(TARGETS.iter().map(|name| named(name).0).fold(0, |all, class| all | class));
    let mut words: Vec<&'static str> = table().words(targets).filter(|word| word.is_ascii()).collect();
    words.sort_unstable();
    words.retain(|word| LETTERS.contains(&word.len()));
    let mut index =
        Index { words, collapsed: HashMap::default(), shortened: HashMap::default(), shaped: HashMap::new() };
    for (at, word) in index.words.iter().enumerate() {
        let bytes = word.as_bytes();
        index.collapsed.entry(collapsed(bytes)).or_insert(at);
        index.shaped.entry((bytes[0], bytes.len())).or_default().push(at);
        for gone in 1..bytes.len() - 1 {
            let places = index.shortened.entry(without(bytes, gone)).or_default();
            if places.last() != Some(&at) {
                places.push(at);
            }
        }
    }
    index
});

/// The words of a text with the disguised ones repaired.
pub(super) fn repair(text: &str, tokens: Vec<Token>, vocabulary: &Vocabulary) -> Vec<Token> {
    let table = table();
    let is_known = |token: &Token| {
        vocabulary.has(token.hash) || table.word(text, token).is_some() || token.bytes.is_empty()
    };
    let strange: Vec<bool> = tokens.iter().map(|token| !is_known(token)).collect();
    if !strange.contains(&true)
        && !tokens.windows(3).any(|three| three.iter().all(|token| token.bytes.len() == 1))
    {
        return tokens;
    }
    let mut repaired = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if let Some((word, parts)) = joined(text, &tokens[at..], &strange[at..]) {
            repaired.push(token.read_as(word));
            at += parts;
            continue;
        }
        at += 1;
        if !strange[at - 1] {
            repaired.push(token.clone());
            continue;
        }
        let bytes = &text.as_bytes()[token.bytes.clone()];
        if let Some(word) = respelled(bytes) {
            repaired.push(token.read_as(word));
        } else if !run_together(bytes, token, vocabulary, &mut repaired) {
            repaired.push(token.clone());
        }
    }
    repaired
}

/// The word that this one and the next are the pieces of, and how many.
fn joined(text: &str, tokens: &[Token], strange: &[bool]) -> Option<(&'static str, usize)> {
    let odd = |at: usize| strange[at] || tokens[at].bytes.len() == 1;
    if !(odd(0) || (tokens.len() > 1 && odd(1))) {
        return None;
    }
    let mut hash = tokens[0].hash;
    let mut length = tokens[0].bytes.len();
    let mut found = None;
    for at in 1..tokens.len().min(MAX_PARTS) {
        let bytes = tokens[at].bytes.clone();
        length += bytes.len();
        if length > MAX_JOINED || bytes.start.saturating_sub(tokens[at - 1].bytes.end) > MAX_GAP {
            break;
        }
        hash = text.as_bytes()[bytes].iter().copied().fold(hash, hash::push);
        if length >= MIN_JOINED
            && let Some(word) = table().exact(hash)
            && INDEX.words.binary_search(&word).is_ok()
        {
            found = Some((word, at + 1));
        }
    }
    found
}

/// The word that was misspelt so: letters repeated, starred, swapped, or one missing.
fn respelled(bytes: &[u8]) -> Option<&'static str> {
    let index = &*INDEX;
    if !bytes.is_ascii() || bytes.len() < 3 {
        return None;
    }
    let same_ends =
        |word: &&'static str| word.as_bytes()[0] == bytes[0] && word.as_bytes().last() == bytes.last();
    if bytes.windows(2).any(|two| two[0] == two[1])
        && let Some(&at) = index.collapsed.get(&collapsed(bytes))
        && index.words[at].len() < bytes.len()
    {
        return Some(index.words[at]);
    }
    if !LETTERS.contains(&bytes.len()) {
        return None;
    }
    if bytes.contains(&b'*') {
        let fits = |word: &&'static str| {
            word.bytes().zip(bytes).all(|(letter, &byte)| byte == b'*' || byte == letter)
        };
        let alike = index.shaped.get(&(bytes[0], bytes.len()))?;
        return alike.iter().map(|&at| index.words[at]).find(fits);
    }
    let of = |hash: u64| index.shortened.get(&hash).into_iter().flatten().map(|&at| index.words[at]);
    let whole = bytes.iter().copied().fold(hash::START, hash::push);
    if let Some(word) = of(whole).filter(|word| word.len() > *LETTERS.start()).find(same_ends) {
        return Some(word);
    }
    let swapped = |word: &&'static str| {
        let differ: Vec<usize> =
            (0..bytes.len()).filter(|&at| word.as_bytes().get(at) != Some(&bytes[at])).take(3).collect();
        matches!(*differ, [first, second] if second == first + 1
            && word.as_bytes()[first] == bytes[second]
            && word.as_bytes()[second] == bytes[first])
    };
    let mut at = 1..bytes.len() - 1;
    at.find_map(|gone| of(without(bytes, gone)).find(|word| word.len() == bytes.len() && swapped(word)))
}

/// Takes words that were run together apart, where one of them is worth it.
fn run_together(bytes: &[u8], token: &Token, vocabulary: &Vocabulary, repaired: &mut Vec<Token>) -> bool {
    if !RUN_TOGETHER.contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    let table = table();
    // For each place, the least that words up to there cost, and where the last of them begins.
    let mut best = [(u16::MAX, 0_usize); 65];
    best[0] = (0, 0);
    for start in 0..bytes.len() {
        let (cost, _) = best[start];
        if cost == u16::MAX {
            continue;
        }
        let mut hash = hash::START;
        for end in start + 1..=bytes.len().min(start + MAX_WORD) {
            hash = hash::push(hash, bytes[end - 1]);
            // Two short words are rather one long one that is not known.
            let dear = match end - start {
                1 if matches!(bytes[start], b'a' | b'i' | b'y') => 12,
                1 => continue,
                2 => 10,
                3 => 7,
                _ => 5,
            };
            if cost + dear < best[end].0 && (vocabulary.has(hash) || table.exact(hash).is_some()) {
                best[end] = (cost + dear, start);
            }
        }
    }
    if best[bytes.len()].0 == u16::MAX {
        return false;
    }
    let mut ends = vec![bytes.len()];
    while let Some(&end) = ends.last()
        && end > 0
    {
        ends.push(best[end].1);
    }
    ends.reverse();
    let words = || ends.windows(2).map(|pair| pair[0]..pair[1]);
    let is_worth = words().any(|range| {
        range.len() >= *LETTERS.start()
            && std::str::from_utf8(&bytes[range]).is_ok_and(|word| INDEX.words.binary_search(&word).is_ok())
    });
    if is_worth {
        for (at, range) in words().enumerate() {
            let mut part = token.part(&bytes[range.clone()], range);
            if at > 0 {
                part.before = Before::Space;
            }
            repaired.push(part);
        }
    }
    is_worth
}

fn collapsed(bytes: &[u8]) -> u64 {
    let mut last = None;
    let once = bytes.iter().copied().filter(|&byte| last.replace(byte) != Some(byte));
    once.fold(hash::START, hash::push)
}

fn without(bytes: &[u8], gone: usize) -> u64 {
    let rest = bytes[..gone].iter().chain(&bytes[gone + 1..]);
    rest.copied().fold(hash::START, hash::push)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tokens;

    fn repaired(text: &str) -> Vec<String> {
        let known: Vec<u32> = "all the are must go mus we see see"
            .split(' ')
            .map(|word| Vocabulary::key(word.bytes().fold(hash::START, hash::push)))
            .collect();
        let tokens = tokens(text).list;
        let tokens = repair(text, tokens, &Vocabulary::of(&known));
        tokens
            .iter()
            .map(|token| token.letters(text).iter().map(|&byte| char::from(byte)).collect())
            .collect()
    }

    #[test]
    fn disguised_words_are_what_they_stand_for() {
        for text in [
            "all musilms go",
            "all mulims go",
            "all m*slims go",
            "all muuuslims go",
            "all mus lims go",
            "all m u s l i m s go",
            "all mus.lims go",
            "allmuslimsgo",
        ] {
            assert_eq!(repaired(text), ["all", "muslims", "go"], "{text}");
        }
    }

    #[test]
    fn other_words_are_left() {
        for text in ["all the muslins go", "we see marmalade", "all.the.are", "aaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(!repaired(text).contains(&"muslims".to_owned()), "{text}");
        }
        assert_eq!(repaired("the seewegosee"), ["the", "seewegosee"]);
    }
}
