//! What moderators see and do, past the cache; what bans or lifts a ban is forgotten.

use std::sync::Arc;

use async_trait::async_trait;
use plic_pipeline::{
    id::{BanId, IncidentId, MessageId, RoomId, RuleId, UserId},
    moderation::{
        AuditEntry, AuditFilter, Authority, BanRecord, Decision, Deed, Dossier, Incident, IncidentFilter,
        Policy, Records, RuleWrite, Rulebook, StoredRule,
        incident::IncidentInContext,
        records::{Decided, Disconnect, RecordsError},
        stats::{Hits, JudgedDay, Stats},
    },
    store::{Ban, Page, Store, StoreError, StoredMessage},
    timestamp::Timestamp,
    token::Role,
};

use super::Cached;

#[async_trait]
impl<S: Store + Records + 'static> Records for Cached<S> {
    async fn rulebook(&self) -> Result<Rulebook, StoreError> {
        self.store.rulebook().await
    }

    async fn rule(&self, rule: RuleId) -> Result<Option<StoredRule>, StoreError> {
        self.store.rule(rule).await
    }

    async fn rules_page(&self, before: Option<RuleId>, limit: usize) -> Result<Page<StoredRule>, StoreError> {
        self.store.rules_page(before, limit).await
    }

    async fn rule_versions(
        &self,
        rule: RuleId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Page<StoredRule>, StoreError> {
        self.store.rule_versions(rule, before, limit).await
    }

    async fn write_rules(
        &self,
        revision: i64,
        writes: Vec<RuleWrite>,
        deeds: Vec<Deed>,
    ) -> Result<Timestamp, RecordsError> {
        self.store.write_rules(revision, writes, deeds).await
    }

    async fn report(
        &self,
        reporter: UserId,
        room: RoomId,
        message: MessageId,
        reason: String,
    ) -> Result<IncidentId, RecordsError> {
        self.store.report(reporter, room, message, reason).await
    }

    async fn incidents(
        &self,
        filter: &IncidentFilter,
        before: Option<IncidentId>,
        limit: usize,
    ) -> Result<Page<Incident>, StoreError> {
        self.store.incidents(filter, before, limit).await
    }

    async fn incident(&self, incident: IncidentId) -> Result<Option<IncidentInContext>, StoreError> {
        self.store.incident(incident).await
    }

    async fn decide(
        &self,
        incident: IncidentId,
        decision: Decision,
        note: Option<String>,
        actor: UserId,
    ) -> Result<Decided, RecordsError> {
        let (store, bans) = (Arc::clone(&self.store), self.bans.clone());
        Self::to_the_end(async move {
            let done = store.decide(incident, decision, note, actor).await;
            if let Ok(Decided { lifted: Some(user), .. }) = &done {
                bans.forget(*user);
            }
            done
        })
        .await
    }

    async fn reopen(
        &self,
        incident: IncidentId,
        note: Option<String>,
        actor: UserId,
        is_admin: bool,
    ) -> Result<Incident, RecordsError> {
        self.store.reopen(incident, note, actor, is_admin).await
    }

    async fn note_role(&self, user: UserId, role: Role) -> Result<(), StoreError> {
        self.store.note_role(user, role).await
    }

    async fn role_of(&self, user: UserId) -> Result<Option<Role>, StoreError> {
        self.store.role_of(user).await
    }

    async fn ranked(&self, limit: usize) -> Result<Vec<UserId>, StoreError> {
        self.store.ranked(limit).await
    }

    async fn ban(&self, ban: Ban, actor: Option<UserId>) -> Result<BanRecord, RecordsError> {
        let (store, bans, user) = (Arc::clone(&self.store), self.bans.clone(), ban.user);
        Self::to_the_end(async move {
            let done = store.ban(ban, actor).await;
            // Also after an error: a ban that timed out may have been committed.
            bans.forget(user);
            done
        })
        .await
    }

    async fn lift_ban(
        &self,
        user: UserId,
        actor: Option<UserId>,
        authority: Authority,
    ) -> Result<bool, RecordsError> {
        let (store, bans) = (Arc::clone(&self.store), self.bans.clone());
        Self::to_the_end(async move {
            let done = store.lift_ban(user, actor, authority).await;
            bans.forget(user);
            done
        })
        .await
    }

    async fn bans(
        &self,
        all: bool,
        before: Option<BanId>,
        limit: usize,
    ) -> Result<Page<BanRecord>, StoreError> {
        self.store.bans(all, before, limit).await
    }

    async fn dossier(&self, user: UserId, policy: &Policy) -> Result<Dossier, StoreError> {
        self.store.dossier(user, policy).await
    }

    async fn users_between(
        &self,
        first: UserId,
        last: UserId,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        self.store.users_between(first, last, limit).await
    }

    async fn redact(&self, message: MessageId, actor: UserId) -> Result<(), RecordsError> {
        self.store.redact(message, actor).await
    }

    async fn policy(&self) -> Result<Policy, StoreError> {
        self.store.policy().await
    }

    async fn set_policy(&self, policy: &Policy, actor: UserId) -> Result<(), StoreError> {
        self.store.set_policy(policy, actor).await
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.store.audit(filter, before, limit).await
    }

    async fn audit_after(&self, after: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.store.audit_after(after, limit).await
    }

    async fn audit_head(&self) -> Result<(i64, [u8; 32]), StoreError> {
        self.store.audit_head().await
    }

    async fn note_deed(&self, deed: Deed, disconnects: Option<Disconnect>) -> Result<(), StoreError> {
        self.store.note_deed(deed, disconnects).await
    }

    async fn add_hits(&self, hits: Vec<Hits>, judged: Option<JudgedDay>) -> Result<(), StoreError> {
        self.store.add_hits(hits, judged).await
    }

    async fn judged_days(&self, first: i64, last: i64) -> Result<Vec<JudgedDay>, StoreError> {
        self.store.judged_days(first, last).await
    }

    async fn stats(&self, since: Timestamp) -> Result<Stats, StoreError> {
        self.store.stats(since).await
    }

    async fn scan(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        self.store.scan(after, limit).await
    }

    async fn ordinary(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        self.store.ordinary(after, limit).await
    }

    async fn scan_from(
        &self,
        since: Option<Timestamp>,
        limit: Option<u64>,
    ) -> Result<(MessageId, u64), StoreError> {
        self.store.scan_from(since, limit).await
    }

    async fn keep_house(&self, policy: &Policy) -> Result<bool, StoreError> {
        self.store.keep_house(policy).await
    }
}
