//! Whether writes are stored, for readiness: the outcome of the last writes and, where there were none lately, of a small
//! write that is made to find out. Both engines share it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::sqlite::SqliteError;

/// How long after the last outcome a probe is made, while writes are stored.
const IDLE: Duration = Duration::from_secs(10);
/// The same while they are not.
const RETRY: Duration = Duration::from_secs(1);
/// How long a failure counts, whatever succeeds meanwhile: a small write may succeed where larger ones fail.
const HOLD: Duration = Duration::from_secs(3);
/// A probe without an outcome for so long is a failure.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Primary result codes of `SQLite` after which nothing can be stored: busy, no memory, read-only, input or output,
/// corrupt, full, cannot open, locking protocol, not a database.
const SQLITE_FAULTS: [u32; 9] = [5, 7, 8, 10, 11, 13, 14, 15, 26];
/// The same as classes or codes of `PostgreSQL`: connection, read-only, sign-in, database, resources, shutdown, system,
/// internal.
const POSTGRES_FAULTS: [&str; 8] = ["08", "25006", "28", "3D", "53", "57P", "58", "XX"];

/// The last write failed, and none has succeeded since.
#[derive(Debug, thiserror::Error)]
#[error("writes are not stored")]
pub(crate) struct NotStored(#[source] Option<Arc<sqlx::Error>>);

/// A probe that has no outcome yet. One that is dropped says nothing about writes, and another may be made.
#[derive(Debug)]
pub(crate) struct ProbeUnderWay(Arc<WriteHealth>);

impl ProbeUnderWay {
    /// Notes the outcome.
    pub(crate) fn ended(self, is_stored: bool) {
        self.0.with(|outcomes| {
            if is_stored {
                outcomes.stored(Instant::now());
            } else {
                outcomes.failed(Instant::now(), None);
            }
        });
    }
}

impl Drop for ProbeUnderWay {
    fn drop(&mut self) {
        self.0.with(|outcomes| outcomes.probing_since = None);
    }
}

/// The outcomes of writes.
#[derive(Debug, Default)]
pub(crate) struct WriteHealth(Mutex<Outcomes>);

#[derive(Debug, Default)]
struct Outcomes {
    stored_at: Option<Instant>,
    failed_at: Option<Instant>,
    cause: Option<Arc<sqlx::Error>>,
    probing_since: Option<Instant>,
}

impl WriteHealth {
    /// Notes that something new is on disk.
    pub(crate) fn stored(&self) {
        self.with(|outcomes| outcomes.stored(Instant::now()));
    }

    /// Notes that a write failed. An error that says nothing about the next write does not count.
    pub(crate) fn failed(&self, error: &Arc<sqlx::Error>) {
        if is_fault(error) {
            self.with(|outcomes| outcomes.failed(Instant::now(), Some(Arc::clone(error))));
        }
    }

    /// Returns a probe where one is to be made now, by the caller alone.
    pub(crate) fn begin_probe(self: &Arc<Self>) -> Option<ProbeUnderWay> {
        let begins = self.with(|outcomes| outcomes.begins_probe(Instant::now()));
        begins.then(|| ProbeUnderWay(Arc::clone(self)))
    }

    /// Returns the cause where writes are not stored.
    pub(crate) fn verdict(&self) -> Result<(), NotStored> {
        self.with(|outcomes| {
            if outcomes.are_stored(Instant::now()) { Ok(()) } else { Err(NotStored(outcomes.cause.clone())) }
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Outcomes) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Outcomes {
    fn stored(&mut self, now: Instant) {
        if self.is_last_a_failure() {
            plic_pipeline::log_limited!(INFO, "writes are stored again");
        }
        self.stored_at = Some(now);
        // Writes are stored, whatever has become of a probe.
        self.probing_since = None;
    }

    fn failed(&mut self, now: Instant, cause: Option<Arc<sqlx::Error>>) {
        self.failed_at = Some(now);
        self.cause = cause.or(self.cause.take());
    }

    fn is_last_a_failure(&self) -> bool {
        self.failed_at.is_some_and(|failed| self.stored_at.is_none_or(|stored| stored <= failed))
    }

    fn are_stored(&self, now: Instant) -> bool {
        let is_held = self.failed_at.is_some_and(|failed| since(failed, now) < HOLD);
        let is_hanging = self.probing_since.is_some_and(|began| since(began, now) >= PATIENCE);
        !is_held && !is_hanging && !self.is_last_a_failure()
    }

    fn begins_probe(&mut self, now: Instant) -> bool {
        let pause = if self.is_last_a_failure() { RETRY } else { IDLE };
        let last = self.stored_at.max(self.failed_at);
        let is_due = last.is_none_or(|last| since(last, now) >= pause);
        let begins = is_due && self.probing_since.is_none();
        if begins {
            self.probing_since = Some(now);
        }
        begins
    }
}

fn since(then: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(then)
}

/// Whether the next write most likely fails too.
fn is_fault(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            if error.try_downcast_ref::<SqliteError>().is_some() {
                code.parse::<u32>().is_ok_and(|code| SQLITE_FAULTS.contains(&(code & 0xff)))
            } else {
                POSTGRES_FAULTS.iter().any(|class| code.starts_with(class))
            }
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_failure_counts_until_something_is_stored_and_some_time_is_over() {
        let (mut outcomes, start) = (Outcomes::default(), Instant::now());
        assert!(outcomes.are_stored(start), "nothing has failed");
        outcomes.failed(start, None);
        assert!(!outcomes.are_stored(start + 100 * HOLD), "nothing was stored since");
        outcomes.stored(start + HOLD / 2);
        assert!(!outcomes.are_stored(start + HOLD / 2));
        assert!(outcomes.are_stored(start + HOLD));
    }

    #[test]
    fn a_probe_is_made_when_there_was_no_write_lately_and_one_at_a_time() {
        let (mut outcomes, start) = (Outcomes::default(), Instant::now());
        assert!(outcomes.begins_probe(start) && !outcomes.begins_probe(start + 100 * IDLE));
        assert!(outcomes.are_stored(start) && !outcomes.are_stored(start + PATIENCE), "it hangs");
        outcomes.stored(start);
        assert!(outcomes.are_stored(start + PATIENCE), "another write was stored meanwhile");
        assert!(!outcomes.begins_probe(start + IDLE / 2) && outcomes.begins_probe(start + IDLE));
        outcomes.probing_since = None;
        outcomes.failed(start + IDLE, None);
        assert!(!outcomes.begins_probe(start + IDLE + RETRY / 2));
        assert!(outcomes.begins_probe(start + IDLE + RETRY));
    }

    #[test]
    fn a_probe_that_is_lost_counts_for_nothing_and_another_one_is_made() {
        let health = Arc::new(WriteHealth::default());
        let lost = health.begin_probe().expect("there was no write");
        assert!(health.begin_probe().is_none());
        drop(lost);
        assert!(health.verdict().is_ok());
        health.begin_probe().expect("another one").ended(false);
        assert!(health.verdict().is_err());
    }

    #[test]
    fn what_says_nothing_about_the_next_write_does_not_count() {
        let health = WriteHealth::default();
        health.failed(&Arc::new(sqlx::Error::RowNotFound));
        assert!(health.verdict().is_ok());
        health.failed(&Arc::new(sqlx::Error::Io(io::ErrorKind::StorageFull.into())));
        let error = health.verdict().expect_err("it failed");
        assert!(std::error::Error::source(&error).is_some());
    }
}
