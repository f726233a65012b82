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

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Decided, RecordsError>> {
        let Some(incident) = incidents::load(work.connection, self.incident).await? else {
            return Ok(Err(RecordsError::NotFound));
        };
        if incident.user == self.actor {
            return Ok(Err(RecordsError::Own));
        }
        if incident.status != IncidentStatus::Open {
            return Ok(Err(RecordsError::Decided {
                by: incident.decided_by,
                at: incident.decided_at.unwrap_or(incident.created_at),
                status: incident.status,
            }));
        }
        // One that was released, and reopened since, is not delivered again.
        let waits = incident.kind == IncidentKind::Hold && incident.message.is_none();
        let mut status = self.decision.status();
        let mut lifted = None;
        match self.decision {
            Decision::Uphold => {}
            Decision::Dismiss => {
                lifted = strikes::take_back(work, incident.id).await?;
                if waits && held::deliver(work, &incident).await?.is_some() {
                    status = IncidentStatus::Released;
                }
            }
            Decision::Release if !waits => return Ok(Err(RecordsError::DoesNotFit)),
            Decision::Release => {
                if held::deliver(work, &incident).await?.is_none() {
                    return Ok(Err(RecordsError::Undeliverable));
                }
            }
            Decision::Remove => match incident.message {
                // The incident keeps the text for as long as the policy keeps incidents: it is the evidence.
                Some(message) => redact::message(work.connection, message, work.now).await?,
                None if waits => {}
                None => return Ok(Err(RecordsError::DoesNotFit)),
            },
        }
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
