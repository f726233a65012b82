//! A text that is being judged, and its views, each made when it is first asked for.

use std::cell::OnceCell;

use super::{
    language::Language,
    normalize::{View, leet_views},
    token::{Tokens, Words, tokens},
};

/// A text and its views.
pub(super) struct Text<'a> {
    pub(super) original: &'a str,
    pub(super) skeleton: View,
    folded: OnceCell<View>,
    leet: OnceCell<Vec<View>>,
    tokens: OnceCell<Tokens>,
    language: OnceCell<Language>,
}

impl<'a> Text<'a> {
    pub(super) fn of(original: &'a str) -> Self {
        let skeleton = View::skeleton(original);
        Self {
            original,
            skeleton,
            folded: OnceCell::new(),
            leet: OnceCell::new(),
            tokens: OnceCell::new(),
            language: OnceCell::new(),
        }
    }

    pub(super) fn folded(&self) -> &View {
        // Of plain ASCII the two are one.
        if self.original.is_ascii() {
            return &self.skeleton;
        }
        self.folded.get_or_init(|| View::folded(self.original))
    }

    /// The skeleton with its leet tokens read as words: a view for each reading.
    pub(super) fn leet(&self) -> &[View] {
        self.leet.get_or_init(|| {
            if !may_have_leet(self.skeleton.text().as_bytes()) {
                return Vec::new();
            }
            leet_views(&self.skeleton).collect()
        })
    }

    /// The language of the skeleton.
    pub(super) fn language(&self) -> Language {
        *self.language.get_or_init(|| Language::of(self.words()))
    }

    /// The tokens of the skeleton.
    pub(super) fn tokens(&self) -> &Tokens {
        self.tokens.get_or_init(|| tokens(self.skeleton.text()))
    }

    /// The same, asked by their places.
    pub(super) fn words(&self) -> Words<'_> {
        Words { view: &self.skeleton, tokens: &self.tokens().list }
    }
}

/// Whether a digit or a sign stands beside a letter, as in any leet token: most texts have none, and need not be read
/// again to know it. A `!` at the end of a word is punctuation.
fn may_have_leet(text: &[u8]) -> bool {
    let is_letter =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    let is_sign = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'@' | b'$' | b'!' | b'|' | b'+');
    text.iter().enumerate().any(|(at, &byte)| match byte {
        b'a'..=b'z' | b' ' => false,
        b'!' | b'|' | b'+' => text.get(at + 1).is_some_and(|&next| is_sign(next) || is_letter(Some(&next))),
        _ if is_sign(byte) => is_letter(text.get(at + 1)) || (at > 0 && is_letter(text.get(at - 1))),
        // Signs of currencies and the like, but not the apostrophe.
        0xc2 => true,
        0xe2 => text.get(at + 1) != Some(&0x80),
        _ => false,
    })
}
