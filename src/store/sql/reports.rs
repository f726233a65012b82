//! Reports of participants: a message has one incident, and every report of it is counted there.

use std::collections::HashMap;

use async_trait::async_trait;
use plic_filter::Category;
use plic_pipeline::{
    event::Event,
    id::{IncidentId, MessageId, RoomId, UserId},
    moderation::{Incident, IncidentKind, IncidentStatus, Notice, incident::Report, records::RecordsError},
    timestamp::Timestamp,
};
use sqlx::{FromRow as _, query, query_as, query_scalar};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    change::{Change, Work},
    db::{Bulk, Connection, Text},
    incidents::{self, NewIncident},
    lately,
    redact::REDACTED,
    reopen,
};

/// The message, where the reporter may report it: they can read it now, or were there when it was said.
pub(super) const REPORTABLE: &str = "SELECT m.sender, m.text FROM messages m CROSS JOIN rooms r \
     WHERE r.id = m.room AND m.id = $1 AND m.room = $2 AND EXISTS (\
         SELECT 1 FROM participants p WHERE p.\"user\" = $3 AND p.room = $2 AND (\
             (p.left_at IS NULL AND r.deleted_at IS NULL) OR \
             (p.joined_at <= m.created_at AND (p.left_at IS NULL OR p.left_at >= m.created_at))))";
/// The incident in which somebody has reported a message; the second table holds reports that a node of the release
/// before took.
pub(super) const BEFORE: &str = "SELECT incident FROM incident_reports WHERE message = $1 AND reporter = $2 \
     UNION ALL SELECT id FROM incidents WHERE message = $1 AND reporter = $2 LIMIT 1";
/// The incidents about a message: the open one first, then the newest. Databases from before may hold several.
pub(super) const ABOUT: &str =
    "SELECT id FROM incidents WHERE message = $1 ORDER BY (status = 'open') DESC, id DESC LIMIT 1";
/// `incident, number, reporter, reason, created_at`.
type ReportRow = (i64, i64, Uuid, Option<Text>, i64);
const FIRST: Bulk = Bulk {
    before: "SELECT incident, number, reporter, reason, created_at FROM incident_reports \
             WHERE number <= 20 AND incident IN (",
    after: ") ORDER BY incident, number",
    columns: 1,
};
const _: () = assert!(Incident::MAX_REPORTS == 20, "the statement names this number");

/// A participant's report of a message.
pub(super) struct ReportMessage {
    pub(super) reporter: UserId,
    pub(super) room: RoomId,
    pub(super) message: MessageId,
    pub(super) reason: String,
}

#[async_trait]
impl Change for ReportMessage {
    type Done = IncidentId;
    type Refusal = RecordsError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<IncidentId, RecordsError>> {
        let found: Option<(Uuid, Text)> = query_as(REPORTABLE)
            .bind(self.message.0)
            .bind(self.room.0)
            .bind(self.reporter.0)
            .fetch_optional(&mut *work.connection)
            .await?;
        let Some((sender, text)) = found else { return Ok(Err(RecordsError::NotFound)) };
        let before: Option<i64> = query_scalar(BEFORE)
            .bind(self.message.0)
            .bind(self.reporter.0)
            .fetch_optional(&mut *work.connection)
            .await?;
        if let Some(before) = before {
            return Ok(Ok(IncidentId(before)));
        }
        if lately::is_full_of_reports(work.connection, self.reporter, work.now).await? {
            return Ok(Err(RecordsError::TooMany));
        }
        let about: Option<i64> =
            query_scalar(ABOUT).bind(self.message.0).fetch_optional(&mut *work.connection).await?;
        if let Some(about) = about {
            let incident = IncidentId(about);
            self.join(work, incident, &text.0).await?;
            return Ok(Ok(incident));
        }
        let new = NewIncident {
            kind: IncidentKind::Report,
            category: Category::Other,
            user: UserId(sender),
            room: self.room,
            message: Some(self.message),
            text: text.0,
            matches: Vec::new(),
            report: Some((self.reporter, self.reason.clone())),
        };
        let incident = incidents::open(work.connection, new, work.now).await?;
        let id = incident.id;
        incidents::announce(work, incident);
        Ok(Ok(id))
    }
}

