//! Copying the write-ahead log into the database, off the commit path.
//!
//! A connection of its own copies and syncs while the writer goes on. Only a log that is copied whole is begun anew, and
//! under load that moment never comes by itself: so the writer, between two batches, copies the little that came
//! meanwhile. The longer the log, the oftener a page was overwritten in it, and the fewer pages are copied; on a small
//! volume, or a nearly full one, it is kept short.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, query_as, sqlite::SqliteConnectOptions};
use tokio::{sync::mpsc, task::JoinHandle};

/// The bytes of a page in the log, with its header.
const PAGE: u64 = 4_120;
/// Pages in the log, as the writer counts them, from which it is copied: 64 MiB, where there is room.
const LONG: usize = 16_000;
/// Where the log could not be copied whole, it is tried again after so large a part of its limit was written.
const SOON: usize = 16;
/// A pass that copied no more pages than these leaves a moment's work to the writer.
const SHORT: i64 = 1_000;
/// Passes, should the writer add more meanwhile than a pass copies.
const MOST_PASSES: usize = 3;

/// The pages of a transaction that does not append, most of the time.
pub(super) const OF_A_CHANGE: usize = 16;

/// The pages of a transaction that appends so many messages, with texts of so many bytes together: a page of each of two
/// indexes a message, the texts, and a few for the rest.
pub(super) fn of_messages(count: usize, bytes: usize) -> usize {
    8 + 2 * count + bytes / 2048
}

/// The writer's side of it.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// From how many pages on the log is copied.
    long: usize,
    /// Written since the log was begun.
    pages: usize,
    is_asked: bool,
    /// Whether the rest is the writer's.
    is_copied: Arc<AtomicBool>,
    due: mpsc::Sender<()>,
    task: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the task; call it inside a runtime.
    pub(super) fn start(options: SqliteConnectOptions) -> Self {
        let (due, mut asked) = mpsc::channel(1);
        let is_copied = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn({
            let is_copied = Arc::clone(&is_copied);
            async move {
                while asked.recv().await.is_some() {
                    if let Err(error) = copy(&options).await {
                        plic_pipeline::log_limited!(WARN, error: &error, "could not checkpoint the database beside its writer");
                    }
                    // Also after an error: then the writer does all of it.
                    is_copied.store(true, Ordering::Release);
                }
            }
        });
        Self { long: LONG, pages: 0, is_asked: false, is_copied, due, task }
    }

    /// Counts what a transaction wrote.
    pub(super) fn wrote(&mut self, pages: usize) {
        self.pages = self.pages.saturating_add(pages);
        if self.pages >= self.long && !self.is_asked {
            // An error means that the task is gone: SQLite itself checkpoints a log that has grown far longer.
            self.is_asked = self.due.try_send(()).is_ok();
        }
    }

    /// Takes the bytes that the log may have; returns them where that is another limit than before.
    pub(super) fn limit(&mut self, bytes: Option<u64>) -> Option<u64> {
        let pages = usize::try_from(bytes? / PAGE).unwrap_or(LONG).clamp(SOON, LONG);
        let is_new = self.long != pages;
        self.long = pages;
        bytes.filter(|_| is_new)
    }

    /// Notes that the log was emptied.
    pub(super) fn began_anew(&mut self) {
        self.pages = 0;
    }

    /// Copies the rest, where it is time to; returns whether it was.
    pub(super) async fn finish(&mut self, connection: &mut SqliteConnection) -> sqlx::Result<bool> {
        let is_due = self.is_copied.swap(false, Ordering::Acquire);
        if is_due {
            self.is_asked = false;
            // A reader that needs the log as it was keeps it from being begun anew: it is tried again soon. So it is
            // where this pass fails.
            self.pages = self.long - self.long / SOON;
            let Pass { log, copied } = pass(connection).await?;
            if copied == log {
                self.pages = 0;
            }
        }
        Ok(is_due)
    }

    /// Waits until the connection is closed.
    pub(super) async fn stop(self) {
        drop(self.due);
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "checkpoints had ended early");
        }
    }
}

/// Copies until little is left.
async fn copy(options: &SqliteConnectOptions) -> sqlx::Result<()> {
    let mut connection = options.connect().await?;
    let mut before = 0;
    for _ in 0..MOST_PASSES {
        let copied = pass(&mut connection).await?.copied;
        if copied - before <= SHORT {
            break;
        }
        before = copied;
    }
    connection.close().await
}

/// How far a pass has come, in pages.
struct Pass {
    log: i64,
    /// Of the log.
    copied: i64,
}

/// Copies what no reader still needs as it was, waiting for nobody.
async fn pass(connection: &mut SqliteConnection) -> sqlx::Result<Pass> {
    let (_, log, copied): (i64, i64, i64) =
        query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await?;
    Ok(Pass { log, copied })
}
