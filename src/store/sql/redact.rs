//! Taking a text away, wherever it stands.

use async_trait::async_trait;
use plic_pipeline::{
    id::{IncidentId, MessageId, UserId},
    moderation::{Deed, FoundMatch, IncidentStatus, records::RecordsError},
    timestamp::Timestamp,
};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    audit,
    change::{Change, Work},
    db::Connection,
    words::{from_json, json},
};

/// What stands in place of a text that was taken away.
pub(super) const REDACTED: &str = "[removed]";

/// Keeps what a message says with the open incidents that stand for it besides their own.
const KEEP: &str = "UPDATE incident_further SET text = (SELECT text FROM messages WHERE id = $1) \
                    WHERE message = $1 AND text IS NULL \
                    AND EXISTS (SELECT 1 FROM incidents i WHERE i.id = incident AND i.status = 'open') \
                    AND EXISTS (SELECT 1 FROM messages WHERE id = $1 AND redacted_at IS NULL)";
/// Takes that away again where the incidents are decided.
const DROP_KEPT: &str = "UPDATE incident_further SET text = NULL WHERE message = $1 AND text IS NOT NULL \
                         AND EXISTS (SELECT 1 FROM incidents i WHERE i.id = incident AND i.status <> 'open')";
/// Whether an open incident stands for a message besides its own.
const STANDS_IN: &str = "SELECT EXISTS (SELECT 1 FROM incident_further f CROSS JOIN incidents i \
                         WHERE f.message = $1 AND i.id = f.incident AND i.status = 'open')";

/// Removes a message's text from its room and from decided incidents.
pub(super) struct Redact {
    pub(super) message: MessageId,
    pub(super) actor: UserId,
}

#[async_trait]
impl Change for Redact {
    type Done = ();
    type Refusal = RecordsError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), RecordsError>> {
        let sender: Option<Uuid> = query_scalar("SELECT sender FROM messages WHERE id = $1")
            .bind(self.message.0)
            .fetch_optional(&mut *work.connection)
            .await?;
        let Some(sender) = sender else { return Ok(Err(RecordsError::NotFound)) };
        let about: Vec<(i64, String)> = query_as("SELECT id, status FROM incidents WHERE message = $1")
            .bind(self.message.0)
            .fetch_all(&mut *work.connection)
            .await?;
        let (open, decided): (Vec<_>, Vec<_>) =
            about.into_iter().partition(|(_, status)| status == IncidentStatus::Open.as_str());
        let is_own = UserId(sender) == self.actor;
        let is_in_another: bool =
            query_scalar(STANDS_IN).bind(self.message.0).fetch_one(&mut *work.connection).await?;
        if is_own && (is_in_another || !open.is_empty()) {
            return Ok(Err(RecordsError::Own));
        }
        message(work.connection, self.message, work.now).await?;
        // Evidence: what is open stays readable until it is decided, and nobody takes away what speaks against themselves.
        let redacted = if is_own { &[][..] } else { &decided[..] };
        for (id, _) in redacted {
            incident(work.connection, IncidentId(*id)).await?;
        }
        if !is_own {
            query(DROP_KEPT).bind(self.message.0).execute(&mut *work.connection).await?;
        }
        let deed = Deed::new(Some(self.actor), "message.redact")
            .with("message_id", self.message.0)
            .with("user_id", UserId(sender).to_string())
            .with("incidents_redacted", redacted.len());
        audit::add(work.connection, &deed, work.now).await?;
        Ok(Ok(()))
    }
}

/// Takes the text of a message away from its row, where there still is one. Open incidents keep it.
pub(super) async fn message(
    connection: &mut Connection,
    message: MessageId,
    now: Timestamp,
) -> sqlx::Result<()> {
    query(KEEP).bind(message.0).execute(&mut *connection).await?;
    query("UPDATE messages SET text = $1, redacted_at = $2 WHERE id = $3 AND redacted_at IS NULL")
        .bind(REDACTED)
        .bind(now.0)
        .bind(message.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes the text of an incident away; where its rules matched stays.
async fn incident(connection: &mut Connection, incident: IncidentId) -> sqlx::Result<()> {
    let (matches,): (String,) = query_as("SELECT matches FROM incidents WHERE id = $1")
        .bind(incident.0)
        .fetch_one(&mut *connection)
        .await?;
    let mut matches: Vec<FoundMatch> = from_json(&matches)?;
    for found in &mut matches {
        REDACTED.clone_into(&mut found.text);
    }
    query("UPDATE incidents SET text = $1, matches = $2 WHERE id = $3")
        .bind(REDACTED)
        .bind(json(&matches)?)
        .bind(incident.0)
        .execute(connection)
        .await?;
    Ok(())
}
