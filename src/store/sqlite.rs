//! `SQLite`: one file, one writer that groups commits, several readers.
//!
//! All writes go through one queue to one task (`writer`), which owns the only connection that may write. Appends that
//! wait together share a transaction, so that syncing the disk is paid once a batch (`append`); every other write has
//! a transaction of its own (`rooms`, and what `records` lists). What is committed is published and answered by a second
//! task (`delivery`), and copied from the log into the database by a third (`checkpoint`), while the writer goes on. Reads
//! go past the queue to a pool of read-only connections (`read`); WAL lets them see the last commit without waiting for
//! the writer.
//!
//! The statements of rooms and moderation stand in `src/store/sql`: the other engine runs the same ones (`db`).
//!
//! Nothing waits for ever: every call has a deadline, also in the queue, and a fault of the disk or of another process
//! that holds the file costs those calls only. The writer opens a new connection after any error.

mod append;
mod backup;
mod bulk;
mod checkpoint;
mod commit;
mod db;
mod guards;
mod link;
mod open;
mod people;
mod place;
#[cfg(test)]
mod plans;
mod purge;
mod queue;
mod restore;
mod schema;
mod sound;
mod space;
mod volume;
mod writer;

#[path = "sql/audit.rs"]
mod audit;
#[path = "sql/bans.rs"]
mod bans;
#[path = "sql/change.rs"]
mod change;
#[path = "sql/daily.rs"]
mod daily;
#[path = "sql/deadline.rs"]
mod deadline;
#[path = "sql/decide.rs"]
mod decide;
#[path = "sql/delivery.rs"]
mod delivery;
#[path = "sql/dossier.rs"]
mod dossier;
#[path = "sql/flags.rs"]
mod flags;
#[path = "sql/held.rs"]
mod held;
#[path = "sql/hits.rs"]
mod hits;
#[path = "sql/incidents.rs"]
mod incidents;
#[path = "sql/known_users.rs"]
mod known_users;
#[path = "sql/lately.rs"]
mod lately;
#[path = "sql/policy.rs"]
mod policy;
#[path = "sql/probe.rs"]
mod probe;
#[path = "sql/read.rs"]
mod read;
#[path = "sql/records.rs"]
mod records;
#[path = "sql/redact.rs"]
mod redact;
#[path = "sql/refused.rs"]
mod refused;
#[path = "sql/reopen.rs"]
mod reopen;
#[path = "sql/reports.rs"]
mod reports;
#[path = "sql/retention.rs"]
mod retention;
#[path = "sql/rooms.rs"]
mod rooms;
#[path = "sql/rules.rs"]
mod rules;
#[path = "sql/said.rs"]
mod said;
#[path = "sql/scan.rs"]
mod scan;
#[path = "sql/staff.rs"]
mod staff;
#[path = "sql/store.rs"]
mod store;
#[path = "sql/strikes.rs"]
mod strikes;
#[path = "sql/ticket.rs"]
mod ticket;
#[path = "sql/verify.rs"]
mod verify;
#[path = "sql/window.rs"]
mod window;
#[path = "sql/words.rs"]
mod words;

use std::sync::Arc;

use plic_pipeline::{bus::Bus, daily::DailyLimits, moderation::audit::AuditHead};
use uuid::Uuid;

pub use self::{
    backup::backup,
    open::{AppliedMigration, OpenError, migrate, path_of},
    restore::{RestoreConsent, Restored, new_epoch, restore},
    schema::SchemaDifference,
    sound::{Contents, CopyError},
    verify::{Head, VerifyError},
};
use self::{db::Readers, link::Link, queue::Queue};

/// A store in one `SQLite` file, which one process opens at a time.
#[derive(Debug)]
pub struct SqliteStore {
    epoch: Uuid,
    queue: Queue,
    lookups: Readers,
    lists: Readers,
    scanner: Readers,
    daily_limits: DailyLimits,
}

impl SqliteStore {
    /// Opens the database at `url` (`sqlite://data/plic-chat.db`, or a bare path), makes it where it is absent, and
    /// brings its schema up to date. What is committed is handed to `bus`. Call it inside a tokio runtime.
    pub async fn open(url: &str, bus: Arc<dyn Bus>) -> Result<Self, OpenError> {
        let opened = open::open(url).await?;
        let open::Opened { epoch, writer, writer_options, space, lookups, lists, scanner, lock } = opened;
        let queue = Queue::start(Link::open(writer, writer_options, space).await, lock, bus);
        Ok(Self { epoch, queue, lookups, lists, scanner, daily_limits: DailyLimits::NONE })
    }

    /// Sets the limits of what a user may start within a day; without a call there are none.
    #[must_use]
    pub fn with_daily_limits(mut self, limits: DailyLimits) -> Self {
        self.daily_limits = limits;
        self
    }

    /// The name of this database, random and made with it: another one means that ids started over.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// Finishes the writes that are waiting, closes the database and lets go of its lock. Later calls answer
    /// [`StoreError::Unavailable`].
    pub async fn close(&self) {
        // The writer last: only a connection that writes puts the log into the database and removes it.
        self.lookups.close().await;
        self.lists.close().await;
        self.scanner.close().await;
        self.queue.close().await;
    }
}

/// Returns the last entry of the audit log of the database at `url`, beside the server that may be running.
pub async fn audit_head(url: &str) -> Result<AuditHead, VerifyError> {
    let readers = open::readers(&path_of(url)?, 1);
    let head = verify::read_head(&readers).await;
    readers.close().await;
    head
}

/// Checks the audit log of the database at `url`, beside the server that may be running, and that `expected`, a head that
/// was noted elsewhere before, is in it; answers how many entries there are and the last one's hash.
pub async fn verify_audit(url: &str, expected: Option<Head>) -> Result<Head, VerifyError> {
    let readers = open::readers(&path_of(url)?, 1);
    let verified = verify::verify(&readers, expected).await;
    readers.close().await;
    verified
}
