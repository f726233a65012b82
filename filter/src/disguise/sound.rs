//! How a word sounds: one spelling for all that sound alike.

use super::targets::{MAX_LETTERS, MIN_LETTERS};

/// How each sound is written, beside as the letter that it is heard as.
const WRITTEN: [(u8, &[&str]); 5] = [
    (b'f', &["ph"]),
    (b'k', &["c", "ck", "q", "qu", "que"]),
    (b's', &["z", "c"]),
    (b'c', &["ch"]),
    (b'i', &["y"]),
];
/// The most spellings of one word.
const MAX_SPELLINGS: usize = 600;

/// The other ways to write how a slur sounds, and how it sounds where that is written so.
pub(super) fn spelt_by_ear(slur: &str) -> Vec<String> {
    if slur.len() > MAX_LETTERS {
        return Vec::new();
    }
    let sound = Sound::of(slur.as_bytes());
    let mut spellings = vec![String::new()];
    for &letter in sound.letters() {
        let own = char::from(letter).to_string();
        let others = WRITTEN.iter().find(|(heard, _)| *heard == letter).map_or(&[][..], |(_, others)| others);
        let all: Vec<&str> = others.iter().copied().chain([own.as_str()]).collect();
        if spellings.len() * all.len() > MAX_SPELLINGS {
            // Nobody changes so many letters at once: from here on as it is heard.
            for spelling in &mut spellings {
                spelling.push_str(&own);
            }
            continue;
        }
        spellings = all
            .iter()
            .flat_map(|written| spellings.iter().map(move |spelling| format!("{spelling}{written}")))
            .collect();
    }
    let is_alike = |spelling: &String| {
        (MIN_LETTERS - 1..=MAX_LETTERS).contains(&spelling.len())
            && Sound::of(spelling.as_bytes()).letters() == sound.letters()
    };
    spellings.retain(|spelling| {
        spelling != slur && (is_alike(spelling) || spelling.as_bytes() == sound.letters())
    });
    spellings
}

/// How a word sounds.
struct Sound {
    letters: [u8; MAX_LETTERS],
    length: usize,
}

impl Sound {
    /// Of the first letters of a word, of which there is one.
    fn of(letters: &[u8]) -> Self {
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

    fn letters(&self) -> &[u8] {
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
        let spellings = spelt_by_ear("chinoque");
        for spelling in ["chinok", "chynoque", "chinock"] {
            assert!(spellings.iter().any(|other| other == spelling), "{spelling}: {spellings:?}");
        }
    }
}
