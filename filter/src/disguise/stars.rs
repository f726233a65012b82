//! Words with signs for letters: `n*gger`, `f**got`, `b_ugnoule`.

use std::ops::Range;

use super::{
    targets::Targets,
    trie::{End, Trie},
};
use crate::word_lists::section;

/// Words that people write with signs for letters and that are no slurs: where one fits, none is meant.
pub(super) fn censored() -> impl Iterator<Item = &'static str> {
    section(include_str!("censored.txt"), "censored")
}

/// The longest run of characters that is looked at, in bytes.
const MAX_RUN: usize = 24;
/// The most letters that signs side by side stand for, beyond one each.
const MAX_EXTRA: usize = 2;
/// No word takes more steps than this.
const MAX_STEPS: usize = 4_096;
/// Letters of a slur that must be there, or else the signs say nothing.
const MIN_KNOWN: usize = 3;

/// The part of a text between two spaces where a word may have signs for letters, without the punctuation around it.
pub(super) fn starred(text: &str, chunk: Range<usize>) -> Option<Range<usize>> {
    let run = trim(text, chunk);
    let inside = &text[run.clone()];
    let is_odd = (4..=MAX_RUN).contains(&inside.len()) && inside.contains(|c: char| is_sign(c));
    (is_odd && !inside.contains(['/', '@', ':'])).then_some(run)
}

/// Without the punctuation around a word.
fn trim(text: &str, run: Range<usize>) -> Range<usize> {
    let is_around = |c: char| {
        matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '(' | ')' | '«' | '»' | '“' | '”' | '…')
    };
    let start = run.end - text[run.clone()].trim_start_matches(is_around).len();
    let end = start + text[start..run.end].trim_end_matches(is_around).len();
    start..end
}

fn is_sign(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '\'' | '’')
}

/// Signs that are put for letters and for little else: so many of them may be more or fewer letters.
fn is_star(c: char) -> bool {
    matches!(c, '*' | '#' | '_' | '%' | '•' | '×' | '●' | '■' | '█' | '?')
}

/// A part of a run.
#[derive(Clone, Copy)]
enum Part {
    Letter(u8),
    /// From so few letters to so many.
    Signs(usize, usize),
}

/// A place in the walk: in the trie, in the parts, letters read of the part here, letters known.
type Place = (u32, usize, usize, usize);

/// The slur that a run with signs in it is, and whether most of it has to be guessed.
pub(super) fn find(targets: &Targets, run: &str) -> Option<(usize, bool)> {
    let trie = &targets.trie;
    let parts = parts(run)?;
    let are_letters = |pair: &[Part]| pair.iter().all(|part| matches!(part, Part::Letter(_)));
    if !run.contains(is_star) && !parts.windows(2).any(are_letters) {
        // "G.P.S." are initials.
        return None;
    }
    let length = run.chars().count();
    let mut open: Vec<Place> = vec![(Trie::ROOT, 0, 0, 0)];
    let mut slur: Option<(usize, usize)> = None;
    let mut is_censored = false;
    for _ in 0..MAX_STEPS {
        let Some((node, part, read, known)) = open.pop() else { break };
        match parts.get(part) {
            None => match trie.end(node) {
                Some(End::Other) => is_censored = true,
                Some(End::Word(word)) if slur.is_none_or(|(_, most)| known > most) => {
                    slur = Some((word, known));
                }
                _ => {}
            },
            Some(&Part::Letter(letter)) => {
                open.extend(trie.child(node, letter).map(|child| (child, part + 1, 0, known + 1)));
            }
            Some(&Part::Signs(least, most)) => {
                if read >= least {
                    open.push((node, part + 1, 0, known));
                }
                if read < most {
                    open.extend(trie.children(node).map(|child| (child, part, read + 1, known)));
                }
            }
        }
    }
    if is_censored {
        slur = None;
    }
    if let Some((word, known)) = slur {
        let letters = targets.word(word).letters.len();
        // "f****t": the first letter, the last, and one sign for each of the others.
        let is_count = letters >= 6 && known == 2 && length == letters;
        // What only begins like a slur may be many a word: "bull****".
        let is_end_open = run.ends_with(is_sign) && known * 3 < letters * 2;
        let is_known = known >= MIN_KNOWN && known * 2 >= letters && !is_end_open;
        if is_known || is_count {
            return Some((word, known * 3 < letters * 2));
        }
    }
    if !run.contains(is_star) {
        return None;
    }
    // A class word has one sign for each letter that is not there.
    let known = known_letters(run);
    let fits = |word: &str| word.bytes().zip(&known).all(|(letter, known)| known.is_none_or(|k| k == letter));
    let first = *run.as_bytes().first()?;
    targets.shaped(first, length).find(|&word| fits(&targets.word(word).letters)).map(|word| (word, false))
}

/// The letter of each character, nothing where it is a sign.
fn known_letters(run: &str) -> Vec<Option<u8>> {
    run.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii_lowercase)).collect()
}

/// Reads a run, or nothing where it has other than letters and signs.
fn parts(run: &str) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::with_capacity(run.len());
    for c in run.chars() {
        let extra = if is_star(c) { MAX_EXTRA } else { 0 };
        match (u8::try_from(c), parts.last_mut()) {
            (Ok(letter), _) if letter.is_ascii_lowercase() => parts.push(Part::Letter(letter)),
            _ if !is_sign(c) => return None,
            (_, Some(Part::Signs(_, most))) => *most += 1,
            _ => parts.push(Part::Signs(1, 1 + extra)),
        }
    }
    // "*word*" is a word with emphasis.
    for end in [0, parts.len().saturating_sub(1)] {
        if let Some(Part::Signs(least, most)) = parts.get_mut(end) {
            *least = 0;
            *most = most.saturating_sub(MAX_EXTRA).max(1);
        }
    }
    Some(parts)
}
