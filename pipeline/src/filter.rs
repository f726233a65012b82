//! The content filter: what a text says whatever it is written with, and what the rules make of it.
//!
//! [`normalize`] reads a text as several views, `form` puts views and terms into the one form in which they are
//! compared, [`rule_set`] compiles [`rule`]s and finds them, `lift` takes back what is allowed, and [`verdict`] says
//! what is left and where. Nothing here waits, and time and memory are linear in the text.

mod error;
mod form;
mod lexicon;
mod lift;
pub mod normalize;
mod pattern;
pub mod rule;
pub mod rule_set;
pub mod verdict;

use std::sync::Arc;

use arc_swap::ArcSwap;

pub use self::{
    error::{FieldProblem, RuleError},
    normalize::{is_blank, utf16},
    rule::{Action, Category, Rule},
    rule_set::RuleSet,
    verdict::{Match, Verdict},
};

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

    /// Puts another set in force, at once and for every text judged from now on.
    pub fn swap(&self, rules: RuleSet) {
        self.0.store(Arc::new(rules));
    }
}
