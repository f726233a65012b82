//! Forgetting what is too old to be recognised when it is sent again.

use std::time::Duration;

use plic_pipeline::timestamp::Timestamp;
use sqlx::SqliteConnection;

/// The longest window in which a message is the same one (CONTRACT section 2).
const KEPT: Duration = Duration::from_hours(24);
/// Rows a transaction: a few milliseconds, so that no message waits noticeably.
const BATCH: u64 = 500;
/// How often.
pub(super) const EVERY: Duration = Duration::from_mins(1);
/// How soon again while there is more: 10,000 rows a second, more than arrive in the long run.
const AGAIN: Duration = Duration::from_millis(50);

/// Deletes the oldest rows, a batch of them; answers how long to wait before the next.
pub(super) async fn purge(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<Duration> {
    let deleted = sqlx::query(
        "DELETE FROM sent WHERE at < ?1 AND message IN (SELECT message FROM sent ORDER BY message LIMIT ?2)",
    )
    .bind(now.before(KEPT).0)
    .bind(BATCH.cast_signed())
    .execute(connection)
    .await?
    .rows_affected();
    Ok(if deleted == BATCH { AGAIN } else { EVERY })
}
