//! What nodes ask the database that they share.

use std::collections::HashMap;

use async_trait::async_trait;
use plic_pipeline::{
    event::Committed,
    id::{ConnectionId, RoomId, UserId},
    moderation::{BanRecord, staff::ROLE_KNOWN},
    store::StoreError,
    timestamp::Timestamp,
};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use crate::cluster::shared::{
    Arrival, MAX_NEWS, MAX_ROOMS, News, NewsItem, People, Registered, RoomHead, RoomsOf, Shared,
};

use super::{
    PostgresStore, bans,
    change::{Change, Work},
    connection::Connection,
    deadline::in_time,
    feed, missed, open,
};

/// Those of these users whom a ban binds: one that no admin set binds nobody who was seen as an admin lately.
const BANNED: &str = "SELECT b.\"user\" FROM bans b WHERE b.\"user\" = ANY ($1) AND b.lifted_at IS NULL \
                      AND (b.expires_at IS NULL OR b.expires_at > $2) AND (b.authority = 'admin' OR NOT EXISTS (\
                          SELECT FROM staff s WHERE s.\"user\" = b.\"user\" AND s.role = 'admin' AND s.seen_at > $3))";
/// Arrivals of one transaction, which holds up all other changes.
const ARRIVALS: usize = 256;
/// How long news are kept, in microseconds.
const NEWS_KEPT: i64 = 600_000_000;
/// How long a node that has not said that it lives is believed to, in microseconds.
const BELIEVED: i64 = 60_000_000;

