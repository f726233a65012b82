//! Messages that a rule flags: delivered, and shown to moderators. Where a sender has more of them than the queue lists
//! one by one, one incident stands for all others: it counts and names them.

use plic_pipeline::{
    id::{IncidentId, MessageId, UserId},
    moderation::{FoundMatch, Incident, IncidentKind},
    store::NewMessage,
    timestamp::Timestamp,
};
use sqlx::{query, query_scalar};

use super::{
    db::Connection,
    incidents::{self, NewIncident},
    lately,
};

/// The sender's open incident that stands for others too.
pub(super) const SUMMARY: &str = "SELECT max(id) FROM incidents WHERE \"user\" = $1 AND kind = $2 \
                                  AND created_at > $3 AND status = 'open' AND further IS NOT NULL";

/// Opens the incident of a message that was stored just now, in the same transaction; nothing where it is not flagged, or
/// was added to the incident that stands for those beyond the bound.
pub(super) async fn open(
    connection: &mut Connection,
    message: &NewMessage,
    id: MessageId,
    now: Timestamp,
) -> sqlx::Result<Option<Incident>> {
    let Some(flag) = &message.flag else { return Ok(None) };
    let is_full = lately::is_full_of_flags(connection, message.key.sender, now).await?;
    if is_full && let Some(summary) = summary_of(connection, message.key.sender, now).await? {
        add(connection, summary, id, &flag.finding.matches).await?;
        return Ok(None);
    }
    let new = NewIncident {
        kind: IncidentKind::Flag,
        category: flag.finding.category,
        user: message.key.sender,
        room: message.key.room,
        message: Some(id),
        text: flag.text.clone(),
        matches: flag.finding.matches.clone(),
        report: None,
    };
    let incident = incidents::open(connection, new, now).await?;
    if is_full {
        query("UPDATE incidents SET further = 0 WHERE id = $1")
            .bind(incident.id.0)
            .execute(connection)
            .await?;
    }
    Ok(Some(incident))
}

async fn summary_of(
    connection: &mut Connection,
    sender: UserId,
    now: Timestamp,
) -> sqlx::Result<Option<IncidentId>> {
    let summary: Option<i64> = query_scalar(SUMMARY)
        .bind(sender.0)
        .bind(IncidentKind::Flag.as_str())
        .bind(now.before(lately::WHILE).0)
        .fetch_one(connection)
        .await?;
    Ok(summary.map(IncidentId))
}

/// Adds a message to an incident that stands for several.
async fn add(
    connection: &mut Connection,
    incident: IncidentId,
    message: MessageId,
    matches: &[FoundMatch],
) -> sqlx::Result<()> {
    incidents::count_further(connection, incident).await?;
    query("INSERT INTO incident_further (incident, message) VALUES ($1, $2)")
        .bind(incident.0)
        .bind(message.0)
        .execute(&mut *connection)
        .await?;
    incidents::add_rules(connection, incident, matches).await
}
