//! Something that moderators are to look at: a message that a rule caught, or that a participant reported.

use std::ops::Range;

use plic_filter::{Action, Category, Classifier, Lowered, Match, Verdict, WeighedWord, utf16};
use serde::{Deserialize, Serialize};

use crate::{
    command::TempId,
    id::{ConnectionId, IncidentId, MessageId, RoomId, RuleId, UserId},
    store::{SentKey, StoredMessage},
    timestamp::Timestamp,
};

/// A match of a rule as it is kept and shown: its offsets are UTF-16 code units, as JavaScript counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundMatch {
    /// The rule.
    pub rule_id: RuleId,
    /// Its version.
    pub rule_version: u32,
    /// Its name.
    pub rule: String,
    /// Its kind, as in its JSON.
    pub kind: String,
    /// What it is about.
    pub category: Category,
    /// What it asks for.
    pub action: Action,
    /// Whether it was in the shadow, and changed nothing.
    #[serde(default)]
    pub shadow: bool,
    /// Where the match begins.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
    /// The matched text.
    pub text: String,
    /// The classifier's score, from 0 to 1, where the classifier matched.
    pub score: Option<f32>,
    /// The model that gave the score, by the beginning of its SHA-256.
    #[serde(default)]
    pub model: Option<String>,
    /// Why that is not what the rule asks for, where it is not.
    #[serde(default)]
    pub lowered: Option<Lowered>,
    /// The words that weighed most, in the order of the text, where the classifier matched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<FoundWord>,
}

/// A word that the classifier reacted to; its offsets are those of [`FoundMatch`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FoundWord {
    /// Where the word begins.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
    /// Its share, from 0 to 1, of all that spoke for what was found.
    pub weight: f32,
}

/// What an incident is about to be opened with: the verdict on a text, explained.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What happened to the message.
    pub kind: IncidentKind,
    /// What it is about.
    pub category: Category,
    /// Where and why, live rules first.
    pub matches: Vec<FoundMatch>,
}

impl Finding {
    /// The verdict on `text`, which led to `kind`.
    pub fn of(verdict: &Verdict, text: &str, kind: IncidentKind) -> Self {
        Self {
            kind,
            category: verdict.category.unwrap_or(Category::Other),
            matches: FoundMatch::all(verdict, text),
        }
    }
}

impl FoundMatch {
    /// The matches of a verdict on `text`, live rules first.
    pub fn all(verdict: &Verdict, text: &str) -> Vec<Self> {
        let word = |WeighedWord { span, weight }: &WeighedWord| {
            let Range { start, end } = utf16(text, span.clone());
            FoundWord { start, end, weight: *weight }
        };
        let found = |hit: &Match| {
            let Range { start, end } = hit.utf16(text);
            Self {
                rule_id: hit.rule,
                rule_version: hit.version,
                rule: hit.name.to_string(),
                kind: hit.kind.to_owned(),
                category: hit.category,
                action: hit.action,
                shadow: hit.shadow,
                start,
                end,
                text: text[hit.span.clone()].to_owned(),
                score: hit.score,
                model: hit.score.map(|_| Classifier::shipped().hash().to_owned()),
                lowered: hit.lowered,
                words: hit.words.iter().map(word).collect(),
            }
        };
        verdict.matches.iter().map(found).collect()
    }
}

/// What happened to the message of an incident: the action of a rule, or a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentKind {
    /// Refused, and the connection closed with 4011.
    Block,
    /// Refused.
    Reject,
    /// Kept for review.
    Hold,
    /// Delivered, and to be looked at.
    Flag,
    /// Delivered, and reported by a participant.
    Report,
}

impl IncidentKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Block, Self::Reject, Self::Hold, Self::Flag, Self::Report];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Reject => "reject",
            Self::Hold => "hold",
            Self::Flag => "flag",
            Self::Report => "report",
        }
    }
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentStatus {
    /// Nobody has decided.
    Open,
    /// The rule, or the reporter, was right.
    Upheld,
    /// The rule, or the reporter, was wrong.
    Dismissed,
    /// The held message was delivered: the rule was wrong.
    Released,
    /// The message was removed: the rule, or the reporter, was right.
    Removed,
}

impl IncidentStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Open, Self::Upheld, Self::Dismissed, Self::Released, Self::Removed];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Upheld => "upheld",
            Self::Dismissed => "dismissed",
            Self::Released => "released",
            Self::Removed => "removed",
        }
    }
}

/// What a moderator decides about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The rule, or the reporter, was right; nothing more happens.
    Uphold,
    /// It was wrong: the strike is taken back, and a held message is delivered where that is still possible.
    Dismiss,
    /// A held message is delivered after all; the strike, if any, is taken back.
    Release,
    /// The message is removed: redacted where it was delivered, dropped where it was held.
    Remove,
}

