//! Slurs written as one word with their neighbours.

use std::{collections::HashSet, sync::LazyLock};

use crate::word_lists::section;

/// All that is left of the word must be made of these, so that `allspice` and `pakistan` are no such thing.
static NEIGHBOURS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| section(include_str!("neighbours.txt"), "neighbours").collect());

/// Fewer letters than these are an ending, as in `spices`, and no neighbour.
const MIN_REST: usize = 3;
/// The longest neighbour.
const MAX_WORD: usize = 10;
/// A longer beginning or end is not looked at.
const MAX_BYTES: usize = 40;

/// Whether both what stands before a slur in its word and what stands behind are other words. Where the first or last
/// letter of the slur is there twice, one may be its neighbour's.
pub(crate) fn is_glued(before: &str, after: &str, first: &str, last: &str) -> bool {
    let is_begun = || is_words(before) || is_words(&format!("{before}{first}"));
    let is_ended = || is_words(after) || is_words(&format!("{last}{after}"));
    before.len() + after.len() >= MIN_REST && is_begun() && is_ended()
}

/// Whether letters are words that stand beside a slur, one after the other. Nothing is.
fn is_words(letters: &str) -> bool {
    if letters.len() > MAX_BYTES || !letters.is_ascii() {
        return false;
    }
    let mut reached = [false; MAX_BYTES + 1];
    reached[0] = true;
    for at in 0..letters.len() {
        if reached[at] {
            for end in at + 1..=letters.len().min(at + MAX_WORD) {
                reached[end] |= NEIGHBOURS.contains(&letters[at..end]);
            }
        }
    }
    reached[letters.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_the_word_must_be_words() {
        for (before, after) in [("ihate", ""), ("all", "shoulddie"), ("", "hould"), ("fuckin", "")] {
            assert!(is_glued(before, after, "k", "s"), "{before} {after}");
        }
        for (before, after) in
            [("su", "ious"), ("au", "ious"), ("all", "e"), ("", "stan"), ("au", "e"), ("", "es"), ("a", "")]
        {
            assert!(!is_glued(before, after, "", ""), "{before} {after}");
        }
    }
}
