//! Where writes wait: messages for one task, everything else for another.

use std::sync::Arc;

use plic_pipeline::{
    bus::Bus,
    id::MessageId,
    store::{NewMessage, StoreError},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::store::write_health::WriteHealth;

use super::{
    change::{Change, Queued, Run},
    reach::Reach,
    ticket::{Append, ask, stopped},
    writer,
};

/// Messages that may wait; one more is refused as overload.
const MESSAGES: usize = 8192;
/// Other writes that may wait.
const CHANGES: usize = 2048;

/// A write that waits, or the word that no more is taken: what waits is still done.
pub(super) enum Job<W> {
    Write(W),
    Stop,
}

/// The way to the writers. Dropping it lets them finish what waits and stop.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    messages: mpsc::Sender<Job<Append>>,
    changes: mpsc::Sender<Job<Box<dyn Run>>>,
    stopped: CancellationToken,
    pub(super) health: Arc<WriteHealth>,
}

impl Queue {
    /// Starts the writers.
    pub(super) fn start(reach: Reach, node: i64, bus: Arc<dyn Bus>) -> Self {
        let (messages, waiting_messages) = mpsc::channel(MESSAGES);
        let (changes, waiting_changes) = mpsc::channel(CHANGES);
        let stopped = CancellationToken::new();
        let health = Arc::new(WriteHealth::default());
        let of_writers = Arc::clone(&health);
        let guard = stopped.clone().drop_guard();
        tokio::spawn(async move {
            let _guard = guard;
            writer::run(reach, node, bus, of_writers, waiting_messages, waiting_changes).await;
        });
        Self { messages, changes, stopped, health }
    }

    pub(super) async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        ask(&self.messages, |ticket| Job::Write(Append { message, ticket })).await
    }

    pub(super) async fn change<C: Change>(&self, change: C) -> Result<C::Done, C::Refusal> {
        ask(&self.changes, |ticket| Job::Write(Box::new(Queued { change, ticket }) as Box<dyn Run>)).await
    }

    /// Whether there are writers.
    pub(super) fn ping(&self) -> Result<(), StoreError> {
        if self.messages.is_closed() || self.changes.is_closed() { Err(stopped()) } else { Ok(()) }
    }

    /// Waits until everything that waits is written and the writers have stopped.
    pub(super) async fn close(&self) {
        // An error means that they are stopping already.
        let _ = self.messages.send(Job::Stop).await;
        let _ = self.changes.send(Job::Stop).await;
        self.stopped.cancelled().await;
    }
}
