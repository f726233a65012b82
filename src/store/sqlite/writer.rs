//! The one task that writes.
//!
//! It takes one write that waits, then whatever else waits, without waiting for more: under load batches grow by
//! themselves, because writes gather while the disk syncs the batch before them; without load nothing is delayed.
//! Publishing and answering are not its work ([`Deliveries`]), nor are checkpoints ([`Checkpoints`]), but for what is
//! left of them.

use std::{iter::Peekable, sync::Arc, time::Duration, vec::Drain};

use plic_pipeline::{
    bus::Bus,
    event::{Committed, Event},
    id::MessageId,
    store::{NewMessage, StoreError},
    timestamp::Timestamp,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::mpsc,
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::{
    append::{Placed, append},
    change::Run,
    checkpoint::{self, Checkpoints},
    commit::Writing,
    delivery::{Deliveries, Delivery},
    incidents,
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
    /// `None` after an error: what state it left the connection in is not worth finding out.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    people: People,
    deliveries: Deliveries,
    checkpoints: Checkpoints,
}

impl Writer {
    pub(super) fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        bus: Arc<dyn Bus>,
    ) -> Self {
        let checkpoints = Checkpoints::start(options.clone());
        let deliveries = Deliveries::start(bus);
        Self { connection: Some(connection), options, people: People::default(), deliveries, checkpoints }
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
        self.checkpoints.stop().await;
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "could not close the database");
        }
    }

    /// Stores a batch and hands on what is new, and the answers.
    async fn append(&mut self, batch: Vec<Append>) {
        if batch.is_empty() {
            return;
        }
        let messages: Vec<&NewMessage> = batch.iter().map(|append| &append.message).collect();
        let placed = match connect(&mut self.connection, &self.options).await {
            Ok(connection) => append(connection, &mut self.people, &messages, Timestamp::now()).await,
            Err(error) => Err(error),
        };
        let placed = match placed {
            Ok(placed) => placed,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "could not store messages");
                let error = Arc::new(error);
                for append in batch {
                    append.ticket.answer(Err(failed(&error)));
                }
                return self.disconnect().await;
            }
        };
        let bytes = messages.iter().map(|message| message.text.len()).sum();
        self.checkpoints.wrote(checkpoint::of_messages(messages.len(), bytes));
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
        self.finish_checkpoint().await;
    }

    async fn finish_checkpoint(&mut self) {
        if let Some(connection) = &mut self.connection
            && let Err(error) = self.checkpoints.finish(connection).await
        {
            tracing::warn!(%error, "could not finish a checkpoint");
            self.disconnect().await;
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
        let done = match connect(&mut self.connection, &self.options).await {
            Ok(connection) => change.run(&mut Writing { connection, people: &mut self.people }).await,
            Err(error) => {
                let error = Arc::new(error);
                change.fail(&error);
                Err(error)
            }
        };
        let Ok(delivery) = done else { return self.disconnect().await };
        self.checkpoints.wrote(checkpoint::OF_A_CHANGE);
        self.deliveries.hand_on(delivery).await;
        self.finish_checkpoint().await;
    }

    /// Forgets some of what is too old to be sent again; answers when to go on.
    async fn purge(&mut self) -> Duration {
        let purged = match connect(&mut self.connection, &self.options).await {
            Ok(connection) => purge::purge(connection, Timestamp::now()).await,
            Err(error) => Err(error),
        };
        match purged {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "could not purge what was sent long ago");
                self.disconnect().await;
                purge::EVERY
            }
        }
    }

    /// Closes the connection, which rolls back what is open; the next write opens another.
    async fn disconnect(&mut self) {
        self.people = People::default();
        if let Some(connection) = self.connection.take() {
            // The error that led here has been answered; this one would not add to it.
            let _ = connection.close_hard().await;
        }
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

/// The connection, opened again where an error closed it.
async fn connect<'c>(
    connection: &'c mut Option<SqliteConnection>,
    options: &SqliteConnectOptions,
) -> sqlx::Result<&'c mut SqliteConnection> {
    if connection.is_none() {
        *connection = Some(options.connect().await?);
    }
    Ok(connection.as_mut().expect("it was opened just now"))
}

/// The appends that stand together, without those that nobody waits for any more.
fn batch(first: Append, jobs: &mut Peekable<Drain<'_, Job>>) -> Vec<Append> {
    let mut bytes = first.message.text.len();
    let mut batch = vec![first];
    while bytes < MAX_BATCH_BYTES {
        let Some(Job::Append(next)) = jobs.next_if(|job| matches!(job, Job::Append(_))) else { break };
        bytes += next.message.text.len();
        batch.push(next);
    }
    batch.retain(|append| append.ticket.is_wanted());
    batch
}
