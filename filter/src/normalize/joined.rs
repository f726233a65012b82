//! Words whose letters were set apart: `n i g g e r`, `n.i.g.g.e.r`, `nig-ger`.
//!
//! These views hold nothing but the words put together, each a sentence by itself, so that a word never forms out of
//! the ends of ordinary ones ("as a p e").

use std::ops::Range;

use super::{
    View,
    leet::{One, letter},
};

/// The most characters between two letters of one word.
const MAX_GAP: usize = 3;
/// Fewer letters than this are initials, not a word.
const MIN_LETTERS: usize = 3;
/// A word broken by punctuation is at least this long.
const MIN_GLUED: usize = 5;

/// The runs of letters and digits of a view.
pub(crate) struct Atoms<'a> {
    view: &'a View,
    atoms: Vec<Atom>,
}

struct Atom {
    bytes: Range<usize>,
    letters: usize,
    /// What stands between this one and the one before.
    gap: Range<usize>,
    /// One character, repeated or not.
    is_single: bool,
    /// Nothing but letters.
    is_word: bool,
}

/// Whether a text may have words whose letters were set apart or that punctuation broke: most texts have neither three
/// letters that stand alone in a row nor a sign between two letters, and need not be read again to know it.
pub(crate) fn may_be_apart(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Words of one letter in a row, and the signs since the last word.
    let (mut alone, mut signs, mut is_broken) = (0, 0, false);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            if is_broken && signs <= 2 {
                return true;
            }
            let start = at;
            while bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
                at += 1;
            }
            let is_single = at == start + 1 || bytes[start..at].iter().all(|&other| other == byte);
            alone = if is_single { alone + 1 } else { 0 };
            if alone >= MIN_LETTERS {
                return true;
            }
            (signs, is_broken) = (0, true);
        } else if byte.is_ascii() {
            signs += 1;
            is_broken &= !matches!(byte, b' ' | b'\'');
            at += 1;
        } else if bytes[at..].starts_with(b"\xe2\x80") {
            // Punctuation.
            signs += 1;
            at += 3;
        } else {
            return true;
        }
    }
    false
}

impl<'a> Atoms<'a> {
    pub(crate) fn of(view: &'a View) -> Self {
        let text = view.text();
        let mut atoms: Vec<Atom> = Vec::with_capacity(text.len() / 4);
        let mut last = None;
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            if flag_letter(c).is_some() {
                let gap = atoms.last().map_or(0, |atom| atom.bytes.end)..at;
                atoms.push(Atom { bytes: at..end, letters: 1, gap, is_single: true, is_word: true });
                last = None;
                continue;
            }
            if !c.is_alphanumeric() {
                last = None;
                continue;
            }
            match atoms.last_mut() {
                Some(atom) if last.is_some() => {
                    atom.bytes.end = end;
                    atom.letters += 1;
                    atom.is_single &= last == Some(c) && c.is_alphabetic();
                    atom.is_word &= c.is_alphabetic();
                }
                before => {
                    let gap = before.map_or(0, |atom| atom.bytes.end)..at;
                    let is_single = c.is_alphabetic() || letter(c, One::I).is_some();
                    atoms.push(Atom {
                        bytes: at..end,
                        letters: 1,
                        gap,
                        is_single,
                        is_word: c.is_alphabetic(),
                    });
                }
            }
            last = Some(c);
        }
        Self { view, atoms }
    }

    /// Words of single letters (or of one letter repeated, or a digit for a letter) with a little of anything between.
    pub(crate) fn spelled(&self) -> Option<View> {
        let close = |gap: &str| gap.chars().nth(MAX_GAP).is_none();
        self.put_together(
            |atom| atom.is_single,
            close,
            |run| run.len() >= MIN_LETTERS && run.iter().filter(|atom| atom.is_word).count() >= 2,
        )
    }

    /// Words broken by punctuation and not by space. An apostrophe does not break a word in French, it ends one.
    pub(crate) fn glued(&self) -> Option<View> {
        let close = |gap: &str| gap.chars().nth(2).is_none() && !gap.contains([' ', '\'', '’']);
        self.put_together(
            |atom| atom.is_word,
            close,
            |run| run.len() >= 2 && run.iter().map(|atom| atom.letters).sum::<usize>() >= MIN_GLUED,
        )
    }

    /// The longest runs of atoms that fit and are close, each a word where the run is one.
    fn put_together(
        &self,
        fits: impl Fn(&Atom) -> bool,
        close: impl Fn(&str) -> bool,
        is_word: impl Fn(&[Atom]) -> bool,
    ) -> Option<View> {
        let mut joined = View::default();
        let mut rest = self.atoms.as_slice();
        while let Some(first) = rest.first() {
            let follows = |atom: &&Atom| fits(atom) && close(&self.view.text()[atom.gap.clone()]);
            let length = if fits(first) { 1 + rest[1..].iter().take_while(follows).count() } else { 1 };
            let (run, behind) = rest.split_at(length);
            if fits(first) && is_word(run) {
                self.push_word(run, &mut joined);
            }
            rest = behind;
        }
        (!joined.text.is_empty()).then_some(joined)
    }

    fn push_word(&self, run: &[Atom], joined: &mut View) {
        for atom in run {
            for (at, c) in self.view.text[atom.bytes.clone()].char_indices() {
                joined.push(
                    flag_letter(c).or_else(|| letter(c, One::I)).unwrap_or(c),
                    self.view.spans[atom.bytes.start + at],
                );
            }
        }
        if let Some(last) = joined.spans.last().copied() {
            joined.push('.', last.after());
            joined.push(' ', last.after());
        }
    }
}

