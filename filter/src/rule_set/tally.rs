//! How often rules match, counted message by message with what was said before each.

use std::ops::Range;

use super::{Compiled, Hit, HitRate, MAX_FIRST, RuleSet, Said};
use crate::{id::RuleId, recall::Trace, rule::Action};

/// Counts how many messages each of some rules matches, whatever room the rules are for.
///
/// A rule that allows counts where its matches are at least half of what is written: there it lifts nearly anything
/// that other rules find.
pub struct Tally<'s> {
    set: &'s RuleSet,
    places: Vec<Option<usize>>,
    rates: Vec<HitRate>,
    counted: usize,
}

impl<'s> Tally<'s> {
    /// Counts nothing yet; a rule that is not in the set, or not evaluated, matches nothing.
    pub fn new(set: &'s RuleSet, rules: &[RuleId]) -> Self {
        let place = |rule: &RuleId| set.rules().iter().position(|one| one.id == *rule);
        Self {
            set,
            places: rules.iter().map(place).collect(),
            rates: vec![HitRate::default(); rules.len()],
            counted: 0,
        }
    }

    /// Judges one message; returns what is to be remembered of it.
    pub fn count(&mut self, said: &Said<'_>) -> Trace {
        let set = &*self.set.0;
        let judged = set.find(said.text, said.earlier, None, |_| true);
        for (rate, place) in self.rates.iter_mut().zip(&self.places) {
            rate.texts += 1;
            if place.is_some_and(|place| set.counts(place, &judged.hits, said.text)) {
                rate.hits += 1;
                if rate.first.len() < MAX_FIRST {
                    rate.first.push(self.counted);
                }
            }
        }
        self.counted += 1;
        judged.trace
    }

    /// The counts, in the order of the rules.
    pub fn rates(self) -> Vec<HitRate> {
        self.rates
    }
}

impl Compiled {
    fn counts(&self, rule: usize, hits: &[Hit], text: &str) -> bool {
        let mut spans = hits.iter().filter(|hit| hit.rule == rule).map(|hit| hit.span.clone());
        if self.rules[rule].action == Action::Allow {
            is_mostly_within(text, spans.collect())
        } else {
            spans.next().is_some()
        }
    }
}

/// Whether at least half of the letters and signs of a text lie within these spans.
fn is_mostly_within(text: &str, mut spans: Vec<Range<usize>>) -> bool {
    spans.sort_unstable_by_key(|span| span.start);
    let mut spans = spans.into_iter().peekable();
    let mut reach = 0;
    let (mut within, mut all) = (0_usize, 0_usize);
    for (at, c) in text.char_indices() {
        while let Some(span) = spans.next_if(|span| span.start <= at) {
            reach = reach.max(span.end);
        }
        if !c.is_whitespace() {
            all += 1;
            within += usize::from(at < reach);
        }
    }
    all > 0 && within * 2 >= all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_count_once_and_spaces_do_not_count() {
        assert!(is_mostly_within("ab  cd", vec![0..2, 0..1]));
        assert!(!is_mostly_within("abc  cd", vec![0..2, 0..1, 1..2]));
        assert!(is_mostly_within("é a", vec![0..1, 0..2]));
        assert!(!is_mostly_within("  ", vec![0..1, 0..2]));
        assert!(!is_mostly_within("ab", Vec::new()));
    }
}
