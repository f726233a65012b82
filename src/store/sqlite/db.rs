//! What the modules of `src/store/sql`, which both engines compile, ask of this engine. The other engine's `db` has the
//! same names with the same meaning; what the SQL itself must heed stands in `src/store/sql/README.md`.

use plic_pipeline::{
    event::Committed,
    id::{RoomId, UserId},
    timestamp::Timestamp,
};
use sqlx::{
    Row as _, Sqlite, SqliteConnection, SqlitePool,
    encode::IsNull,
    error::BoxDynError,
    pool::PoolConnection,
    query, query_scalar,
    sqlite::{SqliteArgumentsBuffer, SqliteRow, SqliteTypeInfo, SqliteValueRef},
};

use std::{collections::HashSet, sync::Arc};

use super::change::Work;
pub(super) use super::{
    SqliteStore as Engine,
    bulk::Bulk,
    commit::{Writing, commit},
    people::People,
};

/// The database, as sqlx names it.
pub(super) type Db = Sqlite;
/// A connection to it.
pub(super) type Connection = SqliteConnection;
/// A row of an answer.
pub(super) type Row = SqliteRow;
/// A transaction that only reads, and sees one moment.
pub(super) type Snapshot = sqlx::Transaction<'static, Db>;
/// A connection for a single statement.
pub(super) type Reader = PoolConnection<Db>;

/// Stands before a column that no index is to be taken for.
pub(super) const HIDDEN: &str = "+";
/// What stands before the dot of an audited action, as its index has it.
pub(super) const SUBJECT: &str = "substr(action, 1, instr(action, '.') - 1)";

/// Whether the entries of the audit log have a format.
pub(super) const HAS_FORMATS: &str =
    "SELECT EXISTS (SELECT 1 FROM pragma_table_info('audit') WHERE name = 'format')";

/// Connections that only read.
#[derive(Debug)]
pub(super) struct Readers(pub(super) SqlitePool);

impl Readers {
    /// For several statements that are to see one moment.
    pub(super) async fn snapshot(&self) -> sqlx::Result<Snapshot> {
        self.0.begin().await
    }

    /// For a single statement.
    pub(super) async fn single(&self) -> sqlx::Result<Reader> {
        self.0.acquire().await
    }

    /// Waits until all of them are closed.
    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

/// Whether a read that failed may succeed when it is repeated: there is no connection that could be lost.
pub(super) fn is_passing(_: &sqlx::Error) -> bool {
    false
}

/// A text that somebody wrote: it may hold any character, U+0000 too. `SQLite` keeps it as it is.
#[derive(Debug, Clone)]
pub(super) struct Text(pub(super) String);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl sqlx::Type<Db> for Text {
    fn type_info() -> SqliteTypeInfo {
        <String as sqlx::Type<Db>>::type_info()
    }

    fn compatible(found: &SqliteTypeInfo) -> bool {
        <String as sqlx::Type<Db>>::compatible(found)
    }
}

impl<'q> sqlx::Encode<'q, Db> for Text {
    fn encode(self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <String as sqlx::Encode<'q, Db>>::encode(self.0, buffer)
    }

    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <String as sqlx::Encode<'q, Db>>::encode_by_ref(&self.0, buffer)
    }
}

impl<'r> sqlx::Decode<'r, Db> for Text {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        <String as sqlx::Decode<'r, Db>>::decode(value).map(Self)
    }
}

impl Engine {
    /// The moment by the clock that bans and windows go by: this machine's.
    #[expect(clippy::unused_self, reason = "the other engine has a clock of its own")]
    pub(super) fn moment(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Draws the id of a new room or message: higher than all that are committed in the room.
pub(super) async fn next_id(connection: &mut Connection) -> sqlx::Result<i64> {
    query_scalar("UPDATE meta SET last_id = last_id + 1 RETURNING last_id").fetch_one(connection).await
}

/// Writes without changing anything. There and back: a page that is set to what it holds would not be written.
pub(super) async fn rewrite(connection: &mut Connection) -> sqlx::Result<()> {
    for step in ["UPDATE meta SET last_id = last_id + 1", "UPDATE meta SET last_id = last_id - 1"] {
        query(step).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The id that was drawn last.
pub(super) async fn newest_id(connection: &mut Connection) -> sqlx::Result<i64> {
    query_scalar("SELECT last_id FROM meta").fetch_one(connection).await
}

/// Who is in a room that is not deleted.
pub(super) struct Present {
    pub(super) users: Arc<[UserId]>,
    /// How often who is in it has changed.
    pub(super) people_version: i64,
}

/// Locks these rooms until the end of the transaction, in the order of their ids, as whoever locks several rooms does.
/// Here the transaction holds the whole database.
pub(super) async fn lock_rooms(_: &mut Connection, _: &[RoomId]) -> sqlx::Result<()> {
    Ok(())
}

/// Locks a room that a change adds a message to, and answers who is in it; nothing where it is deleted or not there.
pub(super) async fn present(work: &mut Work<'_>, room: RoomId) -> sqlx::Result<Option<Present>> {
    let row = query(
        "SELECT data_version, (SELECT people_version FROM rooms WHERE id = $1 AND deleted_at IS NULL) \
         FROM pragma_data_version",
    )
    .bind(room.0)
    .fetch_one(&mut *work.connection)
    .await?;
    work.people.at_version(row.try_get(0)?);
    let Some(people_version) = row.try_get(1)? else { return Ok(None) };
    work.people.load(work.connection, &HashSet::from([room])).await?;
    Ok(Some(Present { users: work.people.of(room), people_version }))
}

/// Stores a message as it is committed.
pub(super) async fn store_message(
    connection: &mut Connection,
    message: &Committed,
    now: Timestamp,
) -> sqlx::Result<()> {
    query("INSERT INTO messages (id, room, seq, sender, text, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(message.id.0)
        .bind(message.room.0)
        .bind(message.seq)
        .bind(message.sender.0)
        .bind(message.text.as_str().to_owned())
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}
