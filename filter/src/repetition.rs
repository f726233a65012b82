//! One text sent again and again. Case, accents, spacing, punctuation and invisible characters make no other text.

use std::{ops::Range, time::Duration};

use super::{
    error::{FieldProblem, Problem},
    recall::{Earlier, Trace},
    rule::Limit,
    text::Text,
};

/// How often one text may be said at most: no more messages of one sender in a room are remembered.
const MAX_SAME: u32 = 15;
/// Everybody sends a text twice now and then: a rule that is written lets it pass, and looks at a few seconds at least.
const LEAST_SAME: u32 = 2;
const LEAST_WINDOW: u32 = 5;
/// A day, the longest that anything is remembered.
const MAX_WINDOW: u32 = 24 * 60 * 60;

/// The rules that limit repetition.
#[derive(Debug, Default)]
pub(super) struct Repetitions(Vec<(usize, Limit)>);

impl Repetitions {
    pub(super) fn add(&mut self, rule: usize, limit: Limit) {
        self.0.push((rule, limit));
    }

    /// The rules whose limit was reached before this text.
    pub(super) fn matches(&self, trace: &Trace, earlier: &Earlier, mut push: impl FnMut(usize)) {
        for &(rule, Limit { same_text, window_seconds }) in &self.0 {
            if earlier.same(trace, Duration::from_secs(window_seconds.into())) >= same_text as usize {
                push(rule);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this rule is one of them.
    pub(super) fn has(&self, rule: usize) -> bool {
        self.0.iter().any(|&(one, _)| one == rule)
    }
}

/// What two texts have in common that say the same, and how many words it is.
pub(super) fn letters(text: &Text<'_>) -> (Vec<u8>, u32) {
    let shown = text.skeleton.text().as_bytes();
    let mut letters = Vec::with_capacity(shown.len());
    let mut words = 0;
    for word in shown.split(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()) {
        letters.extend_from_slice(word);
        words += u32::from(!word.is_empty());
    }
    // Of nothing but signs, what is seen.
    if letters.is_empty() {
        letters.extend_from_slice(shown);
    }
    (letters, words)
}

/// All of a text that can be seen.
pub(super) fn whole(text: &Text<'_>) -> Option<Range<usize>> {
    let shown = text.skeleton.text();
    let start = shown.len() - shown.trim_start().len();
    let end = shown.trim_end().len();
    (start < end).then(|| text.skeleton.original(start..end))
}

/// Holds a limit to what is remembered.
pub(super) fn check(limit: Limit) -> Result<(), Problem> {
    if !(1..=MAX_SAME).contains(&limit.same_text) {
        return Err(Problem::new("limit.same_text", FieldProblem::OutOfRange(1, MAX_SAME.into())));
    }
    if !(1..=MAX_WINDOW).contains(&limit.window_seconds) {
        return Err(Problem::new("limit.window_seconds", FieldProblem::OutOfRange(1, MAX_WINDOW.into())));
    }
    Ok(())
}

/// Holds the limit of a rule that is about to be written to what is sane.
pub(super) fn check_bounds(limit: Limit) -> Result<(), Problem> {
    let within = |field: &str, least: u32, number: u32, most: u32| {
        let problem = FieldProblem::TooStrict(least.into(), most.into());
        if (least..=most).contains(&number) { Ok(()) } else { Err(Problem::new(field, problem)) }
    };
    within("limit.same_text", LEAST_SAME, limit.same_text, MAX_SAME)?;
    within("limit.window_seconds", LEAST_WINDOW, limit.window_seconds, MAX_WINDOW)
}
