//! What the encoder counts.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

/// Seconds that a text waits for the encoder and is read.
const BUCKETS: [f64; 9] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0];

/// What became of a text that the encoder was to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderOutcome {
    /// It was read in time.
    Read,
    /// The deadline came first.
    Late,
    /// It seems ordinary, and others were being read.
    Busy,
    /// Too many texts wait.
    Full,
    /// Too many texts in a row were late or failed: none is read for a while.
    Away,
    /// The model could not be run.
    Failed,
}

impl EncoderOutcome {
    /// The word for it in the metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Late => "late",
            Self::Busy => "busy",
            Self::Full => "full",
            Self::Away => "away",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

/// What the encoder counts; cheap to clone.
#[derive(Clone)]
pub struct EncoderMetrics {
    texts: Family<Labels, Counter>,
    seconds: Histogram,
}

impl EncoderMetrics {
    /// Adds them to `registry`.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { texts: Family::default(), seconds: Histogram::new(BUCKETS) };
        registry.register(
            "plic_encoder_texts",
            "Texts that the encoder was to read, by what became of them",
            metrics.texts.clone(),
        );
        registry.register(
            "plic_encoder_seconds",
            "How long texts that the encoder read waited for it and were read",
            metrics.seconds.clone(),
        );
        metrics
    }

    /// Counts a text.
    pub fn count(&self, outcome: EncoderOutcome) {
        self.texts.get_or_create(&Labels { outcome: outcome.as_str() }).inc();
    }

    /// Counts how long one took that was read.
    pub fn read(&self, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
    }
}