impl Decision {
    /// What the incident becomes; a dismissal that delivers a held message makes it released.
    pub const fn status(self) -> IncidentStatus {
        match self {
            Self::Uphold => IncidentStatus::Upheld,
            Self::Dismiss => IncidentStatus::Dismissed,
            Self::Release => IncidentStatus::Released,
            Self::Remove => IncidentStatus::Removed,
        }
    }
}

/// Something to look at, or that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its id, growing with time.
    pub id: IncidentId,
    /// Where it stands.
    pub status: IncidentStatus,
    /// What happened to the message.
    pub kind: IncidentKind,
    /// What it is about; [`Category::Other`] for reports.
    pub category: Category,
    /// Who sent the message.
    pub user: UserId,
    /// Where to. Of a refused message this is what the sender named: there need be no such room.
    pub room: RoomId,
    /// The stored message, where it was delivered.
    pub message: Option<MessageId>,
    /// Its text as it was sent. It is evidence: it outlives the removal of the message, and goes with retention.
    pub text: String,
    /// Where and why.
    pub matches: Vec<FoundMatch>,
    /// The first [`Incident::MAX_REPORTS`] reports of the message, the oldest first.
    pub reports: Vec<Report>,
    /// How many participants reported it.
    pub report_count: u32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Who decided; `None` while it is open, and where time decided.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What the moderator noted.
    pub note: Option<String>,
    /// How many messages of the sender it stands for besides its own: beyond a bound the queue does not list them one by
    /// one. Of refused ones each time that one was sent counts.
    pub further: u64,
    /// When it was last opened again, and by whom.
    pub reopened: Option<Reopened>,
}

impl Incident {
    /// The most reports that are listed; more are counted.
    pub const MAX_REPORTS: usize = 20;
    /// The most earlier decisions that are listed, the newest of them.
    pub const MAX_HISTORY: usize = 50;
}

/// That an incident was opened again after a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reopened {
    /// When.
    pub at: Timestamp,
    /// The moderator who did; `None` where another participant reported the message.
    pub by: Option<UserId>,
}

/// A participant's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Who.
    pub reporter: UserId,
    /// Why.
    pub reason: String,
    /// When.
    pub created_at: Timestamp,
}

/// A step of an incident's past: a decision that was taken back by reopening, or a reopening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastStep {
    /// When.
    pub at: Timestamp,
    /// The moderator; `None` where the policy decided, or a report reopened it.
    pub by: Option<UserId>,
    /// What the incident became.
    pub status: IncidentStatus,
    /// What the moderator noted.
    pub note: Option<String>,
}

/// An incident and what was said around it in its room.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentInContext {
    /// The incident.
    pub incident: Incident,
    /// Up to ten messages before it, the oldest first.
    pub before: Vec<StoredMessage>,
    /// Up to ten messages after it.
    pub after: Vec<StoredMessage>,
    /// The newest of the delivered messages that it stands for besides its own, oldest first; at most 100.
    pub further: Vec<StoredMessage>,
    /// Earlier decisions and reopenings, the oldest first, where it was ever reopened.
    pub history: Vec<PastStep>,
}

/// A refused message, for the record.
#[derive(Debug, Clone)]
pub struct RefusedMessage {
    /// Sender, room, and what makes it the same message when sent again.
    pub key: SentKey,
    /// Its text.
    pub text: String,
    /// The verdict; its kind is `Block` or `Reject`.
    pub finding: Finding,
}

/// A message to keep for review.
#[derive(Debug, Clone)]
pub struct HeldMessage {
    /// Sender, room, and what makes it the same message when sent again.
    pub key: SentKey,
    /// The connection that sent it.
    pub origin: ConnectionId,
    /// The front end's id for it, which its confirmation will carry.
    pub temp_id: TempId,
    /// Its text.
    pub text: String,
    /// What a release delivers: its text, with what rules mask masked.
    pub delivered: String,
    /// The verdict; its kind is `Hold`.
    pub finding: Finding,
}

impl HeldMessage {
    /// The longest temp id that is kept with a held message, in bytes: a front end's own are a few dozen.
    pub const MAX_TEMP_ID_BYTES: usize = 256;
}

/// Which incidents to list; `None` is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Where they stand.
    pub status: Option<IncidentStatus>,
    /// What happened to the message; `Report` finds every reported message, whatever else happened to it.
    pub kind: Option<IncidentKind>,
    /// What they are about.
    pub category: Option<Category>,
    /// A rule that matched.
    pub rule: Option<RuleId>,
    /// Who sent the message.
    pub user: Option<UserId>,
    /// Where to.
    pub room: Option<RoomId>,
}
