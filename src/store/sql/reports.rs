//! Reports of participants.

use async_trait::async_trait;
use plic_pipeline::{
    filter::Category,
    id::{IncidentId, MessageId, RoomId, UserId},
    moderation::{IncidentKind, incident::Report, records::RecordsError},
};
use sqlx::{query_as, query_scalar};
use uuid::Uuid;

use super::{
    change::{Change, Work},
    db::Text,
    incidents::{self, NewIncident},
    lately,
};

/// The message, where the reporter may report it: they can read it now, or were there when it was said.
pub(super) const REPORTABLE: &str = "SELECT m.sender, m.text FROM messages m CROSS JOIN rooms r \
     WHERE r.id = m.room AND m.id = $1 AND m.room = $2 AND EXISTS (\
         SELECT 1 FROM participants p WHERE p.\"user\" = $3 AND p.room = $2 AND (\
             (p.left_at IS NULL AND r.deleted_at IS NULL) OR \
             (p.joined_at <= m.created_at AND (p.left_at IS NULL OR p.left_at >= m.created_at))))";

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
        let first: Option<i64> =
            query_scalar("SELECT id FROM incidents WHERE message = $1 AND reporter = $2")
                .bind(self.message.0)
                .bind(self.reporter.0)
                .fetch_optional(&mut *work.connection)
                .await?;
        if let Some(first) = first {
            return Ok(Ok(IncidentId(first)));
        }
        if lately::is_full_of_reports(work.connection, self.reporter, work.now).await? {
            return Ok(Err(RecordsError::TooMany));
        }
        let new = NewIncident {
            kind: IncidentKind::Report,
            category: Category::Other,
            user: UserId(sender),
            room: self.room,
            message: Some(self.message),
            text: text.0,
            matches: Vec::new(),
            report: Some(Report { reporter: self.reporter, reason: self.reason.clone() }),
        };
        let incident = incidents::open(work.connection, new, work.now).await?;
        let id = incident.id;
        incidents::announce(work, incident);
        Ok(Ok(id))
    }
}
