//! One node: events go straight to its own hub. A sender is confirmed after the others were handed the message, so that
//! whoever reconnects after a confirmation does not receive what they sent themselves.

use std::sync::Arc;

use async_trait::async_trait;
use plic_pipeline::{bus::Bus, event::Event};

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
        let mut messages = Vec::with_capacity(events.len());
        for event in events {
            match event {
                Event::Message(message) => messages.push(message),
                other => {
                    // What was committed before it goes out before it.
                    self.hub.deliver(&messages).await;
                    messages.clear();
                    self.hub.act_on(other);
                }
            }
        }
        self.hub.deliver(&messages).await;
    }
}
