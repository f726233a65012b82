//! Copying the write-ahead log into the database, off the commit path.
//!
//! A connection of its own copies and syncs while the writer goes on. Only a log that is copied whole is begun anew, and
//! under load that moment never comes by itself: so the writer, between two batches, copies the little that came
//! meanwhile. The longer the log, the oftener a page was overwritten in it, and the fewer pages are copied.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, query_as, sqlite::SqliteConnectOptions};
use tokio::{sync::mpsc, task::JoinHandle};

/// Pages in the log, as the writer counts them, from which it is copied: 64 MiB.
const LONG: usize = 16_000;
/// So many pages later it is tried again, where the log could not be copied whole.
const SOON: usize = 1_000;
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
pub(super) struct Checkpoints {
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
                        tracing::warn!(%error, "could not checkpoint the database beside its writer");
                    }
                    // Also after an error: then the writer does all of it.
                    is_copied.store(true, Ordering::Release);
                }
            }
        });
        Self { pages: 0, is_asked: false, is_copied, due, task }
    }

    /// Counts what a transaction wrote.
    pub(super) fn wrote(&mut self, pages: usize) {
        self.pages = self.pages.saturating_add(pages);
        if self.pages >= LONG && !self.is_asked {
            // An error means that the task is gone: SQLite itself checkpoints a log that has grown far longer.
            self.is_asked = self.due.try_send(()).is_ok();
        }
    }

    /// Copies the rest, where it is time to.
    pub(super) async fn finish(&mut self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        if self.is_copied.swap(false, Ordering::Acquire) {
            self.is_asked = false;
            let Pass { log, copied } = pass(connection).await?;
            // A reader that needs the log as it was keeps it from being begun anew: it is tried again soon.
            self.pages = if copied == log { 0 } else { LONG.saturating_sub(SOON) };
        }
        Ok(())
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
