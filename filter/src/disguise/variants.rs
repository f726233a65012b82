//! The ways in which a word is misspelt on purpose.

use super::targets::{MAX_LETTERS, MIN_LETTERS};

/// Consonants that are enough to know a word by.
const MIN_CONSONANTS: usize = 4;
/// Letters that look like others, and what they are put for.
const PUT_FOR: [(char, &[char]); 2] = [('i', &['l', 'j']), ('g', &['q'])];
/// The most places of a word where letters are put for others.
const MAX_PLACES: usize = 4;

/// The spellings of a slur: a letter missing, too many, swapped or put for another, backwards, without vowels.
pub(super) fn of_slur(slur: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    if slur.len() > MAX_LETTERS {
        return spellings;
    }
    spellings.push(slur.chars().rev().collect());
    for vowels in [&['a', 'e', 'i', 'o', 'u'][..], &['a', 'e', 'i', 'o', 'u', 'y']] {
        let without = slur.replace(vowels, "");
        spellings.extend((without.len() >= MIN_CONSONANTS).then_some(without));
    }
    if slur.len() >= MIN_LETTERS {
        spellings.extend((0..slur.len()).map(|at| without(slur, at)));
        spellings.extend((1..slur.len()).map(|at| swapped(slur, at)));
        for at in 0..=slur.len() {
            spellings.extend(('a'..='z').map(|letter| format!("{}{letter}{}", &slur[..at], &slur[at..])));
        }
    }
    spellings.extend(put_for_others(slur));
    spellings
}

/// The spellings of a class word: its first and last letters stay, for without them a reader does not find it either.
pub(super) fn of_class_word(word: &str) -> Vec<String> {
    let mut spellings: Vec<String> = Vec::new();
    if word.len() >= MIN_LETTERS {
        spellings.extend((1..word.len() - 1).map(|at| without(word, at)));
        spellings.extend(put_for_others(word));
    }
    spellings.extend((2..word.len() - 1).map(|at| swapped(word, at)));
    spellings
}

fn without(word: &str, at: usize) -> String {
    [&word[..at], &word[at + 1..]].concat()
}

/// A word with the letter here and the one before swapped.
fn swapped(word: &str, at: usize) -> String {
    [&word[..at - 1], &word[at..=at], &word[at - 1..at], &word[at + 1..]].concat()
}

/// A word with letters that look like others in some or all of their places.
fn put_for_others(word: &str) -> Vec<String> {
    let places: Vec<usize> = word
        .char_indices()
        .filter(|&(_, c)| PUT_FOR.iter().any(|&(of, _)| of == c))
        .map(|(at, _)| at)
        .collect();
    let places = &places[..places.len().min(MAX_PLACES)];
    let mut spellings = vec![word.to_owned()];
    for &at in places {
        let letters =
            PUT_FOR.iter().find(|(of, _)| word[at..].starts_with(*of)).map_or(&[][..], |(_, put)| put);
        let more: Vec<String> = spellings
            .iter()
            .flat_map(|spelling| {
                letters
                    .iter()
                    .map(move |letter| format!("{}{letter}{}", &spelling[..at], &spelling[at + 1..]))
            })
            .collect();
        spellings.extend(more);
    }
    spellings.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_are_written_out() {
        let spellings = of_slur("chigger");
        for spelling in
            ["higger", "chiggr", "cihgger", "chhigger", "chiggerx", "reggihc", "chlgger", "chiqqer", "chgr"]
        {
            assert_eq!(spellings.iter().any(|other| other == spelling), spelling != "chgr", "{spelling}");
        }
        let spellings = of_class_word("table");
        assert!(spellings.contains(&"tbale".to_owned()) && spellings.contains(&"tale".to_owned()));
        assert!(!spellings.contains(&"able".to_owned()) && !spellings.contains(&"atble".to_owned()));
    }
}
