//! Port: what moderators see and do, kept. Every engine passes the same contract suite; the promises are stated here.
//!
//! Every write that takes a [`Deed`] adds it to the audit log in its own transaction. Messages that a write delivers are
//! handed to the bus in the order of commit, like those of [`crate::store::Store::append`], and so are the notices of
//! incidents; bans are acted on by the caller, once every cache has forgotten.

use async_trait::async_trait;

use super::{
    audit::{AuditEntry, AuditFilter, Deed},
    incident::{Decision, Incident, IncidentFilter, IncidentInContext},
    people::{BanRecord, Dossier},
    policy::Policy,
    rulebook::{RuleWrite, Rulebook, StoredRule},
    stats::{Hits, Stats},
};
use crate::{
    id::{BanId, IncidentId, MessageId, RoomId, RuleId, UserId},
    store::{Ban, Page, StoreError, StoredMessage},
    timestamp::Timestamp,
};

/// Why a write of the moderators is refused; nothing of it is kept then.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// There is no such rule, version, incident, message or ban.
    #[error("there is no such thing")]
    NotFound,
    /// Somebody else was faster: another revision of the rules, an incident that is decided.
    #[error("it was changed meanwhile")]
    Conflict,
    /// The decision does not fit the incident: only held messages are released, and only what is there is removed.
    #[error("the decision does not fit the incident")]
    DoesNotFit,
    /// The incident is about the moderator's own message.
    #[error("the incident is about the moderator's own message")]
    Own,
    /// The reporter has reported too many messages lately.
    #[error("too many reports")]
    TooMany,
    /// The held message cannot be delivered: its sender has left, or the room is gone.
    #[error("the message cannot be delivered any more")]
    Undeliverable,
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The incident as it is now.
    pub incident: Incident,
    /// The ban that was lifted because its strikes were taken back.
    pub lifted: Option<UserId>,
}

/// Keeps what moderators see and do. What an `async fn` here acknowledges is durable.
#[async_trait]
pub trait Records: Send + Sync {
    /// Every rule in its newest version.
    async fn rulebook(&self) -> Result<Rulebook, StoreError>;

    /// A rule that is not deleted, in its newest version.
    async fn rule(&self, rule: RuleId) -> Result<Option<StoredRule>, StoreError>;

    /// A page of the rules that are not deleted, each in its newest version, before the rule `before`, the highest id
    /// first. It ends early once it holds 2 MiB of JSON, never before one rule.
    async fn rules_page(&self, before: Option<RuleId>, limit: usize) -> Result<Page<StoredRule>, StoreError>;

