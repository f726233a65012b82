//! Characters that are written as HTML has them: `&#233;`, `&#xe9;`, `&eacute;`.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

/// The most bytes of a reference.
const MAX_BYTES: usize = 12;

static NAMES: LazyLock<HashMap<&str, char>> = LazyLock::new(|| {
    let lines = include_str!("entities.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(name, c)| Some((name, c.chars().next()?)))
        .collect()
});

/// The first reference to a character from a place on, and the character.
pub(super) fn next_entity(text: &str, from: usize) -> Option<(Range<usize>, char)> {
    let mut at = from;
    loop {
        let start = at + memchr::memchr(b'&', text.as_bytes().get(at..)?)?;
        let rest = &text.as_bytes()[start + 1..text.len().min(start + MAX_BYTES)];
        let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#');
        if let Some(length) = end.filter(|&length| rest[length] == b';')
            && let Some(c) = read(&text[start + 1..start + 1 + length])
        {
            return Some((start..start + length + 2, c));
        }
        at = start + 1;
    }
}

fn read(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        let is_small = || NAMES.get(name.to_ascii_lowercase().as_str());
        return NAMES.get(name).or_else(is_small).copied();
    };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(number) => u32::from_str_radix(number, 16),
        None => number.parse(),
    };
    char::from_u32(number.ok()?).filter(|&c| c != '\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_the_characters_that_they_stand_for() {
        for (text, range, c) in [
            ("a&#98;c", 1..6, 'b'),
            ("&#x62;", 0..6, 'b'),
            ("a & b &eacute;", 6..14, 'é'),
            ("&&amp;", 1..6, '&'),
        ] {
            assert_eq!(next_entity(text, 0), Some((range, c)), "{text}");
        }
        for text in ["", "&", "a & b;", "&#;", "&#99999999;", "&nothing;", "R&D", "?a=1&b=2;"] {
            assert_eq!(next_entity(text, 0), None, "{text}");
        }
    }
}
