//! Ordinary words that are a letter away from a slur, hold one, or are a part of a broken one.

use std::{collections::HashSet, sync::LazyLock};

/// Derived from frequent words of the languages that people here write, then read by eye.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| words(include_str!("ordinary.txt")));

/// Short words that a slur falls apart into.
static SHORT: LazyLock<HashSet<&str>> = LazyLock::new(|| words(include_str!("short.txt")));

fn words(list: &'static str) -> HashSet<&'static str> {
    list.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
}

/// Whether a word is ordinary though it resembles a slur.
pub(crate) fn is_ordinary(word: &str) -> bool {
    WORDS.contains(word)
}

/// Whether a piece of a broken word is a word by itself.
pub(super) fn is_short(piece: &str) -> bool {
    SHORT.contains(piece)
}
