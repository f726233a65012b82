//! Looks, every few seconds, how far all rooms are that somebody here is in: whatever was lost, this finds it.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::{node::Node, shared::MAX_ROOMS};

/// How often, while hints come.
const WITH_HINTS: Duration = Duration::from_secs(4);
/// How often, while none can come.
const WITHOUT: Duration = Duration::from_secs(2);
/// Again after NATS was connected: other servers may not have known yet what this node listens to.
const SOON: Duration = Duration::from_secs(1);
/// When what failed is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// Between one look and the next that is asked for: many may ask.
const REST: Duration = Duration::from_millis(500);

impl Node {
    /// Looks for as long as it is polled. A time that was slept through is over when the process goes on.
    pub(super) async fn look_at_heads(self: Arc<Self>) {
        let mut rested = Instant::now();
        let mut due = rested + WITHOUT;
        loop {
            let asked = async {
                sleep_until(rested).await;
                self.look.notified().await;
            };
            let asked = tokio::select! {
                () = asked => true,
                () = sleep_until(due) => false,
            };
            let pause = match self.look_at_all().await {
                Err(error) => {
                    plic_pipeline::log_limited!(
                        WARN,
                        error: &error,
                        "could not look at rooms; trying again"
                    );
                    AGAIN
                }
                Ok(()) if asked => SOON,
                Ok(()) if self.wire.as_ref().is_some_and(|wire| wire.is_connected()) => WITH_HINTS,
                Ok(()) => WITHOUT,
            };
            let now = Instant::now();
            (rested, due) = (now + REST, now + pause);
        }
    }

    async fn look_at_all(&self) -> Result<(), plic_pipeline::store::StoreError> {
        let all = self.with_rooms(|rooms, _, _| rooms.ids()).await;
        for some in all.chunks(MAX_ROOMS) {
            self.read_heads(some).await?;
        }
        Ok(())
    }
}
