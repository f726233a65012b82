//! Appending: takes one message that waits, then whatever else waits, without waiting for more. Under load batches grow
//! by themselves, because messages gather while the database commits those before them.

use std::{collections::VecDeque, sync::Arc};

use plic_pipeline::{
    event::{Committed, Event},
    id::{MessageId, RoomId},
    store::{NewMessage, StoreError},
};
use tokio::{sync::mpsc, task::yield_now, time};

use super::{
    append::{Place, Placed, append},
    deadline::RetryDelays,
    delivery::Delivery,
    incidents,
    people::Known,
    queue::Job,
    reach::{Link, is_locked_out, may_pass},
    ticket::{Append, Ticket, failed},
    writer::Outlet,
};

/// The most messages of a batch.
const MAX_BATCH: usize = 256;
/// The most text of a batch, in bytes, so that a batch of long messages delays nobody.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// Owns the connection that appends.
pub(super) struct Appender {
    link: Link,
    node: i64,
    known: Known,
}

impl Appender {
    pub(super) fn new(link: Link, node: i64) -> Self {
        Self { link, node, known: Known::default() }
    }

    /// Appends until nobody can ask any more.
    pub(super) async fn run(mut self, outlet: &Outlet, mut queue: mpsc::Receiver<Job<Append>>) {
        let mut taken = Vec::with_capacity(MAX_BATCH);
        while !outlet.deliveries.have_ended() {
            tokio::select! {
                count = queue.recv_many(&mut taken, MAX_BATCH) => if count == 0 { break },
                // Without deliveries nobody would be answered.
                () = outlet.deliveries.ended() => break,
            }
            // Whoever has sent something already is read first: it costs nobody time, and makes the batch larger.
            yield_now().await;
            while taken.len() < MAX_BATCH
                && let Ok(job) = queue.try_recv()
            {
                taken.push(job);
            }
            let mut waiting = VecDeque::with_capacity(taken.len());
            for job in taken.drain(..) {
                match job {
                    Job::Write(append) => waiting.push_back(append),
                    Job::Stop => queue.close(),
                }
            }
            while !waiting.is_empty() {
                let batch = next_batch(&mut waiting);
                let _batch = outlet.batch.lock().await;
                self.store(outlet, batch).await;
            }
        }
        self.link.close().await;
    }

    /// Stores a batch, room by room where one of them is locked: its neighbours do not fail with it.
    async fn store(&mut self, outlet: &Outlet, batch: Vec<Append>) {
        let Some((batch, error)) = self.try_to_store(outlet, batch).await else { return };
        let rooms = rooms_of(&batch);
        if rooms.len() < 2 || !is_locked_out(&error) {
            return fail(outlet, batch, error);
        }
        let mut rest = batch;
        for room in rooms {
            let (here, elsewhere) = rest.into_iter().partition(|append| append.message.key.room == room);
            rest = elsewhere;
            if let Some((here, error)) = self.try_to_store(outlet, here).await {
                fail(outlet, here, error);
            }
        }
    }

    /// Stores a batch, trying again as long as somebody waits for it; answers what is left of it, and why.
    async fn try_to_store(
        &mut self,
        outlet: &Outlet,
        mut batch: Vec<Append>,
    ) -> Option<(Vec<Append>, sqlx::Error)> {
        let mut delays = RetryDelays::default();
        loop {
            batch.retain(|append| append.ticket.is_wanted());
            let deadline = batch.iter().map(|append| append.ticket.deadline()).max()?;
            let messages: Vec<&NewMessage> = batch.iter().map(|append| &append.message).collect();
            let attempt = append(&mut self.link, self.node, &mut self.known, &messages);
            let error = match time::timeout_at(deadline, attempt).await {
                Ok(Ok(placed)) => {
                    if placed.places.iter().any(|place| matches!(place, Place::New { .. })) {
                        outlet.health.stored();
                    }
                    outlet.deliveries.hand_on(self.delivery(batch, placed)).await;
                    return None;
                }
                Ok(Err(error)) => error,
                Err(_) => sqlx::Error::PoolTimedOut,
            };
            self.link.lose();
            if !may_pass(&error) || !delays.wait(deadline).await {
                return Some((batch, error));
            }
            tracing::debug!(error = &error as &dyn std::error::Error, "messages are stored again");
        }
    }

    fn delivery(&self, batch: Vec<Append>, placed: Placed) -> Delivery {
        let Placed { places, incidents, news } = placed;
        let mut events = Vec::with_capacity(batch.len() + 1);
        let mut answers = Vec::with_capacity(batch.len());
        for ((Append { message, ticket }, place), incident) in batch.into_iter().zip(places).zip(incidents) {
            answers.push((ticket, place));
            if let Place::New { id, seq } = place {
                events.push(self.event(message, id, seq));
            }
            events.extend(incident.map(incidents::opened));
        }
        events.extend(news);
        Delivery { events, answer: Box::new(move || answer(answers)) }
    }

    fn event(&self, message: NewMessage, id: MessageId, seq: i64) -> Event {
        let NewMessage { key, origin, text, flag: _ } = message;
        let present = self.known.of(key.room);
        Event::Message(Arc::new(Committed {
            id,
            room: key.room,
            seq,
            sender: key.sender,
            origin,
            text,
            participants: present.map_or_else(Arc::default, |present| Arc::clone(&present.users)),
            people_version: present.map_or(0, |present| present.version),
        }))
    }
}

fn answer(answers: Vec<(Ticket<MessageId, StoreError>, Place)>) {
    for (ticket, place) in answers {
        ticket.answer(match place {
            Place::New { id, .. } | Place::Before(id) => Ok(id),
            Place::Held => Err(StoreError::Held),
            Place::Banned => Err(StoreError::Banned),
            Place::NotParticipant => Err(StoreError::NotParticipant),
        });
    }
}

fn fail(outlet: &Outlet, batch: Vec<Append>, error: sqlx::Error) {
    plic_pipeline::log_limited!(WARN, error: &error, "could not store messages");
    let error = Arc::new(error);
    outlet.health.failed(&error);
    for append in batch {
        append.ticket.answer(Err(failed(&error)));
    }
}

fn rooms_of(batch: &[Append]) -> Vec<RoomId> {
    let mut rooms: Vec<RoomId> = batch.iter().map(|append| append.message.key.room).collect();
    rooms.sort_unstable();
    rooms.dedup();
    rooms
}

/// The first messages that wait and go together: flagged ones are changes too, and have batches of their own.
fn next_batch(waiting: &mut VecDeque<Append>) -> Vec<Append> {
    let is_flagged = waiting.front().is_some_and(|append| append.message.flag.is_some());
    let mut batch = Vec::with_capacity(waiting.len());
    let mut bytes = 0;
    while bytes < MAX_BATCH_BYTES
        && let Some(next) = waiting.pop_front_if(|append| append.message.flag.is_some() == is_flagged)
    {
        bytes += next.message.text.len();
        batch.push(next);
    }
    batch
}
