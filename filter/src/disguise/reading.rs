//! Characters that stand for letters: digits, signs, and letters of other scripts that look like them.

use std::{collections::HashMap, sync::LazyLock};

use super::segment::Lexis;
use crate::word_lists::section;

/// The longest run of characters that is read, in characters; words are shorter.
const MAX_RUN: usize = 32;
/// The most readings of one run that are looked up.
const MAX_READINGS: usize = 48;

/// The letters that a character stands for, the likeliest first.
static READINGS: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("readings.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(letters, alike)| alike.chars().filter(|c| *c != ' ').map(move |c| (c, letters)))
        .collect()
});

/// What may follow a number without making it a word: `3rd`, `14h`, `70m`.
static UNITS: LazyLock<std::collections::HashSet<&str>> =
    LazyLock::new(|| section(include_str!("units.txt"), "units").collect());

/// The letters that a character stands for; a letter stands for itself.
pub(super) fn letters_of(c: char) -> Option<&'static str> {
    READINGS.get(&c).copied()
}

/// Whether a character is part of a run: a letter, a digit, or a sign that stands for a letter.
pub(super) fn is_of_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || letters_of(c).is_some()
}

/// Signs that end a word or part a sentence, and stand for letters inside words only.
fn is_inner(c: char) -> bool {
    matches!(c, '!' | '|' | '+' | ':' | ';' | '(' | '<')
}

/// Characters that stand for letters in a disguised word only.
fn is_foreign(c: char) -> bool {
    !c.is_ascii() && !matches!(c, '€' | '£' | '¢' | '¥' | '§' | '¡')
}

/// How a run reads.
pub(super) struct Reading {
    /// A letter for each character.
    pub(super) letters: Vec<u8>,
    /// Characters at the beginning, and at the end, that are no part of the word.
    pub(super) outside: (usize, usize),
    /// How much is known of it: see [`Lexis::rank`].
    pub(super) rank: u8,
}

/// Reads a run of characters, or nothing where it is what it seems: a number, a price, a time, a name with a number.
pub(super) fn read(run: &[char], lexis: &Lexis<'_>) -> Option<Reading> {
    if run.len() > MAX_RUN {
        return None;
    }
    let start = run.iter().position(|&c| !is_inner(c))?;
    let end = run.iter().rposition(|&c| !is_inner(c))? + 1;
    let inside = &run[start..end];
    let letters = inside.iter().filter(|&&c| c.is_alphabetic() || is_foreign(c)).count();
    if letters < 2 || inside.iter().all(char::is_ascii_lowercase) {
        return None;
    }
    let is_number = !is_word(inside, letters);
    let mut best: Option<(u8, Vec<u8>)> = None;
    let mut readings = readings(inside);
    readings.truncate(MAX_READINGS);
    for reading in readings {
        let rank = lexis.rank(&reading);
        if best.as_ref().is_none_or(|(most, _)| rank > *most) {
            best = Some((rank, reading));
        }
    }
    let (mut rank, mut letters) = best?;
    let mut outside = (start, run.len() - end);
    // "n1gg3r$": a sign at an end may be a letter, or money.
    for (cut_start, cut_end) in [(0, 1), (1, 0), (1, 1)] {
        let is_cut = |cut: usize, c: Option<&char>| cut == 0 || c.is_some_and(|c| !c.is_ascii_lowercase());
        if rank < Lexis::TARGET
            && letters.len() > 4
            && is_cut(cut_start, inside.first())
            && is_cut(cut_end, inside.last())
        {
            let cut = &letters[cut_start..letters.len() - cut_end];
            if lexis.rank(cut) >= Lexis::TARGET {
                (rank, letters) = (lexis.rank(cut), cut.to_vec());
                outside = (outside.0 + cut_start, outside.1 + cut_end);
            }
        }
    }
    let has_inner = inside.iter().any(|&c| matches!(c, ':' | ';' | '(' | '<') || is_foreign(c));
    if (is_number && rank < Lexis::SLUR) || (has_inner && rank < Lexis::TARGET) {
        return None;
    }
    Some(Reading { letters, outside, rank })
}

/// Whether a run is a word with digits or signs in it, rather than a number, a price, a time or a name with a number.
fn is_word(run: &[char], letters: usize) -> bool {
    let is_digit = |c: &char| c.is_ascii_digit();
    let is_currency = |c: char| matches!(c, '$' | '€' | '£' | '¢' | '¥');
    // "1200€ttc" is a price; one digit beside a sign is none where there are letters enough.
    let is_price = |run: &[char]| {
        let digits = run.iter().filter(|c| is_digit(c)).count();
        digits + 1 == run.len() && (is_currency(run[0]) || is_currency(run[run.len() - 1]))
    };
    let a_price = if letters < 3 { 2 } else { 3 };
    if run.windows(a_price).any(is_price) || run.windows(4).any(|run| run.iter().all(is_digit)) {
        return false;
    }
    let unit: String = run.iter().skip_while(|c| is_digit(c)).collect();
    !(is_digit(&run[0]) && UNITS.contains(unit.as_str()))
}

/// Every way to read a run, the likeliest first; nothing where a character has no reading.
fn readings(run: &[char]) -> Vec<Vec<u8>> {
    let mut readings: Vec<Vec<u8>> = vec![Vec::with_capacity(run.len())];
    for (at, &c) in run.iter().enumerate() {
        if c.is_ascii_lowercase() {
            let letter = u8::try_from(c).unwrap_or(b'?');
            for reading in &mut readings {
                reading.push(letter);
            }
            continue;
        }
        let Some(letters) = letters_of(c) else { return Vec::new() };
        let mut letters = letters.as_bytes().to_vec();
        if letters.len() > 1
            && letters[0] == b'i'
            && is_l(at.checked_sub(1).map(|at| run[at]), run.get(at + 1))
        {
            letters.swap(0, 1);
        }
        let mut more = Vec::new();
        for &letter in &letters[1..] {
            if (readings.len() + more.len()) < MAX_READINGS {
                more.extend(readings.iter().map(|reading| {
                    let mut reading = reading.clone();
                    reading.push(letter);
                    reading
                }));
            }
        }
        for reading in &mut readings {
            reading.push(letters[0]);
        }
        readings.extend(more);
    }
    readings
}

/// Whether a sign for `i` or `l` is rather an `l`: behind an `l`, behind a vowel, and in `b1ack` and the like.
fn is_l(before: Option<char>, after: Option<&char>) -> bool {
    let is_vowel = |c: Option<char>| matches!(c, Some('a' | 'e' | 'i' | 'o' | 'u' | 'y'));
    let is_cluster = matches!(before, Some('b' | 'c' | 'f' | 'p')) && is_vowel(after.copied());
    before == Some('l') || is_vowel(before) || is_cluster
}
