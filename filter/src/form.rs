//! The form in which terms and texts are compared: repeats collapsed, words one space apart.
//!
//! One letter stands for a run of it, and how long the run was is kept beside. So one automaton finds `nigger` in
//! `niiiggggerrr`, and the lengths tell it from the country: a run in the text may be longer than the term's, never
//! shorter.

use std::ops::Range;

use super::normalize::{Span, View};

/// A view, or a term, ready to be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// Words and signs; a space between words, a full stop where a sentence ends.
    pub(super) text: String,
    /// For each byte of the text, how often its character was repeated.
    pub(super) runs: Vec<u8>,
    spans: Vec<Span>,
}

/// The most characters of a word on either side of a part of it that are looked at.
const MAX_REST: usize = 48;

/// What stands between two words.
#[derive(Default, Clone, Copy)]
struct Gap {
    span: Option<Span>,
    space: bool,
    stop: bool,
}

impl Gap {
    fn add(&mut self, c: char, span: Span) {
        self.span = Some(self.span.map_or(span, |gap| gap.to(span)));
        self.space |= c == ' ';
        self.stop |= matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…' | '。' | '、');
    }
}

impl Form {
    pub(super) fn of(view: &View) -> Self {
        let (shown, shown_spans) = (view.text(), view.spans());
        let bytes = shown.as_bytes();
        // As long as it can be: a gap is no longer than what it stands for.
        let mut text = vec![b' '; bytes.len()];
        let mut runs = vec![1_u8; bytes.len()];
        let mut spans = shown_spans.to_vec();
        let mut length = 0;
        let mut last = ' ';
        let mut gap = Gap::default();
        let mut at = 0;
        while at < bytes.len() {
            let Some(c) = shown[at..].chars().next() else { break };
            if is_separator(c) {
                gap.add(c, shown_spans[at]);
                at += c.len_utf8();
                last = ' ';
                continue;
            }
            if let Some(between) = gap.span {
                if length > 0 {
                    // "C'est sale, arabe ou non": words on either side of a stop are no phrase. "sale.arabe" is one.
                    text[length] = if gap.space && gap.stop { b'.' } else { b' ' };
                    spans[length] = between;
                    length += 1;
                }
                gap = Gap::default();
            }
            if c.is_ascii() {
                // Most texts are words of these.
                let mut before = u8::try_from(last).unwrap_or(0);
                while let Some(&byte) = bytes.get(at).filter(|byte| byte.is_ascii_alphanumeric()) {
                    let span = shown_spans[at];
                    at += 1;
                    if byte == before {
                        runs[length - 1] = runs[length - 1].saturating_add(1);
                        spans[length - 1] = spans[length - 1].to(span);
                    } else {
                        text[length] = byte;
                        spans[length] = span;
                        length += 1;
                        before = byte;
                    }
                }
                last = char::from(before);
                continue;
            }
            let (width, span) = (c.len_utf8(), shown_spans[at]);
            if last == c {
                for at in length - width..length {
                    runs[at] = runs[at].saturating_add(1);
                    spans[at] = spans[at].to(span);
                }
            } else {
                text[length..length + width].copy_from_slice(&bytes[at..at + width]);
                spans[length..length + width].fill(span);
                length += width;
                last = c;
            }
            at += width;
        }
        text.truncate(length);
        runs.truncate(length);
        spans.truncate(length);
        let text = String::from_utf8(text).expect("it is made of whole characters");
        Self { text, runs, spans }
    }

    #[inline]
    fn push(&mut self, c: char, span: Span) {
        self.text.push(c);
        if c.is_ascii() {
            self.runs.push(1);
            self.spans.push(span);
        } else {
            self.runs.resize(self.text.len(), 1);
            self.spans.resize(self.text.len(), span);
        }
    }

