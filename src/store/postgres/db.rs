//! What the modules of `src/store/sql`, which both engines compile, ask of this engine.

use std::sync::Arc;

use plic_pipeline::{
    event::Committed,
    id::{RoomId, UserId},
    timestamp::Timestamp,
};
use sqlx::{PgPool, postgres::PgRow, query, query_as, query_scalar};
use uuid::Uuid;

use super::change::Work;
pub(super) use super::{
    PostgresStore as Engine,
    bulk::Bulk,
    commit::{Writing, commit},
    connection::Connection,
    people::People,
    reach::may_pass as is_passing,
    text::Text,
};

/// A row of an answer.
pub(super) type Row = PgRow;
/// A transaction that only reads, and sees one moment.
pub(super) type Snapshot = Box<Connection>;
/// A connection for a single statement.
pub(super) type Reader = Box<Connection>;

/// Stands before a column that no index is to be taken for: here the planner knows by its statistics.
pub(super) const HIDDEN: &str = "";
/// What stands before the dot of an audited action, as its index has it.
pub(super) const SUBJECT: &str = "split_part(action, '.', 1)";

/// Whether the entries of the audit log have a format.
pub(super) const HAS_FORMATS: &str = "SELECT EXISTS (SELECT FROM pg_attribute \
    WHERE attrelid = 'plic_chat.audit'::regclass AND attname = 'format' AND NOT attisdropped)";

/// Connections that only read.
#[derive(Debug)]
pub(super) struct Readers {
    pub(super) pool: PgPool,
    /// Begins a transaction.
    pub(super) begin: &'static str,
    pub(super) pooled: bool,
}

impl Readers {
    /// For several statements that are to see one moment.
    pub(super) async fn snapshot(&self) -> sqlx::Result<Snapshot> {
        Ok(Box::new(Connection::within(self.pool.begin_with(self.begin).await?, !self.pooled)))
    }

    /// For a single statement. A pooler's connection has its settings in a transaction only.
    pub(super) async fn single(&self) -> sqlx::Result<Reader> {
        if self.pooled {
            self.snapshot().await
        } else {
            Ok(Box::new(Connection::lent(self.pool.acquire().await?)))
        }
    }

    /// Waits until all of them are closed.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Engine {
    /// The moment by the clock that bans and windows go by: the database's.
    pub(super) fn moment(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Draws the id of a new room or message: higher than all that are committed in the room, which is locked.
pub(super) async fn next_id(connection: &mut Connection) -> sqlx::Result<i64> {
    query_scalar("SELECT nextval('ids')").fetch_one(connection).await
}

/// Writes without changing anything: a new version of a row is stored all the same.
pub(super) async fn rewrite(connection: &mut Connection) -> sqlx::Result<()> {
    query("UPDATE meta SET epoch = epoch").execute(connection).await?;
    Ok(())
}

/// The id that was drawn last.
pub(super) async fn newest_id(connection: &mut Connection) -> sqlx::Result<i64> {
    query_scalar("SELECT last_value FROM ids").fetch_one(connection).await
}

/// Who is in a room that is not deleted.
pub(super) struct Present {
    pub(super) users: Arc<[UserId]>,
    /// How often who is in it has changed.
    pub(super) people_version: i64,
}

/// Locks these rooms until the end of the transaction, in the order of their ids, as whoever locks several rooms does.
pub(super) async fn lock_rooms(connection: &mut Connection, rooms: &[RoomId]) -> sqlx::Result<()> {
    let rooms: Vec<i64> = rooms.iter().map(|room| room.0).collect();
    query("SELECT FROM rooms WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE")
        .bind(rooms)
        .execute(connection)
        .await?;
    Ok(())
}

/// Locks a room that a change adds a message to, and answers who is in it; nothing where it is deleted or not there.
pub(super) async fn present(work: &mut Work<'_>, room: RoomId) -> sqlx::Result<Option<Present>> {
    // By itself: what comes after it sees what others did before they let go of the row.
    lock_rooms(work.connection, &[room]).await?;
    let found: Option<(i64, Vec<Uuid>)> = query_as(
        "SELECT people_version, ARRAY (SELECT \"user\" FROM participants WHERE room = $1 AND left_at IS NULL \
         ORDER BY joined) FROM rooms WHERE id = $1 AND deleted_at IS NULL",
    )
    .bind(room.0)
    .fetch_optional(&mut *work.connection)
    .await?;
    Ok(found.map(|(people_version, users)| Present {
        users: users.into_iter().map(UserId).collect(),
        people_version,
    }))
}

/// Stores a message as it is committed, with the connection that sent it: other nodes read it here.
pub(super) async fn store_message(
    connection: &mut Connection,
    message: &Committed,
    now: Timestamp,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO messages (id, room, seq, sender, text, created_at, origin) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(message.id.0)
    .bind(message.room.0)
    .bind(message.seq)
    .bind(message.sender.0)
    .bind(Text::from(message.text.as_str()))
    .bind(now.0)
    .bind(message.origin.0.cast_signed())
    .execute(connection)
    .await?;
    Ok(())
}
