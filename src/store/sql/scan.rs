//! Reading through all messages, for back-tests: on a connection that nothing else uses.

use plic_pipeline::{id::MessageId, store::StoredMessage, timestamp::Timestamp};
use sqlx::{query_as, query_scalar};

use super::{
    db::{Connection, newest_id},
    read::{MessageRow, message_of},
    words::count,
};

pub(super) const MESSAGES: &str = "SELECT id, room, sender, text, created_at FROM messages \
                                   WHERE id > $1 AND redacted_at IS NULL ORDER BY id LIMIT $2";
/// The same, without messages about which an incident is open or was decided to be right.
pub(super) const ORDINARY: &str = "SELECT id, room, sender, text, created_at FROM messages m \
                                   WHERE id > $1 AND redacted_at IS NULL AND NOT EXISTS (\
                                       SELECT 1 FROM incidents i WHERE i.message = m.id \
                                       AND i.status NOT IN ('dismissed', 'released')) \
                                   AND NOT EXISTS (\
                                       SELECT 1 FROM incident_further f CROSS JOIN incidents i \
                                       WHERE f.message = m.id AND i.id = f.incident \
                                       AND i.status NOT IN ('dismissed', 'released')) ORDER BY id LIMIT $2";
/// The most messages that one call reads.
const MAX_MESSAGES: usize = 10_000;

pub(super) async fn messages(
    connection: &mut Connection,
    sql: &'static str,
    after: MessageId,
    limit: usize,
) -> sqlx::Result<Vec<StoredMessage>> {
    let limit = i64::try_from(limit.min(MAX_MESSAGES)).unwrap_or(i64::MAX);
    let rows: Vec<MessageRow> = query_as(sql).bind(after.0).bind(limit).fetch_all(connection).await?;
    Ok(rows.into_iter().map(message_of).collect())
}

/// The message after which come at most `limit` messages, all since `since`, and how many.
pub(super) async fn from(
    connection: &mut Connection,
    since: Option<Timestamp>,
    limit: Option<u64>,
) -> sqlx::Result<(MessageId, u64)> {
    let mut first = match since {
        None => 0,
        Some(since) => first_since(connection, since).await?,
    };
    if let Some(limit) = limit {
        // The message just before the newest `limit`.
        let before: Option<i64> =
            query_scalar("SELECT id FROM messages WHERE id >= $1 ORDER BY id DESC LIMIT 1 OFFSET $2")
                .bind(first)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .fetch_optional(&mut *connection)
                .await?;
        first = before.map_or(first, |before| before + 1);
    }
    let number: i64 = query_scalar("SELECT count(*) FROM messages WHERE id >= $1")
        .bind(first)
        .fetch_one(&mut *connection)
        .await?;
    Ok((MessageId(first - 1), count(number)))
}

/// The lowest id at which, and after which, no message is older than `since`. Ids grow with time, so halving finds it
/// without an index on time.
async fn first_since(connection: &mut Connection, since: Timestamp) -> sqlx::Result<i64> {
    let last = newest_id(connection).await?;
    let (mut low, mut high) = (1, last + 1);
    while low < high {
        let middle = i64::midpoint(low, high);
        let next: Option<i64> =
            query_scalar("SELECT created_at FROM messages WHERE id >= $1 ORDER BY id LIMIT 1")
                .bind(middle)
                .fetch_optional(&mut *connection)
                .await?;
        if next.is_none_or(|at| at >= since.0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}
