//! `/moderation/stats`: what rules did, in numbers.

use std::time::Duration;

use plic_pipeline::{
    moderation::{
        Desk,
        desk::Numbers,
        stats::{Hits, Precision},
    },
    timestamp::Timestamp,
};
use poem_openapi::{Object, OpenApi, param::Query};

use super::{
    answer::{Answer, rounded},
    words::Action,
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
    /// Bans set.
    bans: u64,
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
            bans: numbers.stats.bans,
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
        let midnight = Timestamp(hits.day.saturating_mul(MICROS_A_DAY)).to_string();
        Self {
            rule_id: hits.rule.0,
            action: hits.action.into(),
            shadow: hits.shadow,
            day: midnight.split('T').next().unwrap_or_default().to_owned(),
            count: hits.count,
        }
    }
}

impl From<Precision> for RulePrecision {
    fn from(Precision { rule, right, wrong, open }: Precision) -> Self {
        let decided = right + wrong;
        #[expect(clippy::cast_precision_loss, reason = "a share of 2^53 incidents may be off by one")]
        let share = (decided > 0).then(|| rounded(right as f64 / decided as f64, 4));
        Self { rule_id: rule.0, right, wrong, open, precision: Nullable(share) }
    }
}
