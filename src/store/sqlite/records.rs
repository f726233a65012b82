//! The port of moderation: which part of it is where.

use std::time::Duration;

use async_trait::async_trait;
use plic_pipeline::{
    id::{BanId, IncidentId, MessageId, RoomId, RuleId, UserId},
    moderation::{
        AuditEntry, BanRecord, Decision, Deed, Dossier, Incident, IncidentFilter, Policy, Records, RuleWrite,
        Rulebook, StoredRule,
        incident::IncidentInContext,
        records::{Decided, RecordsError},
        stats::{Hits, Stats},
    },
    store::{Ban, Page, StoreError, StoredMessage},
    timestamp::Timestamp,
};

use super::{
    SqliteStore, audit,
    audit::NoteDeed,
    bans,
    bans::{LiftBan, SetBan},
    decide::Decide,
    dossier, hits,
    hits::AddHits,
    in_time, incidents, policy,
    policy::SetPolicy,
    redact::Redact,
    reports::ReportMessage,
    retention::KeepHouse,
    rules,
    rules::WriteRules,
    scan, within,
};

/// How long reading through messages may take: it counts millions, and nobody waits behind it.
const SCAN_DEADLINE: Duration = Duration::from_secs(30);

#[async_trait]
impl Records for SqliteStore {
    async fn rulebook(&self) -> Result<Rulebook, StoreError> {
        in_time(rules::rulebook(&self.lists)).await
    }

    async fn rule(&self, rule: RuleId) -> Result<Option<StoredRule>, StoreError> {
        in_time(rules::newest(&self.lists, rule)).await
    }

    async fn rules_page(&self, before: Option<RuleId>, limit: usize) -> Result<Page<StoredRule>, StoreError> {
        in_time(rules::rules(&self.lists, before, limit)).await
    }

    async fn rule_versions(
        &self,
        rule: RuleId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Page<StoredRule>, StoreError> {
        in_time(rules::versions(&self.lists, rule, before, limit)).await
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
        in_time(async { incidents::list(&mut *self.lists.acquire().await?, filter, before, limit).await })
            .await
    }

    async fn incident(&self, incident: IncidentId) -> Result<Option<IncidentInContext>, StoreError> {
        in_time(incidents::in_context(&self.lists, incident)).await
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

    async fn ban(&self, ban: Ban, actor: Option<UserId>) -> Result<BanRecord, StoreError> {
        self.queue.change(SetBan { ban, actor }).await
    }

    async fn lift_ban(&self, user: UserId, actor: UserId) -> Result<bool, StoreError> {
        self.queue.change(LiftBan { user, actor }).await
    }

    async fn bans(
        &self,
        all: bool,
        before: Option<BanId>,
        limit: usize,
    ) -> Result<Page<BanRecord>, StoreError> {
        in_time(bans::list(&self.lists, all, before, limit)).await
    }

    async fn dossier(&self, user: UserId, policy: &Policy) -> Result<Dossier, StoreError> {
        in_time(dossier::load(&self.lists, user, policy)).await
    }

    async fn redact(&self, message: MessageId, actor: UserId) -> Result<(), RecordsError> {
        self.queue.change(Redact { message, actor }).await
    }

    async fn policy(&self) -> Result<Policy, StoreError> {
        in_time(policy::load(&self.lookups)).await
    }

    async fn set_policy(&self, policy: &Policy, actor: UserId) -> Result<(), StoreError> {
        self.queue.change(SetPolicy { policy: policy.clone(), actor }).await
    }

    async fn audit(&self, before: Option<i64>, limit: usize) -> Result<Page<AuditEntry>, StoreError> {
        in_time(audit::before(&self.lists, before, limit)).await
    }

    async fn audit_after(&self, after: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        in_time(audit::after(&self.lists, after, limit)).await
    }

    async fn audit_head(&self) -> Result<(i64, [u8; 32]), StoreError> {
        in_time(audit::head_of(&self.lists)).await
    }

    async fn note_deed(&self, deed: Deed) -> Result<(), StoreError> {
        self.queue.change(NoteDeed(deed)).await
    }

    async fn add_hits(&self, hits: Vec<Hits>) -> Result<(), StoreError> {
        self.queue.change(AddHits(hits)).await
    }

    async fn stats(&self, since: Timestamp) -> Result<Stats, StoreError> {
        within(SCAN_DEADLINE, hits::since(&self.scanner, since)).await
    }

    async fn scan(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        within(SCAN_DEADLINE, scan::messages(&self.scanner, after, limit)).await
    }

    async fn scan_from(
        &self,
        since: Option<Timestamp>,
        limit: Option<u64>,
    ) -> Result<(MessageId, u64), StoreError> {
        within(SCAN_DEADLINE, scan::from(&self.scanner, since, limit)).await
    }

    async fn keep_house(&self, policy: &Policy) -> Result<bool, StoreError> {
        self.queue.change(KeepHouse(policy.clone())).await
    }
}