#[async_trait]
impl Shared for PostgresStore {
    fn node(&self) -> i64 {
        self.node
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn measure_clock(&self) -> Result<i64, StoreError> {
        in_time(|| async {
            // The connection is there before the clock is asked: waiting for one would count as a long round trip.
            let mut connection = self.lookups.single().await?;
            self.clock.measure(open::time_of(&mut connection)).await
        })
        .await?;
        Ok(Timestamp::now().0.saturating_sub(self.clock.now().0))
    }

    async fn arrived(
        &self,
        arrivals: Vec<Arrival>,
        established: Vec<ConnectionId>,
        connections_per_user: usize,
    ) -> Result<Registered, StoreError> {
        self.register(arrivals, Surplus::UpTo(established), connections_per_user).await
    }

    async fn restored(
        &self,
        arrivals: Vec<Arrival>,
        connections_per_user: usize,
    ) -> Result<Registered, StoreError> {
        self.register(arrivals, Surplus::OfAll, connections_per_user).await
    }

    async fn rooms_after(&self, user: UserId, after: RoomId) -> Result<RoomsOf, StoreError> {
        let rooms = || async { rooms_of(&mut *self.lists.single().await?, &[user], after).await };
        let rooms = in_time(rooms).await?.pop();
        Ok(rooms.unwrap_or(RoomsOf { user, rooms: Vec::new(), more: false }))
    }

    async fn left(&self, connections: Vec<ConnectionId>) -> Result<(), StoreError> {
        self.queue.change(Left(connections)).await
    }

    async fn alive(&self) -> Result<bool, StoreError> {
        self.queue.change(Alive { node: self.node }).await
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomHead>, StoreError> {
        in_time(|| async { heads(&mut *self.lookups.single().await?, rooms).await }).await
    }

    async fn people(&self, rooms: &[RoomId]) -> Result<Vec<People>, StoreError> {
        in_time(|| async { people(&mut *self.lookups.single().await?, rooms).await }).await
    }

    async fn messages_after(&self, room: RoomId, after: i64) -> Result<Vec<Committed>, StoreError> {
        in_time(|| async { missed::after(&mut *self.lists.snapshot().await?, room, after).await }).await
    }

    async fn news_head(&self) -> Result<i64, StoreError> {
        in_time(|| async { feed::head(&mut *self.lookups.single().await?).await }).await
    }

    async fn news_after(&self, after: i64) -> Result<Option<Vec<NewsItem>>, StoreError> {
        in_time(|| async { feed::after(&mut *self.lookups.snapshot().await?, after, MAX_NEWS).await }).await
    }

    async fn ban_record(&self, user: UserId) -> Result<Option<BanRecord>, StoreError> {
        in_time(|| async { bans::standing(&mut *self.lookups.single().await?, user).await }).await
    }
}

impl PostgresStore {
    async fn register(
        &self,
        arrivals: Vec<Arrival>,
        mut surplus: Surplus,
        connections_per_user: usize,
    ) -> Result<Registered, StoreError> {
        let mut users: Vec<UserId> = arrivals.iter().map(|arrival| arrival.user).collect();
        users.sort_unstable_by_key(|user| user.0);
        users.dedup();
        let mut banned = Vec::new();
        let mut arrivals = arrivals.chunks(ARRIVALS);
        loop {
            let (some, node) = (arrivals.next().unwrap_or_default().to_vec(), self.node);
            let now = surplus.take_chunk();
            if some.is_empty() && now.is_empty() {
                break;
            }
            let arrived = Arrived { node, arrivals: some, surplus: now, connections_per_user };
            banned.extend(self.queue.change(arrived).await?);
        }
        users.retain(|user| !banned.contains(user));
        let mut rooms = Vec::with_capacity(users.len());
        for users in users.chunks(ARRIVALS) {
            let found = || async { rooms_of(&mut *self.lists.single().await?, users, RoomId(0)).await };
            rooms.extend(in_time(found).await?);
        }
        Ok(Registered { rooms, banned })
    }
}

/// Connections have come to this node.
struct Arrived {
    node: i64,
    arrivals: Vec<Arrival>,
    surplus: Surplus,
    connections_per_user: usize,
}

/// Which connections of a user are too many.
#[derive(Clone)]
enum Surplus {
    /// Those before the newest up to one of these, which are established. What arrives is the newest of all, and replaces
    /// nothing yet.
    UpTo(Vec<ConnectionId>),
    /// Those before the newest of all. What arrives counts as the oldest of all.
    OfAll,
}

impl Surplus {
    /// Takes what one transaction is to replace.
    fn take_chunk(&mut self) -> Self {
        match self {
            Self::UpTo(established) => {
                Self::UpTo(established.drain(..established.len().min(ARRIVALS)).collect())
            }
            Self::OfAll => Self::OfAll,
        }
    }

    /// Whether there is nothing to do without arrivals.
    fn is_empty(&self) -> bool {
        match self {
            Self::UpTo(established) => established.is_empty(),
            Self::OfAll => true,
        }
    }

    /// Puts connections there, in the order in which they are given.
    const fn insertion(&self) -> &'static str {
        match self {
            // The column's default draws the numbers in the order of the rows.
            Self::UpTo(_) => {
                "INSERT INTO connections (connection, \"user\", node) \
                 SELECT c, u, $3 FROM unnest($1, $2) WITH ORDINALITY AS a (c, u, n) ORDER BY n \
                 ON CONFLICT (connection) DO NOTHING"
            }
            Self::OfAll => {
                "INSERT INTO connections (connection, \"user\", node, ord) \
                 SELECT c, u, $3, (SELECT coalesce(min(ord), 0) FROM connections) - cardinality($1) - 1 + n \
                 FROM unnest($1, $2) WITH ORDINALITY AS a (c, u, n) \
                 ON CONFLICT (connection) DO NOTHING"
            }
        }
    }

    /// Takes away what is too many of these users.
    async fn replace(
        &self,
        connection: &mut Connection,
        users: &[Uuid],
        connections_per_user: i64,
    ) -> sqlx::Result<Vec<(i64, Uuid, i64)>> {
        match self {
            Self::UpTo(established) if established.is_empty() => Ok(Vec::new()),
            Self::UpTo(established) => {
                let established: Vec<i64> = established.iter().map(|one| one.0.cast_signed()).collect();
                query_as(
                    "DELETE FROM connections WHERE connection IN (SELECT connection FROM (\
                         SELECT c.connection, \
                             row_number() OVER (PARTITION BY e.connection ORDER BY c.ord DESC) AS place \
                         FROM connections e JOIN connections c ON c.\"user\" = e.\"user\" AND c.ord <= e.ord \
                         WHERE e.connection = ANY ($1)) ranked WHERE place > $2) \
                     RETURNING ord, \"user\", connection",
                )
                .bind(established)
                .bind(connections_per_user)
                .fetch_all(connection)
                .await
            }
            Self::OfAll => {
                query_as(
                    "DELETE FROM connections WHERE connection IN (SELECT connection FROM (\
                         SELECT connection, row_number() OVER (PARTITION BY \"user\" ORDER BY ord DESC) AS place \
                         FROM connections WHERE \"user\" = ANY ($1)) ranked WHERE place > $2) \
                     RETURNING ord, \"user\", connection",
                )
                .bind(users)
                .bind(connections_per_user)
                .fetch_all(connection)
                .await
            }
        }
    }
}

#[async_trait]
impl Change for Arrived {
    /// The users whose connections are not registered because they are banned.
    type Done = Vec<UserId>;
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Vec<UserId>, StoreError>> {
        let users: Vec<Uuid> = self.arrivals.iter().map(|arrival| arrival.user.0).collect();
        let banned: Vec<Uuid> = query_scalar(BANNED)
            .bind(&users)
            .bind(work.now.0)
            .bind(work.now.before(ROLE_KNOWN).0)
            .fetch_all(&mut *work.connection)
            .await?;
        let (users, connections): (Vec<Uuid>, Vec<i64>) = self
            .arrivals
            .iter()
            .filter(|arrival| !banned.contains(&arrival.user.0))
            .map(|arrival| (arrival.user.0, arrival.connection.0.cast_signed()))
            .unzip();
        let banned = banned.into_iter().map(UserId).collect();
        query(self.surplus.insertion())
            .bind(connections)
            .bind(&users)
            .bind(self.node)
            .execute(&mut *work.connection)
            .await?;
        let most = i64::try_from(self.connections_per_user).unwrap_or(i64::MAX);
        let mut replaced = self.surplus.replace(&mut *work.connection, &users, most).await?;
        replaced.sort_unstable();
        work.news.extend(replaced.into_iter().map(|(_, user, connection)| {
            News::Replaced(Arrival {
                user: UserId(user),
                connection: ConnectionId(connection.cast_unsigned()),
            })
        }));
        Ok(Ok(banned))
    }
}

/// Connections have gone from this node.
struct Left(Vec<ConnectionId>);

#[async_trait]
impl Change for Left {
    type Done = ();
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), StoreError>> {
        let connections: Vec<i64> = self.0.iter().map(|connection| connection.0.cast_signed()).collect();
        query("DELETE FROM connections WHERE connection = ANY ($1)")
            .bind(connections)
            .execute(&mut *work.connection)
            .await?;
        Ok(Ok(()))
    }
}

