//! Who is in which room, as the writer knows it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use plic_pipeline::id::{RoomId, UserId};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::bulk::Bulk;

/// Users kept over all rooms, before the cache starts over: 16 MiB of them.
const MAX_KEPT: usize = 1 << 20;

const PRESENT: Bulk = Bulk {
    before: "SELECT room, user FROM participants WHERE left_at IS NULL AND room IN (",
    after: ") ORDER BY room, joined",
    columns: 1,
};

/// The participants of the rooms that are written to, in the order in which they joined.
///
/// Never stale: only the writer changes memberships, and forgets the room when it does; should another process commit
/// anything, the database's `data_version` changes, and everything is forgotten. That makes it the same as reading the
/// rows in the transaction, without the thousand rows of a big room for every batch.
#[derive(Debug, Default)]
pub(super) struct People {
    version: i64,
    rooms: HashMap<RoomId, Arc<[UserId]>>,
    kept: usize,
}

impl People {
    /// Forgets everything if another process wrote; `version` is `PRAGMA data_version` of this transaction.
    pub(super) fn at_version(&mut self, version: i64) {
        if self.version != version {
            *self = Self { version, ..Self::default() };
        }
    }

    /// Forgets a room whose people change in this transaction.
    pub(super) fn forget(&mut self, room: RoomId) {
        if let Some(users) = self.rooms.remove(&room) {
            self.kept -= users.len();
        }
    }

    /// The people of a room that was loaded; nobody where there is no such room.
    pub(super) fn of(&self, room: RoomId) -> Arc<[UserId]> {
        self.rooms.get(&room).map_or_else(Arc::default, Arc::clone)
    }

    /// Loads what is not known yet of these rooms.
    pub(super) async fn load(
        &mut self,
        connection: &mut SqliteConnection,
        rooms: &HashSet<RoomId>,
    ) -> sqlx::Result<()> {
        if self.kept > MAX_KEPT {
            *self = Self { version: self.version, ..Self::default() };
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

/// The people of these rooms, in the order in which they joined; no entry for a room with nobody in it.
pub(super) async fn load_present(
    connection: &mut SqliteConnection,
    rooms: &[RoomId],
) -> sqlx::Result<HashMap<RoomId, Vec<UserId>>> {
    let rows = PRESENT.fetch(connection, rooms, |statement, room| statement.bind(room.0)).await?;
    let mut present: HashMap<RoomId, Vec<UserId>> = HashMap::with_capacity(rooms.len());
    for row in rows {
        present.entry(RoomId(row.try_get(0)?)).or_default().push(UserId(row.try_get::<Uuid, _>(1)?));
    }
    Ok(present)
}
