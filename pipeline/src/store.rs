//! Port: what is kept. Every engine passes the same contract suite; the promises are stated here.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    id::{ConnectionId, MessageId, RoomId, UserId},
    moderation::{
        Authority, BanRecord, Finding, Policy,
        incident::{HeldMessage, RefusedMessage},
    },
    room::{Room, RoomError},
    timestamp::Timestamp,
    token::Role,
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
    /// What moderators are to look at, where a rule flags the message.
    pub flag: Option<Box<Flag>>,
}

/// What a rule flags about a message that is delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// The verdict; its kind is `Flag`.
    pub finding: Finding,
    /// The text as it was sent: a rule may mask what is delivered.
    pub text: String,
}

/// What is known of a message that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// It was stored.
    Sent(MessageId),
    /// It is held for review, or a moderator kept it from being delivered.
    Held,
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
    /// The id of its newest message, or its own id before the first: what the list is sorted by.
    pub activity: i64,
    /// Its newest message.
    pub last_message: Option<StoredMessage>,
}

/// Who reads a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A user, who may read the rooms that they are in.
    Participant(UserId),
    /// A moderator, who may read every room, deleted ones too.
    Moderator,
}

impl Reader {
    /// Whether this reader may read `room`.
    pub fn may_read(self, room: &Room) -> bool {
        match self {
            Self::Participant(user) => room.has_participant(user),
            Self::Moderator => true,
        }
    }
}

/// A room with a page of its messages, all as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomHistory {
    /// The room.
    pub room: Room,
    /// The messages, oldest first.
    pub messages: Page<StoredMessage>,
}

impl RoomSummary {
    /// Returns the room's position in the list, as it was when the list was read.
    pub fn position(&self) -> RoomPosition {
        RoomPosition { activity: self.activity, room: self.room.id }
    }
}

/// A position in the list of a user's rooms, which is sorted by activity and id, the highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomPosition {
    /// The room's activity.
    pub activity: i64,
    /// The room.
    pub room: RoomId,
}

/// Where a page of a user's rooms begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomsAfter {
    /// After this room, at its current position.
    Room(RoomId),
    /// After this position. It stays valid when the room that had it moves, is deleted or loses its participant.
    Position(RoomPosition),
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
    /// On whose authority.
    pub authority: Authority,
}

impl Ban {
    /// Whether the ban is in force at `now`; an expired ban lifts itself.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Returns whether the ban keeps out a user with this role at `now`: a ban that no admin set binds no admin.
    pub fn keeps_out(&self, role: Role, now: Timestamp) -> bool {
        self.authority.binds(role) && self.holds_at(now)
    }
}

/// What came of a message that a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It is kept for review, or was already.
    Waiting,
    /// The same message was delivered before, within its window.
    Sent(MessageId),
}

/// What came of a refused message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorded {
    /// The ban that the policy set, where this strike was the last.
    pub banned: Option<BanRecord>,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The sender is not (or no longer) a participant of the room, or there is no such room.
    #[error("the sender is not a participant of the room")]
    NotParticipant,
    /// The user is banned.
    #[error("the user is banned")]
    Banned,
    /// The same message is held for review.
    #[error("the message is held for review")]
    Held,
    /// The review queue takes no more of this sender for now.
    #[error("too many messages of the sender wait for review")]
    QueueFull,
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
    /// Returns the moment by the clock that bans and windows end by: the database's where several nodes share one, and this
    /// machine's otherwise.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Stores a message with the next sequence number of its room and hands it to the bus, in the order of commit;
    /// answers its id. The same key within its window answers the first message's id and stores nothing. A flag opens an
    /// incident in the same transaction, and its notice follows the message; beyond 100 flagged messages of a sender
    /// within an hour it opens none.
    ///
    /// # Errors
    /// `NotParticipant` and `Held`, decided in the inserting transaction, and so is `Banned` where several nodes share the
    /// database; otherwise what keeps the database from answering.
    async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError>;

    /// Opens an incident for a refused message and, where it was blocked, gives the sender a strike; the last strike of
    /// `policy` bans them. The same key again within its window is nothing new. The same text of the same sender to the
    /// same room within an hour while its incident is open, and whatever is beyond 100 refused messages of a sender within
    /// an hour while one of their incidents is open, is not opened again; its strike counts, and belongs to that incident,
    /// or to the newest open one: so that a moderator can always take it back. A strike leads to one ban at most, unless that ban is
    /// lifted because others of its strikes were taken back. A ban that is at least as long as the policy's stands.
    async fn record_refused(&self, refused: RefusedMessage, policy: &Policy) -> Result<Recorded, StoreError>;

    /// Keeps a message for review and opens an incident; the same message again within its window opens none, whatever
    /// was decided about it.
    ///
    /// # Errors
    /// `NotParticipant` where the message could not be delivered now; `Banned`; `QueueFull` where 100 messages of the sender from
    /// within an hour are undecided, and where the temp id is longer than [`HeldMessage::MAX_TEMP_ID_BYTES`]; otherwise what keeps the database from answering.
    async fn hold(&self, held: HeldMessage) -> Result<Held, StoreError>;

    /// What became of the message under this key within its window, whoever may send today.
    async fn already_sent(&self, key: &SentKey) -> Result<Option<Before>, StoreError>;

    /// Returns a room with its participants, deleted ones too. It may come from a cache that lags behind the changes of other
    /// nodes by some seconds: use it to refuse commands early, and let [`Store::append`] decide.
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

    /// Deletes a room by the rule of [`Room::may_delete`]; its rows stay for moderation. A deletion by who is not its
    /// owner is in the audit log.
    async fn delete_room(&self, room: RoomId, actor: UserId, moderates: bool) -> Result<(), RoomError>;

    /// Returns a page of the rooms that `user` is in, the one with the newest activity (its last message, or its
    /// creation) first. At most `limit` items; it ends early once it holds about 512 KiB, never before one room.
    ///
    /// # Errors
    /// `UnknownCursor` where `after` is a room that `user` is not in. A position is never refused.
    async fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomsAfter>,
        limit: usize,
    ) -> Result<Page<RoomSummary>, RoomError>;

    /// Returns a room with a page of its newest messages before the message `before`, oldest first; `None` where there is no
    /// such room for `reader`. At most `limit` messages. The right to read is checked in the same snapshot of the database as
    /// the messages are read from: once a removal or a deletion was acknowledged on any node, the removed user reads nothing.
    async fn read_room(
        &self,
        room: RoomId,
        reader: Reader,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Option<RoomHistory>, StoreError>;

    /// Returns the user's ban that was not lifted, in force or expired. Sees every ban that was acknowledged on any node.
    async fn ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError>;

    /// Returns what [`Store::ban_of`] does, from a cache where there is one, which may lag behind the changes of other nodes
    /// by some seconds: use it to refuse commands early, and let [`Store::append`] decide.
    async fn cached_ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        self.ban_of(user).await
    }

    /// Returns whether the database answers and stores what is written: by the outcome of the last writes or, where there
    /// were none lately, of a small one that is made for this.
    async fn ping(&self) -> Result<(), StoreError>;
}
