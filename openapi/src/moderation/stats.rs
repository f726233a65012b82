//! `/moderation/stats`: what rules did, in numbers.

use std::time::Duration;

use plic_pipeline::{
    moderation::{
        Desk,
        desk::Numbers,
        stats::{BansOfDay, Decisions, Hits, Precision, RuleDecisions},
    },
    timestamp::Timestamp,
};
use poem_openapi::{Object, OpenApi, param::Query};

use super::{
    answer::{Answer, rounded},
    words::{Action, DecidedStatus},
};
use crate::{caller::Caller, failure::Failure, moment::Moment, nullable::Nullable, spec::Tag};

/// How far the numbers reach back where nobody says.
const USUAL: Duration = Duration::from_hours(30 * 24);
const MICROS_A_DAY: i64 = 86_400_000_000;

/// What rules did since a moment.
#[derive(Debug, Object)]
pub(crate) struct Stats {
    /// Messages that rules matched, by rule, action and day, the newest day first.
    hits: Vec<RuleHits>,
    /// How often rules were right, by what moderators decided.
    precision: Vec<RulePrecision>,
    /// Incidents that were decided, by rule, day and decision, the newest day first. An incident in which several rules
    /// acted counts for each of them, as in `precision`: for totals add up `decided`.
    decisions: Vec<DecisionsOfRule>,
    /// Incidents that were decided, by day and decision, each counted once, the newest day first.
    decided: Vec<DecisionsOfDay>,
    /// Bans set.
    bans: u64,
    /// The same by day, the newest first; days without a ban are left out.
    bans_by_day: Vec<BansADay>,
    /// How long the node that you asked took to judge messages since it started.
    latency: Latency,
}

/// Messages that a rule matched on a day.
#[derive(Debug, Object)]
pub(crate) struct RuleHits {
    /// The rule.
    rule_id: i64,
    /// What it asked for.
    action: Action,
    /// Whether it was in the shadow, and changed nothing.
    shadow: bool,
    /// The day (UTC): `2026-01-31`.
    #[oai(validator(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    day: String,
    /// How many.
    count: u64,
}

/// How often a rule was right.
#[derive(Debug, Object)]
pub(crate) struct RulePrecision {
    /// The rule.
    rule_id: i64,
    /// Incidents upheld or removed.
    right: u64,
    /// Incidents dismissed or released.
    wrong: u64,
    /// Incidents that nobody decided about yet.
    open: u64,
    /// `right` of all that were decided, from 0 to 1; `null` where none was.
    precision: Nullable<f64>,
}

/// Incidents of a rule that were decided on a day.
#[derive(Debug, Object)]
pub(crate) struct DecisionsOfRule {
    /// A rule that acted in them, whatever its version; `null` where none did, as in reports.
    rule_id: Nullable<i64>,
    /// The day of the decision (UTC): `2026-01-31`.
    #[oai(validator(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    day: String,
    /// How they were decided, by moderators or by the policy in time.
    status: DecidedStatus,
    /// How many.
    count: u64,
}

/// Incidents that were decided on a day.
#[derive(Debug, Object)]
pub(crate) struct DecisionsOfDay {
    /// The day of the decision (UTC): `2026-01-31`.
    #[oai(validator(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    day: String,
    /// How they were decided, by moderators or by the policy in time.
    status: DecidedStatus,
    /// How many.
    count: u64,
}

/// Bans that were set on a day.
#[derive(Debug, Object)]
pub(crate) struct BansADay {
    /// The day (UTC): `2026-01-31`.
    #[oai(validator(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    day: String,
    /// How many.
    count: u64,
}

/// How long judging took.
#[derive(Debug, Object)]
pub(crate) struct Latency {
    /// Messages judged.
    judged: u64,
    /// Half of them took no longer than so many microseconds.
    p50_micros: f64,
    /// 99 of a hundred took no longer.
    p99_micros: f64,
}

/// The handlers.
pub(crate) struct StatsApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Records")]
impl StatsApi {
    /// Read the numbers
    ///
    /// A rule whose `precision` is low stops people who did nothing wrong: put it in the shadow and mend it.
    ///
    /// `hits` counts the whole day of `since`. `precision` is about incidents that were opened since that moment,
    /// `decisions` and `decided` about those that were decided since, whenever they were opened. Rows of `hits` and of
    /// `decisions` end at 100,000 each, the newest days kept.
    #[oai(path = "/moderation/stats", method = "get", operation_id = "readStats")]
    async fn read_stats(
        &self,
        _caller: Caller,
        /// Since when, in RFC 3339, at most 400 days ago; where it is left out, the last 30 days.
        since: Query<Option<Moment>>,
    ) -> Result<Answer<Stats>, Failure> {
        let since = since.0.map_or_else(|| Timestamp::now().before(USUAL), |moment| moment.0);
        Ok(Answer::with(self.desk.stats(since).await?.into()))
    }
}

impl From<Numbers> for Stats {
    fn from(numbers: Numbers) -> Self {
        Self {
            hits: numbers.stats.hits.into_iter().map(RuleHits::from).collect(),
            precision: numbers.stats.precision.into_iter().map(RulePrecision::from).collect(),
            decisions: numbers.stats.decisions.into_iter().filter_map(DecisionsOfRule::of).collect(),
            decided: numbers.stats.decided.into_iter().filter_map(DecisionsOfDay::of).collect(),
            bans: numbers.stats.bans,
            bans_by_day: numbers.stats.bans_by_day.into_iter().map(BansADay::from).collect(),
            latency: Latency {
                judged: numbers.judged,
                p50_micros: rounded(numbers.p50_micros, 1),
                p99_micros: rounded(numbers.p99_micros, 1),
            },
        }
    }
}

impl From<Hits> for RuleHits {
    fn from(hits: Hits) -> Self {
        Self {
            rule_id: hits.rule.0,
            action: hits.action.into(),
            shadow: hits.shadow,
            day: date(hits.day),
            count: hits.count,
        }
    }
}

impl DecisionsOfRule {
    fn of(RuleDecisions { rule, day, status, count }: RuleDecisions) -> Option<Self> {
        let status = DecidedStatus::of(status)?;
        Some(Self { rule_id: Nullable(rule.map(|rule| rule.0)), day: date(day), status, count })
    }
}

impl DecisionsOfDay {
    fn of(Decisions { day, status, count }: Decisions) -> Option<Self> {
        Some(Self { day: date(day), status: DecidedStatus::of(status)?, count })
    }
}

impl From<BansOfDay> for BansADay {
    fn from(BansOfDay { day, count }: BansOfDay) -> Self {
        Self { day: date(day), count }
    }
}

/// A day that is counted from 1970-01-01, as `2026-01-31`.
fn date(day: i64) -> String {
    let midnight = Timestamp(day.saturating_mul(MICROS_A_DAY)).to_string();
    midnight.split('T').next().unwrap_or_default().to_owned()
}

impl From<Precision> for RulePrecision {
    fn from(Precision { rule, right, wrong, open }: Precision) -> Self {
        let decided = right + wrong;
        #[expect(clippy::cast_precision_loss, reason = "a share of 2^53 incidents may be off by one")]
        let share = (decided > 0).then(|| rounded(right as f64 / decided as f64, 4));
        Self { rule_id: rule.0, right, wrong, open, precision: Nullable(share) }
    }
}
