//! The JSON of incidents.

use plic_pipeline::{
    id::UserId,
    moderation::{self, FoundMatch, FoundWord, incident::IncidentInContext},
    store::StoredMessage,
};
use poem_openapi::{Object, types::ParseFromJSON};
use serde_json::Value;
use uuid::Uuid;

use super::super::{
    answer::rounded,
    words::{Action, Category, Decision, IncidentAction, IncidentStatus},
};
use crate::{
    body::{FromJson, fields::Fields, missing, optional_text},
    failure::Failure,
    moment::Moment,
    nullable::Nullable,
    room::Message,
};

/// Where a rule matches a text, and why.
#[derive(Debug, Object)]
pub(crate) struct RuleMatch {
    /// The rule.
    rule_id: i64,
    /// Its version at the time.
    rule_version: u32,
    /// Its name.
    rule: String,
    /// How it matches: `terms`, `pattern`, `concepts`, `links`, `contact`, `classifier` or `repetition`.
    kind: String,
    /// What it is about.
    category: Category,
    /// What it asks for.
    action: Action,
    /// Whether it was in the shadow, and changed nothing.
    shadow: bool,
    /// Where the match begins, in UTF-16 code units.
    start: u64,
    /// Where it ends, exclusive: `message.slice(start, end)` is the match.
    end: u64,
    /// The matched text.
    text: String,
    /// The classifier's score from 0 to 1, where the classifier matched.
    score: Nullable<f64>,
    /// The model that gave the score, by the beginning of its SHA-256.
    model: Nullable<String>,
    /// Why something else than the rule's action was done: `quoted`, `negated`, `countered` (condemned or reported),
    /// `near` (a slur that is only nearly there), `opinion` (a second opinion decided).
    lowered: Nullable<String>,
    /// The words that weighed most, in the order of the text, where the classifier matched; empty otherwise. At most six.
    words: Vec<WeighedWord>,
}

/// A word that the classifier reacted to.
#[derive(Debug, Object)]
pub(crate) struct WeighedWord {
    /// Where the word begins, in UTF-16 code units of the message.
    start: u64,
    /// Where it ends, exclusive.
    end: u64,
    /// Its share, from 0 to 1, of all that spoke for the category in the part of the message that decided.
    weight: f64,
}

/// Something to look at, or that was looked at.
#[derive(Debug, Object)]
pub(crate) struct Incident {
    /// Its id, growing with time.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    id: i64,
    /// Where it stands.
    status: IncidentStatus,
    /// What happened to the message.
    action: IncidentAction,
    /// What it is about; `other` for reports.
    category: Category,
    /// Who sent the message.
    user_id: Uuid,
    /// Where to. Of a refused message this is what its sender named: there need be no such room.
    room_id: i64,
    /// The stored message, where it was delivered.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    message_id: Nullable<i64>,
    /// Its text as it was sent. It is kept as evidence, also of a message that was removed, until the policy's retention
    /// time is over.
    message: String,
    /// Where and why rules matched.
    matches: Vec<RuleMatch>,
    /// The first report, where there is one.
    report: Nullable<Report>,
    /// The first 20 reports of the message, the oldest first. Empty where the message is your own.
    #[oai(validator(max_items = 20))]
    reports: Vec<ListedReport>,
    /// How many participants reported the message.
    report_count: u32,
    /// When it was opened.
    created_at: Moment,
    /// Who decided; `null` while it is open, and where the policy decided in time.
    decided_by: Nullable<Uuid>,
    /// When.
    decided_at: Nullable<Moment>,
    /// What the moderator noted.
    note: Nullable<String>,
    /// How many messages of the sender it stands for besides its own: a sender's flagged and refused messages beyond a
    /// hundred an hour are not listed one by one. Of refused ones each time that one was sent counts.
    further_count: u64,
    /// When a decision was last taken back.
    reopened_at: Nullable<Moment>,
    /// Who took it back; `null` where another report did.
    reopened_by: Nullable<Uuid>,
}

/// A participant's report.
#[derive(Debug, Object)]
pub(crate) struct Report {
    /// Who reported.
    reporter_id: Uuid,
    /// Why.
    reason: String,
}

/// One of the reports of a message.
#[derive(Debug, Object)]
#[oai(rename = "IncidentReport")]
pub(crate) struct ListedReport {
    /// Who reported.
    user_id: Uuid,
    /// Why.
    reason: String,
    /// When.
    created_at: Moment,
}

/// An incident and what was said around it.
#[derive(Debug, Object)]
pub(crate) struct IncidentDetail {
    #[oai(flatten)]
    incident: Incident,
    /// What was said around it in its room.
    context: Context,
    /// The newest of the delivered messages that it stands for besides its own, the oldest first; at most 100. What
    /// one of them said is kept when it is redacted while the incident is open. A decision to remove takes the text of the
    /// incident's own message alone: redact the others one by one.
    further: Vec<Message>,
    /// Who looks at it now, as far as the node that you asked knows; at most ten.
    viewers: Vec<Viewer>,
    /// Decisions that were taken back, and that they were, the oldest first; the newest 50.
    history: Vec<PastStep>,
}

/// A decision that was taken back, or that it was.
#[derive(Debug, Object)]
#[oai(rename = "IncidentStep")]
pub(crate) struct PastStep {
    /// When.
    at: Moment,
    /// The moderator; `null` where the policy decided, or a report took the decision back.
    by: Nullable<Uuid>,
    /// What the incident became: `open` where a decision was taken back.
    status: IncidentStatus,
    /// What the moderator noted.
    note: Nullable<String>,
}

