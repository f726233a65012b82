//! How good a model is on rows: who is stopped at which threshold, and who is not.

use std::collections::BTreeMap;

use plic_filter::{Head, Scores};

use crate::{corpus::Row, fit::HEADS};

/// A row with its scores.
pub(crate) struct Scored<'a> {
    pub(crate) row: &'a Row,
    pub(crate) scores: Scores,
}

/// Below this a threshold says nothing, however few ordinary messages reach it.
const LOWEST: f32 = 0.2;

/// Two thresholds of a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Thresholds {
    pub(crate) hold: f32,
    pub(crate) block: f32,
}

impl Thresholds {
    /// The stricter of both.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { hold: self.hold.max(other.hold), block: self.block.max(other.block) }
    }
}

/// The thresholds of each head that stop no more of these benign rows than a share of `hold` and of `block`.
pub(crate) fn thresholds(benign: &[Scored<'_>], hold: f64, block: f64) -> [Thresholds; HEADS] {
    Head::ALL.map(|head| {
        let mut scores: Vec<f32> = benign.iter().map(|scored| scored.scores.of(head)).collect();
        scores.sort_by(f32::total_cmp);
        Thresholds { hold: above(&scores, hold), block: above(&scores, block) }
    })
}

/// The lowest threshold, and no lower than [`LOWEST`], that so small a share of ordered scores reaches.
fn above(scores: &[f32], share: f64) -> f32 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    let allowed = (scores.len() as f64 * share) as usize;
    let Some(&highest_allowed) = scores.len().checked_sub(allowed + 1).and_then(|at| scores.get(at)) else {
        return LOWEST;
    };
    // The next number of three digits: a threshold is written by hand into rules.
    let threshold = libm::floorf(highest_allowed * 1000.0 + 1.0) / 1000.0;
    threshold.clamp(LOWEST, 0.999)
}

/// Right and wrong, of positives and negatives.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) hits: usize,
    pub(crate) misses: usize,
    pub(crate) false_alarms: usize,
    pub(crate) passes: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, truth: bool, found: bool) {
        *match (truth, found) {
            (true, true) => &mut self.hits,
            (true, false) => &mut self.misses,
            (false, true) => &mut self.false_alarms,
            (false, false) => &mut self.passes,
        } += 1;
    }

    pub(crate) fn total(self) -> usize {
        self.hits + self.misses + self.false_alarms + self.passes
    }

    pub(crate) fn accuracy(self) -> f64 {
        share(self.hits + self.passes, self.total())
    }

    pub(crate) fn f1_positive(self) -> f64 {
        share(2 * self.hits, 2 * self.hits + self.misses + self.false_alarms)
    }

    pub(crate) fn f1_negative(self) -> f64 {
        share(2 * self.passes, 2 * self.passes + self.misses + self.false_alarms)
    }

    pub(crate) fn macro_f1(self) -> f64 {
        f64::midpoint(self.f1_positive(), self.f1_negative())
    }

    pub(crate) fn recall(self) -> f64 {
        share(self.hits, self.hits + self.misses)
    }

    pub(crate) fn false_alarm_rate(self) -> f64 {
        share(self.false_alarms, self.false_alarms + self.passes)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// How often a positive has a higher score than a negative, in percent.
pub(crate) fn ranked(scored: &[&Scored<'_>], head: Head) -> f64 {
    let mut order: Vec<(f32, bool)> =
        scored.iter().map(|scored| (scored.scores.of(head), scored.row.labels.has(head))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let (mut negatives, mut pairs, mut positives) = (0, 0, 0);
    for (_, truth) in order {
        if truth {
            positives += 1;
            pairs += negatives;
        } else {
            negatives += 1;
        }
    }
    share(pairs, positives * negatives)
}

/// Counts in groups.
pub(crate) fn grouped<'a, K: Ord>(
    scored: &'a [Scored<'a>],
    group: impl Fn(&'a Row) -> Option<K>,
    truth: impl Fn(&Row) -> bool,
    found: impl Fn(&Scores) -> bool,
) -> BTreeMap<K, Counts> {
    let mut counts: BTreeMap<K, Counts> = BTreeMap::new();
    for scored in scored {
        if let Some(key) = group(scored.row) {
            counts.entry(key).or_default().add(truth(scored.row), found(&scored.scores));
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_lets_no_more_through_than_its_share() {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let scores: Vec<f32> = (0..1000).map(|at| at as f32 / 1000.0).collect();
        let threshold = above(&scores, 0.01);
        assert_eq!(scores.iter().filter(|&&score| score >= threshold).count(), 10);
        assert!((above(&[0.1; 50], 0.0) - LOWEST).abs() < f32::EPSILON);
        assert!((above(&[], 0.1) - LOWEST).abs() < f32::EPSILON);
    }

    #[test]
    fn macro_f1_is_the_mean_of_both_kinds() {
        let mut counts = Counts::default();
        for (truth, found) in [(true, true), (true, false), (false, false), (false, false)] {
            counts.add(truth, found);
        }
        assert!((counts.f1_positive() - 66.67).abs() < 0.01);
        assert!((counts.f1_negative() - 80.0).abs() < 0.01);
    }
}
