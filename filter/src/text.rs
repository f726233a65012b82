//! A text that is being judged, and its views, each made when it is first asked for.

use std::{cell::OnceCell, ops::Range};

use super::{
    classifier::Classifier,
    disguise::{OwnWords, Repaired, repair},
    language::Language,
    normalize::View,
    shipped::SHIPPED,
    token::{Token, Tokens, Words, tokens},
};

/// A text and its views.
pub(super) struct Text<'a> {
    pub(super) original: &'a str,
    pub(super) skeleton: View,
    folded: OnceCell<View>,
    repaired: OnceCell<Option<Repaired>>,
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
            repaired: OnceCell::new(),
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

    /// What the text says where it was disguised, for a rule set with words of its own; nothing where it was not.
    pub(super) fn repaired(&self, own: Option<&OwnWords>) -> Option<&Repaired> {
        let repaired = self.repaired.get_or_init(|| {
            let lexis = SHIPPED.lexis(Classifier::shipped().vocabulary(), own);
            repair(&lexis, &self.skeleton, self.original, &self.tokens().list)
        });
        repaired.as_ref()
    }

    /// Whether anything is said in letters, once what is disguised is repaired: signs and numbers alone are no statement.
    pub(super) fn has_words(&self, own: Option<&OwnWords>) -> bool {
        let is_word = |view: &View, token: &Token| {
            token.letters(view.text()).iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
                && !self.is_sign(&view.original(token.bytes.clone()))
        };
        self.tokens().list.iter().any(|token| is_word(&self.skeleton, token))
            || self.repaired(own).is_some_and(|repaired| {
                repaired.tokens.list.iter().any(|token| is_word(&repaired.view, token))
            })
    }

    /// Whether a part of the original is signs: no letters, or such as stand in boxes, flags and symbols.
    fn is_sign(&self, span: &Range<usize>) -> bool {
        let is_symbol =
            |c| matches!(c, '\u{2100}'..='\u{214f}' | '\u{3000}'..='\u{303f}' | '\u{1f100}'..='\u{1f2ff}');
        let mut chars = self.original[span.clone()].chars();
        chars.all(|c| is_emoji_modifier(c) || !c.is_alphabetic() || is_symbol(c))
    }

    /// What a reader of the whole text sees: disguised words as what they stand for, French accents where they were
    /// written.
    pub(super) fn reading(&self, own: Option<&OwnWords>) -> String {
        let view = self.repaired(own).map_or(&self.skeleton, |repaired| &repaired.view);
        view.accented(self.original)
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

/// What changes how the character before it is drawn.
fn is_emoji_modifier(c: char) -> bool {
    matches!(c, '\u{fe0f}' | '\u{200d}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}')
}
