//! Port: what is kept. Every engine passes the same contract suite; the promises are stated here.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    id::{ConnectionId, MessageId, RoomId, UserId},
    room::{Room, RoomError},
    timestamp::Timestamp,
};

/// What identifies a sent message when it is sent again (CONTRACT section 2, DESIGN section 2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SentKey {
    /// Who sends.
    pub sender: UserId,
    /// Where to.
    pub room: RoomId,
    /// SHA-256 over the temp id and the text.
    pub digest: [u8; 32],
    /// For how long after the first time it is the same message.
    pub window: Duration,
}

/// A message to store.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Sender, room, and what makes it the same message when sent again.
    pub key: SentKey,
    /// The connection that sends it.
    pub origin: ConnectionId,
    /// The text as it is to be delivered.
    pub text: String,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its id.
    pub id: MessageId,
    /// Its room.
    pub room: RoomId,
    /// Who sent it.
    pub sender: UserId,
    /// Its text.
    pub text: String,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// A room in the list of its participant's rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSummary {
    /// The room.
    pub room: Arc<Room>,
    /// Its newest message.
    pub last_message: Option<StoredMessage>,
}

/// A part of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Whether there are more beyond it.
    pub more: bool,
}

/// A user who is kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Who.
    pub user: UserId,
    /// Why, for moderators.
    pub reason: String,
    /// Until when; `None` is for good.
    pub expires_at: Option<Timestamp>,
}

impl Ban {
    /// Whether the ban is in force at `now`; an expired ban lifts itself.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The sender is not (or no longer) a participant of the room, or there is no such room.
    #[error("the sender is not a participant of the room")]
    NotParticipant,
    /// The database cannot be reached, or failed.
    #[error("the database failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database did not answer in time. What was asked may or may not have been done.
    #[error("the database did not answer in time")]
    TimedOut,
    /// More is waiting to be written than the queue holds.
    #[error("too many writes are waiting")]
    Overloaded,
}

/// Keeps rooms, messages and bans. What an `async fn` here acknowledges is durable: it survives the loss of the
/// process, and every later call on this node sees it.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores a message with the next sequence number of its room and hands it to the bus, in the order of commit;
    /// answers its id. The same key within its window answers the first message's id and stores nothing.
    ///
    /// # Errors
    /// `NotParticipant`, decided in the inserting transaction; otherwise what keeps the database from answering.
    async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError>;

    /// The message stored under this key within its window, whoever may send today.
    async fn already_sent(&self, key: &SentKey) -> Result<Option<MessageId>, StoreError>;

    /// A room with its people, deleted ones too.
    async fn room(&self, room: RoomId) -> Result<Option<Arc<Room>>, StoreError>;

    /// Creates a room owned by `owner`, with the people of [`crate::room::founding_members`].
    async fn create_room(
        &self,
        owner: UserId,
        named: &[UserId],
        apartment: Option<i64>,
    ) -> Result<RoomId, RoomError>;

    /// Adds and removes participants by the rules of [`Room::change`]: all or nothing.
    async fn change_room(
        &self,
        room: RoomId,
        actor: UserId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), RoomError>;

    /// Deletes a room by the rule of [`Room::may_delete`]; its rows stay for moderation.
    async fn delete_room(&self, room: RoomId, actor: UserId, moderates: bool) -> Result<(), RoomError>;

    /// A page of the rooms that `user` is in, the one with the newest activity (its last message, or its creation)
    /// first; `after` is the last room of the page before. At most `limit` items.
    ///
    /// # Errors
    /// `UnknownCursor` where `after` is no room that `user` is in.
    async fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<Page<RoomSummary>, RoomError>;

    /// A page of a room's newest messages before the message `before`, oldest first; of any room, deleted ones too:
    /// who may read is the caller's to decide. At most `limit` items.
    async fn messages(
        &self,
        room: RoomId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Page<StoredMessage>, StoreError>;

    /// Bans a user, or replaces their ban.
    async fn ban(&self, ban: Ban) -> Result<(), StoreError>;

    /// Lifts a ban; answers whether there was one.
    async fn lift_ban(&self, user: UserId) -> Result<bool, StoreError>;

    /// The user's ban, in force or not.
    async fn ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
