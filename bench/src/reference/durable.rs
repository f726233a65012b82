//! What a message store on `SQLite` can write durably at most: one writer, one table, nothing else in the process.
//!
//! The database is fresh, in WAL with `synchronous=FULL`: every commit is on disk when it returns. Pages have 4 KiB, and cache and log
//! are as long as those of plic-chat: 32 MB, and 64 MiB. A commit that leaves as much in the log copies it into the database
//! itself, since there is no second thread that would. Statements are prepared once. Both files have their size before the clock starts: while
//! a file grows, each commit has to put its metadata on disk too.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rusqlite::{Connection, params};

use crate::server::work_folder;

/// Rooms that the rows are spread over.
pub(crate) const ROOMS: i64 = 256;
/// A text of 64 bytes, as in every scenario.
pub(crate) const TEXT: &str = "the balcony faces south and the keys are with our neighbour anna";
const DATABASE: &str = "
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -32000;
    PRAGMA wal_autocheckpoint = 16000;
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY, room INTEGER, seq INTEGER, sender BLOB, text TEXT, created_at INTEGER
    );
    CREATE UNIQUE INDEX messages_by_room ON messages (room, seq);
    CREATE TABLE filler (bytes BLOB);
    INSERT INTO filler VALUES (zeroblob(68000000));
    DROP TABLE filler;
    PRAGMA wal_checkpoint;";

/// Writes for `time` in transactions of `batch` rows, to a fresh database in `folder`; the rows written a second.
pub(crate) fn rows_a_second(batch: usize, folder: &Path, time: Duration) -> anyhow::Result<f64> {
    anyhow::ensure!(batch > 0, "a transaction has at least one row");
    let batch = i64::try_from(batch)?;
    let folder = work_folder(folder)?;
    let database = Connection::open(folder.path().join("messages.db"))?;
    database.execute_batch(DATABASE)?;
    let mut begin = database.prepare("BEGIN IMMEDIATE")?;
    let mut commit = database.prepare("COMMIT")?;
    let mut insert = database
        .prepare("INSERT INTO messages (room, seq, sender, text, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let started = Instant::now();
    let mut rows = 0_i64;
    while started.elapsed() < time {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
        begin.execute([])?;
        for row in rows..rows + batch {
            let room = row % ROOMS;
            insert.execute(params![room, row / ROOMS, [u8::try_from(room)?; 16], TEXT, now])?;
        }
        commit.execute([])?;
        rows += batch;
    }
    #[expect(clippy::cast_precision_loss, reason = "rows of seconds are far fewer than 2^52")]
    Ok(rows as f64 / started.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{TEXT, rows_a_second};

    #[test]
    fn rows_are_written_and_the_folder_is_left_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let rate = rows_a_second(16, folder.path(), Duration::from_millis(50)).expect("rows");
        assert!(rate > 0.0);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
        assert_eq!(TEXT.len(), 64);
    }
}
