//! One node: events go straight to its own hub. A sender is confirmed after the others were handed the message, so that
//! whoever reconnects after a confirmation does not receive what they sent themselves.

use std::sync::Arc;

use async_trait::async_trait;
use plic_pipeline::{
    bus::Bus,
    event::{Committed, Event},
    rejection::CloseCode,
};
use tokio::task::coop::consume_budget;

use crate::hub::{Delivery, Hub};

/// Texts that are written together at most, in bytes: what a slow reader may be left with beyond its bound.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Deliveries that are kept in mind at once.
const MAX_DELIVERIES: usize = 16 * 1024;

/// Carries events to the hub of this process.
pub struct LocalBus {
    hub: Arc<Hub>,
}

impl LocalBus {
    /// A bus to `hub`.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// Writes messages that were committed together.
    async fn deliver(&self, messages: &mut Vec<Arc<Committed>>) {
        let mut rest = messages.as_slice();
        while !rest.is_empty() {
            let (some, more) = rest.split_at(first_part(rest));
            for same in self.hub.fan_out(some).chunk_by(Delivery::is_with) {
                Delivery::write(same);
                // A large batch in large rooms is many system calls: others get their turn in between.
                consume_budget().await;
            }
            rest = more;
        }
        messages.clear();
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

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, events: Vec<Event>) {
        let mut messages = Vec::with_capacity(events.len());
        for event in events {
            if !matches!(event, Event::Message(_)) {
                // What was committed before it goes out before it.
                self.deliver(&mut messages).await;
            }
            match event {
                Event::Message(message) => messages.push(message),
                Event::Banned(user) => self.hub.end(user, CloseCode::Banned),
                Event::Disconnected(user) => self.hub.end(user, CloseCode::AdminAction),
                Event::Confirmed(confirmation) => self.hub.confirm(&confirmation),
                Event::Notice(notice) => self.hub.tell(notice),
                Event::News(_) => {}
            }
        }
        self.deliver(&mut messages).await;
    }
}
