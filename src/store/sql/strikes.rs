//! Strikes: each blocked message is one, and the last of the policy's bans the sender.
//!
//! A strike that led to a ban carries it and leads to no other. Where strikes of a ban are taken back and fewer are left
//! than the policy asked for when it set the ban, the ban is lifted, and those that are left count again.

use std::time::Duration;

use plic_pipeline::{
    id::{BanId, IncidentId, UserId},
    moderation::{Authority, BanRecord, Deed, Policy},
    store::Ban,
    timestamp::Timestamp,
};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{audit, bans, change::Work, db::Connection};

/// Gives a user a strike; answers the ban that the policy sets for it.
pub(super) async fn give(
    work: &mut Work<'_>,
    user: UserId,
    incident: IncidentId,
    policy: &Policy,
) -> sqlx::Result<Option<BanRecord>> {
    let now = work.now;
    query("INSERT INTO strikes (\"user\", incident, at) VALUES ($1, $2, $3)")
        .bind(user.0)
        .bind(incident.0)
        .bind(now.0)
        .execute(&mut *work.connection)
        .await?;
    let Some(most) = policy.strikes_to_ban else { return Ok(None) };
    let since = now.before(policy.strike_window());
    let count: i64 = query_scalar(
        "SELECT count(*) FROM strikes WHERE \"user\" = $1 AND at > $2 AND taken_back_at IS NULL AND ban IS NULL",
    )
    .bind(user.0)
    .bind(since.0)
    .fetch_one(&mut *work.connection)
    .await?;
    if count < i64::from(most) {
        return Ok(None);
    }
    let expires_at = policy.ban_seconds.map(|seconds| now.after(Duration::from_secs(seconds)));
    let standing = bans::standing(work.connection, user).await?.map(|record| record.ban);
    // What an admin has decided is not replaced by what moderators may lift.
    if standing.is_some_and(|ban| {
        ban.holds_at(now) && (ban.authority == Authority::Admin || is_as_long(ban.expires_at, expires_at))
    }) {
        return Ok(None);
    }
    let window = in_words(policy.strike_window_seconds);
    let reason = match count {
        1 => "A message was blocked.".to_owned(),
        _ => format!("{count} messages were blocked within {window}."),
    };
    let ban = Ban { user, reason, expires_at, authority: Authority::Policy };
    let record = bans::set(work, &ban, None, Some(most)).await?;
    query("UPDATE strikes SET ban = $1 WHERE \"user\" = $2 AND at > $3 AND taken_back_at IS NULL AND ban IS NULL")
        .bind(record.id.0)
        .bind(user.0)
        .bind(since.0)
        .execute(&mut *work.connection)
        .await?;
    Ok(Some(record))
}

/// Whether a ban until `end` (for good where there is none) is at least as long as one until `other`.
fn is_as_long(end: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    end.is_none_or(|end| other.is_some_and(|other| end >= other))
}

fn in_words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        _ if seconds.is_multiple_of(86_400) && seconds > 86_400 => (seconds / 86_400, "day"),
        _ if seconds.is_multiple_of(3_600) => (seconds / 3_600, "hour"),
        _ if seconds.is_multiple_of(60) => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// Takes back the strikes of an incident; answers who is not banned any more for it.
pub(super) async fn take_back(work: &mut Work<'_>, incident: IncidentId) -> sqlx::Result<Option<UserId>> {
    let taken: Vec<Option<i64>> = query_scalar(
        "UPDATE strikes SET taken_back_at = $1 WHERE incident = $2 AND taken_back_at IS NULL RETURNING ban",
    )
    .bind(work.now.0)
    .bind(incident.0)
    .fetch_all(&mut *work.connection)
    .await?;
    let mut bans: Vec<i64> = taken.into_iter().flatten().collect();
    bans.sort_unstable();
    bans.dedup();
    let mut lifted = None;
    for ban in bans {
        if let Some(user) = lift_unfounded(work, BanId(ban), incident).await? {
            lifted = Some(user);
        }
    }
    Ok(lifted)
}

/// Counts the strikes of an incident again that were taken back with a decision. They lead to no ban by themselves: the
/// next strike may.
pub(super) async fn count_again(connection: &mut Connection, incident: IncidentId) -> sqlx::Result<()> {
    query("UPDATE strikes SET taken_back_at = NULL WHERE incident = $1")
        .bind(incident.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lifts a ban of the policy's if fewer strikes are left than the policy asked for.
async fn lift_unfounded(
    work: &mut Work<'_>,
    ban: BanId,
    incident: IncidentId,
) -> sqlx::Result<Option<UserId>> {
    let standing: Option<(Uuid, i64, i64)> = query_as(
        "SELECT \"user\", created_at, strikes FROM bans WHERE id = $1 AND strikes IS NOT NULL \
         AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
    )
    .bind(ban.0)
    .bind(work.now.0)
    .fetch_optional(&mut *work.connection)
    .await?;
    let Some((user, created_at, needed)) = standing else { return Ok(None) };
    // Strikes that came while the ban was being acted on stand in for those that were taken back.
    let left: i64 = query_scalar(
        "SELECT (SELECT count(*) FROM strikes WHERE ban = $1 AND taken_back_at IS NULL) + \
         (SELECT count(*) FROM strikes WHERE \"user\" = $2 AND at >= $3 AND ban IS NULL AND taken_back_at IS NULL)",
    )
    .bind(ban.0)
    .bind(user)
    .bind(created_at)
    .fetch_one(&mut *work.connection)
    .await?;
    if left >= needed {
        return Ok(None);
    }
    query("UPDATE bans SET lifted_at = $1 WHERE id = $2")
        .bind(work.now.0)
        .bind(ban.0)
        .execute(&mut *work.connection)
        .await?;
    query("UPDATE strikes SET ban = NULL WHERE ban = $1").bind(ban.0).execute(&mut *work.connection).await?;
    let user = UserId(user);
    let deed = Deed::new(None, "ban.lift")
        .with("user_id", user.to_string())
        .with("ban_id", ban.0)
        .with("incident_id", incident.0);
    audit::add(work.connection, &deed, work.now).await?;
    work.news.push(News::BanLifted(user));
    Ok(Some(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ban_for_good_is_the_longest() {
        let (soon, late) = (Some(Timestamp(1)), Some(Timestamp(2)));
        assert!(
            is_as_long(None, None)
                && is_as_long(None, late)
                && is_as_long(late, soon)
                && is_as_long(soon, soon)
        );
        assert!(!is_as_long(late, None) && !is_as_long(soon, late));
    }

    #[test]
    fn windows_are_said_in_their_largest_unit() {
        let said = [86_400, 172_800, 3_600, 90, 120, 1].map(in_words);
        assert_eq!(said, ["24 hours", "2 days", "1 hour", "90 seconds", "2 minutes", "1 second"]);
    }
}
