//! Decisions of moderators about incidents.

use async_trait::async_trait;
use plic_pipeline::{
    id::{IncidentId, UserId},
    moderation::{
        Decision, Deed, IncidentKind, IncidentStatus,
        records::{Decided, RecordsError},
    },
};

use super::{
    audit,
    change::{Change, Work},
    held, incidents, redact, strikes,
};

/// Decides about an incident.
pub(super) struct Decide {
    pub(super) incident: IncidentId,
    pub(super) decision: Decision,
    pub(super) note: Option<String>,
    pub(super) actor: UserId,
}

#[async_trait]
impl Change for Decide {
    type Done = Decided;
    type Refusal = RecordsError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Decided, RecordsError>> {
        let Some(incident) = incidents::load(work.connection, self.incident).await? else {
            return Ok(Err(RecordsError::NotFound));
        };
        if incident.user == self.actor {
            return Ok(Err(RecordsError::Own));
        }
        if incident.status != IncidentStatus::Open {
            return Ok(Err(RecordsError::Conflict));
        }
        let mut lifted = None;
        match self.decision {
            Decision::Uphold => {}
            Decision::Dismiss => lifted = strikes::take_back(work, incident.id).await?,
            Decision::Release if incident.kind != IncidentKind::Hold => {
                return Ok(Err(RecordsError::DoesNotFit));
            }
            Decision::Release => {
                if held::deliver(work, &incident).await?.is_none() {
                    return Ok(Err(RecordsError::Undeliverable));
                }
            }
            Decision::Remove => match incident.message {
                Some(message) => redact::message(work.connection, message, work.now).await?,
                None if incident.kind == IncidentKind::Hold => {
                    redact::incident(work.connection, incident.id).await?;
                }
                None => return Ok(Err(RecordsError::DoesNotFit)),
            },
        }
        let status = self.decision.status();
        let incident =
            incidents::close(work, incident.id, status, Some(self.actor), self.note.as_deref()).await?;
        let deed = Deed::new(Some(self.actor), "incident.decide")
            .with("incident_id", incident.id.0)
            .with("status", status.as_str())
            .with("user_id", incident.user.to_string())
            .with("message_id", incident.message.map(|message| message.0));
        audit::add(work.connection, &deed, work.now).await?;
        Ok(Ok(Decided { incident, lifted }))
    }
}
