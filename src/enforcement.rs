//! What moderators do to people: acts in the store first, then on live connections.

use std::sync::Arc;

use plic_pipeline::{
    bus::Bus,
    event::Event,
    id::UserId,
    store::{Ban, Store, StoreError},
};

/// Bans and disconnects.
#[derive(Clone)]
pub struct Enforcement {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
}

impl Enforcement {
    /// Acts on `store`, and on live connections over `bus`.
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Self {
        Self { store, bus }
    }

    /// Bans a user: their connections are closed with 4005, and neither door lets them in.
    pub async fn ban(&self, ban: Ban) -> Result<(), StoreError> {
        let Self { store, bus } = self.clone();
        let banning = async move {
            let user = ban.user;
            let done = store.ban(ban).await;
            // A ban that was not confirmed in time may well be in force.
            if matches!(done, Ok(()) | Err(StoreError::TimedOut)) {
                bus.publish(vec![Event::Banned(user)]).await;
            }
            done
        };
        // To the end, also where the moderator who asked for it goes away meanwhile.
        tokio::spawn(banning).await.unwrap_or_else(|error| Err(StoreError::Unavailable(Box::new(error))))
    }

    /// Closes a user's connections with 4004; they may come back.
    pub async fn disconnect(&self, user: UserId) {
        self.bus.publish(vec![Event::Disconnected(user)]).await;
    }
}
