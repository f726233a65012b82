//! What a sender said lately, for the filter: two reads, each of a bounded number of rows.

use async_trait::async_trait;
use plic_filter::recall::{KEPT_OVER_ROOMS, MAX_IN_ROOM, MAX_OVER_ROOMS};
use plic_pipeline::{
    id::{RoomId, UserId},
    said_lately::{LOOKED_THROUGH, LOOKED_THROUGH_ELSEWHERE, ROOMS_LOOKED_INTO, SaidElsewhere, SaidLately},
    store::{StoreError, StoredMessage},
    timestamp::Timestamp,
};
use sqlx::query_as;
use uuid::Uuid;

use super::{
    db::{Connection, Engine, Text},
    deadline::in_time,
    read::{MessageRow, message_of},
};

/// The newest messages of a room are those with the highest `seq`, which has no gaps: no other rows are read.
pub(super) const IN_ROOM: &str = "SELECT id, room, sender, text, created_at FROM messages \
                                  WHERE room = $1 AND seq > (SELECT last_seq FROM rooms WHERE id = $1) - $2 \
                                  AND sender = $3 AND redacted_at IS NULL ORDER BY seq DESC LIMIT $4";

/// From the sender's rooms with the newest activity to the newest messages of each. Who left a room within the hour wrote
/// there as well.
pub(super) const OVER_ROOMS: &str = "SELECT m.id, m.room, m.sender, m.text, m.created_at, NOT EXISTS (\
                                         SELECT 1 FROM messages e WHERE e.room = m.room AND e.seq < m.seq \
                                         AND e.seq >= m.seq - $3 AND e.sender = $1) AS is_first \
                                     FROM (SELECT r.id, r.last_seq FROM participants p CROSS JOIN rooms r \
                                         WHERE r.id = p.room AND p.\"user\" = $1 \
                                         AND (p.left_at IS NULL OR p.left_at > $2) \
                                         ORDER BY r.activity DESC LIMIT $4) recent CROSS JOIN messages m \
                                     WHERE m.room = recent.id AND m.seq > recent.last_seq - $5 AND m.sender = $1 \
                                     AND m.created_at > $2 AND m.redacted_at IS NULL ORDER BY m.id DESC LIMIT $6";

/// `id, room, sender, text, created_at, is_first`.
type ElsewhereRow = (i64, i64, Uuid, Text, i64, bool);

#[async_trait]
impl SaidLately for Engine {
    async fn in_room(&self, sender: UserId, room: RoomId) -> Result<Vec<StoredMessage>, StoreError> {
        in_time(|| async { in_room(&mut *self.lookups.single().await?, sender, room).await }).await
    }

    async fn over_rooms(&self, sender: UserId) -> Result<Vec<SaidElsewhere>, StoreError> {
        let since = self.moment().before(KEPT_OVER_ROOMS);
        in_time(|| async { over_rooms(&mut *self.lookups.single().await?, sender, since).await }).await
    }
}

async fn in_room(
    connection: &mut Connection,
    sender: UserId,
    room: RoomId,
) -> sqlx::Result<Vec<StoredMessage>> {
    let rows: Vec<MessageRow> = query_as(IN_ROOM)
        .bind(room.0)
        .bind(LOOKED_THROUGH)
        .bind(sender.0)
        .bind(most(MAX_IN_ROOM))
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(message_of).collect())
}

async fn over_rooms(
    connection: &mut Connection,
    sender: UserId,
    since: Timestamp,
) -> sqlx::Result<Vec<SaidElsewhere>> {
    let rows: Vec<ElsewhereRow> = query_as(OVER_ROOMS)
        .bind(sender.0)
        .bind(since.0)
        .bind(LOOKED_THROUGH)
        .bind(ROOMS_LOOKED_INTO)
        .bind(LOOKED_THROUGH_ELSEWHERE)
        .bind(most(MAX_OVER_ROOMS))
        .fetch_all(connection)
        .await?;
    let said = |(id, room, sender, text, created_at, is_first)| SaidElsewhere {
        message: message_of((id, room, sender, text, created_at)),
        is_first,
    };
    Ok(rows.into_iter().map(said).collect())
}

fn most(messages: usize) -> i64 {
    i64::try_from(messages).unwrap_or(i64::MAX)
}
