//! Port: what a node asks the database that it shares with the other nodes. Hints may be lost, late or doubled; what is
//! asked here is the truth.

use std::sync::Arc;

use async_trait::async_trait;
use plic_pipeline::{
    event::{Committed, Confirmation},
    id::{ConnectionId, IncidentId, RoomId, UserId},
    moderation::{BanRecord, records::Disconnect},
    store::StoreError,
    timestamp::Timestamp,
};

/// The most rooms that one call answers.
pub const MAX_ROOMS: usize = 1000;
/// The most news that one call answers.
pub const MAX_NEWS: usize = 1000;
/// The most messages that one call answers.
pub const MAX_MESSAGES: usize = 500;

/// How far a room has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomHead {
    /// The room.
    pub room: RoomId,
    /// The sequence number of its newest message; 0 before the first.
    pub seq: i64,
    /// How often who is in it has changed.
    pub people_version: i64,
}

/// Who is in a room, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// The room.
    pub room: RoomId,
    /// How often who is in it had changed.
    pub version: i64,
    /// Everybody in it; nobody where it is deleted or not there.
    pub users: Arc<[UserId]>,
}

/// A connection that has just come to this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub connection: ConnectionId,
}

/// The rooms of somebody who arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomsOf {
    /// Who.
    pub user: UserId,
    /// The rooms that they are in, by id.
    pub rooms: Vec<RoomHead>,
    /// Whether there are more, after the last one.
    pub more: bool,
}

/// What registering connections came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registered {
    /// The first [`MAX_ROOMS`] rooms of each user, as they are after that.
    pub rooms: Vec<RoomsOf>,
    /// The users whose connections were not registered because they are banned.
    pub banned: Vec<UserId>,
}

/// A change that every node acts on.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A room was created or deleted, or other people are in it; the head is as it was in that transaction.
    Room(RoomHead),
    /// A user was banned.
    Banned(UserId),
    /// A user's ban was lifted.
    BanLifted(UserId),
    /// A moderator disconnected a user.
    Disconnected(Disconnect),
    /// A connection was replaced by a newer one of the same user (4008).
    Replaced(Arrival),
    /// The filter's rules were changed.
    Rules,
    /// The policy was changed.
    Policy,
    /// An incident was opened.
    Incident(IncidentId),
    /// An incident was decided.
    Decided(IncidentId),
    /// A decided incident was opened again.
    Reopened(IncidentId),
    /// An open incident was joined by one more report.
    Reported(IncidentId),
    /// A held message was released.
    Released(Confirmation),
}

/// An entry of the feed of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct NewsItem {
    /// Its number: 1, 2, 3, in the order of commit and with no gap.
    pub number: i64,
    /// The node that made it.
    pub node: i64,
    /// What changed; `None` where a newer node tells what this version does not know.
    pub news: Option<News>,
}

/// What is asked of the database that several nodes share. Every call has a deadline.
#[async_trait]
pub trait Shared: Send + Sync {
    /// This node's number, which no other process has or had.
    fn node(&self) -> i64;

    /// Returns the database's time, by which bans and windows end on every node; asks nobody.
    fn now(&self) -> Timestamp;

    /// Measures the database's clock, for [`Shared::now`]; returns how many microseconds this node's own clock is ahead of it.
    async fn measure_clock(&self) -> Result<i64, StoreError>;

    /// Registers connections of this node, in this order, and has older connections replaced ([`News::Replaced`]) by those
    /// that are established: of a user's connections up to an established one, the newest stay. Bans are read in the same
    /// transaction: a connection of a banned user is not registered.
    async fn arrived(
        &self,
        arrivals: Vec<Arrival>,
        established: Vec<ConnectionId>,
        connections_per_user: usize,
    ) -> Result<Registered, StoreError>;

    /// Registers connections of this node again that others forgot, because it did not say for long that it lives. They
    /// count as older than whatever the same users have by now: those that are too many are replaced, and are among these.
    /// Those that are registered stay as they are. Answers as [`Shared::arrived`] does.
    async fn restored(
        &self,
        arrivals: Vec<Arrival>,
        connections_per_user: usize,
    ) -> Result<Registered, StoreError>;

    /// More rooms of a user, after one.
    async fn rooms_after(&self, user: UserId, after: RoomId) -> Result<RoomsOf, StoreError>;

    /// Forgets connections of this node.
    async fn left(&self, connections: Vec<ConnectionId>) -> Result<(), StoreError>;

    /// Says that this node lives, and forgets the connections of nodes that have not said so for a minute, and old news.
    /// `false` where others had forgotten this node's: [`Shared::restored`] is due.
    async fn alive(&self) -> Result<bool, StoreError>;

    /// How far these rooms, at most [`MAX_ROOMS`], have come; those that are not there or deleted are left out.
    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomHead>, StoreError>;

    /// Who is in these rooms, at most [`MAX_ROOMS`] of them.
    async fn people(&self, rooms: &[RoomId]) -> Result<Vec<People>, StoreError>;

    /// The first messages of a room after the sequence number `after`, at most [`MAX_MESSAGES`], in order, each with those
    /// who are in the room now and were when it was said, and the version of now; none where there are none. What is missing
    /// between them is deleted.
    async fn messages_after(&self, room: RoomId, after: i64) -> Result<Vec<Committed>, StoreError>;

    /// The number of the newest entry of the feed.
    async fn news_head(&self) -> Result<i64, StoreError>;

    /// The first [`MAX_NEWS`] entries after `after`, in order; `None` where some of them are forgotten already: then
    /// anything may have changed.
    async fn news_after(&self, after: i64) -> Result<Option<Vec<NewsItem>>, StoreError>;

    /// A user's ban as moderators see it, in force or expired.
    async fn ban_record(&self, user: UserId) -> Result<Option<BanRecord>, StoreError>;
}

/// What this node remembers and has to forget when another one changed it.
pub trait Forget: Send + Sync {
    /// A room was changed.
    fn room(&self, room: RoomId);
    /// A user was banned, or is not banned any more.
    fn ban(&self, user: UserId);
    /// Anything may have changed.
    fn everything(&self);
}

/// Is told who comes and goes, so that what concerns them is listened to.
#[async_trait]
pub trait Attendance: Send + Sync {
    /// A connection is in the hub. When this returns, whatever is committed from then on reaches it.
    ///
    /// # Errors
    /// `Banned` where any node has banned the user; otherwise what keeps the database from answering.
    async fn arrived(&self, arrival: Arrival) -> Result<(), StoreError>;

    /// The handshake of a connection that has arrived has succeeded: it replaces the user's older ones.
    fn established(&self, arrival: Arrival);

    /// A connection is not in the hub any more.
    fn left(&self, arrival: Arrival);
}
