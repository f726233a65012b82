//! Incidents and reports.

use plic_filter::normalize::is_blank;

use super::{Actor, Desk, DeskError};
use crate::{
    id::{IncidentId, MessageId, RoomId, UserId},
    moderation::{
        incident::{Decision, Incident, IncidentFilter, IncidentInContext},
        notice::Notice,
    },
    store::Page,
    token::Role,
};

/// The longest note and reason, in characters.
const MAX_NOTE: usize = 2_000;

impl Desk {
    /// A page of incidents before the incident `before`, newest first.
    pub async fn incidents(
        &self,
        filter: &IncidentFilter,
        before: Option<IncidentId>,
        limit: usize,
    ) -> Result<Page<Incident>, DeskError> {
        Ok(self.0.records.incidents(filter, before, limit).await?)
    }

    /// An incident and what was said around it.
    pub async fn incident(&self, id: IncidentId) -> Result<IncidentInContext, DeskError> {
        self.0.records.incident(id).await?.ok_or(DeskError::NotFound("incident"))
    }

    /// Decides about an open incident.
    pub async fn decide(
        &self,
        actor: Actor,
        id: IncidentId,
        decision: Decision,
        note: Option<String>,
    ) -> Result<Incident, DeskError> {
        if let Some(note) = &note {
            bounded("note", note)?;
        }
        let desk = self.clone();
        self.to_the_end(async move {
            let decided = desk.0.records.decide(id, decision, note, actor.user).await;
            let decided = decided.map_err(|error| DeskError::from_records(error, "incident"))?;
            if let Some(user) = decided.lifted {
                desk.tell(Notice::BanLifted(user)).await;
            }
            Ok(decided.incident)
        })
        .await
    }

    /// Takes a decision back. For the moderator who decided, and for admins.
    pub async fn reopen(
        &self,
        actor: Actor,
        id: IncidentId,
        note: Option<String>,
    ) -> Result<Incident, DeskError> {
        if let Some(note) = &note {
            bounded("note", note)?;
        }
        let desk = self.clone();
        self.to_the_end(async move {
            let is_admin = actor.role >= Role::Admin;
            let reopened = desk.0.records.reopen(id, note, actor.user, is_admin).await;
            reopened.map_err(|error| DeskError::from_records(error, "incident"))
        })
        .await
    }

    /// Takes a participant's report of a message.
    pub async fn report(
        &self,
        reporter: UserId,
        room: RoomId,
        message: MessageId,
        reason: String,
    ) -> Result<IncidentId, DeskError> {
        bounded("reason", &reason)?;
        if is_blank(&reason) {
            return Err(DeskError::Invalid { field: "reason".to_owned(), problem: "is empty".to_owned() });
        }
        let desk = self.clone();
        self.to_the_end(async move {
            let opened = desk.0.records.report(reporter, room, message, reason).await;
            opened.map_err(|error| DeskError::from_records(error, "message"))
        })
        .await
    }

    /// Removes a message's text from its room and from decided incidents; the row and its sequence stay.
    pub async fn redact(&self, actor: Actor, message: MessageId) -> Result<(), DeskError> {
        let desk = self.clone();
        self.to_the_end(async move {
            let redacted = desk.0.records.redact(message, actor.user).await;
            redacted.map_err(|error| DeskError::from_records(error, "message"))
        })
        .await
    }
}

/// Refuses what is too long to be read.
pub(super) fn bounded(field: &'static str, text: &str) -> Result<(), DeskError> {
    if text.chars().nth(MAX_NOTE).is_some() {
        let problem = format!("is longer than {MAX_NOTE} characters");
        return Err(DeskError::Invalid { field: field.to_owned(), problem });
    }
    Ok(())
}
