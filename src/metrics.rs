//! What a node counts, for `/metrics`. A registry of its own a server: no global state.

mod cluster;
mod drift;
mod encoder;

use std::sync::Arc;

use plic_openapi::{RestMetrics, TurnedAway};
use plic_pipeline::{metrics::PipelineMetrics, rejection::CloseCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

pub use self::{
    cluster::ClusterMetrics,
    drift::DriftMetrics,
    encoder::{EncoderMetrics, EncoderOutcome},
};

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
    /// The listener's connections.
    pub listener: ListenerMetrics,
    /// REST requests.
    pub rest: RestMetrics,
    /// The way to other nodes.
    pub cluster: ClusterMetrics,
    /// The share of messages that the filter stops.
    pub drift: DriftMetrics,
    /// The filter's second stage.
    pub encoder: EncoderMetrics,
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

/// What the accept loop counts.
#[derive(Debug, Clone, Default)]
pub struct ListenerMetrics {
    open: Gauge,
    refused: Family<RefusalLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    reason: &'static str,
}

impl ListenerMetrics {
    /// Counts a connection as open.
    pub fn opened(&self) {
        self.open.inc();
    }

    /// Counts a connection as closed.
    pub fn closed(&self) {
        self.open.dec();
    }

    /// Counts a connection that is answered with a refusal.
    pub fn turned_away(&self, reason: TurnedAway) {
        let reason = match reason {
            TurnedAway::AddressFull => "address_full",
            TurnedAway::ServerFull => "server_full",
        };
        self.refused.get_or_create(&RefusalLabels { reason }).inc();
    }

    /// Counts a connection that is closed without an answer.
    pub fn dropped(&self) {
        self.refused.get_or_create(&RefusalLabels { reason: "dropped" }).inc();
    }
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
        let listener = ListenerMetrics::default();
        registry.register(
            "plic_tcp_connections",
            "Open TCP connections, WebSockets among them",
            listener.open.clone(),
        );
        registry.register(
            "plic_refused_tcp_connections",
            "TCP connections refused for a limit, by reason",
            listener.refused.clone(),
        );
        let rest = RestMetrics::register(&mut registry);
        let cluster = ClusterMetrics::register(&mut registry);
        let drift = DriftMetrics::register(&mut registry);
        let encoder = EncoderMetrics::register(&mut registry);
        Self {
            registry: Arc::new(registry),
            pipeline,
            hub,
            connections,
            listener,
            rest,
            cluster,
            drift,
            encoder,
        }
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
