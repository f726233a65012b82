//! Writes messages to whom they concern, in parts that are no burden on anybody.

use std::sync::Arc;

use plic_pipeline::event::Committed;
use tokio::task::coop::consume_budget;

use super::{Delivery, Hub};

/// Texts that are written together at most, in bytes: what a slow reader may be left with beyond its bound.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Deliveries that are kept in mind at once.
const MAX_DELIVERIES: usize = 16 * 1024;

impl Hub {
    /// Writes messages, each room's in this order.
    pub async fn deliver(&self, messages: &[Arc<Committed>]) {
        let mut rest = messages;
        while !rest.is_empty() {
            let (some, more) = rest.split_at(first_part(rest));
            for same in self.fan_out(some).chunk_by(Delivery::is_with) {
                Delivery::write(same);
                // A large batch in large rooms is many system calls: others get their turn in between.
                consume_budget().await;
            }
            rest = more;
        }
    }
}

/// How many of these messages are written together: as many as are no burden on memory and on those who wait.
fn first_part(messages: &[Arc<Committed>]) -> usize {
    let (mut bytes, mut deliveries) = (0, 0);
    let fits = messages.iter().take_while(|message| {
        bytes += message.text.len();
        deliveries += message.participants.len();
        bytes <= MAX_TEXT_BYTES && deliveries <= MAX_DELIVERIES
    });
    fits.count().max(1)
}
