//! The clock of the database, as this node reads it: bans and windows end by it on every node, however wrong the clocks of
//! the nodes are.

use std::{
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::{Duration, Instant},
};

use plic_pipeline::timestamp::Timestamp;

/// A measurement with a longer round trip is not used: it tells the time to no more than half of it.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(1);

/// The database's time, measured now and then.
///
/// Between measurements it counts on by the monotonic clock, so that setting this machine's clock changes nothing. (A
/// machine that was suspended is behind until the next measurement: a ban then ends late, never early.)
#[derive(Debug)]
pub(super) struct DatabaseClock {
    origin: Instant,
    /// The database's time at `origin`, in microseconds.
    time_at_origin: AtomicI64,
    is_measured: AtomicBool,
}

impl DatabaseClock {
    /// A clock that goes by this machine's until it is measured.
    pub(super) fn new() -> Self {
        let (origin, time_at_origin) = (Instant::now(), AtomicI64::new(Timestamp::now().0));
        Self { origin, time_at_origin, is_measured: AtomicBool::new(false) }
    }

    /// Returns the database's time.
    pub(super) fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    fn at(&self, moment: Instant) -> Timestamp {
        let since = moment.saturating_duration_since(self.origin);
        Timestamp(self.time_at_origin.load(Ordering::Relaxed)).after(since)
    }

    /// Measures by asking the database for its time, in microseconds.
    pub(super) async fn measure(&self, ask: impl Future<Output = sqlx::Result<i64>>) -> sqlx::Result<()> {
        let asked = Instant::now();
        let time = Timestamp(ask.await?);
        self.set(time, asked, Instant::now());
        Ok(())
    }

    /// Takes `time` for the moment in the middle between the question and its answer. Keeps what is known where the round trip
    /// was long; the first measurement is always taken.
    fn set(&self, time: Timestamp, asked: Instant, answered: Instant) {
        let round_trip = answered.saturating_duration_since(asked);
        if round_trip > MAX_ROUND_TRIP && self.is_measured.load(Ordering::Relaxed) {
            return;
        }
        let middle = asked.saturating_duration_since(self.origin) + round_trip / 2;
        self.time_at_origin.store(time.before(middle).0, Ordering::Relaxed);
        self.is_measured.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const MILLISECOND: Duration = Duration::from_millis(1);

    /// The database's time when the clock is made; this machine's is another.
    const NOON: Timestamp = Timestamp(1_769_860_800_000_000);

    #[test]
    fn it_tells_the_databases_time_and_counts_on_from_there() {
        let clock = DatabaseClock::new();
        let start = clock.origin;
        clock.set(NOON, start, start + 2 * MILLISECOND);
        assert_eq!(clock.at(start + MILLISECOND), NOON);
        assert_eq!(clock.at(start + MILLISECOND + MINUTE), NOON.after(MINUTE));
        // The database's clock was set back by an hour, or another one has taken its place.
        let earlier = NOON.before(60 * MINUTE);
        clock.set(earlier, start + MINUTE, start + MINUTE);
        assert_eq!(clock.at(start + 2 * MINUTE), earlier.after(MINUTE));
    }

    #[test]
    fn a_slow_answer_does_not_replace_a_quick_one() {
        let clock = DatabaseClock::new();
        let start = clock.origin;
        clock.set(NOON, start, start + 4 * MILLISECOND);
        clock.set(NOON.after(MINUTE), start, start + MINUTE);
        assert_eq!(clock.at(start + 2 * MILLISECOND), NOON);
    }

    #[test]
    fn the_first_answer_is_taken_however_slow_it_is() {
        let clock = DatabaseClock::new();
        let start = clock.origin;
        clock.set(NOON, start, start + 2 * MINUTE);
        assert_eq!(clock.at(start + MINUTE), NOON);
    }
}
