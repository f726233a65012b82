//! The port of moderation: which part of it is where.

use std::time::Duration;

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
    store::{Ban, Page, StoreError, StoredMessage},
    timestamp::Timestamp,
    token::Role,
};

use super::{
    audit,
    audit::NoteDeed,
    bans,
    bans::{LiftBan, SetBan},
    db::Engine,
    deadline::{in_time, within},
    decide::Decide,
    dossier, hits,
    hits::AddHits,
    incidents, known_users, policy,
    policy::SetPolicy,
    redact::Redact,
    reopen::Reopen,
    reports::ReportMessage,
    retention::KeepHouse,
    rules,
    rules::WriteRules,
    scan, staff,
    staff::NoteRole,
};

/// How long reading through messages may take: it counts millions, and nobody waits behind it.
const SCAN_DEADLINE: Duration = Duration::from_secs(30);

#[async_trait]
impl Records for Engine {
    async fn rulebook(&self) -> Result<Rulebook, StoreError> {
        in_time(|| async { rules::rulebook(&mut *self.lists.snapshot().await?).await }).await
    }

    async fn rule(&self, rule: RuleId) -> Result<Option<StoredRule>, StoreError> {
        in_time(|| async { rules::newest(&mut *self.lists.single().await?, rule).await }).await
    }

    async fn rules_page(&self, before: Option<RuleId>, limit: usize) -> Result<Page<StoredRule>, StoreError> {
        in_time(|| async { rules::rules(&mut *self.lists.single().await?, before, limit).await }).await
    }

