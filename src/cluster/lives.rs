//! Says that this node lives. Where others forgot it, because it had been stopped for long, its connections are
//! registered again.

use std::{sync::Arc, time::Duration};

use plic_pipeline::store::StoreError;
use tokio::time::{MissedTickBehavior, interval};

use super::{attendance::TOGETHER, node::Node};

/// How often.
const EVERY: Duration = Duration::from_secs(10);

impl Node {
    /// Says it for as long as it is polled.
    pub(super) async fn say_that_it_lives(self: Arc<Self>) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut is_forgotten, mut is_new) = (false, true);
        loop {
            ticks.tick().await;
            let said = match self.shared.alive().await {
                Ok(was_known) => {
                    // Nobody knows who has never said it.
                    is_forgotten |= !was_known && !is_new;
                    is_new = false;
                    if is_forgotten { self.register_all().await } else { Ok(()) }
                }
                Err(error) => {
                    // It may have been said, and nobody knows whether others had forgotten this node by then.
                    is_forgotten = true;
                    Err(error)
                }
            };
            match said {
                Ok(()) => is_forgotten = false,
                Err(error) => {
                    plic_pipeline::log_limited!(
                        WARN,
                        error: &error,
                        "could not say that this node lives"
                    );
                }
            }
        }
    }

    /// Registers everybody who is connected here again, and listens to their rooms. Those who are still being registered
    /// are not among them: they would count as older than they are.
    pub(super) async fn register_all(&self) -> Result<(), StoreError> {
        let _reading = self.reading_everything();
        for some in self.all_registered().chunks(TOGETHER) {
            let registered = self.shared.restored(some.to_vec(), self.connections_per_user).await?;
            self.listen_for(registered.rooms).await?;
        }
        Ok(())
    }
}
