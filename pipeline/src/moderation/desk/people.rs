//! Users: bans, disconnects, records; the policy and the audit log.

use std::sync::Arc;

use super::{Actor, Desk, DeskError, incidents::bounded};
use crate::{
    event::Event,
    id::{BanId, UserId},
    moderation::{
        audit::{AuditEntry, AuditFilter, Deed},
        authority::Authority,
        notice::Notice,
        people::{BanRecord, Dossier},
        policy::Policy,
        records::{Disconnect, RecordsError},
    },
    store::{Ban, Page, StoreError},
    timestamp::Timestamp,
    token::Role,
};

/// A ban that a moderator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBan {
    /// Who.
    pub user: UserId,
    /// Why, for moderators.
    pub reason: String,
    /// Until when; `None` is for good.
    pub expires_at: Option<Timestamp>,
}

impl Desk {
    /// Bans a user, or replaces their ban: their connections are closed with 4005, and neither door lets them in. A
    /// moderator's ban does not bind admins, and is refused for a user who is known to be one.
    pub async fn ban(&self, actor: Actor, ban: NewBan) -> Result<BanRecord, DeskError> {
        let NewBan { user, reason, expires_at } = ban;
        let ban = Ban { user, reason, expires_at, authority: Authority::of(actor.role) };
        bounded("reason", &ban.reason)?;
        let invalid = |field: &str, problem: &str| {
            Err(DeskError::Invalid { field: field.to_owned(), problem: problem.to_owned() })
        };
        if ban.user == actor.user {
            return invalid("user_id", "is yourself");
        }
        if !ban.holds_at(self.0.watch.now()) {
            return invalid("expires_at", "is over");
        }
        self.spare_admins(actor, user, "Only admins may ban an admin.").await?;
        let desk = self.clone();
        self.to_the_end(async move {
            let event = Event::Banned(user, ban.authority);
            let record = match desk.0.records.ban(ban, Some(actor.user)).await {
                Ok(record) => record,
                Err(error) => {
                    // A ban that was not confirmed in time may well be in force.
                    if matches!(error, RecordsError::Store(StoreError::TimedOut)) {
                        desk.0.bus.publish(vec![event]).await;
                    }
                    return Err(DeskError::from_records(error, "ban"));
                }
            };
            let notice = Notice::Banned(Arc::new(record.clone()));
            desk.0.bus.publish(vec![event, Event::Notice(notice)]).await;
            Ok(record)
        })
        .await
    }

    /// Lifts a ban; one that an admin set, for admins alone. Nobody lifts their own.
    pub async fn lift_ban(&self, actor: Actor, user: UserId) -> Result<(), DeskError> {
        if user == actor.user {
            return Err(DeskError::Forbidden("Nobody lifts their own ban: another moderator does."));
        }
        let desk = self.clone();
        self.to_the_end(async move {
            let lifted = desk.0.records.lift_ban(user, Some(actor.user), Authority::of(actor.role)).await;
            if !lifted.map_err(|error| DeskError::from_records(error, "ban"))? {
                return Err(DeskError::NotFound("ban"));
            }
            desk.tell(Notice::BanLifted(user)).await;
            Ok(())
        })
        .await
    }

    /// A page of bans before the ban `before`, newest first; lifted and expired ones only where `all`.
    pub async fn bans(
        &self,
        all: bool,
        before: Option<BanId>,
        limit: usize,
    ) -> Result<Page<BanRecord>, DeskError> {
        Ok(self.0.records.bans(all, before, limit).await?)
    }

    /// Closes a user's connections with 4004; they may come back. Returns whether they were connected to this node. A
    /// moderator disconnects no admin.
    pub async fn disconnect(&self, actor: Actor, user: UserId, reason: String) -> Result<bool, DeskError> {
        bounded("reason", &reason)?;
        self.spare_admins(actor, user, "Only admins may disconnect an admin.").await?;
        let authority = Authority::of(actor.role);
        let desk = self.clone();
        self.to_the_end(async move {
            let deed = Deed::new(Some(actor.user), "user.disconnect")
                .with("user", user.to_string())
                .with("reason", reason);
            let disconnect = Disconnect { user, authority };
            desk.0.records.note_deed(deed, Some(disconnect)).await?;
            let was_connected = (desk.0.is_connected)(user);
            desk.0.bus.publish(vec![Event::Disconnected(user, authority)]).await;
            desk.tell(Notice::Disconnected(disconnect)).await;
            Ok(was_connected)
        })
        .await
    }

    /// Returns whether a moderator is kept out now.
    pub async fn is_kept_out(&self, actor: Actor) -> Result<bool, DeskError> {
        Ok(self.0.watch.is_kept_out(actor.user, actor.role).await?)
    }

    /// Remembers the role of a caller, before a transaction asks for it.
    pub async fn note_role_before_acting(&self, actor: Actor) {
        self.0.staff.note_before_acting(actor.user, actor.role).await;
    }

    /// Remembers the role of a caller, so that others are told of it who act on them.
    pub fn note_role(&self, actor: Actor) {
        self.0.staff.note(actor.user, actor.role);
    }

    /// Refuses what a moderator would do to a user who is known to be an admin.
    async fn spare_admins(&self, actor: Actor, user: UserId, refusal: &'static str) -> Result<(), DeskError> {
        if actor.role < Role::Admin && self.0.staff.role_of(user).await? == Some(Role::Admin) {
            return Err(DeskError::Forbidden(refusal));
        }
        Ok(())
    }

    /// A user's record, and whether they are connected to this node.
    pub async fn dossier(&self, user: UserId) -> Result<(Dossier, bool), DeskError> {
        let dossier = self.0.records.dossier(user, &self.0.watch.policy()).await?;
        Ok((dossier, (self.0.is_connected)(user)))
    }

    /// Returns the first users whose ids are from `first` to `last`.
    pub async fn users_between(
        &self,
        first: UserId,
        last: UserId,
        limit: usize,
    ) -> Result<Vec<UserId>, DeskError> {
        Ok(self.0.records.users_between(first, last, limit).await?)
    }

    /// The policy in force.
    pub async fn policy(&self) -> Result<Policy, DeskError> {
        Ok(self.0.records.policy().await?)
    }

    /// Puts a policy in force; for admins.
    pub async fn set_policy(&self, actor: Actor, policy: Policy) -> Result<Policy, DeskError> {
        if actor.role < Role::Admin {
            return Err(DeskError::AdminsOnly("Only admins may change the policy."));
        }
        policy.check().map_err(|(field, problem)| DeskError::Invalid { field: field.to_owned(), problem })?;
        let desk = self.clone();
        self.to_the_end(async move {
            let _changing = desk.0.changing_policy.lock().await;
            if let Err(error) = desk.0.records.set_policy(&policy, actor.user).await {
                desk.reload_when_sure();
                return Err(error.into());
            }
            desk.0.watch.set_policy(policy.clone());
            desk.tell(Notice::PolicyChanged).await;
            Ok(policy)
        })
        .await
    }

    /// A page of the audit log before the entry `before`, newest first.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<AuditEntry>, DeskError> {
        Ok(self.0.records.audit(filter, before, limit).await?)
    }
}
