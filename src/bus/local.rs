//! One node: events go straight to its own hub. A sender is confirmed after the others were handed the message, so that
//! whoever reconnects after a confirmation does not receive what they sent themselves.

use std::sync::Arc;

use async_trait::async_trait;
use plic_pipeline::{bus::Bus, event::Event};
use tokio::task::coop::consume_budget;

use crate::hub::Hub;

/// Carries events to the hub of this process.
pub struct LocalBus {
    hub: Arc<Hub>,
}

impl LocalBus {
    /// A bus to `hub`.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, events: Vec<Event>) {
        for event in &events {
            self.hub.deliver(event);
            // A large batch in large rooms is many system calls: others get their turn in between.
            consume_budget().await;
        }
    }
}
