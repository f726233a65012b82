//! How right a classification into two classes is.

/// What was expected and what came, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// To be stopped, and stopped.
    pub(super) true_positives: u64,
    /// To pass, and stopped.
    pub(super) false_positives: u64,
    /// To pass, and passed.
    pub(super) true_negatives: u64,
    /// To be stopped, and passed.
    pub(super) false_negatives: u64,
}

impl Counts {
    pub(super) fn add(&mut self, expected: bool, came: bool) {
        *match (expected, came) {
            (true, true) => &mut self.true_positives,
            (false, true) => &mut self.false_positives,
            (false, false) => &mut self.true_negatives,
            (true, false) => &mut self.false_negatives,
        } += 1;
    }

    pub(super) fn total(&self) -> u64 {
        self.positives() + self.negatives()
    }

    /// Messages that should be stopped.
    pub(super) fn positives(&self) -> u64 {
        self.true_positives + self.false_negatives
    }

    fn negatives(&self) -> u64 {
        self.true_negatives + self.false_positives
    }

    pub(super) fn accuracy(&self) -> Option<f64> {
        share(self.true_positives + self.true_negatives, self.total())
    }

    pub(super) fn precision(&self) -> Option<f64> {
        share(self.true_positives, self.true_positives + self.false_positives)
    }

    pub(super) fn recall(&self) -> Option<f64> {
        share(self.true_positives, self.positives())
    }

    pub(super) fn false_positive_rate(&self) -> Option<f64> {
        share(self.false_positives, self.negatives())
    }

    /// F1 of the messages that should be stopped.
    pub(super) fn f1(&self) -> Option<f64> {
        share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)
    }

    /// F1 of the messages that should pass.
    pub(super) fn f1_negative(&self) -> Option<f64> {
        share(2 * self.true_negatives, 2 * self.true_negatives + self.false_positives + self.false_negatives)
    }

    /// The mean of both; there is none where one of the classes never occurs.
    pub(super) fn macro_f1(&self) -> Option<f64> {
        Some(f64::midpoint(self.f1()?, self.f1_negative()?))
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody labels 2^53 messages")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_textbook() {
        let mut counts = Counts::default();
        for (expected, came, times) in
            [(true, true, 6), (true, false, 2), (false, true, 1), (false, false, 11)]
        {
            (0..times).for_each(|_| counts.add(expected, came));
        }
        let near = |found: Option<f64>, expected: f64| {
            assert!((found.expect("a figure") - expected).abs() < 1e-9, "{found:?} is not {expected}");
        };
        near(counts.accuracy(), 17.0 / 20.0);
        near(counts.precision(), 6.0 / 7.0);
        near(counts.recall(), 0.75);
        near(counts.false_positive_rate(), 1.0 / 12.0);
        near(counts.f1(), 12.0 / 15.0);
        near(counts.f1_negative(), 22.0 / 25.0);
        near(counts.macro_f1(), f64::midpoint(0.8, 0.88));
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        let mut counts = Counts::default();
        assert_eq!(counts.accuracy(), None);
        counts.add(false, false);
        assert_eq!((counts.recall(), counts.precision(), counts.f1()), (None, None, None));
        assert_eq!(counts.macro_f1(), None);
    }
}
