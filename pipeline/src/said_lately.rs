//! Port: what a sender said lately, as it is stored. The filter's memory is a cache over it.

use async_trait::async_trait;

use crate::{
    id::{RoomId, UserId},
    store::{StoreError, StoredMessage},
};

/// How many messages of a room are looked through for those of one sender: the newest ones.
pub const LOOKED_THROUGH: i64 = 128;
/// In how many rooms of a sender is looked: those with the newest activity.
pub const ROOMS_LOOKED_INTO: i64 = 64;
/// How many messages of each of these rooms are looked through.
pub const LOOKED_THROUGH_ELSEWHERE: i64 = 8;

/// A message of a sender in one of their rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidElsewhere {
    /// The message.
    pub message: StoredMessage,
    /// Whether there is no other one of theirs among the [`LOOKED_THROUGH`] before it in its room.
    pub is_first: bool,
}

/// Reads what a sender said lately. Sees every message that was confirmed on any node; redacted ones are left out. Both
/// calls read a bounded number of rows, however long rooms are and however many a user is in.
#[async_trait]
pub trait SaidLately: Send + Sync {
    /// Returns the last messages of the sender among the newest [`LOOKED_THROUGH`] of the room, of any age, at most
    /// [`MAX_IN_ROOM`](plic_filter::recall::MAX_IN_ROOM).
    async fn in_room(&self, sender: UserId, room: RoomId) -> Result<Vec<StoredMessage>, StoreError>;

    /// Returns the sender's messages of the last hour in the rooms that they are in or left within it: of the
    /// [`ROOMS_LOOKED_INTO`] with the newest activity, each among its newest [`LOOKED_THROUGH_ELSEWHERE`], at most
    /// [`MAX_OVER_ROOMS`](plic_filter::recall::MAX_OVER_ROOMS) in all, the newest.
    async fn over_rooms(&self, sender: UserId) -> Result<Vec<SaidElsewhere>, StoreError>;
}
