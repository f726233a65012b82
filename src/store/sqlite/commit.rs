//! The transaction of a change.

use plic_pipeline::{event::Event, timestamp::Timestamp};
use sqlx::Connection as _;
use tokio::time::Instant;

use super::{
    change::{Change, Work},
    db::People,
    link::{Link, is_full},
};

/// What a change is written with.
pub(super) struct Writing<'w> {
    pub(super) link: &'w mut Link,
    pub(super) people: &'w mut People,
}

/// What a change answers, and what is to be published.
type Committed<C> = (Result<<C as Change>::Done, <C as Change>::Refusal>, Vec<Event>);

/// Does a change in a transaction of its own; answers its answer, and what is to be published. Where the volume is full, it
/// is tried again with room made for it. After an error the connection is not to be trusted. Nobody waits for the answer
/// after `deadline`: the other engine tries again until then.
pub(super) async fn commit<C: Change>(
    change: &C,
    writing: &mut Writing<'_>,
    _deadline: Instant,
) -> sqlx::Result<Committed<C>> {
    let may_use_reserve = change.may_use_reserve();
    writing.link.admit(may_use_reserve).await?;
    let mut attempt = 0;
    loop {
        let error = match try_to_commit(change, writing).await {
            Err(error) if is_full(&error) => error,
            committed => return committed,
        };
        *writing.people = People::default();
        if !writing.link.make_room(attempt, may_use_reserve).await {
            return Err(error);
        }
        attempt += 1;
    }
}

async fn try_to_commit<C: Change>(change: &C, writing: &mut Writing<'_>) -> sqlx::Result<Committed<C>> {
    let Writing { link, people } = writing;
    let mut transaction = link.connection().await?.begin_with("BEGIN IMMEDIATE").await?;
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
