//! That a moderator read a room which they are not in: audited, but not once a page.

use std::time::Duration;

use moka::future::Cache;

use super::{Actor, Desk, DeskError};
use crate::{
    id::{RoomId, UserId},
    moderation::audit::Deed,
};

/// How long further reads of the same moderator in the same room leave no further entry.
const READING: Duration = Duration::from_mins(10);
/// Readings that are remembered; one that is forgotten early leaves one more entry.
const MAX_READINGS: u64 = 100_000;

/// Which moderator is reading which room, on this node.
pub(super) struct Readings(Cache<(UserId, RoomId), ()>);

impl Default for Readings {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MAX_READINGS).time_to_live(READING).build())
    }
}

impl Desk {
    /// Adds to the audit log that a moderator reads a room which they are not in; call it before they see anything of
    /// it. One entry stands for all reads of that room within ten minutes, on each node.
    ///
    /// # Errors
    /// What keeps the entry from being written.
    pub async fn note_reading(&self, actor: Actor, room: RoomId) -> Result<(), DeskError> {
        let desk = self.clone();
        // Concurrent reads of a room wait for the same entry; one that failed is not remembered.
        let noted = self.0.readings.0.try_get_with((actor.user, room), async move {
            let deed = Deed::new(Some(actor.user), "room.read").with("room_id", room.0);
            desk.0.records.note_deed(deed, None).await
        });
        noted.await.map_err(|error| DeskError::Store(crate::store::StoreError::Unavailable(Box::new(error))))
    }
}