/// This node lives.
struct Alive {
    node: i64,
}

#[async_trait]
impl Change for Alive {
    type Done = bool;
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<bool, StoreError>> {
        let seen_at: Option<i64> = query_scalar("SELECT seen_at FROM nodes WHERE node = $1")
            .bind(self.node)
            .fetch_optional(&mut *work.connection)
            .await?;
        query(
            "INSERT INTO nodes (node, seen_at) VALUES ($1, $2) \
             ON CONFLICT (node) DO UPDATE SET seen_at = excluded.seen_at",
        )
        .bind(self.node)
        .bind(work.now.0)
        .execute(&mut *work.connection)
        .await?;
        // Who could not say it for so long itself, because the database was away, does not judge others by it yet.
        let silent = work.now.0 - BELIEVED;
        if seen_at.is_some_and(|seen_at| seen_at > silent) {
            query("DELETE FROM connections WHERE node IN (SELECT node FROM nodes WHERE seen_at < $1)")
                .bind(silent)
                .execute(&mut *work.connection)
                .await?;
            query("DELETE FROM nodes WHERE seen_at < $1").bind(silent).execute(&mut *work.connection).await?;
        }
        feed::forget(work.connection, work.now.0 - NEWS_KEPT).await?;
        // What never said so was not forgotten: nobody has come to it.
        Ok(Ok(seen_at.is_some()))
    }
}

