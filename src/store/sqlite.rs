//! `SQLite`: one file, one writer that groups commits, several readers.
//!
//! All writes go through one queue to one task (`writer`), which owns the only connection that may write. Appends that
//! wait together share a transaction, so that syncing the disk is paid once a batch (`append`); every other write has
//! a transaction of its own (`rooms`, and what `records` lists). What is committed is published and answered by a second
//! task (`delivery`), and copied from the log into the database by a third (`checkpoint`), while the writer goes on. Reads
//! go past the queue to a pool of read-only connections (`read`); WAL lets them see the last commit without waiting for
//! the writer.
//!
//! Nothing waits for ever: every call has a deadline, also in the queue, and a fault of the disk or of another process
//! that holds the file costs those calls only. The writer opens a new connection after any error.

mod append;
mod audit;
mod bans;
mod bulk;
mod checkpoint;
mod decide;
mod delivery;
mod dossier;
mod held;
mod hits;
mod incidents;
mod lately;
mod open;
mod people;
mod place;
#[cfg(test)]
mod plans;
mod policy;
mod purge;
mod queue;
mod read;
mod records;
mod redact;
mod refused;
mod reports;
mod retention;
mod rooms;
mod rules;
mod scan;
mod strikes;
mod verify;
mod words;
mod writer;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use plic_pipeline::{
    bus::Bus,
    id::{MessageId, RoomId, UserId},
    moderation::{
        Policy,
        incident::{HeldMessage, RefusedMessage},
    },
    room::{Room, RoomError},
    store::{
        Ban, Before, Held, NewMessage, Page, Recorded, RoomSummary, SentKey, Store, StoreError, StoredMessage,
    },
};
use sqlx::SqlitePool;
use tokio::time;
use uuid::Uuid;

use self::{
    held::Hold,
    queue::Queue,
    refused::RecordRefused,
    rooms::{ChangeRoom, CreateRoom, DeleteRoom},
};
pub use self::{
    open::{AppliedMigration, OpenError, migrate, path_of},
    verify::{Head, VerifyError, verify_audit},
};

/// How long a call may take in all, the time in the queue included.
const DEADLINE: Duration = Duration::from_secs(5);

/// A store in one `SQLite` file, which one process opens at a time.
#[derive(Debug)]
pub struct SqliteStore {
    epoch: Uuid,
    queue: Queue,
    lookups: SqlitePool,
    lists: SqlitePool,
    scanner: SqlitePool,
}

impl SqliteStore {
    /// Opens the database at `url` (`sqlite://data/plic-chat.db`, or a bare path), makes it where it is absent, and
    /// brings its schema up to date. What is committed is handed to `bus`. Call it inside a tokio runtime.
    pub async fn open(url: &str, bus: Arc<dyn Bus>) -> Result<Self, OpenError> {
        let opened = open::open(url).await?;
        let queue = Queue::start(opened.writer, opened.writer_options, opened.lock, bus);
        let open::Opened { epoch, lookups, lists, scanner, .. } = opened;
        Ok(Self { epoch, queue, lookups, lists, scanner })
    }

    /// The name of this database, random and made with it: another one means that ids started over.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// Finishes the writes that are waiting, closes the database and lets go of its lock. Later calls answer
    /// [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.queue.close().await;
        self.lookups.close().await;
        self.lists.close().await;
        self.scanner.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        self.queue.append(message).await
    }

    async fn record_refused(&self, refused: RefusedMessage, policy: &Policy) -> Result<Recorded, StoreError> {
        self.queue.change(RecordRefused { refused, policy: policy.clone() }).await
    }

    async fn hold(&self, held: HeldMessage) -> Result<Held, StoreError> {
        self.queue.change(Hold(held)).await
    }

    async fn already_sent(&self, key: &SentKey) -> Result<Option<Before>, StoreError> {
        in_time(read::already_sent(&self.lookups, key)).await
    }

    async fn room(&self, room: RoomId) -> Result<Option<Arc<Room>>, StoreError> {
        in_time(read::room(&self.lookups, room)).await
    }

    async fn create_room(
        &self,
        owner: UserId,
        named: &[UserId],
        apartment: Option<i64>,
    ) -> Result<RoomId, RoomError> {
        self.queue.change(CreateRoom { owner, named: named.to_vec(), apartment }).await
    }

    async fn change_room(
        &self,
        room: RoomId,
        actor: UserId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), RoomError> {
        self.queue.change(ChangeRoom { room, actor, add: add.to_vec(), remove: remove.to_vec() }).await
    }

    async fn delete_room(&self, room: RoomId, actor: UserId, moderates: bool) -> Result<(), RoomError> {
        self.queue.change(DeleteRoom { room, actor, moderates }).await
    }

    async fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<Page<RoomSummary>, RoomError> {
        in_time(read::rooms_of(&self.lists, user, after, limit)).await?.ok_or(RoomError::UnknownCursor)
    }

    async fn messages(
        &self,
        room: RoomId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Page<StoredMessage>, StoreError> {
        in_time(read::messages(&self.lists, room, before, limit)).await
    }

    async fn ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        in_time(read::ban_of(&self.lookups, user)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.queue.ping()?;
        in_time(read::ping(&self.lookups)).await
    }
}

/// Bounds a read, which may wait for a reader or for the disk.
async fn in_time<T>(read: impl Future<Output = sqlx::Result<T>> + Send) -> Result<T, StoreError> {
    within(DEADLINE, read).await
}

async fn within<T>(
    patience: Duration,
    read: impl Future<Output = sqlx::Result<T>> + Send,
) -> Result<T, StoreError> {
    match time::timeout(patience, read).await {
        Ok(Ok(answer)) => Ok(answer),
        Err(_) | Ok(Err(sqlx::Error::PoolTimedOut)) => Err(StoreError::TimedOut),
        Ok(Err(error)) => Err(StoreError::Unavailable(Box::new(error))),
    }
}
