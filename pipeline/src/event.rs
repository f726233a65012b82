//! What happened, for those who are connected.

use std::sync::Arc;

use crate::{
    command::TempId,
    id::{ConnectionId, MessageId, RoomId, UserId},
    moderation::{Authority, Notice},
};

/// Something that happened and that connected users are to see.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message was committed.
    Message(Arc<Committed>),
    /// A user was banned on this authority: their connections that it binds are closed with 4005.
    Banned(UserId, Authority),
    /// A user was disconnected on this authority: their connections that it binds are closed with 4004.
    Disconnected(UserId, Authority),
    /// A held message was released.
    Confirmed(Confirmation),
    /// Something that moderators are told.
    Notice(Notice),
    /// What other nodes read of changes has grown to this number; one node alone has nobody to tell.
    News(i64),
}

/// That a held message was released, for its sender. A temp id that is a counter is one connection's own, and means
/// another message on another: only the connection that sent it is told. Of any other, all of the sender's are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Who sent the message.
    pub sender: UserId,
    /// The connection that sent it.
    pub origin: ConnectionId,
    /// The front end's id for it.
    pub temp_id: TempId,
}

impl Confirmation {
    /// Whether a connection of the sender's is told.
    pub fn concerns(&self, connection: ConnectionId) -> bool {
        connection == self.origin || !self.temp_id.is_counter()
    }
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
    /// How often who is in the room had changed; nodes of a cluster tell by it whose list is the newer one.
    pub people_version: i64,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_counter_concerns_the_connection_that_sent_it_and_a_long_id_all() {
        let confirmation = |temp_id: &str| Confirmation {
            sender: UserId(Uuid::nil()),
            origin: ConnectionId(7),
            temp_id: temp_id.into(),
        };
        for (temp_id, elsewhere) in [("3", false), ("éééééééééééééé", false), ("1234567890123456", true)]
        {
            assert!(confirmation(temp_id).concerns(ConnectionId(7)));
            assert_eq!(confirmation(temp_id).concerns(ConnectionId(8)), elsewhere, "{temp_id}");
        }
    }
}