    /// The bytes of the original that a range of bytes of the form stands for.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        self.spans[range.start].to(self.spans[range.end - 1]).range()
    }

    /// A part of the text with its repeats, each letter at most twice.
    pub(super) fn written(&self, range: Range<usize>) -> String {
        let text = self.text[range.clone()].char_indices();
        text.flat_map(|(at, c)| std::iter::repeat_n(c, self.runs[range.start + at].min(2).into())).collect()
    }

    /// Letters, digits and signs, repeats counted.
    pub(super) fn len_in_letters(&self) -> usize {
        let letters = self.text.char_indices().filter(|&(_, c)| !is_gap(c));
        letters.map(|(at, _)| usize::from(self.runs[at])).sum()
    }

    /// The same without anything between the words.
    pub(super) fn without_gaps(&self) -> Self {
        let mut form = Self::default();
        for (at, c) in self.text.char_indices().filter(|&(_, c)| !is_gap(c)) {
            let last = form.text.char_indices().next_back();
            if let Some((last_at, last)) = last
                && last == c
            {
                for run in &mut form.runs[last_at..] {
                    *run = run.saturating_add(self.runs[at]);
                }
                continue;
            }
            form.push(c, self.spans[at]);
            let end = form.text.len();
            form.runs[end - c.len_utf8()..].fill(self.runs[at]);
        }
        form
    }

    /// What of the word around a part of it stands before and behind, at most [`MAX_REST`] bytes of each.
    pub(super) fn rest_of_word(&self, at: &Range<usize>) -> (&str, &str) {
        let (before, after) = (&self.text[..at.start], &self.text[at.end..]);
        let is_letter = |c: &char| c.is_alphabetic();
        let width = |letters: &mut dyn Iterator<Item = char>| -> usize {
            letters.take_while(is_letter).map(char::len_utf8).take(MAX_REST).sum()
        };
        (&before[before.len() - width(&mut before.chars().rev())..], &after[..width(&mut after.chars())])
    }

    /// Whether a word begins or ends between two bytes of the text.
    pub(super) fn is_edge(&self, at: usize) -> bool {
        let before = self.text[..at].chars().next_back();
        let after = self.text[at..].chars().next();
        let (Some(before), Some(after)) = (before, after) else { return true };
        is_edge_between(before, after)
    }
}

/// Whether a word ends with one character and another begins with the next.
pub(super) fn is_edge_between(before: char, after: char) -> bool {
    // A digit does not make a word longer, `nigger1`, nor a word a number.
    let class =
        |c: char| (c.is_numeric(), c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c));
    is_gap(before)
        || is_gap(after)
        || class(before) != class(after)
        || class(before) == (false, false)
        || is_unspaced(before)
        || is_unspaced(after)
}

/// The two signs that a form has between words.
pub(super) fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '.')
}

/// Space and punctuation; symbols and emoji say something and stay.
fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphanumeric();
    }
    matches!(c, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{2e00}'..='\u{2e7f}' | '\u{3000}'..='\u{303f}')
        && !c.is_alphanumeric()
}

/// Scripts that put no space between words: any place may be the edge of one.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::of(&View::skeleton(text))
    }

    #[test]
    fn repeats_are_one_letter_and_counted() {
        let form = form("Heeello  wwww");
        assert_eq!(form.text, "helo w");
        assert_eq!(form.runs, [1, 3, 2, 1, 1, 4]);
        assert_eq!(form.original(1..2), 1..4);
        assert_eq!(form.original(5..6), 9..13);
    }

    #[test]
    fn words_are_one_space_apart_and_sentences_a_stop() {
        assert_eq!(form("  a-b, c 'd' *e*\nf.g! ").text, "a b.c d e f g");
        assert_eq!(
            form("ab ba").without_gaps(),
            Form { spans: form("ab ba").without_gaps().spans, ..form("abba") }
        );
    }

    #[test]
    fn edges_are_where_words_begin_and_end() {
        let edges = |text: &str| {
            let form = form(text);
            (1..form.text.len())
                .filter(|&at| form.text.is_char_boundary(at) && form.is_edge(at))
                .collect::<Vec<_>>()
        };
        assert_eq!(edges("ab cd"), [2, 3]);
        assert_eq!(edges("ab12"), [2]);
        assert_eq!(edges("a😀b"), [1, 5]);
        assert_eq!(edges("漢字"), [3]);
    }
}
