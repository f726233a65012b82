//! What follows a commit: it is published, and then its callers are answered, in the order of commit.
//!
//! A task of its own does it, so that fan-out goes on while the disk syncs the next commit; what was committed meanwhile
//! is published together, so that a connection gets it with one system call. Whatever is committed
//! passes here, so that nothing overtakes: who was removed from a room gets nothing of it after that was answered.

use std::sync::Arc;

use plic_pipeline::{bus::Bus, event::Event};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
};

/// Commits that may wait for the bus, beside those that are being published; then the writer waits.
const WAITING: usize = 8;

/// What came of a commit.
pub(super) struct Delivery {
    /// What is published, in this order.
    pub(super) events: Vec<Event>,
    /// Answers the callers.
    pub(super) answer: Box<dyn FnOnce() + Send>,
}

/// The way of deliveries to the bus.
pub(super) struct Deliveries {
    way: mpsc::Sender<Delivery>,
    task: JoinHandle<()>,
}

impl Deliveries {
    /// Starts the task; call it inside a runtime.
    pub(super) fn start(bus: Arc<dyn Bus>) -> Self {
        let (way, mut waiting) = mpsc::channel::<Delivery>(WAITING);
        let task = tokio::spawn(async move {
            let mut taken = Vec::with_capacity(WAITING);
            while waiting.recv_many(&mut taken, WAITING).await > 0 {
                let mut events = Vec::new();
                let mut answers = Vec::with_capacity(taken.len());
                for delivery in taken.drain(..) {
                    events.extend(delivery.events);
                    answers.push(delivery.answer);
                }
                if !events.is_empty() {
                    bus.publish(events).await;
                }
                for answer in answers {
                    answer();
                }
            }
        });
        Self { way, task }
    }

    /// Hands a commit on.
    pub(super) async fn hand_on(&self, delivery: Delivery) {
        // Where the task has panicked, the callers learn it from their tickets, which go with the delivery.
        let _ = self.way.send(delivery).await;
    }

    /// Waits until the task has ended before its time.
    pub(super) async fn ended(&self) {
        self.way.closed().await;
    }

    /// Whether the task has ended before its time.
    pub(super) fn have_ended(&self) -> bool {
        self.way.is_closed()
    }

    /// Waits until all is published and answered.
    pub(super) async fn finish(self) -> Result<(), JoinError> {
        drop(self.way);
        self.task.await
    }
}
