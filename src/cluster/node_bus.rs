//! The way of events out of a node's store: to its own connections and to the other nodes.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use plic_pipeline::{bus::Bus, event::Event, moderation::Notice};
use tokio::time::Instant;

use super::{news::PATIENCE, node::Node};
use crate::{bus::nats::Nats, hub::Hub, metrics::ClusterMetrics};

/// Carries events to the hub of this process and to other nodes. The store needs it before a node can be made of the store:
/// until that is done, nobody is connected, and events go to the hub alone.
pub struct NodeBus {
    hub: Arc<Hub>,
    wire: Option<Arc<Nats>>,
    metrics: ClusterMetrics,
    node: OnceLock<Arc<Node>>,
}

impl NodeBus {
    /// A bus to `hub` and, where several nodes are told at once, over NATS.
    pub fn new(hub: Arc<Hub>, wire: Option<Arc<Nats>>, metrics: ClusterMetrics) -> Self {
        Self { hub, wire, metrics, node: OnceLock::new() }
    }

    pub(super) fn wire(&self) -> Option<Arc<Nats>> {
        self.wire.clone()
    }

    pub(super) fn metrics(&self) -> ClusterMetrics {
        self.metrics.clone()
    }

    pub(super) fn attach(&self, node: Arc<Node>) {
        // Only the first of several would be used.
        let _ = self.node.set(node);
    }
}

#[async_trait]
impl Bus for NodeBus {
    async fn publish(&self, events: Vec<Event>) {
        let mut messages = Vec::with_capacity(events.len());
        let node = self.node.get();
        let until = Instant::now() + PATIENCE;
        for event in events {
            let other = match event {
                Event::Message(message) => {
                    messages.push(message);
                    continue;
                }
                other => other,
            };
            // What was committed before it goes out before it.
            if let Some(node) = node {
                node.committed(&messages).await;
                if let Event::News(number) = other {
                    node.made_news(number, until).await;
                }
            }
            messages.clear();
            // Nothing in the database says so: this is the only way to the other nodes.
            if let (Event::Notice(Notice::Viewing(viewing)), Some(wire)) = (&other, &self.wire) {
                wire.tell_viewing(viewing);
            }
            self.hub.act_on(other);
        }
        if let Some(node) = node {
            node.committed(&messages).await;
        }
    }
}
