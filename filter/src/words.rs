//! The words of a text, and what is said of them: denied, quoted.

use std::ops::Range;

use super::normalize::View;

/// The words of a skeleton, in order.
#[derive(Debug)]
pub(super) struct Words {
    text: Box<str>,
    words: Vec<Word>,
}

#[derive(Debug)]
struct Word {
    /// Its bytes in the skeleton.
    bytes: Range<usize>,
    /// Its bytes in the original.
    span: Range<usize>,
    /// Whether a sentence or a part of one begins with it.
    begins: bool,
}

impl Words {
    pub(super) fn of(view: &View) -> Self {
        let text = view.text();
        let mut words: Vec<Word> = Vec::with_capacity(text.len() / 5 + 1);
        let mut begins = true;
        let mut inside = false;
        for (at, c) in text.char_indices() {
            if !c.is_alphanumeric() {
                // A price or a date is one part: "1.200", "12/05".
                begins |= matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…' | '(' | ')' | '。');
                inside = false;
                continue;
            }
            let end = at + c.len_utf8();
            if let Some(word) = words.last_mut().filter(|_| inside) {
                word.bytes.end = end;
            } else {
                words.push(Word { bytes: at..end, span: 0..0, begins });
                begins = false;
                inside = true;
            }
        }
        for word in &mut words {
            word.span = view.original(word.bytes.clone());
        }
        Self { text: text.into(), words }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn get(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &self.text[word.bytes.clone()])
    }

    /// The words that a span of the original touches.
    pub(super) fn within(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.words.partition_point(|word| word.span.end <= span.start);
        let end = self.words.partition_point(|word| word.span.start < span.end);
        start..end.max(start)
    }

    /// The nearest words before a place that belong to the same part of a sentence, the nearest first.
    pub(super) fn before(&self, at: usize) -> impl Iterator<Item = &str> {
        let mut at = at.min(self.words.len());
        std::iter::from_fn(move || {
            if self.words.get(at).is_some_and(|word| word.begins) {
                return None;
            }
            at = at.checked_sub(1)?;
            Some(self.get(at))
        })
    }

    /// The nearest words from a place on that belong to the same part of a sentence.
    pub(super) fn after(&self, at: usize) -> impl Iterator<Item = &str> {
        let rest = self.words.get(at..).unwrap_or_default();
        rest.iter().take_while(|word| !word.begins).map(|word| &self.text[word.bytes.clone()])
    }
}
