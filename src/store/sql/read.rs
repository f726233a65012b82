//! Reads. What takes several statements takes them in one transaction, that is, from one moment.

use std::{collections::HashMap, sync::Arc};

use futures_util::TryStreamExt;
use plic_pipeline::{
    id::{MessageId, RoomId, UserId},
    room::Room,
    store::{
        Ban, Before, Page, Reader, RoomHistory, RoomPosition, RoomSummary, RoomsAfter, SentKey, StoredMessage,
    },
    timestamp::Timestamp,
};
use sqlx::{FromRow, Row as _, query_as, query_scalar};
use uuid::Uuid;

use super::{
    bans,
    db::{Bulk, Connection, Text},
    window::is_within,
};

const PRESENT: Bulk = Bulk {
    before: "SELECT room, \"user\" FROM participants WHERE left_at IS NULL AND room IN (",
    after: ") ORDER BY room, joined",
    columns: 1,
};
const NEWEST_MESSAGES: Bulk = Bulk {
    before: "SELECT id, room, sender, text, created_at FROM messages WHERE id IN (SELECT (\
             SELECT m.id FROM messages m WHERE m.room = r.id ORDER BY m.seq DESC LIMIT 1) \
             FROM rooms r WHERE r.id IN (",
    after: "))",
    columns: 1,
};

pub(super) const SENT: &str = "SELECT message, at FROM sent WHERE sender = $1 AND room = $2 AND digest = $3";
pub(super) const HELD: &str = "SELECT max(at) FROM held WHERE sender = $1 AND room = $2 AND digest = $3";
pub(super) const BAN: &str = "SELECT reason, expires_at, authority, created_by IS NOT NULL FROM bans WHERE \"user\" = $1 AND lifted_at IS NULL";

/// A page of rooms ends early once its participants and last messages take so many bytes: rooms of a thousand would make
/// it megabytes.
const MAX_ROOMS_BYTES: usize = 512 << 10;
/// What a participant takes in an answer: a uuid between quotation marks, and a comma.
const PARTICIPANT_BYTES: usize = 39;
/// Rooms whose participants are loaded together.
const ROOMS_AT_A_TIME: usize = 16;
/// A page of messages ends early once it holds so many bytes of text: more than a hundred of the longest messages.
pub(super) const MAX_TEXT_BYTES: usize = 2 << 20;

/// `id, room, sender, text, created_at`.
pub(super) type MessageRow = (i64, i64, Uuid, Text, i64);
/// `id, owner, apartment, created_at, deleted_at`.
type RoomRow = (i64, Uuid, Option<i64>, i64, Option<i64>);
/// `id, owner, apartment, created_at, activity`.
type ListedRow = (i64, Uuid, Option<i64>, i64, i64);

pub(super) fn message_of((id, room, sender, text, created_at): MessageRow) -> StoredMessage {
    StoredMessage {
        id: MessageId(id),
        room: RoomId(room),
        sender: UserId(sender),
        text: text.0,
        created_at: Timestamp(created_at),
    }
}

fn room_of((id, owner, apartment, created_at, deleted_at): RoomRow, participants: Vec<UserId>) -> Room {
    Room {
        id: RoomId(id),
        owner: UserId(owner),
        participants,
        apartment,
        created_at: Timestamp(created_at),
        deleted_at: deleted_at.map(Timestamp),
    }
}

/// A page of at most `limit` items out of what was found when asking for one more.
pub(super) fn page<T>(mut items: Vec<T>, limit: usize) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    Page { items, more }
}

