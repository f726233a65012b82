//! A place where a rule matches, before it is known what comes of it.

use std::ops::Range;

use super::pattern::Role;

/// A place where a rule matches.
#[derive(Debug)]
pub(super) struct Hit {
    /// The place of the rule in its set.
    pub(super) rule: usize,
    pub(super) role: Role,
    /// The bytes of the original.
    pub(super) span: Range<usize>,
    /// How sure the classifier is, where the rule asks it.
    pub(super) score: Option<f32>,
    /// Whether the text is only near what the rule looks for.
    pub(super) near: bool,
}

/// What is found in a text.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) hits: Vec<Hit>,
    /// Concepts, by their places, and where phrases of them are.
    pub(super) concepts: Vec<(usize, Range<usize>)>,
}

impl Found {
    pub(super) fn push(&mut self, rule: usize, span: Range<usize>) {
        self.push_near(rule, span, false);
    }

    /// Adds a place where a rule matches, or only nearly.
    pub(super) fn push_near(&mut self, rule: usize, span: Range<usize>, near: bool) {
        self.hits.push(Hit { rule, role: Role::Match, span, score: None, near });
    }
}
