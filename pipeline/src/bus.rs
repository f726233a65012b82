//! Port: carries events to whoever is connected. A hint: the store is the truth.

use async_trait::async_trait;

use crate::event::Event;

/// Carries events to the connections that they concern.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Hands on `events`, in this order and after those of earlier calls. Waits while the way is full.
    async fn publish(&self, events: Vec<Event>);
}
