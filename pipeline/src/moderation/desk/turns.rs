//! Bounded concurrency with bounded waiting, for work that takes a processor for long: so that what moderators ask for
//! neither takes every processor nor piles up in memory.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::DeskError;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Turns at one kind of work.
#[derive(Debug)]
pub(super) struct Turns {
    running: Arc<Semaphore>,
    /// Those that run and those that wait.
    places: Arc<Semaphore>,
    busy: &'static str,
}

/// A turn, over when it is dropped.
#[derive(Debug)]
pub struct Turn {
    _running: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Turns {
    /// So many turns at once, for which so many may wait; what others are told, in a sentence for a person.
    pub(super) fn new(at_once: usize, waiting: usize, busy: &'static str) -> Self {
        Self {
            running: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + waiting)),
            busy,
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// `Busy` at once where as many wait as may, and where the turn does not come in time.
    pub(super) async fn take(&self) -> Result<Turn, DeskError> {
        let busy = || DeskError::Busy(self.busy);
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        match timeout(PATIENCE, Arc::clone(&self.running).acquire_owned()).await {
            Ok(Ok(running)) => Ok(Turn { _running: running, _place: place }),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_more_than_may_wait_is_refused_at_once_and_a_turn_that_ends_lets_the_next_one_begin() {
        let turns = Arc::new(Turns::new(1, 2, "Busy."));
        let first = turns.take().await.expect("a turn");
        let mut waiting = Vec::new();
        for _ in 0..2 {
            let turns = Arc::clone(&turns);
            waiting.push(tokio::spawn(async move { turns.take().await.map(drop) }));
        }
        while turns.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(turns.take().await, Err(DeskError::Busy("Busy."))));
        drop(first);
        for waiter in waiting {
            waiter.await.expect("no panic").expect("a turn");
        }
        turns.take().await.expect("all are given back");
    }
}
