//! `PostgreSQL`: the truth that several nodes share.
//!
//! Messages wait for one task, which stores them in batches by one call of a function in the database (`appender`,
//! `append`, the migrations); every other write has a transaction of its own (`commit`), one at a time in the cluster,
//! and what other nodes must learn of it is in the same transaction (`feed`). Whatever is committed is published and
//! answered in order by `delivery`. Reads go past the writers to pools. What both engines say in the same SQL is in
//! `src/store/sql`; what differs for it is in `db`.
//!
//! Through a pooler that lends connections a transaction at a time, everything is inside a transaction that sets what it
//! needs, and no statement has a name (`reach`, `connection`).
//!
//! Nothing waits for ever: every call has a deadline. What is lost with a connection is tried again until then, where
//! it cannot be stored twice.

#![allow(
    clippy::duplicate_mod,
    reason = "what both engines say in the same SQL is compiled for each database type"
)]

mod append;
mod appender;
mod bulk;
mod clock;
mod cluster;
mod commit;
mod connection;
mod db;
mod depart;
mod epoch;
mod feed;
mod fresh;
mod guards;
mod migrate;
mod missed;
mod open;
mod people;
mod purge;
mod queue;
mod reach;
mod text;
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

use crate::store::sqlite::AppliedMigration;

use self::{
    clock::DatabaseClock,
    db::Readers,
    queue::Queue,
    reach::{Reach, STATEMENT_TIMEOUT},
};
pub use self::{
    epoch::new_epoch,
    open::{OpenError, PostgresSettings},
    verify::{Head, VerifyError},
};

/// A store in a `PostgreSQL` database, which several processes share.
#[derive(Debug)]
pub struct PostgresStore {
    epoch: Uuid,
    node: i64,
    clock: DatabaseClock,
    queue: Queue,
    lookups: Readers,
    lists: Readers,
    scanner: Readers,
    daily_limits: DailyLimits,
}

impl PostgresStore {
    /// Opens the database, waiting a while where it is not up yet, and brings its schema up to date. What this node
    /// commits is handed to `bus`. Call it inside a tokio runtime.
    pub async fn open(settings: &PostgresSettings, bus: Arc<dyn Bus>) -> Result<Self, OpenError> {
        let open::Opened { epoch, node, clock, reach, lookups, lists, scanner } =
            open::open(settings).await?;
        let queue = Queue::start(reach, node, bus);
        Ok(Self { epoch, node, clock, queue, lookups, lists, scanner, daily_limits: DailyLimits::NONE })
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

    /// This node's number, which no other process has or had.
    pub fn node(&self) -> i64 {
        self.node
    }

    /// Says that this node is gone, finishes the writes that are waiting and closes all connections. Later calls answer
    /// [`StoreError::Unavailable`](plic_pipeline::store::StoreError::Unavailable).
    pub async fn close(&self) {
        self.depart().await;
        self.queue.close().await;
        self.lookups.close().await;
        self.lists.close().await;
        self.scanner.close().await;
    }
}

/// Brings the schema of the database up to date, making it where it is absent; answers what was applied.
pub async fn migrate(settings: &PostgresSettings) -> Result<Vec<AppliedMigration>, OpenError> {
    let mut connection = open::connect(&Reach::new(settings)?).await?;
    let applied = migrate::run(&mut connection).await?;
    connection.close().await?;
    Ok(applied)
}

/// Returns the last entry of the audit log, beside the servers that may be running.
pub async fn audit_head(settings: &PostgresSettings) -> Result<AuditHead, VerifyError> {
    let readers = audit_readers(settings).await?;
    let head = verify::read_head(&readers).await;
    readers.close().await;
    head
}

/// Checks the audit log, beside the servers that may be running, and that `expected`, a head that was noted elsewhere
/// before, is in it; answers how many entries there are and the last one's hash.
pub async fn verify_audit(settings: &PostgresSettings, expected: Option<Head>) -> Result<Head, VerifyError> {
    let readers = audit_readers(settings).await?;
    let verified = verify::verify(&readers, expected).await;
    readers.close().await;
    verified
}

async fn audit_readers(settings: &PostgresSettings) -> Result<Readers, OpenError> {
    let reach = Reach::new(settings)?;
    open::connect(&reach).await?.close().await?;
    Ok(open::pool(&reach, 1, STATEMENT_TIMEOUT, reach.read()))
}
