//! Taking a text away, wherever it stands.

use async_trait::async_trait;
use plic_pipeline::{
    id::{IncidentId, MessageId, UserId},
    moderation::{Deed, FoundMatch, records::RecordsError},
    timestamp::Timestamp,
};
use sqlx::{query, query_as, query_scalar};

use super::{
    audit,
    change::{Change, Work},
    db::Connection,
    words::{from_json, json},
};

/// What stands in place of a text that was taken away.
pub(super) const REDACTED: &str = "[removed]";

/// Removes a message's text everywhere.
pub(super) struct Redact {
    pub(super) message: MessageId,
    pub(super) actor: UserId,
}

#[async_trait]
impl Change for Redact {
    type Done = ();
    type Refusal = RecordsError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), RecordsError>> {
        let there: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM messages WHERE id = $1)")
            .bind(self.message.0)
            .fetch_one(&mut *work.connection)
            .await?;
        if !there {
            return Ok(Err(RecordsError::NotFound));
        }
        message(work.connection, self.message, work.now).await?;
        let deed = Deed::new(Some(self.actor), "message.redact").with("message_id", self.message.0);
        audit::add(work.connection, &deed, work.now).await?;
        Ok(Ok(()))
    }
}

/// Takes the text of a message away: from its row, where there still is one, and from every incident about it.
pub(super) async fn message(
    connection: &mut Connection,
    message: MessageId,
    now: Timestamp,
) -> sqlx::Result<()> {
    query("UPDATE messages SET text = $1, redacted_at = $2 WHERE id = $3 AND redacted_at IS NULL")
        .bind(REDACTED)
        .bind(now.0)
        .bind(message.0)
        .execute(&mut *connection)
        .await?;
    let incidents: Vec<i64> = query_scalar("SELECT id FROM incidents WHERE message = $1")
        .bind(message.0)
        .fetch_all(&mut *connection)
        .await?;
    for id in incidents {
        incident(connection, IncidentId(id)).await?;
    }
    Ok(())
}

/// Takes the text of an incident away; where its rules matched stays.
pub(super) async fn incident(connection: &mut Connection, incident: IncidentId) -> sqlx::Result<()> {
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
