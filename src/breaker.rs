//! A circuit breaker: what failed too often in a row is not asked for a while (Nygard, "Release It!").

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So many failures in a row ...
const FAILURES: u32 = 5;
/// ... and nothing is asked for so long; then one question tries again.
const PAUSE: Duration = Duration::from_secs(30);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Returns whether to ask now. After a pause one question is let through, and the next pause begins unless it
    /// succeeds.
    pub(crate) fn lets_through(&self, now: Instant) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.open_until {
            Some(end) if now < end => false,
            Some(_) => {
                inner.open_until = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    pub(crate) fn succeeded(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }

    pub(crate) fn failed(&self, now: Instant) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.failures = inner.failures.saturating_add(1);
        if inner.failures >= FAILURES {
            inner.open_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_failures_in_a_row_nothing_is_asked_for_a_while() {
        let start = Instant::now();
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert!(breaker.lets_through(start));
            breaker.failed(start);
        }
        assert!(!breaker.lets_through(start));
        let later = start + PAUSE;
        assert!(breaker.lets_through(later), "one question tries again");
        assert!(!breaker.lets_through(later), "and only one");
        breaker.failed(later);
        assert!(!breaker.lets_through(later + PAUSE / 2));
        assert!(breaker.lets_through(later + PAUSE));
        breaker.succeeded();
        assert!(breaker.lets_through(later + PAUSE));
    }
}