/// The letter of a regional indicator: two of them are a flag, and more of them a word.
fn flag_letter(c: char) -> Option<char> {
    let letter = u32::from(c).checked_sub(0x1_f1e6).filter(|&letter| letter < 26)?;
    char::from_u32(u32::from('a') + letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(view: Option<View>) -> String {
        view.map(|view| view.text().trim_end_matches(". ").to_owned()).unwrap_or_default()
    }

    #[test]
    fn letters_set_apart_are_a_word() {
        for text in
            ["h e l l o", "h.e.l.l.o", "h - e - l - l - o", "h_e_l_l_o", "h 3 l l 0", "so, h e l l o you"]
        {
            assert_eq!(joined(Atoms::of(&View::skeleton(text)).spelled()), "hello", "{text}");
        }
        assert_eq!(joined(Atoms::of(&View::skeleton("a hel.lo b")).glued()), "hello");
    }

    #[test]
    fn what_may_be_apart_is_looked_at() {
        for text in
            ["h e l l o", "a  b c", "a, 1! b", "hel-lo", "hel.-lo", "hel–lo", "hel…lo", "é-t", "aa b cc"]
        {
            assert!(may_be_apart(text), "{text}");
        }
        for text in
            ["", "as a pet", "c'est l'ami d'anne", "no. yes, ok", "a b", "a - b", "hel...lo", "l’ami a"]
        {
            let view = View::skeleton(text);
            let atoms = Atoms::of(&view);
            assert!(atoms.spelled().is_none() && atoms.glued().is_none(), "{text}");
        }
        assert!(!may_be_apart("c'est l'ami d'anne, a b. no") && !may_be_apart("a - b"));
    }

    #[test]
    fn ordinary_words_do_not_run_together() {
        for text in
            ["as a pet", "I pay, no, go", "il y a de la place", "1 2 3 4 5", "le 3, à 14 h", "l'ami d'Anne"]
        {
            assert_eq!(joined(Atoms::of(&View::skeleton(text)).spelled()), "", "{text}");
            assert_eq!(joined(Atoms::of(&View::skeleton(text)).glued()), "", "{text}");
        }
        // The letters before the word are not part of it.
        assert_eq!(joined(Atoms::of(&View::skeleton("il y a a c e")).spelled()), "yaace");
    }
}
