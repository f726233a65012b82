//! Decisions that are taken back: the incident is open again, and its earlier decision stays on record.

use async_trait::async_trait;
use plic_pipeline::{
    event::Event,
    id::{IncidentId, UserId},
    moderation::{Deed, Incident, IncidentStatus, Notice, incident::PastStep, records::RecordsError},
    timestamp::Timestamp,
};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    audit,
    change::{Change, Work},
    db::{Connection, Text},
    incidents, strikes,
    words::variant,
};

pub(super) const HISTORY: &str =
    "SELECT at, by, status, note FROM incident_history WHERE incident = $1 ORDER BY number DESC LIMIT $2";

/// Takes a decision back.
pub(super) struct Reopen {
    pub(super) incident: IncidentId,
    pub(super) note: Option<String>,
    pub(super) actor: UserId,
    pub(super) is_admin: bool,
}

#[async_trait]
impl Change for Reopen {
    type Done = Incident;
    type Refusal = RecordsError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Incident, RecordsError>> {
        let Some(incident) = incidents::load(work.connection, self.incident).await? else {
            return Ok(Err(RecordsError::NotFound));
        };
        if incident.user == self.actor {
            return Ok(Err(RecordsError::Own));
        }
        if incident.status == IncidentStatus::Open {
            return Ok(Err(RecordsError::NotDecided));
        }
        if incident.decided_by != Some(self.actor) && !self.is_admin {
            return Ok(Err(RecordsError::NotYours));
        }
        let is_cleared: bool = query_scalar("SELECT cleared_at IS NOT NULL FROM incidents WHERE id = $1")
            .bind(incident.id.0)
            .fetch_one(&mut *work.connection)
            .await?;
        if is_cleared {
            return Ok(Err(RecordsError::Cleared));
        }
        reopen(work, &incident, Some(self.actor), self.note.as_deref()).await.map(Ok)
    }
}

/// Opens a decided incident again and tells moderators; `by` is nobody where a report does it. What the decision did
/// stays done, but for strikes, which count again.
pub(super) async fn reopen(
    work: &mut Work<'_>,
    incident: &Incident,
    by: Option<UserId>,
    note: Option<&str>,
) -> sqlx::Result<Incident> {
    let decision = PastStep {
        at: incident.decided_at.unwrap_or(work.now),
        by: incident.decided_by,
        status: incident.status,
        note: incident.note.clone(),
    };
    let reopening =
        PastStep { at: work.now, by, status: IncidentStatus::Open, note: note.map(str::to_owned) };
    for step in [decision, reopening] {
        remember(work.connection, incident.id, &step).await?;
    }
    query(
        "UPDATE incidents SET status = 'open', decided_by = NULL, decided_at = NULL, note = NULL, \
         reopened_at = $1, reopened_by = $2 WHERE id = $3",
    )
    .bind(work.now.0)
    .bind(by.map(|by| by.0))
    .bind(incident.id.0)
    .execute(&mut *work.connection)
    .await?;
    // It waits anew: the time after which the policy decides begins again.
    query("UPDATE held SET decided = FALSE, at = $1 WHERE incident = $2")
        .bind(work.now.0)
        .bind(incident.id.0)
        .execute(&mut *work.connection)
        .await?;
    strikes::count_again(work.connection, incident.id).await?;
    let deed = Deed::new(by, "incident.reopen")
        .with("incident_id", incident.id.0)
        .with("was", incident.status.as_str())
        .with("user_id", incident.user.to_string())
        .with("message_id", incident.message.map(|message| message.0))
        .with("by_report", by.is_none());
    audit::add(work.connection, &deed, work.now).await?;
    let incident = incidents::load(work.connection, incident.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    work.events.push(Event::Notice(Notice::Reopened(incident.clone().into())));
    work.news.push(News::Reopened(incident.id));
    Ok(incident)
}

async fn remember(connection: &mut Connection, incident: IncidentId, step: &PastStep) -> sqlx::Result<()> {
    query(
        "INSERT INTO incident_history (incident, number, at, by, status, note) \
         SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 FROM incident_history WHERE incident = $1",
    )
    .bind(incident.0)
    .bind(step.at.0)
    .bind(step.by.map(|by| by.0))
    .bind(step.status.as_str())
    .bind(step.note.as_deref().map(Text::from))
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest earlier decisions and reopenings of an incident, the oldest first.
pub(super) async fn history(
    connection: &mut Connection,
    incident: IncidentId,
) -> sqlx::Result<Vec<PastStep>> {
    let limit = i64::try_from(Incident::MAX_HISTORY).unwrap_or(i64::MAX);
    let rows: Vec<(i64, Option<Uuid>, String, Option<Text>)> =
        query_as(HISTORY).bind(incident.0).bind(limit).fetch_all(connection).await?;
    rows.into_iter()
        .rev()
        .map(|(at, by, status, note)| {
            Ok(PastStep {
                at: Timestamp(at),
                by: by.map(UserId),
                status: variant(&status)?,
                note: note.map(|note| note.0),
            })
        })
        .collect()
}
