//! Forgetting what is too old to be recognised when it is sent again, to count towards the limits of a day, or to say what a
//! user may do.

use std::time::Duration;

use tokio::time;

use super::{connection::Connection, deadline::DEADLINE, reach::Link};

/// How often.
const EVERY: Duration = Duration::from_mins(1);
/// How soon again while there is more.
const AGAIN: Duration = Duration::from_millis(50);
/// Rows of a table that a transaction deletes: a few milliseconds, so that no change waits noticeably.
const BATCH: u64 = 1000;

/// Rows from before the longest window in which a message is the same one (CONTRACT section 2); not those that somebody
/// else purges, or replaces, at this moment. The clock is asked once, so that the index on `at` is used.
const SENT: &str = "DELETE FROM sent WHERE (room, sender, digest) IN (\
    SELECT room, sender, digest FROM sent WHERE at < (SELECT moment() - 86400000000) ORDER BY at LIMIT 1000 \
    FOR UPDATE SKIP LOCKED)";
const REFUSED: &str = "DELETE FROM refused WHERE (sender, room, digest) IN (\
    SELECT sender, room, digest FROM refused WHERE at < (SELECT moment() - 86400000000) ORDER BY at LIMIT 1000 \
    FOR UPDATE SKIP LOCKED)";
/// Rows of hours that count towards no limit of a day any more.
const USED: &str = "DELETE FROM daily_use WHERE (\"user\", hour) IN (\
    SELECT \"user\", hour FROM daily_use WHERE hour < (SELECT moment() / 3600000000 - 24) ORDER BY hour LIMIT 1000 \
    FOR UPDATE SKIP LOCKED)";

/// Roles that are not known any more. The table holds moderators and admins, few enough to be read whole.
const ROLES: &str = "DELETE FROM staff WHERE \"user\" IN (\
    SELECT \"user\" FROM staff WHERE seen_at < (SELECT moment() - 86400000000) LIMIT 1000 FOR UPDATE SKIP LOCKED)";

/// Deletes the oldest rows, a batch of each table's; answers how long to wait before the next.
pub(super) async fn purge(link: &mut Link) -> Duration {
    let begin = link.reach.write();
    let purged = async {
        let connection = link.connection().await?;
        connection.run(begin).await?;
        let mut deleted = Vec::new();
        for oldest in [SENT, REFUSED, USED, ROLES] {
            deleted.push(delete(connection, oldest).await?);
        }
        connection.run("COMMIT").await?;
        sqlx::Result::Ok(if deleted.contains(&BATCH) { AGAIN } else { EVERY })
    };
    match time::timeout(DEADLINE, purged).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
        Ok(next) => next,
        Err(error) => {
            plic_pipeline::log_limited!(
                WARN,
                error: &error,
                "could not purge what was sent long ago"
            );
            link.lose();
            EVERY
        }
    }
}

async fn delete(connection: &mut Connection, oldest: &'static str) -> sqlx::Result<u64> {
    Ok(sqlx::query(oldest).execute(connection).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::{self, PostgresSettings, reach::Reach};

    #[tokio::test]
    async fn what_is_purged_is_found_by_an_index() {
        let server = testbed::Postgres::start();
        server.create_database("chat");
        let settings = PostgresSettings { url: server.url("chat"), pooler: false, max_connections: 5 };
        postgres::migrate(&settings).await.expect("migrates");
        let mut link = Link::new(Reach::new(&settings).expect("an address"));
        let connection = link.connection().await.expect("connects");
        // The tables are empty.
        connection.run("SET enable_seqscan = off").await.expect("sets");
        for sql in [SENT, REFUSED, USED] {
            // Safe: constants of this file.
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"));
            let plan: Vec<String> =
                sqlx::query_scalar(explain).fetch_all(&mut *connection).await.expect("explains");
            assert!(
                plan.iter()
                    .any(|step| step.contains("Index Cond: (at < ") || step.contains("Index Cond: (hour < ")),
                "{plan:#?}"
            );
        }
        link.close().await;
    }
}
