//! Phone numbers: international, French and British, in digits or words. Prices, dates, codes and postcodes are none.

use std::ops::Range;

use super::number::{self, Reader};

/// Bytes between two groups of digits of one number.
const MAX_GAP: usize = 3;
/// Groups of one number: each digit may stand alone.
const MAX_GROUPS: usize = 16;

/// Digits that stand together, and where.
#[derive(Debug)]
struct Group {
    digits: String,
    bytes: Range<usize>,
    /// A `+` stands before.
    plus: bool,
    /// What stands between it and the one before may be within a number.
    joins: bool,
    date: Date,
}

/// Whether a group is part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Date {
    No,
    /// A slash, a full stop or a hyphen stands before it.
    Perhaps,
    Yes,
}

/// Every phone number in a skeleton.
pub(super) fn numbers(text: &str) -> Vec<Range<usize>> {
    let mut groups = groups(text);
    part_dates(&mut groups);
    let mut found = Vec::new();
    let mut at = 0;
    while at < groups.len() {
        match number_at(&groups[at..], text) {
            Some(length) => {
                let (first, last) = (&groups[at], &groups[at + length - 1]);
                let start = first.bytes.start - usize::from(first.plus);
                found.push(start..last.bytes.end);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// How many groups from the first on are a number.
fn number_at(groups: &[Group], text: &str) -> Option<usize> {
    let follow = groups[1..]
        .iter()
        .take(MAX_GROUPS - 1)
        .take_while(|group| group.joins && !group.plus && group.date != Date::Yes)
        .count();
    let groups = &groups[..=follow];
    let first = &groups[0];
    // The end of a longer number, or of a word, is not the beginning of one.
    let before = text[..first.bytes.start].chars().next_back();
    if first.date == Date::Yes
        || before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '#' | '_' | '=' | '/'))
    {
        return None;
    }
    let mut digits = String::new();
    let mut lengths = Vec::new();
    let mut longest = None;
    for (at, group) in groups.iter().enumerate() {
        digits.push_str(&group.digits);
        lengths.push(group.digits.len());
        if digits.len() > 17 {
            break;
        }
        if is_number(&digits, &lengths, first.plus) {
            longest = Some(at + 1);
        }
    }
    let end = groups[longest? - 1].bytes.end;
    let after = text[end..].trim_start();
    // A price, a measure: no number that is dialled.
    let is_price =
        after.starts_with(['€', '$', '£', '%']) || after.starts_with("euro") || after.starts_with("eur");
    (!is_price || first.plus).then_some(longest).flatten()
}

fn is_number(digits: &str, lengths: &[usize], plus: bool) -> bool {
    let bytes = digits.as_bytes();
    if let Some(rest) = digits.strip_prefix("00") {
        return is_international(rest);
    }
    if plus {
        return is_international(digits);
    }
    let second = bytes.get(1).copied().unwrap_or(b'0');
    match (digits.len(), bytes[0]) {
        // French: 06 12 34 56 78.
        (10, b'0') if (b'1'..=b'9').contains(&second) => true,
        // British: 07700 900123, 020 7946 0018.
        (11, b'0') if matches!(second, b'1' | b'2' | b'3' | b'7' | b'8') => true,
        // With the country and without its sign: 33 6 12 34 56 78, 33612345678, 447700900123.
        (11, b'3') if digits.starts_with("336") || digits.starts_with("337") => true,
        (12, b'4') if digits.starts_with("447") => true,
        // American: (415) 555-2671.
        (10, b'2'..=b'9') => lengths == [3, 3, 4],
        (11, b'1') => lengths == [1, 3, 3, 4],
        // French without its first zero, in pairs: 6 12 34 56 78.
        (9, b'6' | b'7') => lengths == [1, 2, 2, 2, 2],
        _ => false,
    }
}

fn is_international(digits: &str) -> bool {
    (9..=15).contains(&digits.len()) && !digits.starts_with('0')
}

/// Keeps dates out of numbers: 01/02/2025, 01.02.2025 - 03.02.2025, 2025-02-01.
fn part_dates(groups: &mut [Group]) {
    let number = |group: &Group| group.digits.parse::<u32>().unwrap_or(u32::MAX);
    let in_order = |day: u32, month: u32| (1..=31).contains(&day) && (1..=12).contains(&month);
    for at in 2..groups.len() {
        let [day, month, year] = &groups[at - 2..=at] else { continue };
        let is_year = |group: &Group| (1900..2100).contains(&number(group)) && group.digits.len() == 4;
        let is_date = month.date != Date::No
            && year.date != Date::No
            && ((is_year(year) && in_order(number(day), number(month)))
                || (is_year(day) && in_order(number(year), number(month))));
        if is_date {
            for group in &mut groups[at - 2..=at] {
                group.date = Date::Yes;
            }
        }
    }
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut reader = Reader::default();
    let mut spelled: Range<usize> = 0..0;
    let spell = |groups: &mut Vec<Group>, digits: Option<String>, bytes: Range<usize>| {
        if let Some(digits) = digits {
            groups.push(group(text, digits, bytes, groups.last().map_or(0, |last: &Group| last.bytes.end)));
        }
    };
    let mut word: Option<usize> = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() {
            word.get_or_insert(at);
            continue;
        }
        let Some(start) = word.take() else { continue };
        let written = &text[start..at];
        if let Some(number) = number::read(written) {
            let done = reader.take(number);
            let bytes = std::mem::replace(&mut spelled, start..at);
            let joined = done.is_none() && !bytes.is_empty();
            if joined {
                spelled = bytes.start..at;
            }
            spell(&mut groups, done, bytes);
            continue;
        }
        spell(&mut groups, reader.finish(), std::mem::take(&mut spelled));
        if let Some(digits) = as_digits(written) {
            let before = groups.last().map_or(0, |last| last.bytes.end);
            groups.push(group(text, digits, start..at, before));
        }
    }
    spell(&mut groups, reader.finish(), spelled);
    groups
}

fn group(text: &str, digits: String, bytes: Range<usize>, before: usize) -> Group {
    let gap = text.get(before..bytes.start).unwrap_or("");
    let plus = gap.ends_with('+');
    let is_gap = |c: char| matches!(c, ' ' | '.' | '-' | '/' | '(' | ')' | '_' | '*' | '~' | ',' | '–');
    let joins = !gap.is_empty() && gap.chars().count() <= MAX_GAP && gap.chars().all(is_gap) && gap != ", ";
    let date = if matches!(gap, "/" | "." | "-") { Date::Perhaps } else { Date::No };
    Group { date, joins: joins && before > 0, plus, digits, bytes }
}

/// Digits, or digits with an `o` for zero.
fn as_digits(word: &str) -> Option<String> {
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    let is_number = has_digit && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'o');
    is_number.then(|| word.replace('o', "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        numbers(text).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn numbers_are_found_in_every_form() {
        for (text, number) in [
            ("call 06 12 34 56 78!", "06 12 34 56 78"),
            ("0612345678", "0612345678"),
            ("06.12.34.56.78", "06.12.34.56.78"),
            ("06-12-34-56-78", "06-12-34-56-78"),
            ("o6 12 34 56 78", "o6 12 34 56 78"),
            ("0 6 1 2 3 4 5 6 7 8", "0 6 1 2 3 4 5 6 7 8"),
            ("+33 6 12 34 56 78", "+33 6 12 34 56 78"),
            ("+33 (0)6 12 34 56 78", "+33 (0)6 12 34 56 78"),
            ("0033612345678", "0033612345678"),
            ("07700 900123", "07700 900123"),
            ("020 7946 0018", "020 7946 0018"),
            ("+44 7700 900123", "+44 7700 900123"),
            ("(415) 555-2671", "415) 555-2671"),
            ("+1 415 555 2671", "+1 415 555 2671"),
            (
                "le zero six douze trente-quatre cinquante-six soixante-dix-huit merci",
                "zero six douze trente-quatre cinquante-six soixante-dix-huit",
            ),
            ("zero six 12 34 cinquante six 78", "zero six 12 34 cinquante six 78"),
            (
                "oh seven seven double oh nine oh oh one two three",
                "oh seven seven double oh nine oh oh one two three",
            ),
        ] {
            assert_eq!(found(text), [number], "{text}");
        }
    }

    #[test]
    fn prices_dates_codes_and_postcodes_are_none() {
        for text in [
            "1 200 000 euros",
            "du 01/02/2025 au 08/02/2025",
            "01.02.2025 - 08.02.2025",
            "2025-02-01 10:30",
            "code 123456",
            "75011 paris, 2eme",
            "iban fr76 3000 6000 0112 3456 7890 189",
            "a 14h30, 2 ou 3 personnes, 70 m2",
            "0123456789 €",
            "un deux trois soleil",
            "de 10 a 12, 100 ou 200, 1 500 ou 2 000",
            "ref #0612345678",
            "1234 5678 9012 3456",
            "12 345 678",
            "un an, deux ans, six mois, dix jours",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
