//! Which Latin letter a character looks like.

use std::sync::LazyLock;

/// Each look-alike and its letters, in the order of the look-alikes.
static TABLE: LazyLock<Vec<(char, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("confusables.txt").lines().filter(|line| !line.starts_with('#'));
    let mut table: Vec<_> = lines
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(letters, alike)| alike.chars().map(move |c| (c, letters)))
        .collect();
    table.sort_unstable();
    table
});

/// The plain Latin letters that a character is read as; case tells some apart (Greek `Η` is an H, `η` an n).
pub(super) fn confusable(c: char) -> Option<&'static str> {
    // Hebrew and Arabic to Burmese, and what NFKC leaves of their presentation forms, are not in the table.
    if matches!(c, '\u{590}'..='\u{109f}') {
        return None;
    }
    let at = TABLE.binary_search_by_key(&c, |&(alike, _)| alike).ok()?;
    Some(TABLE[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_looks_like_one_thing_and_none_is_plain_latin() {
        assert!(TABLE.len() > 400, "{}", TABLE.len());
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0), "a character is listed twice");
        assert!(TABLE.iter().all(|(alike, letters)| !alike.is_ascii() && letters.is_ascii()));
        assert!(TABLE.iter().all(|&(alike, letters)| confusable(alike) == Some(letters)));
    }
}
