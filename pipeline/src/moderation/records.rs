//! Port: what moderators see and do, kept. Every engine passes the same contract suite; the promises are stated here.
//!
//! Every write that takes a [`Deed`] adds it to the audit log in its own transaction. Messages that a write delivers are
//! handed to the bus in the order of commit, like those of [`crate::store::Store::append`], and so are the notices of
//! incidents; bans are acted on by the caller, once every cache has forgotten.

use async_trait::async_trait;

use super::{
    audit::{AuditEntry, AuditFilter, Deed},
    authority::Authority,
    incident::{Decision, Incident, IncidentFilter, IncidentInContext, IncidentStatus},
    people::{BanRecord, Dossier},
    policy::Policy,
    rulebook::{RuleWrite, Rulebook, StoredRule},
    stats::{Hits, JudgedDay, Stats},
};
use crate::{
    id::{BanId, IncidentId, MessageId, RoomId, RuleId, UserId},
    store::{Ban, Page, StoreError, StoredMessage},
    timestamp::Timestamp,
    token::Role,
};

/// Why a write of the moderators is refused; nothing of it is kept then.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// There is no such rule, version, incident, message or ban.
    #[error("there is no such thing")]
    NotFound,
    /// The rules are at another revision.
    #[error("it was changed meanwhile")]
    Conflict,
    /// The incident is decided already.
    #[error("the incident is {} already", status.as_str())]
    Decided {
        /// The moderator; `None` is the policy.
        by: Option<UserId>,
        /// When.
        at: Timestamp,
        /// How.
        status: IncidentStatus,
    },
    /// The incident is open: there is no decision to take back.
    #[error("the incident is open")]
    NotDecided,
    /// The decision is another moderator's.
    #[error("the decision is another moderator's")]
    NotYours,
    /// Retention has taken the text away, so that there is nothing left to decide about.
    #[error("the text of the incident is gone")]
    Cleared,
    /// The ban was set on a higher authority.
    #[error("the ban was set by somebody of a higher rank")]
    Outranked,
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

/// A disconnect, for other nodes to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect {
    /// The user.
    pub user: UserId,
    /// On whose authority: it spares the connections that it does not bind.
    pub authority: Authority,
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

    /// Takes a participant's report of a delivered message; returns the id of the message's incident. Participants may
    /// report, and those who were participants when it was said, whatever became of them or the room since.
    ///
    /// A message has one incident: a report opens it where there is none, joins it where there is, and reopens it where
    /// it was decided, unless the message was removed. A second report of the same reporter changes nothing.
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

    /// An incident, what was said around it, and its earlier decisions.
    async fn incident(&self, incident: IncidentId) -> Result<Option<IncidentInContext>, StoreError>;

    /// Decides about an open incident. A released message is stored, delivered and confirmed. A dismissal takes the
    /// strike back, and the policy's ban with it where fewer strikes are left than the policy asked for when it was set;
    /// it releases a held message, and only closes the incident where that message cannot be delivered any more. A
    /// removed message is redacted in its room, and the incident keeps its text as evidence.
    ///
    /// # Errors
    /// `NotFound`, `Own` where the message is the actor's, `Decided`, `DoesNotFit`, `Undeliverable`.
    async fn decide(
        &self,
        incident: IncidentId,
        decision: Decision,
        note: Option<String>,
        actor: UserId,
    ) -> Result<Decided, RecordsError>;

    /// Takes a decision back: the incident is open again, and the strikes that a dismissal took back count again. What
    /// was done with the decision stays done: a delivered message, a removed one, a lifted ban. The actor is the one who
    /// decided, or `is_admin`.
    ///
    /// # Errors
    /// `NotFound`, `Own` where the message is the actor's, `NotDecided`, `NotYours`, `Cleared`.
    async fn reopen(
        &self,
        incident: IncidentId,
        note: Option<String>,
        actor: UserId,
        is_admin: bool,
    ) -> Result<Incident, RecordsError>;

    /// Bans a user, or replaces their ban.
    ///
    /// # Errors
    /// `Outranked` where a ban of a higher authority is in force.
    async fn ban(&self, ban: Ban, actor: Option<UserId>) -> Result<BanRecord, RecordsError>;

    /// Lifts a ban; returns whether there was one in force. The actor is `None` on the command line of the server.
    ///
    /// # Errors
    /// `Outranked` where the ban is of a higher authority.
    async fn lift_ban(
        &self,
        user: UserId,
        actor: Option<UserId>,
        authority: Authority,
    ) -> Result<bool, RecordsError>;

    /// Remembers the role that a user's token was seen with just now.
    async fn note_role(&self, user: UserId, role: Role) -> Result<(), StoreError>;

    /// Returns the role that a user's token was last seen with, within [`super::staff::ROLE_KNOWN`].
    async fn role_of(&self, user: UserId) -> Result<Option<Role>, StoreError>;

    /// Returns users whose tokens last said that they are moderators or admins, within [`super::staff::ROLE_KNOWN`]; at
    /// most `limit`.
    async fn ranked(&self, limit: usize) -> Result<Vec<UserId>, StoreError>;

    /// A page of bans before the ban `before`, newest first; lifted and expired ones only where `all`.
    async fn bans(
        &self,
        all: bool,
        before: Option<BanId>,
        limit: usize,
    ) -> Result<Page<BanRecord>, StoreError>;

    /// A user's record.
    async fn dossier(&self, user: UserId, policy: &Policy) -> Result<Dossier, StoreError>;

    /// Returns the first `limit` users whose ids are from `first` to `last`: those who were in a room, whom an incident or a
    /// ban is about, or who acted as moderators.
    async fn users_between(
        &self,
        first: UserId,
        last: UserId,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Removes a message's text from its room and from decided incidents. The row and its sequence stay. An open incident
    /// keeps the text, which is its evidence, and so does every incident about the actor's own message.
    ///
    /// # Errors
    /// `NotFound` where there is no such message; `Own` where it is the actor's and an incident about it is open.
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
    async fn note_deed(&self, deed: Deed, disconnects: Option<Disconnect>) -> Result<(), StoreError>;

    /// Adds hits to the numbers, and messages that were judged on a day.
    async fn add_hits(&self, hits: Vec<Hits>, judged: Option<JudgedDay>) -> Result<(), StoreError>;

    /// Returns how many messages were judged on each of these days, the first and the last included; days without any
    /// are left out.
    async fn judged_days(&self, first: i64, last: i64) -> Result<Vec<JudgedDay>, StoreError>;

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
