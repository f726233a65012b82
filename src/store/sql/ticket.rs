//! How writes wait for a writer, and how they are answered.

use std::sync::Arc;

use plic_pipeline::{
    id::MessageId,
    store::{NewMessage, StoreError},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{self, Instant},
};

use super::deadline::DEADLINE;

/// A message that waits.
pub(super) struct Append {
    pub(super) message: NewMessage,
    pub(super) ticket: Ticket<MessageId, StoreError>,
}

/// The way back to the caller.
pub(super) struct Ticket<T, E> {
    deadline: Instant,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E> Ticket<T, E> {
    /// When the caller waits no longer.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the caller still waits. What nobody waits for is not begun: it would be stored after its caller was
    /// told that it may not be.
    pub(super) fn is_wanted(&self) -> bool {
        !self.reply.is_closed() && Instant::now() < self.deadline
    }

    /// Answers; a caller that has gone away meanwhile does not matter.
    pub(super) fn answer(self, answer: Result<T, E>) {
        let _ = self.reply.send(answer);
    }
}

/// Puts a job into a queue and waits for its answer, no longer than the deadline.
pub(super) async fn ask<J, T, E: From<StoreError>>(
    jobs: &mpsc::Sender<J>,
    job: impl FnOnce(Ticket<T, E>) -> J,
) -> Result<T, E> {
    let (reply, answer) = oneshot::channel();
    let deadline = Instant::now() + DEADLINE;
    jobs.try_send(job(Ticket { deadline, reply })).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
        mpsc::error::TrySendError::Closed(_) => stopped(),
    })?;
    match time::timeout_at(deadline, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) if Instant::now() < deadline => Err(stopped().into()),
        Ok(Err(_)) | Err(_) => Err(StoreError::TimedOut.into()),
    }
}

/// The error of a batch, for each of its callers.
pub(super) fn failed(error: &Arc<sqlx::Error>) -> StoreError {
    StoreError::Unavailable(Box::new(Arc::clone(error)))
}

/// What is answered when there is no writer any more.
pub(super) fn stopped() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}
