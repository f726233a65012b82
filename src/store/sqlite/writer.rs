//! The one task that writes.
//!
//! It takes one write that waits, then whatever else waits, without waiting for more: under load batches grow by
//! themselves, because writes gather while the disk syncs the batch before them; without load nothing is delayed.
//! Publishing and answering are not its work ([`Deliveries`]), nor are checkpoints ([`checkpoint::Checkpoints`]), but for
//! what is left of them.

use std::{iter::Peekable, sync::Arc, time::Duration, vec::Drain};

use plic_pipeline::{
    bus::Bus,
    event::{Committed, Event},
    id::MessageId,
    store::{NewMessage, StoreError},
    timestamp::Timestamp,
};
use tokio::{
    sync::mpsc,
    task::yield_now,
    time::{Instant, sleep_until},
};

use crate::store::write_health::WriteHealth;

use super::{
    append::{Placed, append},
    change::Run,
    checkpoint,
    commit::Writing,
    delivery::{Deliveries, Delivery},
    incidents,
    link::{Link, is_full},
    people::People,
    place::Place,
    purge,
    queue::Job,
    ticket::{Append, Ticket, failed},
};

/// The most writes that are taken at once, and so the most messages in one transaction.
const MAX_BATCH: usize = 256;
/// The most text in one transaction, in bytes, so that a batch of long messages delays nobody.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// Owns the only connection that may write.
pub(super) struct Writer {
    link: Link,
    people: People,
    deliveries: Deliveries,
    health: Arc<WriteHealth>,
}

impl Writer {
    pub(super) fn new(link: Link, bus: Arc<dyn Bus>, health: Arc<WriteHealth>) -> Self {
        Self { link, people: People::default(), deliveries: Deliveries::start(bus), health }
    }

