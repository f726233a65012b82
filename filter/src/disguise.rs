//! The engine that reads disguised words as what they stand for.
//!
//! For each word that is not an ordinary one, and for each run of signs or single letters, it looks for what it stands
//! for among the targets: the slurs of the lexicons, class words, the words of phrases, and those of the moderators' own
//! terms. The outcome is one repaired view with spans back to the original; terms, lexicons, concepts and the
//! classifier read the written view and the repaired one, and nothing else. A repair is sure, or only near: it may be
//! somebody's name or a slip, and a rule may ask for less. What a word costs does not depend on its text.

mod glue;
mod ordinary;
mod own;
mod reader;
mod reading;
mod segment;
mod shown;
mod sound;
mod stars;
mod targets;
mod trie;
mod turned;
mod variants;

use std::ops::Range;

use self::reader::Reader;
pub(crate) use self::{
    glue::is_glued,
    ordinary::is_ordinary,
    own::{OwnWords, OwnWordsBuilder},
    segment::Lexis,
    targets::{Slur, Targets},
};
use super::{
    normalize::{Span, View},
    token::{Token, Tokens, tokens},
};

/// What a text says where it was disguised.
#[derive(Debug)]
pub(crate) struct Repaired {
    pub(crate) view: View,
    pub(crate) tokens: Tokens,
    /// The bytes of the original that were repaired, in order, and whether only nearly.
    repairs: Vec<(Range<usize>, bool)>,
}

impl Repaired {
    /// Whether a span of the original has repairs, and whether one of them is only near.
    pub(crate) fn within(&self, span: &Range<usize>) -> Option<bool> {
        let first = self.repairs.partition_point(|(repair, _)| repair.end <= span.start);
        let touched = self.repairs[first..].iter().take_while(|(repair, _)| repair.start < span.end);
        touched.map(|&(_, near)| near).reduce(|one, other| one | other)
    }
}

/// Letters in the place of some bytes of a view.
struct Repair {
    at: Range<usize>,
    letters: Vec<(char, Span)>,
    near: bool,
}

/// Reads a text, or nothing where nothing in it is disguised. The original may be empty where it is not known.
pub(crate) fn repair(lexis: &Lexis<'_>, view: &View, original: &str, tokens: &[Token]) -> Option<Repaired> {
    let is_turned = !original.is_ascii() && turned::has_turned_letters(original);
    // Letters that are neither French nor English.
    let is_foreign = original.as_bytes().windows(2).any(
        |pair| matches!(pair, [0xc4..=0xe1 | 0xe3..=0xef, _] | [0xe2, 0xb0..=0xbf] | [0xf0, 0x90..=0x96]),
    );
    let foreign = if is_foreign { original } else { "" };
    let mut reader =
        Reader { lexis, view, text: view.text(), list: tokens, is_turned, foreign, repairs: Vec::new() };
    let mut at = 0;
    for shown in shown::reordered(view, original) {
        let first = at + tokens[at..].partition_point(|token| token.bytes.start < shown.at.start);
        reader.read(at..first);
        at = first + tokens[first..].partition_point(|token| token.bytes.start < shown.at.end);
        while reader.repairs.last().is_some_and(|repair| repair.at.end > shown.at.start) {
            reader.repairs.pop();
        }
        reader.repairs.push(shown);
    }
    reader.read(at..tokens.len());
    let repairs = reader.repairs;
    (!repairs.is_empty()).then(|| apply(view, &repairs))
}

fn apply(view: &View, repairs: &[Repair]) -> Repaired {
    let mut written = View::default();
    let mut last = 0;
    let mut places = Vec::with_capacity(repairs.len());
    for repair in repairs {
        // A sign may be read with what stands before it, and once more with what stands behind.
        if repair.at.start < last {
            continue;
        }
        written.push_part(view, last..repair.at.start);
        for &(letter, span) in &repair.letters {
            written.push(letter, span);
        }
        last = repair.at.end;
        places.push((view.original(repair.at.clone()), repair.near));
    }
    written.push_part(view, last..view.text().len());
    let tokens = tokens(written.text());
    Repaired { view: written, tokens, repairs: places }
}
