//! Users: bans, disconnects, records; the policy and the audit log.

use std::sync::Arc;

use super::{Actor, Desk, DeskError, incidents::bounded};
use crate::{
    event::Event,
    id::{BanId, UserId},
    moderation::{
        audit::{AuditEntry, AuditFilter, Deed},
        notice::Notice,
        people::{BanRecord, Dossier},
        policy::Policy,
    },
    store::{Ban, Page, StoreError},
    token::Role,
};

impl Desk {
    /// Bans a user, or replaces their ban: their connections are closed with 4005, and neither door lets them in.
    pub async fn ban(&self, actor: Actor, ban: Ban) -> Result<BanRecord, DeskError> {
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
        let desk = self.clone();
        self.to_the_end(async move {
            let user = ban.user;
            let record = match desk.0.records.ban(ban, Some(actor.user)).await {
                Ok(record) => record,
                Err(error) => {
                    // A ban that was not confirmed in time may well be in force.
                    if matches!(error, StoreError::TimedOut) {
                        desk.0.bus.publish(vec![Event::Banned(user)]).await;
                    }
                    return Err(error.into());
                }
            };
            let notice = Notice::Banned(Arc::new(record.clone()));
            desk.0.bus.publish(vec![Event::Banned(user), Event::Notice(notice)]).await;
            Ok(record)
        })
        .await
    }

    /// Lifts a ban.
    pub async fn lift_ban(&self, actor: Actor, user: UserId) -> Result<(), DeskError> {
        let desk = self.clone();
        self.to_the_end(async move {
            if !desk.0.records.lift_ban(user, actor.user).await? {
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

    /// Closes a user's connections with 4004; they may come back. Answers whether they were connected to this node.
    pub async fn disconnect(&self, actor: Actor, user: UserId, reason: String) -> Result<bool, DeskError> {
        bounded("reason", &reason)?;
        let desk = self.clone();
        self.to_the_end(async move {
            let deed = Deed::new(Some(actor.user), "user.disconnect")
                .with("user", user.to_string())
                .with("reason", reason);
            desk.0.records.note_deed(deed, Some(user)).await?;
            let was_connected = (desk.0.is_connected)(user);
            desk.0.bus.publish(vec![Event::Disconnected(user)]).await;
            desk.tell(Notice::Disconnected(user)).await;
            Ok(was_connected)
        })
        .await
    }

    /// Whether a user is banned now.
    pub async fn is_banned(&self, user: UserId) -> Result<bool, DeskError> {
        Ok(self.0.watch.is_banned(user).await?)
    }

    /// A user's record, and whether they are connected to this node.
    pub async fn dossier(&self, user: UserId) -> Result<(Dossier, bool), DeskError> {
        let dossier = self.0.records.dossier(user, &self.0.watch.policy()).await?;
        Ok((dossier, (self.0.is_connected)(user)))
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