pub(super) fn one_more_than(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

pub(super) async fn ping(connection: &mut Connection) -> sqlx::Result<()> {
    query_scalar::<_, Uuid>("SELECT epoch FROM meta").fetch_one(connection).await?;
    Ok(())
}

/// What became of the message under this key within its window; call it inside a transaction.
pub(super) async fn already_sent(
    connection: &mut Connection,
    key: &SentKey,
    now: Timestamp,
) -> sqlx::Result<Option<Before>> {
    let first: Option<(i64, i64)> = query_as(SENT)
        .bind(key.sender.0)
        .bind(key.room.0)
        .bind(key.digest.to_vec())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some((message, at)) = first
        && is_within(key, Timestamp(at), now)
    {
        return Ok(Some(Before::Sent(MessageId(message))));
    }
    let held: Option<i64> = query_scalar(HELD)
        .bind(key.sender.0)
        .bind(key.room.0)
        .bind(key.digest.to_vec())
        .fetch_one(connection)
        .await?;
    Ok(held.filter(|at| is_within(key, Timestamp(*at), now)).map(|_| Before::Held))
}

pub(super) async fn ban_of(connection: &mut Connection, user: UserId) -> sqlx::Result<Option<Ban>> {
    let ban: Option<(Text, Option<i64>, Option<String>, bool)> =
        query_as(BAN).bind(user.0).fetch_optional(connection).await?;
    let Some((reason, expires_at, authority, is_somebodys)) = ban else { return Ok(None) };
    Ok(Some(Ban {
        user,
        reason: reason.0,
        expires_at: expires_at.map(Timestamp),
        authority: bans::authority(authority.as_deref(), is_somebodys)?,
    }))
}

/// A room with its people; call it inside a transaction.
pub(super) async fn load_room(connection: &mut Connection, room: RoomId) -> sqlx::Result<Option<Room>> {
    let row: Option<RoomRow> =
        query_as("SELECT id, owner, apartment, created_at, deleted_at FROM rooms WHERE id = $1")
            .bind(room.0)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let participants = load_present(connection, &[room]).await?.remove(&room).unwrap_or_default();
    Ok(Some(room_of(row, participants)))
}

/// The people of these rooms, in the order in which they joined; no entry for a room with nobody in it.
pub(super) async fn load_present(
    connection: &mut Connection,
    rooms: &[RoomId],
) -> sqlx::Result<HashMap<RoomId, Vec<UserId>>> {
    let rows = PRESENT.fetch(connection, rooms, |statement, room| statement.bind(room.0)).await?;
    let mut present: HashMap<RoomId, Vec<UserId>> = HashMap::with_capacity(rooms.len());
    for row in rows {
        present.entry(RoomId(row.try_get(0)?)).or_default().push(UserId(row.try_get::<Uuid, _>(1)?));
    }
    Ok(present)
}

/// Returns `None` where `after` is a room that this user is not in.
pub(super) async fn rooms_of(
    connection: &mut Connection,
    user: UserId,
    after: Option<RoomsAfter>,
    limit: usize,
) -> sqlx::Result<Option<Page<RoomSummary>>> {
    let below = match after {
        None => RoomPosition { activity: i64::MAX, room: RoomId(i64::MAX) },
        Some(RoomsAfter::Position(position)) => position,
        Some(RoomsAfter::Room(room)) => match activity(connection, user, room).await? {
            Some(activity) => RoomPosition { activity, room },
            None => return Ok(None),
        },
    };
    // CROSS JOIN: from the user's rooms to the rooms, and so never over the rooms of others.
    let rows: Vec<ListedRow> = query_as(
        "SELECT r.id, r.owner, r.apartment, r.created_at, r.activity \
         FROM participants p CROSS JOIN rooms r \
         WHERE r.id = p.room AND p.\"user\" = $1 AND p.left_at IS NULL AND r.deleted_at IS NULL \
         AND (r.activity, r.id) < ($2, $3) ORDER BY r.activity DESC, r.id DESC LIMIT $4",
    )
    .bind(user.0)
    .bind(below.activity)
    .bind(below.room.0)
    .bind(one_more_than(limit))
    .fetch_all(&mut *connection)
    .await?;
    let Page { items: rows, more } = page(rows, limit);

    let mut items: Vec<RoomSummary> = Vec::with_capacity(rows.len());
    let mut bytes = 0;
    for rows in rows.chunks(ROOMS_AT_A_TIME) {
        let ids: Vec<RoomId> = rows.iter().map(|row| RoomId(row.0)).collect();
        let mut people = load_present(connection, &ids).await?;
        let mut newest = newest_messages(connection, &ids).await?;
        for &(id, owner, apartment, created_at, activity) in rows {
            if bytes > MAX_ROOMS_BYTES {
                return Ok(Some(Page { items, more: true }));
            }
            let participants = people.remove(&RoomId(id)).unwrap_or_default();
            let room = room_of((id, owner, apartment, created_at, None), participants);
            let last_message = newest.remove(&room.id);
            bytes += room.participants.len() * PARTICIPANT_BYTES;
            bytes += last_message.as_ref().map_or(0, |message| message.text.len());
            items.push(RoomSummary { room: Arc::new(room), activity, last_message });
        }
    }
    Ok(Some(Page { items, more }))
}

async fn activity(connection: &mut Connection, user: UserId, room: RoomId) -> sqlx::Result<Option<i64>> {
    query_scalar(
        "SELECT r.activity FROM participants p CROSS JOIN rooms r \
         WHERE r.id = p.room AND p.\"user\" = $1 AND p.room = $2 AND p.left_at IS NULL AND r.deleted_at IS NULL",
    )
    .bind(user.0)
    .bind(room.0)
    .fetch_optional(connection)
    .await
}

async fn newest_messages(
    connection: &mut Connection,
    rooms: &[RoomId],
) -> sqlx::Result<HashMap<RoomId, StoredMessage>> {
    let rows = NEWEST_MESSAGES.fetch(connection, rooms, |statement, room| statement.bind(room.0)).await?;
    let mut newest = HashMap::with_capacity(rows.len());
    for row in rows {
        let message = message_of(MessageRow::from_row(&row)?);
        newest.insert(message.room, message);
    }
    Ok(newest)
}

/// A room with a page of its messages, where `reader` may read it; call it inside a transaction.
pub(super) async fn read_room(
    connection: &mut Connection,
    room: RoomId,
    reader: Reader,
    before: Option<MessageId>,
    limit: usize,
) -> sqlx::Result<Option<RoomHistory>> {
    let found = load_room(&mut *connection, room).await?.filter(|room| reader.may_read(room));
    let Some(found) = found else { return Ok(None) };
    let messages = messages(connection, room, before, limit).await?;
    Ok(Some(RoomHistory { room: found, messages }))
}

async fn messages(
    connection: &mut Connection,
    room: RoomId,
    before: Option<MessageId>,
    limit: usize,
) -> sqlx::Result<Page<StoredMessage>> {
    let below = match before {
        None => i64::MAX,
        Some(before) => place_of(connection, room, before).await?,
    };
    let mut rows = query_as::<_, MessageRow>(
        "SELECT id, room, sender, text, created_at FROM messages WHERE room = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
    )
    .bind(room.0)
    .bind(below)
    .bind(one_more_than(limit))
    .fetch(&mut *connection);
    let mut items: Vec<StoredMessage> = Vec::new();
    let mut bytes = 0;
    let mut more = false;
    while let Some(row) = rows.try_next().await? {
        if items.len() == limit || bytes > MAX_TEXT_BYTES {
            more = true;
            break;
        }
        bytes += row.3.0.len();
        items.push(message_of(row));
    }
    items.reverse();
    Ok(Page { items, more })
}

/// The lowest place in the room at which, and after which, no message is older than `before`.
pub(super) async fn place_of(
    connection: &mut Connection,
    room: RoomId,
    before: MessageId,
) -> sqlx::Result<i64> {
    let found = query_scalar("SELECT seq FROM messages WHERE id = $1 AND room = $2")
        .bind(before.0)
        .bind(room.0)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(seq) = found {
        return Ok(seq);
    }
    // A message of another room, or of none: ids grow with `seq`, so halving finds the place in a few steps, where
    // comparing ids would walk the room.
    let last_seq: Option<i64> = query_scalar("SELECT last_seq FROM rooms WHERE id = $1")
        .bind(room.0)
        .fetch_optional(&mut *connection)
        .await?;
    let (mut low, mut high) = (1, last_seq.unwrap_or(0) + 1);
    while low < high {
        let middle = i64::midpoint(low, high);
        let next: Option<i64> =
            query_scalar("SELECT id FROM messages WHERE room = $1 AND seq >= $2 ORDER BY seq LIMIT 1")
                .bind(room.0)
                .bind(middle)
                .fetch_optional(&mut *connection)
                .await?;
        if next.is_none_or(|id| id >= before.0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}