impl ReportMessage {
    /// Adds the report to the incident about the message, and opens it again where it was decided. A message that was
    /// removed stays decided: nobody can read it any more.
    async fn join(&self, work: &mut Work<'_>, id: IncidentId, text: &str) -> sqlx::Result<()> {
        let report = Report { reporter: self.reporter, reason: self.reason.clone(), created_at: work.now };
        add(work.connection, id, self.message, &report).await?;
        // Evidence that retention has taken away is there again as long as the message is.
        query(
            "UPDATE incidents SET text = $1, reopened_at = $2, cleared_at = NULL \
             WHERE id = $3 AND (cleared_at IS NOT NULL OR text = $4) AND status <> 'removed'",
        )
        .bind(Text::from(text))
        .bind(work.now.0)
        .bind(id.0)
        .bind(REDACTED)
        .execute(&mut *work.connection)
        .await?;
        let incident = incidents::load(work.connection, id).await?.ok_or(sqlx::Error::RowNotFound)?;
        match incident.status {
            IncidentStatus::Removed => {}
            IncidentStatus::Open => {
                work.news.push(News::Reported(id));
                work.events.push(Event::Notice(Notice::Reported(incident.into())));
            }
            IncidentStatus::Upheld | IncidentStatus::Dismissed | IncidentStatus::Released => {
                reopen::reopen(work, &incident, None, None).await?;
            }
        }
        Ok(())
    }
}

/// Adds a report to an incident. One that a node of the release before opened has its first report in its own row alone,
/// and counts none.
pub(super) async fn add(
    connection: &mut Connection,
    incident: IncidentId,
    message: MessageId,
    report: &Report,
) -> sqlx::Result<()> {
    let number: i64 = query_scalar(
        "UPDATE incidents SET \
             report_count = CASE WHEN report_count = 0 AND reporter IS NOT NULL THEN 2 ELSE report_count + 1 END, \
             reporter = coalesce(reporter, $1), reason = CASE WHEN reporter IS NULL THEN $2 ELSE reason END \
         WHERE id = $3 RETURNING report_count",
    )
    .bind(report.reporter.0)
    .bind(Text::from(report.reason.as_str()))
    .bind(incident.0)
    .fetch_one(&mut *connection)
    .await?;
    query(
        "INSERT INTO incident_reports (incident, number, message, reporter, reason, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(incident.0)
    .bind(number)
    .bind(message.0)
    .bind(report.reporter.0)
    .bind(Text::from(report.reason.as_str()))
    .bind(report.created_at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads the first reports of these incidents into them; returns how many bytes their reasons are.
pub(super) async fn load(connection: &mut Connection, incidents: &mut [Incident]) -> sqlx::Result<usize> {
    let is_reported = |incident: &&Incident| incident.report_count > 0;
    let ids: Vec<i64> = incidents.iter().filter(is_reported).map(|incident| incident.id.0).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    let rows = FIRST.fetch(connection, &ids, |statement, id| statement.bind(*id)).await?;
    let mut bytes = 0;
    let mut found: HashMap<i64, Vec<Report>> = HashMap::new();
    for row in &rows {
        let (incident, number, reporter, reason, created_at) = ReportRow::from_row(row)?;
        let reason = reason.map(|reason| reason.0).unwrap_or_default();
        bytes += reason.len();
        let report = Report { reporter: UserId(reporter), reason, created_at: Timestamp(created_at) };
        let reports = found.entry(incident).or_default();
        if reports.is_empty() && number > 1 {
            // The first one stands in the incident alone.
            reports
                .extend(incidents.iter().filter(|of| of.id.0 == incident).flat_map(|of| of.reports.clone()));
        }
        reports.push(report);
    }
    for incident in incidents {
        if let Some(reports) = found.remove(&incident.id.0) {
            incident.reports = reports;
        }
    }
    Ok(bytes)
}
