//! What happened, for those who are connected.

use std::sync::Arc;

use crate::id::{ConnectionId, MessageId, RoomId, UserId};

/// Something that happened and that connected users are to see.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message was committed.
    Message(Arc<Committed>),
    /// A user was banned: their connections are closed with 4005.
    Banned(UserId),
    /// An administrator disconnected a user: their connections are closed with 4004.
    Disconnected(UserId),
}

/// A message that is durable, with those who were the room's participants when it was committed.
#[derive(Debug)]
pub struct Committed {
    /// Its id.
    pub id: MessageId,
    /// Its room.
    pub room: RoomId,
    /// Its place in the room: 1, 2, 3, with no gap.
    pub seq: i64,
    /// Who sent it.
    pub sender: UserId,
    /// The connection that sent it, which alone does not receive it.
    pub origin: ConnectionId,
    /// The text as it is delivered.
    pub text: String,
    /// Everybody in the room, the sender included.
    pub participants: Arc<[UserId]>,
}
