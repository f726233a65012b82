//! What a node of a cluster counts.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

/// What a node of a cluster counts; cheap to clone.
#[derive(Clone, Default)]
pub struct ClusterMetrics {
    /// 1 while NATS is connected.
    pub connected: Gauge,
    /// Hints that were handed to NATS.
    pub sent: Counter,
    /// Hints that came from NATS.
    pub received: Counter,
    /// Hints that could not be handed to NATS at once.
    pub dropped: Counter,
    /// Rooms that somebody here is in.
    pub rooms: Gauge,
    /// Reads of messages of which no hint came in time.
    pub reads: Counter,
    /// How many seconds this node's clock is ahead of the database's.
    pub clock_offset: Gauge<f64, AtomicU64>,
    /// Changes that are known to be there and were not acted on yet.
    pub news_behind: Gauge,
}

impl ClusterMetrics {
    /// Adds them to `registry`.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("plic_bus_connected", "Whether NATS is connected", metrics.connected.clone());
        registry.register("plic_hints_sent", "Hints handed to NATS", metrics.sent.clone());
        registry.register("plic_hints_received", "Hints received from NATS", metrics.received.clone());
        registry.register(
            "plic_hints_dropped",
            "Hints that NATS could not take at once",
            metrics.dropped.clone(),
        );
        registry.register("plic_rooms_listened", "Rooms with somebody connected here", metrics.rooms.clone());
        registry.register(
            "plic_gap_reads",
            "Reads of messages of which no hint came in time",
            metrics.reads.clone(),
        );
        registry.register(
            "plic_news_behind",
            "Changes of other nodes not acted on yet",
            metrics.news_behind.clone(),
        );
        registry.register(
            "plic_clock_offset_seconds",
            "How far this node's clock is ahead of the database's; 0 where no nodes share one",
            metrics.clock_offset.clone(),
        );
        metrics
    }
}
