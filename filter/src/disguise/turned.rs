//! Letters turned upside down: read from the other end, `u` is an `n`.

/// Letters that only a turned text has; phonetic writing, which has some of them too, holds no slur read backwards.
const TURNED: [char; 17] =
    ['ɐ', 'ɔ', 'ǝ', 'ɟ', 'ƃ', 'ɥ', 'ᴉ', 'ɾ', 'ʞ', 'ɯ', 'ɹ', 'ʇ', 'ʌ', 'ʍ', 'ʎ', 'ᵷ', '˥'];

pub(super) fn has_turned_letters(text: &str) -> bool {
    // French is never searched letter by letter: these begin with bytes that it has not.
    text.bytes().any(|byte| matches!(byte, 0xc6..=0xcb | 0xe1)) && text.contains(TURNED)
}

/// A word of small Latin letters as it reads when turned.
pub(super) fn upright(word: &str) -> String {
    let turn = |letter| match letter {
        'u' => 'n',
        'n' => 'u',
        'd' => 'p',
        'p' => 'd',
        'b' => 'q',
        'q' => 'b',
        letter => letter,
    };
    word.chars().rev().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_letters_are_known_by_their_first_byte() {
        assert!(TURNED.iter().all(|&letter| has_turned_letters(&letter.to_string())));
        assert!(!has_turned_letters("déjà vu à l’œuvre, où ça ?"));
        assert_eq!(upright("dn"), "up");
    }
}
