//! Limits of a day. What a user did is counted in the transaction that does it, so that the count survives a restart and
//! holds on every node.

use plic_pipeline::{
    daily::{DailyLimits, HourOfUse, Usage, first_hour, hour_of},
    id::UserId,
    room::RoomError,
    timestamp::Timestamp,
    token::Role,
};
use sqlx::{query, query_as};

use super::{change::Work, staff, words::count};

pub(super) const USED: &str =
    "SELECT hour, rooms, people FROM daily_use WHERE \"user\" = $1 AND hour >= $2 ORDER BY hour";

/// Counts what a user is about to do, or refuses it. The limits are for users: moderators and admins, as their tokens last
/// said, may need a room with everybody.
pub(super) async fn spend(
    work: &mut Work<'_>,
    user: UserId,
    more: Usage,
    limits: DailyLimits,
) -> sqlx::Result<Result<(), RoomError>> {
    if more == Usage::default() {
        return Ok(Ok(()));
    }
    let rows: Vec<(i64, i64, i64)> =
        query_as(USED).bind(user.0).bind(first_hour(work.now)).fetch_all(&mut *work.connection).await?;
    let hour = |(hour, rooms, people)| HourOfUse {
        hour,
        usage: Usage { rooms: count(rooms), people: count(people) },
    };
    let hours: Vec<HourOfUse> = rows.into_iter().map(hour).collect();
    if let Err(refusal) = limits.allow(&hours, more, work.now) {
        let role = staff::role_of(work.connection, user, work.now).await?;
        if role.is_none_or(|role| role < Role::Moderator) {
            return Ok(Err(refusal));
        }
    }
    add(work, user, more, work.now).await?;
    Ok(Ok(()))
}

async fn add(work: &mut Work<'_>, user: UserId, more: Usage, now: Timestamp) -> sqlx::Result<()> {
    query(
        "INSERT INTO daily_use (\"user\", hour, rooms, people) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (\"user\", hour) DO UPDATE \
         SET rooms = daily_use.rooms + excluded.rooms, people = daily_use.people + excluded.people",
    )
    .bind(user.0)
    .bind(hour_of(now))
    .bind(more.rooms.cast_signed())
    .bind(more.people.cast_signed())
    .execute(&mut *work.connection)
    .await?;
    Ok(())
}