/// A moderator who looks at an incident.
#[derive(Debug, Object)]
#[oai(rename = "IncidentViewer")]
pub(crate) struct Viewer {
    /// Who.
    user_id: Uuid,
    /// Until when, unless they say so again.
    until: Moment,
}

/// What was said around an incident.
#[derive(Debug, Object)]
#[oai(rename = "IncidentContext")]
pub(crate) struct Context {
    /// Up to ten messages before it, the oldest first.
    before: Vec<Message>,
    /// Up to ten messages after it.
    after: Vec<Message>,
}

/// What a moderator decides.
#[derive(Debug, Object)]
#[oai(rename = "IncidentDecision")]
pub(crate) struct Verdict {
    /// What.
    pub(super) decision: Decision,
    /// Why, for other moderators; at most 2,000 characters.
    #[oai(validator(max_length = 2000))]
    pub(super) note: Nullable<String>,
}

impl FromJson for Verdict {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let Fields { values, .. } = Fields::read(json, &["decision", "note"])?;
        let decision = match values.get("decision") {
            None | Some(Value::Null) => return Err(missing("decision")),
            word => Decision::parse_from_json(word.cloned()).map_err(|_| {
                let words = "`decision` must be one of `uphold`, `dismiss`, `release`, `remove`.";
                Failure::Invalid(words.to_owned())
            })?,
        };
        Ok(Self { decision, note: Nullable(optional_text(&values, "note")?) })
    }
}

/// That a decision is taken back.
#[derive(Debug, Object)]
#[oai(rename = "IncidentReopening")]
pub(crate) struct Reopening {
    /// Why, for other moderators; at most 2,000 characters.
    #[oai(validator(max_length = 2000))]
    pub(super) note: Nullable<String>,
}

impl FromJson for Reopening {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let Fields { values, .. } = Fields::read(json, &["note"])?;
        Ok(Self { note: Nullable(optional_text(&values, "note")?) })
    }
}

impl From<FoundMatch> for RuleMatch {
    fn from(found: FoundMatch) -> Self {
        Self {
            rule_id: found.rule_id.0,
            rule_version: found.rule_version,
            rule: found.rule,
            kind: found.kind,
            category: found.category.into(),
            action: found.action.into(),
            shadow: found.shadow,
            start: found.start as u64,
            end: found.end as u64,
            text: found.text,
            score: Nullable(found.score.map(|score| rounded(score.into(), 4))),
            model: Nullable(found.model),
            lowered: Nullable(found.lowered.map(|lowered| lowered.as_str().to_owned())),
            words: found.words.into_iter().map(WeighedWord::from).collect(),
        }
    }
}

impl From<FoundWord> for WeighedWord {
    fn from(word: FoundWord) -> Self {
        Self { start: word.start as u64, end: word.end as u64, weight: rounded(word.weight.into(), 4) }
    }
}

impl Incident {
    /// The incident as a moderator sees it: of their own messages they do not learn who reported them.
    pub(in crate::moderation) fn seen_by(caller: UserId, mut incident: moderation::Incident) -> Self {
        if incident.user == caller {
            incident.reports.clear();
        }
        let first = |report: &moderation::incident::Report| Report {
            reporter_id: report.reporter.0,
            reason: report.reason.clone(),
        };
        let listed = |report: moderation::incident::Report| ListedReport {
            user_id: report.reporter.0,
            reason: report.reason,
            created_at: Moment(report.created_at),
        };
        Self {
            id: incident.id.0,
            status: incident.status.into(),
            action: incident.kind.into(),
            category: incident.category.into(),
            user_id: incident.user.0,
            room_id: incident.room.0,
            message_id: Nullable(incident.message.map(|id| id.0)),
            message: incident.text,
            matches: incident.matches.into_iter().map(RuleMatch::from).collect(),
            report: Nullable(incident.reports.first().map(first)),
            reports: incident.reports.into_iter().map(listed).collect(),
            report_count: incident.report_count,
            created_at: Moment(incident.created_at),
            decided_by: Nullable(incident.decided_by.map(|user| user.0)),
            decided_at: Nullable(incident.decided_at.map(Moment)),
            note: Nullable(incident.note),
            further_count: incident.further,
            reopened_at: Nullable(incident.reopened.map(|reopened| Moment(reopened.at))),
            reopened_by: Nullable(incident.reopened.and_then(|reopened| reopened.by).map(|user| user.0)),
        }
    }
}

impl IncidentDetail {
    pub(super) fn of(
        caller: UserId,
        found: IncidentInContext,
        viewers: Vec<moderation::viewing::Viewer>,
    ) -> Self {
        let messages = |messages: Vec<StoredMessage>| messages.into_iter().map(Message::from).collect();
        Self {
            incident: Incident::seen_by(caller, found.incident),
            context: Context { before: messages(found.before), after: messages(found.after) },
            further: messages(found.further),
            viewers: viewers.into_iter().map(Viewer::from).collect(),
            history: found.history.into_iter().map(PastStep::from).collect(),
        }
    }
}

impl From<moderation::incident::PastStep> for PastStep {
    fn from(step: moderation::incident::PastStep) -> Self {
        Self {
            at: Moment(step.at),
            by: Nullable(step.by.map(|user| user.0)),
            status: step.status.into(),
            note: Nullable(step.note),
        }
    }
}

impl From<moderation::viewing::Viewer> for Viewer {
    fn from(viewer: moderation::viewing::Viewer) -> Self {
        Self { user_id: viewer.user.0, until: Moment(viewer.until) }
    }
}
