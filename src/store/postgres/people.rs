//! Who is in which room, as this node knows it.

use std::{collections::HashMap, sync::Arc};

use plic_pipeline::id::{RoomId, UserId};

/// Users and rooms kept, before the cache starts over: 16 MiB of them.
const MAX_KEPT: usize = 1 << 20;

/// What a change would have to forget: nothing, because the rooms of [`Known`] have versions.
#[derive(Debug, Default)]
pub(super) struct People;

impl People {
    /// Forgets a room that is changed in this transaction otherwise than by appending.
    #[expect(clippy::unused_self, reason = "the other engine has something to forget")]
    pub(super) fn forget(&mut self, _: RoomId) {}
}

/// The participants of the rooms that are written to, in the order in which they joined. Each batch learns from the
/// database, under the lock of the rooms, which version is the one in force, and gets the people where it is another.
#[derive(Debug, Default)]
pub(super) struct Known {
    rooms: HashMap<RoomId, Present>,
    kept: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Present {
    pub(super) version: i64,
    pub(super) users: Arc<[UserId]>,
}

impl Known {
    /// The version that is known; -1 where none is.
    pub(super) fn version(&self, room: RoomId) -> i64 {
        self.rooms.get(&room).map_or(-1, |present| present.version)
    }

    /// Who is in a room that a batch was stored in.
    pub(super) fn of(&self, room: RoomId) -> Option<&Present> {
        self.rooms.get(&room)
    }

    pub(super) fn learn(&mut self, room: RoomId, present: Present) {
        self.kept += present.users.len() + 1;
        if let Some(before) = self.rooms.insert(room, present) {
            self.kept -= before.users.len() + 1;
        }
    }

    /// Starts over where much is kept; call it between batches.
    pub(super) fn bound(&mut self) {
        if self.kept > MAX_KEPT {
            *self = Self::default();
        }
    }
}
