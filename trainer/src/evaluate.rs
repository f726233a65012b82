//! How good a model is on rows: who is stopped at which threshold, and who is not.

use std::collections::BTreeMap;

use plic_filter::{Head, Scores};

use crate::corpus::Row;

/// A row with its scores.
pub(crate) struct Scored<'a> {
    pub(crate) row: &'a Row,
    pub(crate) scores: Scores,
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
    found: impl Fn(&Scored<'_>) -> bool,
) -> BTreeMap<K, Counts> {
    let mut counts: BTreeMap<K, Counts> = BTreeMap::new();
    for scored in scored {
        if let Some(key) = group(scored.row) {
            counts.entry(key).or_default().add(truth(scored.row), found(scored));
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

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
