//! Nothing waits for ever.

use std::time::Duration;

use plic_pipeline::store::StoreError;
use tokio::time;

/// How long a call may take in all, the time in the queue included.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// Bounds a read, which may wait for a reader or for the disk.
pub(super) async fn in_time<T>(read: impl Future<Output = sqlx::Result<T>> + Send) -> Result<T, StoreError> {
    within(DEADLINE, read).await
}

/// Bounds a read that may take longer.
pub(super) async fn within<T>(
    patience: Duration,
    read: impl Future<Output = sqlx::Result<T>> + Send,
) -> Result<T, StoreError> {
    match time::timeout(patience, read).await {
        Ok(Ok(answer)) => Ok(answer),
        Err(_) | Ok(Err(sqlx::Error::PoolTimedOut)) => Err(StoreError::TimedOut),
        Ok(Err(error)) => Err(StoreError::Unavailable(Box::new(error))),
    }
}
