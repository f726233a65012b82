//! Bounds every call in time, and repeats a read whose connection fails until then.

use std::time::Duration;

use plic_pipeline::store::StoreError;
use tokio::time::{self, Instant};

use super::db::is_passing;

/// How long a call may take in all, the time in the queue included.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// How long to wait before another attempt, at first; twice as long each time, up to the longest.
const RETRY_DELAY: Duration = Duration::from_millis(20);
const LONGEST_RETRY_DELAY: Duration = Duration::from_millis(500);

/// Runs a read for no longer than [`DEADLINE`]. See [`within`].
pub(super) async fn in_time<T, R>(read: impl Fn() -> R + Send) -> Result<T, StoreError>
where
    R: Future<Output = sqlx::Result<T>> + Send,
{
    within(DEADLINE, read).await
}

/// Runs a read, which may wait for a connection or for the disk, for no longer than `patience`. A read whose connection
/// fails for a cause that may pass is repeated until then: behind a proxy or a pooler, a database that restarts shows as
/// connections that are refused, reset or ended, at whichever statement.
pub(super) async fn within<T, R>(patience: Duration, read: impl Fn() -> R + Send) -> Result<T, StoreError>
where
    R: Future<Output = sqlx::Result<T>> + Send,
{
    let deadline = Instant::now() + patience;
    let mut delays = RetryDelays::default();
    loop {
        let error = match time::timeout_at(deadline, read()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Err(_) | Ok(Err(sqlx::Error::PoolTimedOut)) => return Err(StoreError::TimedOut),
            Ok(Err(error)) => error,
        };
        if !is_passing(&error) || !delays.wait(deadline).await {
            return Err(StoreError::Unavailable(Box::new(error)));
        }
        tracing::debug!(error = &error as &dyn std::error::Error, "a read is tried again");
    }
}

/// The delays between attempts, which grow.
#[derive(Debug, Default)]
pub(super) struct RetryDelays(u32);

impl RetryDelays {
    /// Waits before another attempt; returns `false` at once where there is no time for one.
    pub(super) async fn wait(&mut self, deadline: Instant) -> bool {
        let delay = RETRY_DELAY.saturating_mul(1 << self.0.min(10)).min(LONGEST_RETRY_DELAY);
        self.0 += 1;
        if Instant::now() + delay * 2 >= deadline {
            return false;
        }
        time::sleep(delay).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_read_that_fails_for_good_is_not_repeated() {
        let attempts = AtomicUsize::new(0);
        let read = || async {
            attempts.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(sqlx::Error::RowNotFound)
        };
        assert!(matches!(in_time(read).await, Err(StoreError::Unavailable(_))));
        assert_eq!(attempts.into_inner(), 1);
    }

    #[tokio::test]
    async fn a_read_that_does_not_end_times_out() {
        let read = std::future::pending::<sqlx::Result<()>>;
        let answer = within(Duration::from_millis(20), read).await;
        assert!(matches!(answer, Err(StoreError::TimedOut)));
    }

    #[tokio::test]
    async fn attempts_end_at_the_deadline() {
        let mut delays = RetryDelays::default();
        let deadline = Instant::now() + 10 * RETRY_DELAY;
        while delays.wait(deadline).await {}
        assert!(!delays.wait(Instant::now()).await);
    }
}
