//! What a message store on `PostgreSQL` can write durably at most: one connection, one table, one prepared statement that inserts a
//! batch from arrays, and nothing else in the process.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::durable::{ROOMS, TEXT};

const TABLE: &str = "
    CREATE TABLE messages (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room BIGINT NOT NULL, seq BIGINT NOT NULL, sender UUID NOT NULL,
        text TEXT NOT NULL, created_at BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX messages_by_room ON messages (room, seq)";
const INSERT: &str = "
    INSERT INTO messages (room, seq, sender, text, created_at)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::bigint[])";

/// Writes for `time` in transactions of `batch` rows, to an empty database; the rows written a second.
pub(crate) fn rows_a_second(batch: usize, url: &str, time: Duration) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(write(batch, url, time))
}

async fn write(batch: usize, url: &str, time: Duration) -> anyhow::Result<f64> {
    ensure!(batch > 0, "a transaction has at least one row");
    let batch = i64::try_from(batch)?;
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(TABLE).execute(&mut connection).await?;
    let texts = vec![TEXT; usize::try_from(batch)?];
    let started = Instant::now();
    let mut rows = 0_i64;
    while started.elapsed() < time {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
        let rooms: Vec<i64> = (rows..rows + batch).map(|row| row % ROOMS).collect();
        let seqs: Vec<i64> = (rows..rows + batch).map(|row| row / ROOMS).collect();
        let senders: Vec<Uuid> =
            rooms.iter().map(|room| Uuid::from_u64_pair(0, room.unsigned_abs())).collect();
        // A statement by itself is a transaction: it is on the disk when it returns.
        sqlx::query(INSERT)
            .bind(rooms)
            .bind(seqs)
            .bind(senders)
            .bind(&texts)
            .bind(vec![now; texts.len()])
            .execute(&mut connection)
            .await?;
        rows += batch;
    }
    let seconds = started.elapsed().as_secs_f64();
    connection.close().await?;
    #[expect(clippy::cast_precision_loss, reason = "rows of seconds are far fewer than 2^52")]
    Ok(rows as f64 / seconds)
}
