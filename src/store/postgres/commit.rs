//! The transaction of a change.

use plic_pipeline::{event::Event, timestamp::Timestamp};
use sqlx::query_as;
use tokio::time::{self, Instant};

use super::{
    change::{Change, Work},
    connection::Connection,
    deadline::RetryDelays,
    feed,
    people::People,
    reach::{Link, is_locked_out, may_pass},
};

/// What a change is written with.
pub(super) struct Writing<'w> {
    pub(super) link: &'w mut Link,
    pub(super) node: i64,
}

/// What a change answers, and what is to be published.
type Committed<C> = (Result<<C as Change>::Done, <C as Change>::Refusal>, Vec<Event>);

/// Why an attempt failed.
enum Failure {
    /// Nothing of it is stored.
    Before(sqlx::Error),
    /// It may be stored or not.
    Committing(sqlx::Error),
}

/// Does a change in a transaction of its own; answers its answer, and what is to be published. Where nothing of it is
/// stored, for sure, and it may go better, it is tried again as long as its caller waits.
pub(super) async fn commit<C: Change>(
    change: &C,
    writing: &mut Writing<'_>,
    deadline: Instant,
) -> sqlx::Result<Committed<C>> {
    let mut delays = RetryDelays::default();
    loop {
        let attempt = time::timeout_at(deadline, attempt(change, writing)).await;
        let error = match attempt {
            Ok(Ok(committed)) => return Ok(committed),
            Ok(Err(Failure::Committing(error))) if is_undecided(&error) => {
                writing.link.lose();
                return Err(error);
            }
            Ok(Err(Failure::Before(error) | Failure::Committing(error))) => error,
            Err(_) => {
                writing.link.lose();
                return Err(sqlx::Error::PoolTimedOut);
            }
        };
        writing.link.lose();
        if !may_pass(&error) && !is_locked_out(&error) || !delays.wait(deadline).await {
            return Err(error);
        }
        tracing::debug!(error = &error as &dyn std::error::Error, "a change is tried again");
    }
}

/// Whether an error of a commit leaves open what became of it: only the database's word that it rolled back does not.
fn is_undecided(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_none_or(|code| !code.starts_with("40"))
}

async fn attempt<C: Change>(change: &C, writing: &mut Writing<'_>) -> Result<Committed<C>, Failure> {
    let begin = writing.link.reach.write();
    let connection = writing.link.connection().await.map_err(Failure::Before)?;
    let (answer, events) = apply(change, connection, begin, writing.node).await.map_err(Failure::Before)?;
    if answer.is_ok() {
        connection.run("COMMIT").await.map_err(Failure::Committing)?;
        return Ok((answer, events));
    }
    connection.run("ROLLBACK").await.map_err(Failure::Before)?;
    Ok((answer, Vec::new()))
}

async fn apply<C: Change>(
    change: &C,
    connection: &mut Connection,
    begin: &'static str,
    node: i64,
) -> sqlx::Result<Committed<C>> {
    connection.run(begin).await?;
    let (head, now) = begin_change(connection).await?;
    let mut work =
        Work { connection, people: &mut People, now: Timestamp(now), events: Vec::new(), news: Vec::new() };
    let answer = change.apply(&mut work).await?;
    let Work { connection, mut events, news, .. } = work;
    if answer.is_ok() && !news.is_empty() {
        events.push(Event::News(feed::add(connection, node, head, now, &news).await?));
    }
    Ok((answer, events))
}

/// Waits until no other change is under way in the cluster; answers the head of the feed and the database's clock.
pub(super) async fn begin_change(connection: &mut Connection) -> sqlx::Result<(i64, i64)> {
    query_as("SELECT head, now FROM begin_change()").fetch_one(connection).await
}
