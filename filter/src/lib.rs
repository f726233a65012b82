//! The moderation filter: text in, verdict out. Finds what a text says whatever it is written with, and applies the rules
//! to it. Sees no store, no network and no command: the pipeline asks it and acts on its verdicts.
//!
//! [`normalize`] reads a text as several views, `disguise` repairs the words of one that are disguised, and `form` puts views and terms into the one form in which they are
//! compared. [`rule_set`] compiles [`rule`]s and finds them, a file a kind: `terms`, `regex`, [`concept`], `links`,
//! `contact`, [`classifier`], `repetition`; `phrases` holds the many that ship with the program, and `disguise` finds
//! slurs that are misspelt on purpose. `lift` takes back what is allowed, [`arbiter`] lowers what is only quoted,
//! denied or condemned, [`verdict`] says what is left and where, and `explanation` which words the classifier reacted to. [`recall`] remembers what was said before. Nothing
//! here waits, and time and memory are linear in the text.

pub mod arbiter;
pub mod canary;
mod check;
pub mod classifier;
pub mod concept;
mod contact;
mod disguise;
mod document;
mod error;
mod explanation;
mod form;
mod hash;
mod hit;

pub mod id;
pub mod json;
mod language;
pub mod lexicon;
mod lift;
mod links;
mod negation;
pub mod normalize;
mod pattern;
mod phrases;
pub mod recall;
mod regex;
mod repetition;
mod retelling;
pub mod rule;
pub mod rule_set;
mod shipped;
mod spellings;
mod terms;
mod text;
mod token;
pub mod verdict;
mod word_lists;

use std::sync::Arc;

use arc_swap::ArcSwap;

pub use self::{
    arbiter::Lowered,
    check::check_bounds,
    classifier::{Classifier, Head, Meaning, Scores},
    document::{rules_from_json, starter_rules},
    error::{FieldProblem, RuleError},
    language::Language,
    normalize::{View, is_blank, utf16},
    recall::{Earlier, Missing, Place, Recall, Remembered, Trace},
    rule::{Action, Category, Rule},
    rule_set::{HitRate, RuleSet, Said, Tally},
    verdict::{Asks, Match, Opinion, Verdict, WeighedWord},
};

/// What a reader of a text sees, in small letters: disguised words as what they stand for. The encoder reads this.
pub fn reading(text: &str) -> String {
    text::Text::of(text).reading(None)
}

/// The rule set in force, swapped while texts are judged.
#[derive(Debug, Default)]
pub struct Rules(ArcSwap<RuleSet>);

impl Rules {
    /// Puts a first set in force.
    pub fn new(rules: RuleSet) -> Self {
        Self(ArcSwap::from_pointee(rules))
    }

    /// The set in force now; whoever holds it judges by it, whole, whatever is swapped in meanwhile.
    pub fn load(&self) -> arc_swap::Guard<Arc<RuleSet>> {
        self.0.load()
    }

    /// The same, to be kept for longer.
    pub fn load_full(&self) -> Arc<RuleSet> {
        self.0.load_full()
    }

    /// Puts another set in force, at once and for every text judged from now on.
    pub fn swap(&self, rules: RuleSet) {
        self.0.store(Arc::new(rules));
    }
}
