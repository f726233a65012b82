//! How a word sounds: one spelling for all that sound alike.

use super::targets::MAX_LETTERS;

/// Whether a word begins with one of these pairs of sounds.
pub(super) fn may_be_by_ear(word: &[u8], first_sounds: &[u32; 32]) -> bool {
    let (first, length) = heard(word);
    let Some(rest) = word.get(length..).filter(|rest| !rest.is_empty()) else { return false };
    let (second, _) = heard(rest);
    first_sounds[usize::from(first % 32)] & 1 << (second % 32) != 0
}

/// How a word sounds.
pub(super) struct Sound {
    letters: [u8; MAX_LETTERS],
    length: usize,
}

impl Sound {
    /// Of the first letters of a word, of which there is one.
    pub(super) fn of(letters: &[u8]) -> Self {
        let letters = &letters[..letters.len().min(MAX_LETTERS)];
        let mut sound = Self { letters: [0; MAX_LETTERS], length: 0 };
        let mut at = 0;
        while at < letters.len() {
            let (heard, length) = heard(&letters[at..]);
            sound.letters[sound.length] = heard;
            sound.length += 1;
            at += length;
        }
        // "-oque" ends as "-ok" does.
        if sound.letters().ends_with(b"ke") && !letters.ends_with(b"ke") {
            sound.length -= 1;
        }
        sound
    }

    pub(super) fn letters(&self) -> &[u8] {
        &self.letters[..self.length]
    }
}

/// What the first letter is heard as, or the first two together, and how many they are.
fn heard(letters: &[u8]) -> (u8, usize) {
    match (letters[0], letters.get(1)) {
        (b'p', Some(b'h')) => (b'f', 2),
        (b'c', Some(b'k')) | (b'q', Some(b'u')) => (b'k', 2),
        (b'c', Some(b'e' | b'i' | b'y')) | (b'z', _) => (b's', 1),
        (b'c', Some(b'h')) => (b'c', 1),
        (b'c' | b'q', _) => (b'k', 1),
        (b'y', _) => (b'i', 1),
        (letter, _) => (letter, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_sound_alike_have_one_spelling() {
        let sound = |word: &[u8]| Sound::of(word).letters().to_vec();
        for (one, other) in [("phase", "faze"), ("chinoque", "chinok"), ("cyber", "siber"), ("quack", "kak")]
        {
            assert_eq!(sound(one.as_bytes()), sound(other.as_bytes()), "{one}");
        }
        assert_ne!(sound(b"cat"), sound(b"sat"));
    }
}
