//! E-mail addresses, as they are and as they are spelled: `bob@example.com`, `bob (at) example (dot) com`, `bob arobase
//! example point com`.

use std::ops::Range;

/// What is written for `@`.
pub(super) const AT_WORDS: &[&str] = &["arobase", "arrobase", "(at)", "[at]", "{at}", " at "];
/// With spaces around, these are words: both a dot behind and the end of a name must follow.
const ENDS: &[&str] = &[
    "com", "fr", "net", "org", "eu", "uk", "be", "ch", "de", "es", "it", "ca", "us", "io", "me", "info",
    "ru", "pt", "nl", "ie", "co", "edu", "pro", "xyz", "lu", "pl", "se", "at", "biz", "live",
];
/// Bytes of what stands before the sign, and of the name behind it.
const MAX_LOCAL: usize = 64;
const MAX_NAME: usize = 120;

/// Every address in a skeleton.
pub(super) fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for at in memchr::memchr_iter(b'@', text.as_bytes()) {
        found.extend(around(text, at..at + 1, false));
    }
    for word in AT_WORDS {
        let is_bracketed = word.starts_with(['(', '[', '{']);
        found.extend(text.match_indices(word).filter_map(|(at, word)| {
            around(text, at..at + word.len(), !is_bracketed || word.starts_with(' '))
        }));
    }
    found
}

/// The address around a sign; one that is a word needs the end of a name, and a dot that is a word too or written.
fn around(text: &str, sign: Range<usize>, is_word: bool) -> Option<Range<usize>> {
    let before = text[..sign.start].trim_end_matches(' ');
    // "me @ example.com": one space; a mention follows a word, an address is one.
    if text[..sign.start].len() - before.len() > 1 {
        return None;
    }
    let local =
        before.len() - before.bytes().rev().take(MAX_LOCAL).take_while(|byte| is_local(*byte)).count();
    let after = text[sign.end..].trim_start_matches(' ');
    let name_at = text.len() - after.len();
    if local == before.len() || name_at - sign.end > 1 {
        return None;
    }
    let (name, is_spelled) = name_length(after)?;
    let name_end = name_at + name;
    let end = after[..name].rsplit(['.', ' ', ')', ']']).next().unwrap_or("");
    let is_known = ENDS.contains(&end);
    // "rendez-vous at 5.30", "meet at gare.fr"
    if is_word && !(is_known && (is_spelled || !text[sign].starts_with(' '))) {
        return None;
    }
    let has_spaces =
        name_at > 0 && (text.as_bytes()[name_at - 1] == b' ' || before.len() < text.len().min(local));
    let is_name = end.len() >= 2 && end.bytes().all(|byte| byte.is_ascii_alphabetic());
    ((is_known || !has_spaces) && is_name).then_some(local..name_end)
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'%') || !byte.is_ascii()
}

/// The length of the name at the start of a text, and whether its dot is a word.
fn name_length(text: &str) -> Option<(usize, bool)> {
    const DOTS: &[&str] =
        &[" dot ", " point ", "(dot)", "[dot]", " (dot) ", " [dot] ", "(point)", " (point) ", " . ", "[.]"];
    let label = |text: &str| {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        text.bytes().take_while(is_part).count()
    };
    let mut end = label(text);
    let (mut labels, mut is_spelled) = (1, false);
    while end < MAX_NAME && end > 0 {
        let rest = &text[end..];
        let dot = if rest.starts_with('.') {
            "."
        } else if let Some(dot) = DOTS.iter().find(|dot| rest.starts_with(**dot)) {
            is_spelled = true;
            dot
        } else {
            break;
        };
        let next = label(&rest[dot.len()..]);
        if next == 0 {
            break;
        }
        end += dot.len() + next;
        labels += 1;
    }
    (labels > 1).then_some((end, is_spelled))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        addresses(text).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn addresses_are_found_however_they_are_spelled() {
        for (text, address) in [
            ("mail bob.b+x@example.co.uk.", "bob.b+x@example.co.uk"),
            ("bob @ gmail.com", "bob @ gmail.com"),
            ("bob(at)gmail.com", "bob(at)gmail.com"),
            ("bob [at] gmail [dot] com", "bob [at] gmail [dot] com"),
            ("bob at gmail dot com", "bob at gmail dot com"),
            ("bob arobase gmail point com", "bob arobase gmail point com"),
            ("bob arobase gmail.com", "bob arobase gmail.com"),
        ] {
            assert_eq!(found(text), [address], "{text}");
        }
    }

    #[test]
    fn mentions_and_meetings_are_none() {
        for text in [
            "@bob hi",
            "a @ b",
            "meet at noon. come",
            "at 5.30 at home",
            "2 rooms @ 50 euros",
            "@",
            "a@",
            "@a.fr",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
