//! Digits and signs that stand for letters: `n1gg3r`, `f@gg0t`, `$ale`.

use std::{collections::HashSet, sync::LazyLock};

use super::{Span, View};
use crate::word_lists::section;

/// What `1`, `!` and `|` stand for: they are written for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum One {
    /// As in `n1gger`.
    I,
    /// As in `ki11`.
    L,
    /// Each as its neighbours suggest, for `ki11 the n1ggers`.
    Either,
}

/// The text with its leet tokens read as words, once for each reading that differs from the others.
pub(crate) fn leet_views(view: &View) -> impl Iterator<Item = View> {
    let first = leet(view, One::I);
    let ones = view.text().bytes().filter(|byte| matches!(byte, b'1' | b'!' | b'|')).count();
    let is_read = first.is_some();
    let second = (is_read && ones > 0).then(|| leet(view, One::L)).flatten();
    let third = (is_read && ones > 1).then(|| leet(view, One::Either)).flatten();
    [first, second, third].into_iter().flatten()
}

/// What may follow a number without making it a word: `3rd`, `14h`, `70m`.
static UNITS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| section(include_str!("units.txt"), "units").collect());

/// The text with its leet tokens read as words, or nothing where no token changes. Only tokens that mix letters with
/// digits or signs are read: not `3rd`, not `1200€`, not `14h30`, not `B2B`.
fn leet(view: &View, one: One) -> Option<View> {
    if !view.text().bytes().any(|byte| byte.is_ascii_digit() || b"@$!|+\xe2\xc2".contains(&byte)) {
        return None;
    }
    let mut chars: Vec<(char, Span)> = view.chars().collect();
    let mut changed = false;
    let mut at = 0;
    while at < chars.len() {
        let length = chars[at..].iter().take_while(|(c, _)| c.is_alphanumeric() || is_sign(*c)).count();
        let token = &mut chars[at..at + length];
        if is_leet(token) {
            changed |= read(token, one);
        }
        at += length.max(1);
    }
    changed.then(|| chars.into_iter().collect())
}

fn is_sign(c: char) -> bool {
    matches!(c, '@' | '$' | '€' | '!' | '|' | '+' | '¡' | '£' | '¢' | '¥' | '§')
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '¢' | '¥')
}

/// Whether a token is a word with digits or signs in it, rather than a number, a price, a time or a name with a number.
fn is_leet(token: &[(char, Span)]) -> bool {
    let is_digit = |&(c, _): &(char, Span)| c.is_ascii_digit();
    let letters = token.iter().filter(|(c, _)| c.is_alphabetic()).count();
    if letters < 2 {
        return false;
    }
    if token.iter().any(|&(c, _)| c.is_ascii_digit() && letter(c, One::I).is_none()) {
        return false;
    }
    // "1200€ttc" is a price; one digit beside a sign, "bic0t5$", is none where there are letters enough.
    let is_price = |run: &[(char, Span)]| {
        let digits = run.iter().filter(|c| is_digit(c)).count();
        digits + 1 == run.len() && (is_currency(run[0].0) || is_currency(run[run.len() - 1].0))
    };
    let a_price = if letters < 3 { 2 } else { 3 };
    if token.windows(a_price).any(is_price) || token.windows(4).any(|run| run.iter().all(is_digit)) {
        return false;
    }
    let unit: String = token.iter().skip_while(|c| is_digit(c)).map(|&(c, _)| c).collect();
    !(is_digit(&token[0]) && UNITS.contains(unit.as_str()))
}

/// Replaces what stands for a letter; says whether anything did.
fn read(token: &mut [(char, Span)], one: One) -> bool {
    let mut changed = false;
    let last = token.iter().rposition(|(c, _)| c.is_alphanumeric()).unwrap_or(0);
    for at in 0..token.len() {
        let (c, _) = token[at];
        // At an end of a word these are punctuation: `great!`, `a|b|`.
        let inner = at > 0 && at < last;
        let before = at.checked_sub(1).map(|before| token[before].0);
        let one = if one == One::Either { either(before, token.get(at + 1).map(|next| next.0)) } else { one };
        if let Some(letter) = letter(c, one)
            && (inner || !matches!(c, '!' | '|' | '+'))
        {
            token[at].0 = letter;
            changed = true;
        }
    }
    changed
}

/// Behind an `l`, behind a vowel, and in `b1ack` and the like an `l`; or else an `i`.
fn either(before: Option<char>, after: Option<char>) -> One {
    let is_vowel = |c: Option<char>| matches!(c, Some('a' | 'e' | 'i' | 'o' | 'u' | 'y'));
    let is_cluster = matches!(before, Some('b' | 'c' | 'f' | 'p')) && is_vowel(after);
    if before == Some('l') || is_vowel(before) || is_cluster { One::L } else { One::I }
}

/// The letter that a digit or a sign stands for.
pub(super) fn letter(c: char, one: One) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' | '|' if one == One::L => 'l',
        '1' | '!' | '|' | '¡' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' | '§' => 's',
        '£' => 'l',
        '¢' => 'c',
        '¥' => 'y',
        '6' | '9' => 'g',
        '7' | '+' => 't',
        '8' => 'b',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        leet(&View::skeleton(text), One::I).map(|view| view.text().to_owned())
    }

    #[test]
    fn tokens_that_mix_letters_with_digits_or_signs_are_words() {
        for (leet, word) in [
            ("h3ll0", "hello"),
            ("w0r1d", "worid"),
            ("$@lut", "salut"),
            ("ch!en", "chien"),
            ("m€rci!!", "merci!!"),
        ] {
            assert_eq!(read(leet).as_deref(), Some(word));
        }
        assert_eq!(
            leet(&View::skeleton("he11o"), One::L).map(|view| view.text().to_owned()).as_deref(),
            Some("hello")
        );
    }

    #[test]
    fn numbers_prices_times_and_names_with_a_number_are_left() {
        for text in [
            "3rd",
            "21st",
            "2ème",
            "1er",
            "1200€",
            "€1200",
            "$50k",
            "50k$",
            "14h30",
            "7pm",
            "70m2",
            "B2B",
            "n1",
            "T2",
            "75011",
            "06 12 34 56 78",
            "wow!",
            "50+",
            "rue 12bis",
            "appt4007",
            "2021",
            "A380",
            "£500",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
