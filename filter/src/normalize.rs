//! One text as several views: what a reader sees in it, whatever characters it was written with.
//!
//! A disguise is undone by a view, not by a rule: `ni\u{200b}gger`, `nіgger` (a Cyrillic letter), `n1gger` and `n i g
//! g e r` are one word. Every byte of a view knows the bytes of the original that it stands for, so a match in any view
//! is a span of what the user wrote. Time and memory are linear in the text: a character is decomposed alone, and
//! accents are dropped or attached to the character before, never sorted across a text.

mod confusable;
mod entity;
mod invisible;

use std::ops::Range;

use unicode_normalization::{
    UnicodeNormalization as _,
    char::{canonical_combining_class, compose, decompose_compatible},
};

pub use self::invisible::is_blank;
use self::{
    confusable::confusable,
    entity::next_entity,
    invisible::{is_accent, is_invisible, is_space},
};

/// Marks on one character beyond this many say nothing (Unicode's Stream-Safe Text Format has the same limit); without
/// a limit, sorting 64 KiB of them would not be linear.
const MAX_MARKS: usize = 30;

/// Of a character that stands for more letters than this, the skeleton has the first: no Latin letters come so many at
/// once, and without a limit a text of one Arabic ligature would cost eighteen times its length.
const MAX_PARTS: usize = 6;

/// The bytes of the original that a byte of a view stands for. The limit on a frame is far below `u32::MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        let narrow = |at| u32::try_from(at).expect("views are made of at most 4 GiB");
        Self { start: narrow(start), end: narrow(end) }
    }

    /// From the start of this one to the end of the later one.
    pub(super) fn to(self, later: Self) -> Self {
        Self { start: self.start, end: later.end.max(self.end) }
    }

    /// As a range of bytes of the original.
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A normalised text with a map back to the original.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    text: String,
    /// For each byte of the text; both ends never decrease, and lie on character borders of the original.
    spans: Vec<Span>,
}

