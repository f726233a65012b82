//! What a node counts, for `/metrics`. A registry of its own a server: no global state.

mod cluster;

use std::sync::Arc;

use plic_openapi::RestMetrics;
use plic_pipeline::{metrics::PipelineMetrics, rejection::CloseCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

pub use self::cluster::ClusterMetrics;

/// Every metric of a server; cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// The pipeline's stages.
    pub pipeline: PipelineMetrics,
    /// The hub's deliveries.
    pub hub: HubMetrics,
    /// The WebSocket door's connections.
    pub connections: ConnectionMetrics,
    /// REST requests.
    pub rest: RestMetrics,
    /// The way to other nodes.
    pub cluster: ClusterMetrics,
}

/// What the hub counts.
#[derive(Clone, Default)]
pub struct HubMetrics {
    /// Frames handed to recipients.
    pub deliveries: Counter,
}

/// What the WebSocket door counts.
#[derive(Clone, Default)]
pub struct ConnectionMetrics {
    open: Gauge,
    closed: Family<CloseLabels, Counter>,
    refused_origins: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CloseLabels {
    code: u16,
}

/// Counts a connection as open for as long as it lives.
pub struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl ConnectionMetrics {
    /// Counts a connection as open until what this returns is dropped.
    pub fn opened(&self) -> Open {
        self.open.inc();
        Open(self.open.clone())
    }

    /// Counts a handshake that was refused for its origin.
    pub fn refused_origin(&self) {
        self.refused_origins.inc();
    }

    /// Counts a connection that the server closes with `code`.
    pub fn closed(&self, code: CloseCode) {
        self.closed.get_or_create(&CloseLabels { code: code.number() }).inc();
    }
}

impl Metrics {
    /// Registers everything.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let pipeline = PipelineMetrics::register(&mut registry);
        let hub = HubMetrics::default();
        registry.register(
            "plic_deliveries",
            "Messages handed to connected recipients",
            hub.deliveries.clone(),
        );
        let connections = ConnectionMetrics::default();
        registry.register("plic_connections", "Open WebSocket connections", connections.open.clone());
        registry.register(
            "plic_closes",
            "Connections closed by the server, by code",
            connections.closed.clone(),
        );
        registry.register(
            "plic_refused_origins",
            "Handshakes of pages from origins that PLIC_ALLOWED_ORIGINS does not name",
            connections.refused_origins.clone(),
        );
        let rest = RestMetrics::register(&mut registry);
        let cluster = ClusterMetrics::register(&mut registry);
        Self { registry: Arc::new(registry), pipeline, hub, connections, rest, cluster }
    }

    /// The OpenMetrics text.
    pub fn render(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
