//! A text that is being judged, and its views, each made when it is first asked for.

use std::cell::OnceCell;

use super::{
    classifier::Classifier,
    disguise::{OwnWords, Repaired, repair},
    language::Language,
    normalize::View,
    shipped::SHIPPED,
    token::{Tokens, Words, tokens},
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