    /// Writes until nobody can ask any more, and waits until all of it is published and answered.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut taken = Vec::with_capacity(MAX_BATCH);
        let mut purge_at = Instant::now();
        while !self.deliveries.have_ended() {
            tokio::select! {
                count = queue.recv_many(&mut taken, MAX_BATCH) => if count == 0 { break },
                // Without deliveries nobody would be answered.
                () = self.deliveries.ended() => break,
                () = sleep_until(purge_at) => {
                    purge_at = Instant::now() + self.purge().await;
                    continue;
                }
            }
            // Whoever has sent something already is read first: it costs nobody time, and makes the batch larger.
            yield_now().await;
            while taken.len() < MAX_BATCH
                && let Ok(job) = queue.try_recv()
            {
                taken.push(job);
            }
            let mut jobs = taken.drain(..).peekable();
            while let Some(job) = jobs.next() {
                match job {
                    Job::Append(first) => self.append(batch(first, &mut jobs)).await,
                    Job::Change(change) => self.change(change).await,
                    Job::Stop => queue.close(),
                }
            }
        }
        if let Err(error) = self.deliveries.finish().await {
            tracing::error!(%error, "deliveries had ended early");
        }
        if let Err(error) = self.link.close().await {
            tracing::warn!(%error, "could not close the database");
        }
    }

    /// Stores a batch and hands on what is new, and the answers.
    async fn append(&mut self, mut batch: Vec<Append>) {
        let placed = match self.store(&mut batch).await {
            Ok(placed) => placed,
            Err(error) => {
                plic_pipeline::log_limited!(
                    WARN,
                    error: &error,
                    "could not store messages"
                );
                let error = Arc::new(error);
                self.health.failed(&error);
                for append in batch {
                    append.ticket.answer(Err(failed(&error)));
                }
                return self.disconnect().await;
            }
        };
        if placed.iter().any(|placed| matches!(placed.place, Place::New { .. })) {
            self.health.stored();
        }
        let bytes = batch.iter().map(|append| append.message.text.len()).sum();
        self.link.checkpoints.wrote(checkpoint::of_messages(batch.len(), bytes));
        let mut events = Vec::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        for (Append { message, ticket }, Placed { place, incident }) in batch.into_iter().zip(placed) {
            answers.push((ticket, place));
            if let Place::New { id, seq } = place {
                events.push(self.event(message, id, seq));
            }
            events.extend(incident.map(incidents::opened));
        }
        self.deliveries.hand_on(Delivery { events, answer: Box::new(move || answer(answers)) }).await;
        self.link.finish_checkpoint().await;
    }

    /// Stores what of a batch somebody waits for. Where the volume is full it is tried again with room made for it: of a
    /// transaction that found none, nothing is stored.
    async fn store(&mut self, batch: &mut Vec<Append>) -> sqlx::Result<Vec<Placed>> {
        self.link.admit(false).await?;
        let mut attempt = 0;
        loop {
            batch.retain(|append| append.ticket.is_wanted());
            if batch.is_empty() {
                return Ok(Vec::new());
            }
            let messages: Vec<&NewMessage> = batch.iter().map(|append| &append.message).collect();
            let stored = match self.link.connection().await {
                Ok(connection) => append(connection, &mut self.people, &messages, Timestamp::now()).await,
                Err(error) => Err(error),
            };
            let error = match stored {
                Err(error) if is_full(&error) => error,
                stored => return stored,
            };
            self.people = People::default();
            if !self.link.make_room(attempt, false).await {
                return Err(error);
            }
            attempt += 1;
        }
    }

    fn event(&self, message: NewMessage, id: MessageId, seq: i64) -> Event {
        let NewMessage { key, origin, text, flag: _ } = message;
        let participants = self.people.of(key.room);
        Event::Message(Arc::new(Committed {
            id,
            room: key.room,
            seq,
            sender: key.sender,
            origin,
            text,
            participants,
            people_version: 0,
        }))
    }

    async fn change(&mut self, change: Box<dyn Run>) {
        if !change.is_wanted() {
            return;
        }
        let mut writing = Writing { link: &mut self.link, people: &mut self.people };
        match change.run(&mut writing).await {
            Ok(delivery) => {
                self.link.checkpoints.wrote(checkpoint::OF_A_CHANGE);
                self.deliveries.hand_on(delivery).await;
                self.link.finish_checkpoint().await;
            }
            // It has been answered.
            Err(error) => {
                self.health.failed(&error);
                self.disconnect().await;
            }
        }
    }

    /// Forgets some of what is too old to be sent again; answers when to go on.
    async fn purge(&mut self) -> Duration {
        let mut attempt = 0;
        loop {
            let purged = match self.link.connection().await {
                Ok(connection) => purge::purge(connection, Timestamp::now()).await,
                Err(error) => Err(error),
            };
            let error = match purged {
                Ok(next) => return next,
                Err(error) => error,
            };
            self.people = People::default();
            if !is_full(&error) || !self.link.make_room(attempt, true).await {
                plic_pipeline::log_limited!(WARN, error: &error, "could not purge what was sent long ago");
                self.disconnect().await;
                return purge::EVERY;
            }
            attempt += 1;
        }
    }

    /// Closes the connection; the next write opens another.
    async fn disconnect(&mut self) {
        self.people = People::default();
        self.link.lose().await;
    }
}

fn answer(answers: Vec<(Ticket<MessageId, StoreError>, Place)>) {
    for (ticket, place) in answers {
        ticket.answer(match place {
            Place::New { id, .. } | Place::Before(id) => Ok(id),
            Place::Held => Err(StoreError::Held),
            Place::NotParticipant => Err(StoreError::NotParticipant),
        });
    }
}

/// The appends that stand together.
fn batch(first: Append, jobs: &mut Peekable<Drain<'_, Job>>) -> Vec<Append> {
    let mut bytes = first.message.text.len();
    let mut batch = vec![first];
    while bytes < MAX_BATCH_BYTES {
        let Some(Job::Append(next)) = jobs.next_if(|job| matches!(job, Job::Append(_))) else { break };
        bytes += next.message.text.len();
        batch.push(next);
    }
    batch
}
