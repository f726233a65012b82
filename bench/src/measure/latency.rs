//! How long something took, and how long the slowest of a hundred or a thousand.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Durations, to two digits.
#[derive(Debug, Clone)]
pub(crate) struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        Self(Histogram::new(2).expect("two digits are within what a histogram keeps"))
    }
}

impl Latency {
    /// Adds one.
    pub(crate) fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.0 += nanoseconds;
    }

    /// Adds those of another round.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    /// So many of a hundred took at most so long, in milliseconds; `None` where nothing was recorded.
    #[expect(clippy::cast_precision_loss, reason = "two digits are kept")]
    pub(crate) fn percentile(&self, percent: f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.value_at_percentile(percent) as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_all_rounds() {
        let (mut one, mut other) = (Latency::default(), Latency::default());
        (1..=50).for_each(|ms| one.record(Duration::from_millis(ms)));
        (51..=100).for_each(|ms| other.record(Duration::from_millis(ms)));
        one.add(&other);
        for (percent, expected) in [(50.0, 50.0), (99.0, 99.0), (100.0, 100.0)] {
            let found = one.percentile(percent).expect("as the test says");
            assert!((found - expected).abs() < 1.0, "{percent}: {found}");
        }
        assert_eq!(Latency::default().percentile(50.0), None);
    }
}
