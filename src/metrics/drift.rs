//! Whether the filter stops more or fewer messages than it used to.

use std::sync::atomic::AtomicU64;

use plic_pipeline::moderation::drift::{Drift, ShareInterval};
use prometheus_client::{metrics::gauge::Gauge, registry::Registry};

/// The share of messages that the filter stops, from the database: the same on every node. Cheap to clone.
#[derive(Clone, Default)]
pub struct DriftMetrics {
    judged: Gauge,
    stopped: Gauge,
    today: IntervalGauges,
    usual: IntervalGauges,
}

#[derive(Clone, Default)]
struct IntervalGauges {
    low: Gauge<f64, AtomicU64>,
    high: Gauge<f64, AtomicU64>,
}

impl IntervalGauges {
    fn set(&self, interval: Option<ShareInterval>) {
        self.low.set(interval.map_or(f64::NAN, |interval| interval.low));
        self.high.set(interval.map_or(f64::NAN, |interval| interval.high));
    }
}

impl DriftMetrics {
    /// Adds them to `registry`. Shares are NaN until they are read, which compares with nothing.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        metrics.today.set(None);
        metrics.usual.set(None);
        registry.register(
            "plic_filter_judged_today",
            "Messages that the filter judged today (UTC), on all nodes",
            metrics.judged.clone(),
        );
        registry.register(
            "plic_filter_stopped_today",
            "Messages that the filter held, rejected or blocked today (UTC), on all nodes",
            metrics.stopped.clone(),
        );
        registry.register(
            "plic_filter_stopped_share_today_low",
            "Lower end of the 99.9% interval of the share of messages stopped today",
            metrics.today.low.clone(),
        );
        registry.register(
            "plic_filter_stopped_share_today_high",
            "Upper end of the 99.9% interval of the share of messages stopped today",
            metrics.today.high.clone(),
        );
        registry.register(
            "plic_filter_stopped_share_usual_low",
            "Lower end of the same for the 28 days before today; NaN while there are too few messages",
            metrics.usual.low.clone(),
        );
        registry.register(
            "plic_filter_stopped_share_usual_high",
            "Upper end of the same for the 28 days before today; NaN while there are too few messages",
            metrics.usual.high.clone(),
        );
        metrics
    }

    /// Shows what was read.
    pub fn set(&self, drift: &Drift) {
        self.judged.set(i64::try_from(drift.judged).unwrap_or(i64::MAX));
        self.stopped.set(i64::try_from(drift.stopped).unwrap_or(i64::MAX));
        self.today.set(Some(drift.today));
        self.usual.set(drift.usual);
    }
}
