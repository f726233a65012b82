//! Writes with a transaction of their own.

use std::sync::Arc;

use async_trait::async_trait;
use plic_pipeline::{event::Event, store::StoreError, timestamp::Timestamp};

use crate::cluster::shared::News;

use super::{
    db::{Connection, People, Writing, commit},
    delivery::Delivery,
    ticket::{Ticket, failed},
};

/// A write with a transaction of its own.
#[async_trait]
pub(super) trait Change: Send + Sync + 'static {
    /// What it answers.
    type Done: Send + 'static;
    /// Why it is refused; nothing of it is kept then.
    type Refusal: From<StoreError> + Send + 'static;

    /// Returns whether it is done on a full volume too, at the cost of the reserve: what deletes, and what moderators must
    /// be able to do at any time.
    #[allow(dead_code, reason = "only SQLite keeps a reserve")]
    fn may_use_reserve(&self) -> bool {
        false
    }

    /// Does it, inside a transaction that the caller commits, or rolls back where it is refused.
    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Self::Done, Self::Refusal>>;
}

/// The transaction of a [`Change`], and what belongs to it.
pub(super) struct Work<'w> {
    pub(super) connection: &'w mut Connection,
    pub(super) people: &'w mut People,
    pub(super) now: Timestamp,
    /// Published after the commit and before the answer; nothing of it where the change is refused.
    pub(super) events: Vec<Event>,
    /// What other nodes are told; one that has the database for itself tells nobody.
    pub(super) news: Vec<News>,
}

/// A [`Change`] whose type is forgotten, so that all of them wait in one queue.
#[async_trait]
pub(super) trait Run: Send {
    fn is_wanted(&self) -> bool;

    /// Does it in a transaction; answers what is to be published and how to answer the caller. An error means that the
    /// caller is answered and the connection is not to be trusted.
    async fn run(self: Box<Self>, writing: &mut Writing<'_>) -> Result<Delivery, Arc<sqlx::Error>>;

    /// Answers that the database failed.
    fn fail(self: Box<Self>, error: &Arc<sqlx::Error>);
}

/// A change that waits.
pub(super) struct Queued<C: Change> {
    pub(super) change: C,
    pub(super) ticket: Ticket<C::Done, C::Refusal>,
}

#[async_trait]
impl<C: Change> Run for Queued<C> {
    fn is_wanted(&self) -> bool {
        self.ticket.is_wanted()
    }

    async fn run(self: Box<Self>, writing: &mut Writing<'_>) -> Result<Delivery, Arc<sqlx::Error>> {
        match commit(&self.change, writing, self.ticket.deadline()).await {
            Ok((answer, events)) => {
                Ok(Delivery { events, answer: Box::new(move || self.ticket.answer(answer)) })
            }
            Err(error) => {
                let error = Arc::new(error);
                self.fail(&error);
                Err(error)
            }
        }
    }

    fn fail(self: Box<Self>, error: &Arc<sqlx::Error>) {
        self.ticket.answer(Err(failed(error).into()));
    }
}
