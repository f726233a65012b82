//! Where writes wait for the writer.

use std::{fs::File, sync::Arc};

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
    link::Link,
    ticket::{Append, ask, stopped},
    writer::Writer,
};

/// Writes that may wait; one more is refused as overload.
const LENGTH: usize = 8192;

/// A write that waits.
pub(super) enum Job {
    /// A message; those that wait together share a transaction.
    Append(Append),
    /// Any other write.
    Change(Box<dyn Run>),
    /// Takes nothing more; what waits is still done.
    Stop,
}

/// The way to the writer. Dropping it lets the writer finish what waits and stop.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    jobs: mpsc::Sender<Job>,
    stopped: CancellationToken,
    pub(super) health: Arc<WriteHealth>,
}

impl Queue {
    /// Starts the writer. It holds `lock` for as long as it may write.
    pub(super) fn start(link: Link, lock: File, bus: Arc<dyn Bus>) -> Self {
        let (jobs, waiting) = mpsc::channel(LENGTH);
        let stopped = CancellationToken::new();
        let guard = stopped.clone().drop_guard();
        let health = Arc::new(WriteHealth::default());
        let writer = Writer::new(link, bus, Arc::clone(&health));
        tokio::spawn(async move {
            // In this order at the end, whatever the end is: the database closes, its lock opens, closers go on.
            let _guard = guard;
            let _lock = lock;
            writer.run(waiting).await;
        });
        Self { jobs, stopped, health }
    }

    pub(super) async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        ask(&self.jobs, |ticket| Job::Append(Append { message, ticket })).await
    }

    pub(super) async fn change<C: Change>(&self, change: C) -> Result<C::Done, C::Refusal> {
        ask(&self.jobs, |ticket| Job::Change(Box::new(Queued { change, ticket }))).await
    }

    /// Whether there is a writer.
    pub(super) fn ping(&self) -> Result<(), StoreError> {
        if self.jobs.is_closed() { Err(stopped()) } else { Ok(()) }
    }

    /// Waits until everything that waits is written and the writer has stopped.
    pub(super) async fn close(&self) {
        // An error means that it is stopping already.
        let _ = self.jobs.send(Job::Stop).await;
        self.stopped.cancelled().await;
    }
}
