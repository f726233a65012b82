//! `/moderation/incidents`: what moderators are to look at, and what they decide.

mod wire;

use plic_pipeline::{
    id::{IncidentId, RoomId, RuleId, UserId},
    moderation::{self, Desk, IncidentFilter},
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

pub(crate) use self::wire::{Incident, RuleMatch};
use self::wire::{IncidentDetail, Reopening, Verdict};
use super::{
    actor,
    answer::{Answer, Page},
    words::{Category, IncidentAction, IncidentStatus},
};
use crate::{
    body::JsonBody,
    caller::Caller,
    failure::Failure,
    number::Id,
    page::{Limit, default_limit},
    rooms::Changed,
    spec::Tag,
};

/// The handlers.
pub(crate) struct IncidentsApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Incidents")]
impl IncidentsApi {
    /// List incidents
    ///
    /// Every message that a rule blocked, rejected, held or flagged, or that a participant reported, the newest first.
    /// `status=open` is the queue of what waits for you. A message has one incident: reports join it, and reopen it where it
    /// was decided, unless the message was removed. Who reported your own messages is not shown to you.
    #[oai(path = "/moderation/incidents", method = "get", operation_id = "listIncidents")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query")]
    async fn list_incidents(
        &self,
        caller: Caller,
        /// Only those that stand so.
        status: Query<Option<IncidentStatus>>,
        /// Only those to whose message this happened; `report` finds every reported message, a flagged one too.
        action: Query<Option<IncidentAction>>,
        /// Only those about this.
        category: Query<Option<Category>>,
        /// Only those of this rule.
        rule_id: Query<Option<Id>>,
        /// Only those of this sender.
        user_id: Query<Option<Uuid>>,
        /// Only those of this room.
        room_id: Query<Option<Id>>,
        /// The most incidents to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Return incidents before the one with this id.
        before: Query<Option<Id>>,
    ) -> Result<Page<Incident>, Failure> {
        let filter = IncidentFilter {
            status: status.0.map(Into::into),
            kind: action.0.map(Into::into),
            category: category.0.map(Into::into),
            rule: rule_id.0.map(|id| RuleId(id.0)),
            user: user_id.0.map(UserId),
            room: room_id.0.map(|id| RoomId(id.0)),
        };
        let before = before.0.map(|id| IncidentId(id.0));
        let page = self.desk.incidents(&filter, before, limit.0.items()).await?;
        let filters = [
            ("status", filter.status.map(|status| status.as_str().to_owned())),
            ("action", filter.kind.map(|kind| kind.as_str().to_owned())),
            ("category", category.0.map(Category::word)),
            ("rule_id", filter.rule.map(|id| id.to_string())),
            ("user_id", filter.user.map(|id| id.to_string())),
            ("room_id", filter.room.map(|id| id.to_string())),
        ];
        let cursor = |incident: &moderation::Incident| incident.id.0;
        Ok(Page::of(page, "/moderation/incidents", &filters, limit.0, cursor, |incident| {
            Incident::seen_by(caller.user(), incident)
        }))
    }

    /// Read an incident
    ///
    /// With the ten messages before it and the ten after it in its room, who looks at it now, and its earlier decisions.
    #[oai(path = "/moderation/incidents/:id", method = "get", operation_id = "readIncident")]
    async fn read_incident(
        &self,
        caller: Caller,
        /// The incident's id.
        id: Path<Id>,
    ) -> Result<Answer<IncidentDetail>, Failure> {
        let id = IncidentId(id.0.0);
        let (found, viewers) = (self.desk.incident(id).await?, self.desk.viewers(id));
        Ok(Answer::with(IncidentDetail::of(caller.user(), found, viewers)))
    }

    /// Say that you look at an incident
    ///
    /// For 30 seconds; say it again meanwhile if you still do. Moderators who listen to `/moderation/events` are told each
    /// time, and the incident's `viewers` name you: so nobody works at what another does. Nothing is kept of it: it is in no
    /// database and no audit log. Of more than ten viewers the ten who said so last are named. Where several nodes run
    /// without NATS, only moderators who are on the same node are told of each other.
    #[oai(path = "/moderation/incidents/:id/viewing", method = "put", operation_id = "viewIncident")]
    async fn view(
        &self,
        caller: Caller,
        /// The incident's id.
        id: Path<Id>,
    ) -> Result<Changed, Failure> {
        self.desk.view(actor(&caller), IncidentId(id.0.0)).await?;
        Ok(Changed::done())
    }

    /// Say that you have left an incident
    ///
    /// Moderators are told at once, rather than after 30 seconds. If you did not look at it, nothing happens.
    #[oai(path = "/moderation/incidents/:id/viewing", method = "delete", operation_id = "leaveIncident")]
    async fn leave(
        &self,
        caller: Caller,
        /// The incident's id.
        id: Path<Id>,
    ) -> Result<Changed, Failure> {
        self.desk.leave(actor(&caller), IncidentId(id.0.0)).await?;
        Ok(Changed::done())
    }

    /// Decide about an incident
    ///
    /// Once: when somebody was faster the answer is 409 and says who. `uphold` says that the rule or the reporter was right.
    /// `dismiss` says that it was wrong: it takes the strike back, and with it the ban that the strikes had led to, and it
    /// releases a held message (the incident is then `released`; where the sender has left the room, `dismissed`). `release`
    /// delivers a held message and confirms it to its sender. `remove` redacts a delivered message and drops a held one;
    /// the incident keeps the text as evidence for as long as the policy keeps incidents. How often a rule was right is
    /// shown by `/moderation/stats`.
    #[oai(path = "/moderation/incidents/:id/decision", method = "post", operation_id = "decideIncident")]
    async fn decide(
        &self,
        caller: Caller,
        /// The incident's id.
        id: Path<Id>,
        body: JsonBody<Verdict>,
    ) -> Result<Answer<Incident>, Failure> {
        let Verdict { decision, note } = body.0;
        let id = IncidentId(id.0.0);
        let decided = self.desk.decide(actor(&caller), id, decision.into(), note.0).await?;
        Ok(Answer::with(Incident::seen_by(caller.user(), decided)))
    }

    /// Take a decision back
    ///
    /// The incident is open again, and the strikes that a dismissal took back count again. For the moderator who decided,
    /// and for admins (403); nobody reopens an incident about their own message (409). The earlier decision stays in the
    /// incident's `history` and in the audit log. What the decision did stays done: a message that was delivered stays
    /// delivered (`remove` takes its text away), a message that was removed stays removed, and a ban that was lifted stays
    /// lifted. A held message that was dropped can still be delivered for seven days after it was sent.
    #[oai(path = "/moderation/incidents/:id/reopen", method = "post", operation_id = "reopenIncident")]
    async fn reopen(
        &self,
        caller: Caller,
        /// The incident's id.
        id: Path<Id>,
        body: JsonBody<Reopening>,
    ) -> Result<Answer<Incident>, Failure> {
        let id = IncidentId(id.0.0);
        let reopened = self.desk.reopen(actor(&caller), id, body.0.note.0).await?;
        Ok(Answer::with(Incident::seen_by(caller.user(), reopened)))
    }
}