impl View {
    /// Folded: NFKC, case, invisible and bidirectional characters out, runs of white space one space. Accents stay.
    pub fn folded(text: &str) -> Self {
        let text = clip(text);
        let mut folder = Folder { view: Self::with_capacity(text.len()), ..Folder::default() };
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let span = Span::new(at, at + c.len_utf8());
            let is_plain = |c: char| c.is_ascii_graphic() || matches!(c, 'à'..='ö' | 'ø'..='ÿ');
            if is_plain(c) && chars.peek().is_none_or(|&(_, next)| is_plain(next) || next == ' ') {
                // Most texts are mostly this: folded already but for its case, and no mark follows.
                folder.flush();
                folder.view.push(c.to_ascii_lowercase(), span);
            } else if is_space(c) {
                folder.flush();
                folder.view.push_space(span);
            } else if is_phrase(c) {
                folder.flush();
                folder.view.push(c, span);
            } else if !is_invisible(c) {
                decompose_compatible(c, |part| part.to_lowercase().for_each(|part| folder.push(part, span)));
            }
        }
        folder.flush();
        folder.view
    }

    /// The skeleton: as folded, and characters that look like Latin letters are those letters, without accents; what is
    /// written as HTML has it is the character that it stands for.
    pub fn skeleton(text: &str) -> Self {
        let text = clip(text);
        let mut view = Self::with_capacity(text.len());
        let mut at = 0;
        while let Some((range, c)) = next_entity(text, at) {
            view.push_shown(text, at..range.start);
            view.push_char(c, Span::new(range.start, range.end));
            at = range.end;
        }
        view.push_shown(text, at..text.len());
        view
    }

    /// The skeleton of a part of a text.
    fn push_shown(&mut self, text: &str, part: Range<usize>) {
        let mut at = part.start;
        while at < part.end {
            let length = plain(&text.as_bytes()[at..part.end]);
            if length > 0 {
                self.push_plain(&text[at..at + length], at);
                at += length;
            }
            let Some(c) = text[at..part.end].chars().next() else { break };
            self.push_char(c, Span::new(at, at + c.len_utf8()));
            at += c.len_utf8();
        }
    }

    /// The skeleton of a character.
    fn push_char(&mut self, c: char, span: Span) {
        if c.is_ascii_graphic() {
            self.push(c.to_ascii_lowercase(), span);
        } else if let Some(letter) = without_accent(c) {
            self.push(letter, span);
        } else if is_space(c) {
            self.push_space(span);
        } else if let Some(letter) = enclosed(c) {
            self.push(letter, span);
        } else if is_phrase(c) {
            self.push(c, span);
        } else if !is_invisible(c) {
            let mut parts = 0;
            decompose_compatible(c, |part| {
                parts += 1;
                if parts <= MAX_PARTS {
                    self.push_skeleton(part, span);
                }
            });
        }
    }

    /// A run of [`plain`] text that begins at a byte of the original.
    fn push_plain(&mut self, mut text: &str, mut at: usize) {
        if text.starts_with(' ') && self.text.ends_with(' ') {
            self.extend_last(Span::new(at, at + 1));
            (text, at) = (&text[1..], at + 1);
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.text[start..].make_ascii_lowercase();
        let Span { start, end } = Span::new(at, at + text.len());
        self.spans.extend((start..end).map(|at| Span { start: at, end: at + 1 }));
    }

    fn push_skeleton(&mut self, c: char, span: Span) {
        if is_accent(c) {
            self.extend_last(span);
        } else if c.is_ascii() {
            self.push_or_space(c.to_ascii_lowercase(), span);
        } else if let Some(letters) = confusable(c) {
            letters.chars().for_each(|letter| self.push(letter, span));
        } else {
            for c in c.to_lowercase().filter(|&c| !is_accent(c)) {
                match confusable(c) {
                    Some(letters) => letters.chars().for_each(|letter| self.push(letter, span)),
                    None => self.push_or_space(c, span),
                }
            }
        }
    }

    /// Appends a part of another view.
    pub(super) fn push_part(&mut self, view: &Self, part: Range<usize>) {
        self.text.push_str(&view.text[part.clone()]);
        self.spans.extend_from_slice(&view.spans[part]);
    }

    fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), spans: Vec::with_capacity(bytes) }
    }

    #[inline]
    pub(super) fn push(&mut self, c: char, span: Span) {
        self.text.push(c);
        if c.is_ascii() {
            self.spans.push(span);
        } else {
            self.spans.resize(self.text.len(), span);
        }
    }

    /// Runs of white space equal one space.
    fn push_space(&mut self, span: Span) {
        if self.text.ends_with(' ') {
            self.extend_last(span);
        } else {
            self.push(' ', span);
        }
    }

    fn push_or_space(&mut self, c: char, span: Span) {
        if is_space(c) { self.push_space(span) } else { self.push(c, span) }
    }

    /// The last character also stands for this: an accent that was dropped goes with its letter.
    fn extend_last(&mut self, span: Span) {
        if let Some((at, _)) = self.text.char_indices().next_back() {
            for last in &mut self.spans[at..] {
                *last = last.to(span);
            }
        }
    }

    /// The normalised text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that a range of bytes of the view stands for, from one character border to another.
    ///
    /// # Panics
    /// Where the range is empty or not within the view.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        self.spans[range.start].to(self.spans[range.end - 1]).range()
    }

    /// The text with the accents that the original has on its letters.
    pub(super) fn accented(&self, original: &str) -> String {
        if original.is_ascii() {
            return self.text.clone();
        }
        let accented = |(at, letter): (usize, char)| {
            let written = &original[self.spans[at].range()];
            if written.is_ascii() || !letter.is_ascii_lowercase() {
                return letter;
            }
            let mut composed = written.nfc();
            match (composed.next().and_then(|first| first.to_lowercase().next()), composed.next()) {
                (Some(whole), None) if without_accent(whole) == Some(letter) => whole,
                _ => letter,
            }
        };
        self.text.char_indices().map(accented).collect()
    }

    /// For each byte, what it stands for.
    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }
}

