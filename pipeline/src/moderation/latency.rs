//! How long messages took to judge: counts in buckets of constant memory, read as percentiles.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Each bucket is a quarter of an octave of nanoseconds: 19% wide, up to half a minute.
const BUCKETS: usize = 140;

/// A histogram of durations.
#[derive(Debug)]
pub struct Latency([AtomicU64; BUCKETS]);

impl Default for Latency {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }
}

impl Latency {
    pub(super) fn record(&self, took: Duration) {
        self.0[bucket(took)].fetch_add(1, Ordering::Relaxed);
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Microseconds within which `share` (0 to 1) of all were, to the upper edge of a bucket; 0 where there were none.
    pub fn percentile(&self, share: f64) -> f64 {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let mut below = 0;
        for (bucket, count) in counts.iter().enumerate() {
            below += count;
            #[expect(clippy::cast_precision_loss, reason = "a percentile of 2^53 messages may be off by one")]
            if total > 0 && below as f64 >= share * total as f64 {
                return upper_edge(bucket) / 1_000.0;
            }
        }
        0.0
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the logarithm of at least one is small and not negative"
)]
fn bucket(took: Duration) -> usize {
    let nanos = took.as_nanos().max(1) as f64;
    ((nanos.log2() * 4.0) as usize).min(BUCKETS - 1)
}

#[expect(clippy::cast_precision_loss, reason = "there are few buckets")]
fn upper_edge(bucket: usize) -> f64 {
    ((bucket + 1) as f64 / 4.0).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_fifth() {
        let latency = Latency::default();
        assert!(latency.percentile(0.5).abs() < f64::EPSILON);
        for micros in 1..=100 {
            latency.record(Duration::from_micros(micros));
        }
        assert_eq!(latency.count(), 100);
        for (share, micros) in [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            let found = latency.percentile(share);
            assert!(found >= micros && found <= 1.2 * micros, "{share}: {found}");
        }
        latency.record(Duration::ZERO);
        latency.record(Duration::MAX);
        assert_eq!(latency.count(), 102);
    }
}
