//! Who is in which room, and how far the room has counted, as the writer knows it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use plic_pipeline::id::{RoomId, UserId};
use sqlx::{Row, SqliteConnection};

use super::{bulk::Bulk, read::load_present};

/// Users and rooms kept, before the cache starts over: 16 MiB of them.
const MAX_KEPT: usize = 1 << 20;

const OPEN_ROOMS: Bulk = Bulk {
    before: "SELECT id, last_seq FROM rooms WHERE deleted_at IS NULL AND id IN (",
    after: ")",
    columns: 1,
};

/// The participants of the rooms that are written to, in the order in which they joined, and their `last_seq`.
///
/// Never stale: only the writer changes rooms, and forgets the room when it does; should another process commit
/// anything, the database's `data_version` changes, and everything is forgotten. That makes it the same as reading the
/// rows in the transaction, without the thousand rows of a big room for every batch.
#[derive(Debug, Default)]
pub(super) struct People {
    version: i64,
    rooms: HashMap<RoomId, Arc<[UserId]>>,
    /// Of rooms that are not deleted.
    last_seqs: HashMap<RoomId, i64>,
    kept: usize,
}

impl People {
    /// Forgets everything if another process wrote; `version` is `PRAGMA data_version` of this transaction.
    pub(super) fn at_version(&mut self, version: i64) {
        if self.version != version {
            *self = Self { version, ..Self::default() };
        }
    }

    /// Forgets a room that is changed in this transaction otherwise than by appending.
    pub(super) fn forget(&mut self, room: RoomId) {
        self.last_seqs.remove(&room);
        if let Some(users) = self.rooms.remove(&room) {
            self.kept -= users.len();
        }
    }

    /// The people of a room that was loaded; nobody where there is no such room.
    pub(super) fn of(&self, room: RoomId) -> Arc<[UserId]> {
        self.rooms.get(&room).map_or_else(Arc::default, Arc::clone)
    }

    /// The sequence number of the newest message of a room that was loaded, unless it is deleted or not there.
    pub(super) fn last_seq(&self, room: RoomId) -> Option<i64> {
        self.last_seqs.get(&room).copied()
    }

    /// Notes how far an open room has counted, once that is committed.
    pub(super) fn set_last_seq(&mut self, room: RoomId, last_seq: i64) {
        self.last_seqs.insert(room, last_seq);
    }

    /// Loads what is not known yet of these rooms.
    pub(super) async fn load(
        &mut self,
        connection: &mut SqliteConnection,
        rooms: &HashSet<RoomId>,
    ) -> sqlx::Result<()> {
        if self.kept + self.last_seqs.len() > MAX_KEPT {
            *self = Self { version: self.version, ..Self::default() };
        }
        let uncounted: Vec<RoomId> =
            rooms.iter().copied().filter(|room| !self.last_seqs.contains_key(room)).collect();
        for row in OPEN_ROOMS.fetch(connection, &uncounted, |statement, room| statement.bind(room.0)).await? {
            self.last_seqs.insert(RoomId(row.try_get(0)?), row.try_get(1)?);
        }
        let missing: Vec<RoomId> =
            rooms.iter().copied().filter(|room| !self.rooms.contains_key(room)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        for (room, users) in load_present(connection, &missing).await? {
            self.kept += users.len();
            self.rooms.insert(room, users.into());
        }
        Ok(())
    }
}