    /// A page of a rule's versions before the version `before`, newest first; of deleted rules too. It ends early once it
    /// holds 2 MiB of JSON, never before one version.
    async fn rule_versions(
        &self,
        rule: RuleId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Page<StoredRule>, StoreError>;

    /// Writes rules, all or nothing; answers when. Who did the first deed wrote them; without a deed the
    /// program did.
    ///
    /// # Errors
    /// `Conflict` where the rules are not at `revision` any more, or a rule's version is not the one after its newest (1
    /// for a new rule); `NotFound` where a rule to delete is not there.
    async fn write_rules(
        &self,
        revision: i64,
        writes: Vec<RuleWrite>,
        deeds: Vec<Deed>,
    ) -> Result<Timestamp, RecordsError>;

    /// Opens an incident about a delivered message that a participant reports; answers its id. Who is in the room may,
    /// and who was when it was said, whatever became of them or the room since. The same reporter's second report on a
    /// message answers the first one's.
    ///
    /// # Errors
    /// `NotFound` where the reporter is neither or the message is not in the room; `TooMany` beyond 50 reports of a
    /// reporter within an hour.
    async fn report(
        &self,
        reporter: UserId,
        room: RoomId,
        message: MessageId,
        reason: String,
    ) -> Result<IncidentId, RecordsError>;

    /// A page of incidents before the incident `before`, newest first.
    async fn incidents(
        &self,
        filter: &IncidentFilter,
        before: Option<IncidentId>,
        limit: usize,
    ) -> Result<Page<Incident>, StoreError>;

    /// An incident and what was said around it.
    async fn incident(&self, incident: IncidentId) -> Result<Option<IncidentInContext>, StoreError>;

    /// Decides about an incident, once. A released message is stored, delivered and confirmed; a dismissed or released
    /// strike is taken back, and the policy's ban with it where fewer strikes are left than the policy asked for when it
    /// was set; a removed message is redacted.
    ///
    /// # Errors
    /// `NotFound`, `Own` where the message is the actor's, `Conflict` where it is decided, `DoesNotFit`, `Undeliverable`.
    async fn decide(
        &self,
        incident: IncidentId,
        decision: Decision,
        note: Option<String>,
        actor: UserId,
    ) -> Result<Decided, RecordsError>;

    /// Bans a user, or replaces their ban.
    async fn ban(&self, ban: Ban, actor: Option<UserId>) -> Result<BanRecord, StoreError>;

    /// Lifts a ban; answers whether there was one in force.
    async fn lift_ban(&self, user: UserId, actor: UserId) -> Result<bool, StoreError>;

    /// A page of bans before the ban `before`, newest first; lifted and expired ones only where `all`.
    async fn bans(
        &self,
        all: bool,
        before: Option<BanId>,
        limit: usize,
    ) -> Result<Page<BanRecord>, StoreError>;

    /// A user's record.
    async fn dossier(&self, user: UserId, policy: &Policy) -> Result<Dossier, StoreError>;

    /// Removes a message's text everywhere: in its room and in incidents. The row and its sequence stay.
    ///
    /// # Errors
    /// `NotFound` where there is no such message.
    async fn redact(&self, message: MessageId, actor: UserId) -> Result<(), RecordsError>;

    /// The policy in force.
    async fn policy(&self) -> Result<Policy, StoreError>;

    /// Puts a policy in force.
    async fn set_policy(&self, policy: &Policy, actor: UserId) -> Result<(), StoreError>;

    /// A page of the audit log before the entry `before`, newest first.
    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<AuditEntry>, StoreError>;

    /// Entries of the audit log after the entry `after`, oldest first.
    async fn audit_after(&self, after: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// The last number and hash of the audit log, as kept beside it.
    async fn audit_head(&self) -> Result<(i64, [u8; 32]), StoreError>;

    /// Adds what was done without any other write; where it disconnects somebody, other nodes learn of it.
    async fn note_deed(&self, deed: Deed, disconnects: Option<UserId>) -> Result<(), StoreError>;

    /// Adds hits to the numbers.
    async fn add_hits(&self, hits: Vec<Hits>) -> Result<(), StoreError>;

    /// The numbers since a moment, at most 400 days ago: an earlier moment counts as that. Reads on a connection that
    /// only back-tests wait for.
    async fn stats(&self, since: Timestamp) -> Result<Stats, StoreError>;

    /// Messages after the message `after`, of any room, oldest first, redacted ones left out; at most `limit`. Reads on a
    /// connection that nobody else waits for.
    async fn scan(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError>;

    /// The same, without messages about which an incident is open or was decided to be right: what moderators do not mind.
    async fn ordinary(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError>;

    /// The message after which come at most `limit` messages, all of them since `since`, and how many these are about
    /// (redacted ones too).
    async fn scan_from(
        &self,
        since: Option<Timestamp>,
        limit: Option<u64>,
    ) -> Result<(MessageId, u64), StoreError>;

    /// Does a bounded part of what the policy wants done in time (held messages, deleted rooms, old messages and incidents);
    /// answers whether there is more to do now. A held message that is to be released and cannot be delivered, or whose
    /// sender is banned then, is dismissed.
    async fn keep_house(&self, policy: &Policy) -> Result<bool, StoreError>;
}
