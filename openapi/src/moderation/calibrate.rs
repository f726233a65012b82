//! `/moderation/calibrate`: the lines of the classifier's rules, from what is written on this site.

use plic_pipeline::{
    moderation::{
        Desk,
        desk::{self, CalibrationRequest},
    },
    timestamp::Timestamp,
};
use poem_openapi::{Enum, Object, OpenApi, param::Query};
use serde_json::{Map, Value};

use super::{
    actor,
    answer::{Answer, rounded},
    words::Action,
};
use crate::{
    body::{FromJson, JsonBody, fields::Fields, integer, moment},
    caller::Caller,
    failure::Failure,
    moment::Moment,
    nullable::Nullable,
    spec::Tag,
};

/// What the lines are to be set by; every key may be left out.
#[derive(Debug, Object)]
#[oai(rename = "CalibrationRequest")]
pub(crate) struct CalibrationBody {
    /// The share of ordinary messages in a language that may reach the line of a rule that holds, masks or flags.
    #[oai(default = "usual_hold_share", validator(minimum(value = "0.00001"), maximum(value = "0.1")))]
    hold_share: f64,
    /// The same for a rule that rejects or blocks.
    #[oai(default = "usual_refuse_share", validator(minimum(value = "0.00001"), maximum(value = "0.1")))]
    refuse_share: f64,
    /// Whether no line is to be lowered; one that rejects or blocks never is.
    #[oai(default)]
    raise_only: bool,
    /// Messages since then; `null` is all.
    #[oai(default = "all_time")]
    since: Nullable<Moment>,
    /// At most so many delivered messages, the newest.
    #[oai(default = "usual_limit", validator(minimum(value = "1"), maximum(value = "100000")))]
    limit: u32,
    /// Whether to put the lines in force; nothing is changed where it is `false`.
    #[oai(default)]
    publish: bool,
}

const fn usual_hold_share() -> f64 {
    CalibrationRequest::HOLD_SHARE
}

const fn usual_refuse_share() -> f64 {
    CalibrationRequest::REFUSE_SHARE
}

const fn all_time() -> Nullable<Moment> {
    Nullable(None)
}

const fn usual_limit() -> u32 {
    CalibrationRequest::USUAL_LIMIT
}

impl FromJson for CalibrationBody {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        const KEYS: &[&str] = &["hold_share", "refuse_share", "raise_only", "since", "limit", "publish"];
        let Fields { values, .. } = Fields::read(json, KEYS)?;
        let is_null = |key: &&&str| **key != "since" && values.get(**key).is_some_and(Value::is_null);
        if let Some(key) = KEYS.iter().find(is_null) {
            return Err(Failure::Invalid(format!("`{key}` must not be `null`.")));
        }
        let limit = integer(&values, "limit", 1, CalibrationRequest::MAX_LIMIT.into())?;
        Ok(Self {
            hold_share: number(&values, "hold_share")?.unwrap_or_else(usual_hold_share),
            refuse_share: number(&values, "refuse_share")?.unwrap_or_else(usual_refuse_share),
            raise_only: flag(&values, "raise_only")?,
            since: Nullable(moment(&values, "since")?.map(Moment)),
            limit: limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or_else(usual_limit),
            publish: flag(&values, "publish")?,
        })
    }
}

/// The number under `key`; its bounds are the desk's to check.
fn number(values: &Map<String, Value>, key: &str) -> Result<Option<f64>, Failure> {
    match values.get(key) {
        None => Ok(None),
        Some(value) => {
            value.as_f64().map(Some).ok_or_else(|| Failure::Invalid(format!("`{key}` must be a number.")))
        }
    }
}

fn flag(values: &Map<String, Value>, key: &str) -> Result<bool, Failure> {
    match values.get(key) {
        None => Ok(false),
        Some(value) => {
            value.as_bool().ok_or_else(|| Failure::Invalid(format!("`{key}` must be `true` or `false`.")))
        }
    }
}

/// What a calibration found, and did.
#[derive(Debug, Object)]
pub(crate) struct CalibrationReport {
    /// Ordinary messages by language.
    ordinary: Vec<OrdinaryCount>,
    /// The lines, by rule and language.
    lines: Vec<CalibratedLine>,
    /// What the proposed lines would have done to these messages.
    effect: CalibrationEffect,
    /// Why the proposed lines cannot be published as they are; `null` where they can, or were.
    refusal: Nullable<String>,
    /// What was published.
    published: Vec<PublishedRule>,
}

/// Ordinary messages in a language.
#[derive(Debug, Object)]
pub(crate) struct OrdinaryCount {
    /// The language (ISO 639-1); `null` where it is not sure.
    language: Nullable<String>,
    /// How many.
    messages: u64,
}

/// The line of a rule in a language.
#[derive(Debug, Object)]
pub(crate) struct CalibratedLine {
    /// The rule.
    rule_id: i64,
    /// Its version.
    version: u32,
    /// Its name.
    name: String,
    /// What it asks the classifier for: `hate`, `threat`, `scam`, `harassment`, `sexual` or `self_harm`.
    head: String,
    /// What it does.
    action: Action,
    /// The language (ISO 639-1).
    language: String,
    /// The threshold in force.
    threshold: f64,
    /// The one that is proposed.
    proposed: f64,
    /// What became of it.
    change: LineChange,
    /// Ordinary messages in this language.
    ordinary: Reaching,
    /// Messages in this language about which an incident was upheld, of whatever category.
    upheld: Reaching,
}

