//! The transaction of a change.

use plic_pipeline::{event::Event, timestamp::Timestamp};
use sqlx::Connection as _;
use tokio::time::Instant;

use super::{
    change::{Change, Work},
    db::{Connection, People},
};

/// What a change is written with.
pub(super) struct Writing<'w> {
    pub(super) connection: &'w mut Connection,
    pub(super) people: &'w mut People,
}

/// Does a change in a transaction of its own; answers its answer, and what is to be published. After an error the
/// connection is not to be trusted. Nobody waits for the answer after `deadline`: the other engine tries again until then.
pub(super) async fn commit<C: Change>(
    change: &C,
    writing: &mut Writing<'_>,
    _deadline: Instant,
) -> sqlx::Result<(Result<C::Done, C::Refusal>, Vec<Event>)> {
    let Writing { connection, people } = writing;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // There are no other nodes to be told the news.
    let mut work = Work {
        connection: &mut transaction,
        people,
        now: Timestamp::now(),
        events: Vec::new(),
        news: Vec::new(),
    };
    let answer = change.apply(&mut work).await?;
    let events = work.events;
    if answer.is_ok() {
        transaction.commit().await?;
        return Ok((answer, events));
    }
    transaction.rollback().await?;
    Ok((answer, Vec::new()))
}
