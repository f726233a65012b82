//! A text as pieces of words: word by word, the pieces of a unigram model (Kudo, 2018, arXiv:1804.10959) whose scores have
//! the largest sum.

use std::collections::HashMap;

/// Stands before the first piece of a word.
const WORD: char = '\u{2581}';
/// What every text begins with: the model was trained with it.
const PREFIX: &str = "query:";
/// The numbers of the marks at both ends of a text, and of what is no piece.
const START: i32 = 0;
const END: i32 = 2;
const UNKNOWN: i32 = 3;
/// Numbers below are marks, and not found in a text.
const FIRST: i32 = 4;
/// What a letter that is no piece costs beyond the rarest piece.
const PENALTY: f32 = 10.0;
/// The longest word, in letters, that is read as a whole; a longer one is read in parts.
const MAX_WORD: usize = 64;

/// Finds the pieces of texts.
pub(crate) struct Tokenizer {
    pieces: HashMap<Box<str>, (i32, f32)>,
    /// The longest piece, in letters.
    longest: usize,
    unknown: f32,
    prefix: Vec<i32>,
}

impl Tokenizer {
    /// Of pieces with their scores, by their numbers.
    pub(crate) fn new(pieces: Vec<(&str, f32)>) -> Self {
        let numbered = (0..).zip(pieces).skip_while(|(number, _)| *number < FIRST);
        let pieces: HashMap<Box<str>, (i32, f32)> =
            numbered.map(|(number, (piece, score))| (piece.into(), (number, score))).collect();
        let longest = pieces.keys().map(|piece| piece.chars().count()).max().unwrap_or_default();
        let rarest = pieces.values().map(|&(_, score)| score).fold(0.0, f32::min);
        let mut tokenizer = Self { pieces, longest, unknown: rarest - PENALTY, prefix: Vec::new() };
        tokenizer.prefix = tokenizer.pieces(PREFIX, usize::MAX);
        tokenizer
    }

    /// The first pieces of a text, `most` at most.
    pub(crate) fn pieces(&self, text: &str, most: usize) -> Vec<i32> {
        let mut found = Vec::new();
        for word in text.split_whitespace() {
            let letters: Vec<char> = std::iter::once(WORD).chain(word.chars()).collect();
            for part in letters.chunks(MAX_WORD) {
                self.word(part, &mut found);
                if found.len() >= most {
                    found.truncate(most);
                    return found;
                }
            }
        }
        found
    }

    /// Some pieces as the model reads them.
    pub(crate) fn framed(&self, pieces: &[i32]) -> Vec<i32> {
        let mut framed = Vec::with_capacity(pieces.len() + self.prefix.len() + 2);
        framed.push(START);
        framed.extend(&self.prefix);
        framed.extend(pieces);
        framed.push(END);
        framed
    }

    /// Adds the best pieces of a word (Viterbi's algorithm). Letters in a row that are no pieces are one unknown piece.
    fn word(&self, letters: &[char], found: &mut Vec<i32>) {
        // For each number of letters, the best sum of scores, the last piece and how many letters are before it.
        let mut best = vec![(f32::NEG_INFINITY, UNKNOWN, 0); letters.len() + 1];
        best[0].0 = 0.0;
        let mut piece = String::new();
        for start in 0..letters.len() {
            let sum = best[start].0;
            piece.clear();
            for (length, &letter) in (1..=self.longest.max(1)).zip(&letters[start..]) {
                piece.push(letter);
                let known = self.pieces.get(piece.as_str()).copied();
                let (number, score) = match known {
                    Some(known) => known,
                    None if length == 1 => (UNKNOWN, self.unknown),
                    None => continue,
                };
                if sum + score > best[start + length].0 {
                    best[start + length] = (sum + score, number, start);
                }
            }
        }
        let mut backwards = Vec::new();
        let mut end = letters.len();
        while end > 0 {
            let (_, number, start) = best[end];
            backwards.push(number);
            end = start;
        }
        for number in backwards.into_iter().rev() {
            if number != UNKNOWN || found.last() != Some(&UNKNOWN) {
                found.push(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokenizer() -> Tokenizer {
        Tokenizer::new(vec![
            ("<s>", 0.0),
            ("<pad>", 0.0),
            ("</s>", 0.0),
            ("<unk>", 0.0),
            ("\u{2581}", -3.0),
            ("\u{2581}que", -2.0),
            ("ry", -2.0),
            (":", -2.0),
            ("a", -4.0),
            ("b", -4.0),
            ("ab", -5.0),
            ("\u{2581}a", -4.5),
            ("aba", -20.0),
        ])
    }

    #[test]
    fn a_word_is_the_pieces_with_the_largest_sum() {
        let pieces = |text: &str| tokenizer().pieces(text, 100);
        assert_eq!(pieces("ab"), [4, 10]);
        assert_eq!(pieces("a ab"), [11, 4, 10]);
        assert_eq!(pieces("aba"), [4, 10, 8], "not the rare piece");
        assert_eq!(pieces("aéèa"), [11, UNKNOWN, 8], "letters in a row that are no pieces are one");
        assert_eq!(pieces("é è"), [4, UNKNOWN, 4, UNKNOWN]);
        assert!(pieces(" \n").is_empty());
    }

    #[test]
    fn a_text_is_framed_as_the_model_was_trained() {
        assert_eq!(tokenizer().framed(&[8]), [START, 5, 6, 7, 8, END]);
        assert_eq!(tokenizer().framed(&[]), [START, 5, 6, 7, END]);
    }

    #[test]
    fn no_more_pieces_are_found_than_asked_for() {
        assert_eq!(tokenizer().pieces(&"a".repeat(1_000_000), 10).len(), 10);
        assert_eq!(tokenizer().pieces(&"é ".repeat(100), 7).len(), 7);
    }

    proptest! {
        #[test]
        fn any_text_has_pieces_that_the_model_knows(text in ".{0,300}") {
            let found = tokenizer().pieces(&text, 512);
            prop_assert!(found.iter().all(|piece| (UNKNOWN..13).contains(piece)));
            prop_assert_eq!(found.is_empty(), text.trim().is_empty());
        }
    }
}