/// What became of a line: `raised` where more ordinary messages reached it than may, `lowered` where fewer than may reach a
/// lower one, `kept`, or `too_few` where fewer than 1,000 ordinary messages of its language were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", remote = "desk::LineChange")]
pub(crate) enum LineChange {
    Raised,
    Lowered,
    Kept,
    TooFew,
}

/// How many of some messages reach a line.
#[derive(Debug, Object)]
pub(crate) struct Reaching {
    /// All of them.
    messages: u64,
    /// Those that reach the line in force.
    before: u64,
    /// Those that reach the proposed one.
    after: u64,
}

/// What all rules together do to messages without and with the proposed lines. Stopped are those that are held, rejected or
/// blocked.
#[derive(Debug, Object)]
pub(crate) struct CalibrationEffect {
    /// Ordinary messages, those that were wrongly stopped among them.
    ordinary: StoppedCounts,
    /// Ordinary messages that are stopped only with the proposed lines.
    newly_stopped: u64,
    /// Ordinary messages that are stopped only without them.
    released: u64,
    /// Messages that were wrongly stopped, as moderators decided.
    dismissed: StoppedCounts,
    /// Messages that were rightly stopped, flagged or reported, as moderators decided.
    upheld: StoppedCounts,
}

/// How many of some messages are stopped.
#[derive(Debug, Object)]
pub(crate) struct StoppedCounts {
    /// All of them.
    messages: u64,
    /// Those that the rules in force stop.
    before: u64,
    /// Those that the rules with the proposed lines stop.
    after: u64,
}

/// A rule that was written.
#[derive(Debug, Object)]
pub(crate) struct PublishedRule {
    /// The rule.
    rule_id: i64,
    /// Its version.
    version: u32,
}

/// The handlers.
pub(crate) struct CalibrateApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Rules")]
impl CalibrateApi {
    /// Calibrate the classifier's rules
    ///
    /// For admins. Proposes a threshold for each live rule of the classifier and each language, so that at most a given
    /// share of the ordinary messages of this site reaches it, and says what that would have done. Ordinary are messages
    /// that were delivered and about which no incident is open or was upheld, and those that were wrongly stopped. A
    /// line is lowered only where at most one ordinary message in 2,000 reaches it then, and one that rejects or blocks
    /// never: what reaches a lower one was held, and is not among what was delivered. A language with fewer than 1,000
    /// ordinary messages keeps its lines.
    ///
    /// Changes nothing unless `publish` is `true`. Then every rule whose line moves gets its next version, all or
    /// nothing; where the lines of its languages differ, the rule is left for the first one, and each other language
    /// gets a rule of its own. A lowered line is tried on ordinary chat like any rule. One calibration runs at a time on a
    /// node, and one waits (429).
    #[oai(path = "/moderation/calibrate", method = "post", operation_id = "calibrateRules")]
    async fn calibrate(
        &self,
        caller: Caller,
        /// Why the lines are put in force although a rule then matches ordinary chat. Kept in the audit log.
        override_reason: Query<Option<String>>,
        body: JsonBody<CalibrationBody>,
    ) -> Result<Answer<CalibrationReport>, Failure> {
        let CalibrationBody { hold_share, refuse_share, raise_only, since, limit, publish } = body.0;
        let since: Option<Timestamp> = since.0.map(|since| since.0);
        let request = CalibrationRequest { hold_share, refuse_share, raise_only, since, limit, publish };
        Ok(Answer::with(self.desk.calibrate(actor(&caller), request, override_reason.0).await?.into()))
    }
}

impl From<desk::CalibrationReport> for CalibrationReport {
    fn from(report: desk::CalibrationReport) -> Self {
        let ordinary = |(language, messages): (Option<&str>, u64)| OrdinaryCount {
            language: Nullable(language.map(str::to_owned)),
            messages,
        };
        let published =
            |(rule, version): (plic_pipeline::id::RuleId, u32)| PublishedRule { rule_id: rule.0, version };
        Self {
            ordinary: report.ordinary.into_iter().map(ordinary).collect(),
            lines: report.lines.into_iter().map(CalibratedLine::from).collect(),
            effect: report.effect.into(),
            refusal: Nullable(report.refusal),
            published: report.published.into_iter().map(published).collect(),
        }
    }
}

impl From<desk::CalibratedLine> for CalibratedLine {
    fn from(line: desk::CalibratedLine) -> Self {
        Self {
            rule_id: line.rule.0,
            version: line.version,
            name: line.name,
            head: line.head.name().to_owned(),
            action: line.action.into(),
            language: line.language.to_owned(),
            threshold: rounded(line.threshold, 6),
            proposed: rounded(line.proposed, 6),
            change: line.change.into(),
            ordinary: line.ordinary.into(),
            upheld: line.upheld.into(),
        }
    }
}

impl From<desk::Reaching> for Reaching {
    fn from(desk::Reaching { messages, before, after }: desk::Reaching) -> Self {
        Self { messages, before, after }
    }
}

impl From<desk::CalibrationEffect> for CalibrationEffect {
    fn from(effect: desk::CalibrationEffect) -> Self {
        Self {
            ordinary: effect.ordinary.into(),
            newly_stopped: effect.newly_stopped,
            released: effect.released,
            dismissed: effect.dismissed.into(),
            upheld: effect.upheld.into(),
        }
    }
}

impl From<desk::StoppedCounts> for StoppedCounts {
    fn from(desk::StoppedCounts { messages, before, after }: desk::StoppedCounts) -> Self {
        Self { messages, before, after }
    }
}
