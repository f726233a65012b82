//! Refused messages, for the record.

use async_trait::async_trait;
use plic_pipeline::{
    id::IncidentId,
    moderation::{IncidentKind, Policy, incident::RefusedMessage},
    store::{Recorded, SentKey, StoreError},
    timestamp::Timestamp,
};
use sqlx::{query, query_as, query_scalar};

use super::{
    change::{Change, Work},
    db::Text,
    incidents::{self, NewIncident},
    lately::{MOST, WHILE},
    strikes,
    window::is_within,
};

/// Of the sender's refused messages of the last while: how many incidents, the one with the same text that is still open,
/// and the newest that is.
pub(super) const LATELY: &str = "SELECT count(*), \
     max(CASE WHEN status = 'open' AND kind = $2 AND room = $3 AND text = $4 THEN id END), \
     max(CASE WHEN status = 'open' THEN id END) \
     FROM incidents WHERE \"user\" = $1 AND kind IN ('block', 'reject') AND created_at > $5";
pub(super) const KNOWN: &str = "SELECT at FROM refused WHERE sender = $1 AND room = $2 AND digest = $3";

/// Opens an incident for a refused message and gives the sender a strike where it was blocked.
pub(super) struct RecordRefused {
    pub(super) refused: RefusedMessage,
    pub(super) policy: Policy,
}

#[async_trait]
impl Change for RecordRefused {
    type Done = Recorded;
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Recorded, StoreError>> {
        let RefusedMessage { key, text, finding } = &self.refused;
        if is_known(work, key).await? {
            return Ok(Ok(Recorded::default()));
        }
        let (count, same, newest): (i64, Option<i64>, Option<i64>) = query_as(LATELY)
            .bind(key.sender.0)
            .bind(finding.kind.as_str())
            .bind(key.room.0)
            .bind(Text::from(text.as_str()))
            .bind(work.now.before(WHILE).0)
            .fetch_one(&mut *work.connection)
            .await?;
        // Not one that is decided: what belongs to it could not be taken back.
        let known = same.or(newest.filter(|_| count >= MOST));
        let strikes = finding.kind == IncidentKind::Block;
        if known.is_none() || strikes {
            // What leaves nothing need not be recognised: the table grows no faster than those beside it.
            remember(work, key).await?;
        }
        let incident = if let Some(known) = known {
            let known = IncidentId(known);
            incidents::count_further(work.connection, known).await?;
            known
        } else {
            let new = NewIncident {
                kind: finding.kind,
                category: finding.category,
                user: key.sender,
                room: key.room,
                message: None,
                text: text.clone(),
                matches: finding.matches.clone(),
                report: None,
            };
            let incident = incidents::open(work.connection, new, work.now).await?;
            let id = incident.id;
            incidents::announce(work, incident);
            id
        };
        if !strikes {
            return Ok(Ok(Recorded::default()));
        }
        let banned = strikes::give(work, key.sender, incident, &self.policy).await?;
        Ok(Ok(Recorded { banned }))
    }
}

/// Whether the message under this key was put on record within its window.
async fn is_known(work: &mut Work<'_>, key: &SentKey) -> sqlx::Result<bool> {
    let first: Option<i64> = query_scalar(KNOWN)
        .bind(key.sender.0)
        .bind(key.room.0)
        .bind(key.digest.to_vec())
        .fetch_optional(&mut *work.connection)
        .await?;
    Ok(first.is_some_and(|at| is_within(key, Timestamp(at), work.now)))
}

async fn remember(work: &mut Work<'_>, key: &SentKey) -> sqlx::Result<()> {
    // A row under the same key is older than its window, or it would have been found. The new one comes last.
    query("DELETE FROM refused WHERE sender = $1 AND room = $2 AND digest = $3")
        .bind(key.sender.0)
        .bind(key.room.0)
        .bind(key.digest.to_vec())
        .execute(&mut *work.connection)
        .await?;
    query("INSERT INTO refused (sender, room, digest, at) VALUES ($1, $2, $3, $4)")
        .bind(key.sender.0)
        .bind(key.room.0)
        .bind(key.digest.to_vec())
        .bind(work.now.0)
        .execute(&mut *work.connection)
        .await?;
    Ok(())
}
