//! Forgetting what is too old to be recognised when it is sent again, to count towards the limits of a day, or to say what a
//! user may do.

use std::time::Duration;

use plic_pipeline::timestamp::Timestamp;
use sqlx::SqliteConnection;

/// The longest window in which a message is the same one (CONTRACT section 2), and the time for which a role is known.
const KEPT: Duration = Duration::from_hours(24);
/// Rows a transaction: a few milliseconds, so that no message waits noticeably.
const BATCH: u64 = 500;
/// How often.
pub(super) const EVERY: Duration = Duration::from_mins(1);
/// How soon again while there is more: 10,000 rows a second, more than arrive in the long run.
const AGAIN: Duration = Duration::from_millis(50);

const SENT: &str =
    "DELETE FROM sent WHERE at < ?1 AND message IN (SELECT message FROM sent ORDER BY message LIMIT ?2)";
const USED: &str = "DELETE FROM daily_use WHERE hour < ?1 / 3600000000 \
     AND (user, hour) IN (SELECT user, hour FROM daily_use ORDER BY hour LIMIT ?2)";
const REFUSED: &str =
    "DELETE FROM refused WHERE at < ?1 AND number IN (SELECT number FROM refused ORDER BY number LIMIT ?2)";
/// The table holds moderators and admins, few enough to be read whole.
const ROLES: &str =
    "DELETE FROM staff WHERE seen_at < ?1 AND user IN (SELECT user FROM staff WHERE seen_at < ?1 LIMIT ?2)";

/// Deletes the oldest rows, a batch of each table's; answers how long to wait before the next.
pub(super) async fn purge(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<Duration> {
    let mut next = EVERY;
    for oldest in [SENT, REFUSED, USED, ROLES] {
        let deleted = sqlx::query(oldest)
            .bind(now.before(KEPT).0)
            .bind(BATCH.cast_signed())
            .execute(&mut *connection)
            .await?
            .rows_affected();
        if deleted == BATCH {
            next = AGAIN;
        }
    }
    Ok(next)
}
