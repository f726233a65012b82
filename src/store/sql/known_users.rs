//! Users by the range of their ids, for people who have the beginning of an id alone.

use plic_pipeline::id::UserId;
use sqlx::query_scalar;
use uuid::Uuid;

use super::db::Connection;

/// The first user in a range: somebody who was in a room, an incident is about, was banned, or did something as a moderator.
/// One entry of each index is read, however many rooms or entries of the log a user has.
pub(super) const FIRST: &str = "SELECT id FROM ( \
    SELECT * FROM (SELECT \"user\" AS id FROM participants WHERE \"user\" >= $1 AND \"user\" <= $2 ORDER BY \"user\" LIMIT 1) AS a \
    UNION ALL SELECT * FROM (SELECT \"user\" AS id FROM incidents WHERE \"user\" >= $1 AND \"user\" <= $2 ORDER BY \"user\" LIMIT 1) AS b \
    UNION ALL SELECT * FROM (SELECT \"user\" AS id FROM bans WHERE \"user\" >= $1 AND \"user\" <= $2 ORDER BY \"user\" LIMIT 1) AS c \
    UNION ALL SELECT * FROM (SELECT actor AS id FROM audit WHERE actor >= $1 AND actor <= $2 ORDER BY actor LIMIT 1) AS d \
    ) AS firsts ORDER BY id LIMIT 1";

/// Returns the first `limit` users whose ids are in the range.
pub(super) async fn between(
    connection: &mut Connection,
    first: UserId,
    last: UserId,
    limit: usize,
) -> sqlx::Result<Vec<UserId>> {
    let mut found = Vec::new();
    let mut from = Some(first.0);
    while let Some(first) = from.filter(|from| found.len() < limit && *from <= last.0) {
        let user: Option<Uuid> =
            query_scalar(FIRST).bind(first).bind(last.0).fetch_optional(&mut *connection).await?;
        found.extend(user.map(UserId));
        from = user.and_then(|user| user.as_u128().checked_add(1)).map(Uuid::from_u128);
    }
    Ok(found)
}
