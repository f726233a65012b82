//! One authenticated connection, as the pipeline sees it.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{id::ConnectionId, token::Identity};

/// This many limited commands on one connection ...
const FLOOD_COMMANDS: usize = 100;
/// ... within this time are a flood (CONTRACT section 2).
const FLOOD_WINDOW: Duration = Duration::from_secs(10);

/// One authenticated connection.
#[derive(Debug)]
pub struct Session {
    /// Who is at the other end.
    pub identity: Identity,
    /// Which of their connections this is.
    pub connection: ConnectionId,
    /// How often this connection was rate-limited of late.
    pub(crate) limited: LimitedLately,
}

impl Session {
    /// A session for a connection whose token has verified.
    pub fn new(identity: Identity, connection: ConnectionId) -> Self {
        Self { identity, connection, limited: LimitedLately::default() }
    }
}

/// When the last limited commands of one connection came: at most [`FLOOD_COMMANDS`] moments.
#[derive(Debug, Default)]
pub(crate) struct LimitedLately(Mutex<VecDeque<Instant>>);

impl LimitedLately {
    /// Notes a limited command at `now`; answers whether it makes a flood.
    pub(crate) fn is_flood(&self, now: Instant) -> bool {
        let mut moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while moments.front().is_some_and(|first| now.duration_since(*first) > FLOOD_WINDOW) {
            moments.pop_front();
        }
        moments.push_back(now);
        if moments.len() > FLOOD_COMMANDS {
            moments.pop_front();
        }
        moments.len() == FLOOD_COMMANDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_limited_commands_within_ten_seconds_are_a_flood() {
        let lately = LimitedLately::default();
        let start = Instant::now();
        for n in 0..99 {
            assert!(!lately.is_flood(start + Duration::from_millis(n * 100)));
        }
        assert!(lately.is_flood(start + Duration::from_millis(9_900)));
    }

    #[test]
    fn the_same_number_spread_over_longer_is_none_and_memory_stays_bounded() {
        let lately = LimitedLately::default();
        let start = Instant::now();
        for n in 0..10_000 {
            assert!(!lately.is_flood(start + Duration::from_millis(n * 102)));
        }
        assert!(lately.0.lock().expect("not poisoned").len() <= FLOOD_COMMANDS);
    }
}