/// A text as UTF-16 code units counts it: the wire's offsets, as JavaScript has them.
pub fn utf16(text: &str, bytes: Range<usize>) -> Range<usize> {
    let units = |text: &str| text.encode_utf16().count();
    let start = units(&text[..bytes.start]);
    start..start + units(&text[bytes])
}

/// How many bytes from the first on are visible ASCII with single spaces: most texts are mostly this.
fn plain(bytes: &[u8]) -> usize {
    let mut before = 0;
    let is_plain = |&&byte: &&u8| {
        let is_plain = byte.is_ascii_graphic() || (byte == b' ' && before != b' ');
        before = byte;
        is_plain
    };
    bytes.iter().take_while(is_plain).count()
}

/// The small letter that a Latin letter with one accent is without it, as its decomposition has it.
fn without_accent(c: char) -> Option<char> {
    Some(match c {
        'À'..='Å' | 'à'..='å' => 'a',
        'Ç' | 'ç' => 'c',
        'È'..='Ë' | 'è'..='ë' => 'e',
        'Ì'..='Ï' | 'ì'..='ï' => 'i',
        'Ñ' | 'ñ' => 'n',
        'Ò'..='Ö' | 'ò'..='ö' => 'o',
        'Ù'..='Ü' | 'ù'..='ü' => 'u',
        'Ý' | 'ý' | 'ÿ' => 'y',
        _ => return None,
    })
}

/// Ligatures of a whole phrase, which say as much as a symbol does: as letters, a text of nothing else would be six times
/// as long.
fn is_phrase(c: char) -> bool {
    matches!(c, '\u{fdfa}' | '\u{fdfb}')
}

/// The letter of a character whose compatible form has more than the letter, or another one.
fn enclosed(c: char) -> Option<char> {
    let letter = match c {
        // Compatible with a sigma, and looks like a C.
        'ϲ' | 'Ϲ' => return Some('c'),
        // In parentheses.
        '\u{249c}'..='\u{24b5}' => u32::from(c) - 0x249c,
        '\u{1f110}'..='\u{1f129}' => u32::from(c) - 0x1_f110,
        _ => return None,
    };
    char::from_u32(u32::from('a') + letter)
}

/// Nothing longer reaches a filter; this keeps spans small without a way to panic.
fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(u32::MAX as usize)]
}

/// Composes what was decomposed: the second half of NFKC, with a span for each character.
#[derive(Default)]
struct Folder {
    view: View,
    /// The character that marks may still join, and all that it stands for.
    base: Option<(char, Span)>,
    marks: Vec<char>,
}

impl Folder {
    fn push(&mut self, c: char, span: Span) {
        if is_space(c) {
            self.flush();
            self.view.push_space(span);
            return;
        }
        match &mut self.base {
            Some((_, all)) if canonical_combining_class(c) != 0 => {
                *all = all.to(span);
                if self.marks.len() < MAX_MARKS {
                    self.marks.push(c);
                }
            }
            // Hangul and some Indic vowels: two characters that stand by themselves are one.
            Some((base, all)) if self.marks.is_empty() && compose(*base, c).is_some() => {
                *base = compose(*base, c).unwrap_or(*base);
                *all = all.to(span);
            }
            _ => {
                self.flush();
                self.base = Some((c, span));
            }
        }
    }

    fn flush(&mut self) {
        let Some((mut base, span)) = self.base.take() else { return };
        let stands_alone = canonical_combining_class(base) == 0;
        if !stands_alone {
            // A text, or what follows a space, may begin with a mark.
            self.marks.insert(0, base);
        }
        self.marks.sort_by_key(|&mark| canonical_combining_class(mark));
        if stands_alone {
            let mut blocked_by = 0;
            self.marks.retain(|&mark| {
                let class = canonical_combining_class(mark);
                if class > blocked_by
                    && let Some(composed) = compose(base, mark)
                {
                    base = composed;
                    return false;
                }
                blocked_by = class;
                true
            });
            self.view.push(base, span);
        }
        for mark in self.marks.drain(..) {
            self.view.push(mark, span);
        }
    }
}
