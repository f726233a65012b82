//! Where writes wait for the writer, and how they are answered.

use std::{fs::File, sync::Arc};

use async_trait::async_trait;
use plic_pipeline::{
    bus::Bus,
    event::Event,
    id::MessageId,
    store::{NewMessage, StoreError},
    timestamp::Timestamp,
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{mpsc, oneshot},
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{DEADLINE, delivery::Delivery, people::People, writer::Writer};

/// Writes that may wait; one more is refused as overload.
const LENGTH: usize = 8192;

/// A write with a transaction of its own.
#[async_trait]
pub(super) trait Change: Send + Sync + 'static {
    /// What it answers.
    type Done: Send + 'static;
    /// Why it is refused; nothing of it is kept then.
    type Refusal: From<StoreError> + Send + 'static;

    /// Does it, inside a transaction that the caller commits, or rolls back where it is refused.
    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Self::Done, Self::Refusal>>;
}

/// The transaction of a [`Change`], and what belongs to it.
pub(super) struct Work<'w> {
    pub(super) connection: &'w mut SqliteConnection,
    pub(super) people: &'w mut People,
    pub(super) now: Timestamp,
    /// Published after the commit and before the answer; nothing of it where the change is refused.
    pub(super) events: Vec<Event>,
}

/// A write that waits.
pub(super) enum Job {
    /// A message; those that wait together share a transaction.
    Append(Append),
    /// Any other write.
    Change(Box<dyn Run>),
    /// Takes nothing more; what waits is still done.
    Stop,
}

/// A message that waits.
pub(super) struct Append {
    pub(super) message: NewMessage,
    pub(super) ticket: Ticket<MessageId, StoreError>,
}

/// The way back to the caller.
pub(super) struct Ticket<T, E> {
    deadline: Instant,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E> Ticket<T, E> {
    /// Whether the caller still waits. What nobody waits for is not begun: it would be stored after its caller was
    /// told that it may not be.
    pub(super) fn is_wanted(&self) -> bool {
        !self.reply.is_closed() && Instant::now() < self.deadline
    }

    /// Answers; a caller that has gone away meanwhile does not matter.
    pub(super) fn answer(self, answer: Result<T, E>) {
        let _ = self.reply.send(answer);
    }
}

/// A [`Change`] whose type is forgotten, so that all of them wait in one queue.
#[async_trait]
pub(super) trait Run: Send {
    fn is_wanted(&self) -> bool;

    /// Does it in a transaction; answers what is to be published and how to answer the caller. An error means that the
    /// caller is answered and the connection is not to be trusted.
    async fn run(
        self: Box<Self>,
        connection: &mut SqliteConnection,
        people: &mut People,
    ) -> Result<Delivery, Arc<sqlx::Error>>;

    /// Answers that the database failed.
    fn fail(self: Box<Self>, error: &Arc<sqlx::Error>);
}

struct Queued<C: Change> {
    change: C,
    ticket: Ticket<C::Done, C::Refusal>,
}

#[async_trait]
impl<C: Change> Run for Queued<C> {
    fn is_wanted(&self) -> bool {
        self.ticket.is_wanted()
    }

    async fn run(
        self: Box<Self>,
        connection: &mut SqliteConnection,
        people: &mut People,
    ) -> Result<Delivery, Arc<sqlx::Error>> {
        match commit(&self.change, connection, people).await {
            Ok((answer, events)) => {
                Ok(Delivery { events, answer: Box::new(move || self.ticket.answer(answer)) })
            }
            Err(error) => {
                let error = Arc::new(error);
                self.fail(&error);
                Err(error)
            }
        }
    }

    fn fail(self: Box<Self>, error: &Arc<sqlx::Error>) {
        self.ticket.answer(Err(failed(error).into()));
    }
}

/// Does a change in a transaction of its own; answers its answer, and what is to be published.
async fn commit<C: Change>(
    change: &C,
    connection: &mut SqliteConnection,
    people: &mut People,
) -> sqlx::Result<(Result<C::Done, C::Refusal>, Vec<Event>)> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut work = Work { connection: &mut transaction, people, now: Timestamp::now(), events: Vec::new() };
    let answer = change.apply(&mut work).await?;
    let events = work.events;
    if answer.is_ok() {
        transaction.commit().await?;
        return Ok((answer, events));
    }
    transaction.rollback().await?;
    Ok((answer, Vec::new()))
}

/// The error of a batch, for each of its callers.
pub(super) fn failed(error: &Arc<sqlx::Error>) -> StoreError {
    StoreError::Unavailable(Box::new(Arc::clone(error)))
}

/// The way to the writer. Dropping it lets the writer finish what waits and stop.
#[derive(Debug)]
pub(super) struct Queue {
    jobs: mpsc::Sender<Job>,
    stopped: CancellationToken,
}

impl Queue {
    /// Starts the writer. It holds `lock` for as long as it may write.
    pub(super) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        lock: File,
        bus: Arc<dyn Bus>,
    ) -> Self {
        let (jobs, waiting) = mpsc::channel(LENGTH);
        let stopped = CancellationToken::new();
        let guard = stopped.clone().drop_guard();
        let writer = Writer::new(connection, options, bus);
        tokio::spawn(async move {
            // In this order at the end, whatever the end is: the database closes, its lock opens, closers go on.
            let _guard = guard;
            let _lock = lock;
            writer.run(waiting).await;
        });
        Self { jobs, stopped }
    }

    pub(super) async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        self.ask(|ticket| Job::Append(Append { message, ticket })).await
    }

    pub(super) async fn change<C: Change>(&self, change: C) -> Result<C::Done, C::Refusal> {
        self.ask(|ticket| Job::Change(Box::new(Queued { change, ticket }))).await
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

    /// Puts a job into the queue and waits for its answer, no longer than the deadline.
    async fn ask<T, E: From<StoreError>>(&self, job: impl FnOnce(Ticket<T, E>) -> Job) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + DEADLINE;
        self.jobs.try_send(job(Ticket { deadline, reply })).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        match time::timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) if Instant::now() < deadline => Err(stopped().into()),
            Ok(Err(_)) | Err(_) => Err(StoreError::TimedOut.into()),
        }
    }
}

/// What is answered when there is no writer any more.
fn stopped() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}
