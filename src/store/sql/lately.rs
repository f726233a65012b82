//! How much of the review queue one person fills: what a sender and a reporter have had opened within the last hour.

use std::time::Duration;

use plic_pipeline::{id::UserId, moderation::IncidentKind, timestamp::Timestamp};
use sqlx::query_scalar;

use super::db::Connection;

/// The time in which a sender opens no more than [`MOST`] of a kind, and a reporter no more than [`MOST_REPORTS`].
pub(super) const WHILE: Duration = Duration::from_hours(1);
/// Incidents of a sender: so many refused, so many flagged, so many held and undecided.
pub(super) const MOST: i64 = 100;
/// Reports of a reporter.
const MOST_REPORTS: i64 = 50;

pub(super) const FLAGGED: &str =
    "SELECT count(*) FROM incidents WHERE \"user\" = $1 AND kind = $2 AND created_at > $3";
pub(super) const UNDECIDED: &str = "SELECT count(*) FROM incidents WHERE \"user\" = $1 AND kind = $2 AND created_at > $3 \
     AND status = 'open'";
pub(super) const REPORTED: &str =
    "SELECT count(*) FROM incident_reports WHERE reporter = $1 AND created_at > $2";

/// Whether the sender has as many flagged messages as the queue takes.
pub(super) async fn is_full_of_flags(
    connection: &mut Connection,
    sender: UserId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    is_full(connection, FLAGGED, sender, IncidentKind::Flag, now).await
}

/// Whether the sender has as many messages waiting for review as the queue takes.
pub(super) async fn is_full_of_holds(
    connection: &mut Connection,
    sender: UserId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    is_full(connection, UNDECIDED, sender, IncidentKind::Hold, now).await
}

async fn is_full(
    connection: &mut Connection,
    sql: &'static str,
    sender: UserId,
    kind: IncidentKind,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let count: i64 = query_scalar(sql)
        .bind(sender.0)
        .bind(kind.as_str())
        .bind(now.before(WHILE).0)
        .fetch_one(connection)
        .await?;
    Ok(count >= MOST)
}

/// Whether the reporter has reported as much as the queue takes.
pub(super) async fn is_full_of_reports(
    connection: &mut Connection,
    reporter: UserId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let count: i64 =
        query_scalar(REPORTED).bind(reporter.0).bind(now.before(WHILE).0).fetch_one(connection).await?;
    Ok(count >= MOST_REPORTS)
}