    async fn rule_versions(
        &self,
        rule: RuleId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Page<StoredRule>, StoreError> {
        in_time(|| async { rules::versions(&mut *self.lists.single().await?, rule, before, limit).await })
            .await
    }

    async fn write_rules(
        &self,
        revision: i64,
        writes: Vec<RuleWrite>,
        deeds: Vec<Deed>,
    ) -> Result<Timestamp, RecordsError> {
        self.queue.change(WriteRules { revision, writes, deeds }).await
    }

    async fn report(
        &self,
        reporter: UserId,
        room: RoomId,
        message: MessageId,
        reason: String,
    ) -> Result<IncidentId, RecordsError> {
        self.queue.change(ReportMessage { reporter, room, message, reason }).await
    }

    async fn incidents(
        &self,
        filter: &IncidentFilter,
        before: Option<IncidentId>,
        limit: usize,
    ) -> Result<Page<Incident>, StoreError> {
        in_time(|| async { incidents::list(&mut *self.lists.single().await?, filter, before, limit).await })
            .await
    }

    async fn incident(&self, incident: IncidentId) -> Result<Option<IncidentInContext>, StoreError> {
        in_time(|| async { incidents::in_context(&mut *self.lists.snapshot().await?, incident).await }).await
    }

    async fn decide(
        &self,
        incident: IncidentId,
        decision: Decision,
        note: Option<String>,
        actor: UserId,
    ) -> Result<Decided, RecordsError> {
        self.queue.change(Decide { incident, decision, note, actor }).await
    }

    async fn reopen(
        &self,
        incident: IncidentId,
        note: Option<String>,
        actor: UserId,
        is_admin: bool,
    ) -> Result<Incident, RecordsError> {
        self.queue.change(Reopen { incident, note, actor, is_admin }).await
    }

    async fn ban(&self, ban: Ban, actor: Option<UserId>) -> Result<BanRecord, RecordsError> {
        self.queue.change(SetBan { ban, actor }).await
    }

    async fn lift_ban(
        &self,
        user: UserId,
        actor: Option<UserId>,
        authority: Authority,
    ) -> Result<bool, RecordsError> {
        self.queue.change(LiftBan { user, actor, authority }).await
    }

    async fn note_role(&self, user: UserId, role: Role) -> Result<(), StoreError> {
        self.queue.change(NoteRole { user, role }).await
    }

    async fn role_of(&self, user: UserId) -> Result<Option<Role>, StoreError> {
        let now = self.moment();
        in_time(|| async { staff::role_of(&mut *self.lookups.single().await?, user, now).await }).await
    }

    async fn ranked(&self, limit: usize) -> Result<Vec<UserId>, StoreError> {
        let now = self.moment();
        in_time(|| async { staff::ranked(&mut *self.lookups.single().await?, now, limit).await }).await
    }

    async fn bans(
        &self,
        all: bool,
        before: Option<BanId>,
        limit: usize,
    ) -> Result<Page<BanRecord>, StoreError> {
        in_time(|| async {
            bans::list(&mut *self.lists.single().await?, all, before, limit, self.moment()).await
        })
        .await
    }

    async fn dossier(&self, user: UserId, policy: &Policy) -> Result<Dossier, StoreError> {
        in_time(|| async {
            dossier::load(&mut *self.lists.snapshot().await?, user, policy, self.moment()).await
        })
        .await
    }

    async fn users_between(
        &self,
        first: UserId,
        last: UserId,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        in_time(|| async {
            known_users::between(&mut *self.lists.snapshot().await?, first, last, limit).await
        })
        .await
    }

    async fn redact(&self, message: MessageId, actor: UserId) -> Result<(), RecordsError> {
        self.queue.change(Redact { message, actor }).await
    }

    async fn policy(&self) -> Result<Policy, StoreError> {
        in_time(|| async { policy::load(&mut *self.lookups.single().await?).await }).await
    }

    async fn set_policy(&self, policy: &Policy, actor: UserId) -> Result<(), StoreError> {
        self.queue.change(SetPolicy { policy: policy.clone(), actor }).await
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<AuditEntry>, StoreError> {
        in_time(|| async { audit::list(&mut *self.lists.snapshot().await?, filter, before, limit).await })
            .await
    }

    async fn audit_after(&self, after: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        in_time(|| async { audit::entries_after(&mut *self.lists.single().await?, after, limit).await }).await
    }

    async fn audit_head(&self) -> Result<(i64, [u8; 32]), StoreError> {
        in_time(|| async { audit::head(&mut *self.lists.single().await?).await }).await
    }

    async fn note_deed(&self, deed: Deed, disconnects: Option<Disconnect>) -> Result<(), StoreError> {
        self.queue.change(NoteDeed { deed, disconnects }).await
    }

    async fn add_hits(&self, hits: Vec<Hits>, judged: Option<JudgedDay>) -> Result<(), StoreError> {
        self.queue.change(AddHits { hits, judged }).await
    }

    async fn judged_days(&self, first: i64, last: i64) -> Result<Vec<JudgedDay>, StoreError> {
        in_time(|| async { hits::judged_days(&mut *self.lists.single().await?, first, last).await }).await
    }

    async fn stats(&self, since: Timestamp) -> Result<Stats, StoreError> {
        within(SCAN_DEADLINE, || async {
            hits::since(&mut *self.scanner.snapshot().await?, since, self.moment()).await
        })
        .await
    }

    async fn scan(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        within(SCAN_DEADLINE, || async {
            scan::messages(&mut *self.scanner.single().await?, scan::MESSAGES, after, limit).await
        })
        .await
    }

    async fn ordinary(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        within(SCAN_DEADLINE, || async {
            scan::messages(&mut *self.scanner.single().await?, scan::ORDINARY, after, limit).await
        })
        .await
    }

    async fn scan_from(
        &self,
        since: Option<Timestamp>,
        limit: Option<u64>,
    ) -> Result<(MessageId, u64), StoreError> {
        within(SCAN_DEADLINE, || async {
            scan::from(&mut *self.scanner.snapshot().await?, since, limit).await
        })
        .await
    }

    async fn keep_house(&self, policy: &Policy) -> Result<bool, StoreError> {
        self.queue.change(KeepHouse(policy.clone())).await
    }
}