/// The first rooms of each user after one.
async fn rooms_of(
    connection: &mut Connection,
    users: &[UserId],
    after: RoomId,
) -> sqlx::Result<Vec<RoomsOf>> {
    let ids: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let rows: Vec<(Uuid, i64, i64, i64)> = query_as(
        "SELECT u.\"user\", r.id, r.last_seq, r.people_version FROM unnest($1) AS u (\"user\") \
         CROSS JOIN LATERAL (\
             SELECT r.id, r.last_seq, r.people_version FROM participants p JOIN rooms r ON r.id = p.room \
             WHERE p.\"user\" = u.\"user\" AND p.left_at IS NULL AND p.room > $2 AND r.deleted_at IS NULL \
             ORDER BY p.room LIMIT $3) r ORDER BY r.id",
    )
    .bind(ids)
    .bind(after.0)
    .bind(as_limit(MAX_ROOMS) + 1)
    .fetch_all(connection)
    .await?;
    let mut rooms: HashMap<UserId, Vec<RoomHead>> = HashMap::with_capacity(users.len());
    for (user, room, seq, people_version) in rows {
        let head = RoomHead { room: RoomId(room), seq, people_version };
        rooms.entry(UserId(user)).or_default().push(head);
    }
    let of = |user: &UserId| {
        let mut rooms = rooms.remove(user).unwrap_or_default();
        let more = rooms.len() > MAX_ROOMS;
        rooms.truncate(MAX_ROOMS);
        RoomsOf { user: *user, rooms, more }
    };
    Ok(users.iter().map(of).collect())
}

fn numbers(rooms: &[RoomId]) -> Vec<i64> {
    rooms.iter().take(MAX_ROOMS).map(|room| room.0).collect()
}

async fn heads(connection: &mut Connection, rooms: &[RoomId]) -> sqlx::Result<Vec<RoomHead>> {
    let rows: Vec<(i64, i64, i64)> =
        query_as("SELECT id, last_seq, people_version FROM rooms WHERE id = ANY ($1) AND deleted_at IS NULL")
            .bind(numbers(rooms))
            .fetch_all(connection)
            .await?;
    let head = |(room, seq, people_version)| RoomHead { room: RoomId(room), seq, people_version };
    Ok(rows.into_iter().map(head).collect())
}

async fn people(connection: &mut Connection, rooms: &[RoomId]) -> sqlx::Result<Vec<People>> {
    let rows: Vec<(i64, i64, Vec<Uuid>)> = query_as(
        "SELECT k.id, coalesce(r.people_version, 0), ARRAY (\
             SELECT p.\"user\" FROM participants p \
             WHERE p.room = r.id AND p.left_at IS NULL AND r.deleted_at IS NULL ORDER BY p.joined) \
         FROM unnest($1) AS k (id) LEFT JOIN rooms r ON r.id = k.id",
    )
    .bind(numbers(rooms))
    .fetch_all(connection)
    .await?;
    let people = |(room, version, users): (i64, i64, Vec<Uuid>)| People {
        room: RoomId(room),
        version,
        users: users.into_iter().map(UserId).collect(),
    };
    Ok(rows.into_iter().map(people).collect())
}

pub(super) fn as_limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
