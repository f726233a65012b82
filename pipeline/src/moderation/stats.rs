//! What rules did, in numbers.

use plic_filter::Action;

use super::incident::IncidentStatus;
use crate::{id::RuleId, timestamp::Timestamp};

/// Matches of a rule on a day, not yet written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// The rule.
    pub rule: RuleId,
    /// What it asked for.
    pub action: Action,
    /// Whether it was in the shadow.
    pub shadow: bool,
    /// The day, counted from 1970-01-01 (UTC).
    pub day: i64,
    /// Messages that it matched.
    pub count: u64,
}

/// Messages that were judged on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedDay {
    /// The day, counted from 1970-01-01 (UTC).
    pub day: i64,
    /// Messages that were judged.
    pub judged: u64,
    /// Those of them that were held, rejected or blocked.
    pub stopped: u64,
}

/// Decisions about a rule's incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precision {
    /// The rule.
    pub rule: RuleId,
    /// Upheld or removed: the rule was right.
    pub right: u64,
    /// Dismissed or released: it was wrong.
    pub wrong: u64,
    /// Still open.
    pub open: u64,
}

/// Incidents of a rule that were decided in one way on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleDecisions {
    /// A rule that acted in them; `None` where none did, as in reports. Of an incident in which several rules acted, each
    /// is told: as in [`Precision`].
    pub rule: Option<RuleId>,
    /// The day of the decision, counted from 1970-01-01 (UTC).
    pub day: i64,
    /// The decision.
    pub status: IncidentStatus,
    /// How many incidents.
    pub count: u64,
}

/// Incidents that were decided in one way on a day, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decisions {
    /// The day of the decision, counted from 1970-01-01 (UTC).
    pub day: i64,
    /// The decision.
    pub status: IncidentStatus,
    /// How many incidents.
    pub count: u64,
}

/// Bans that were set on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BansOfDay {
    /// The day, counted from 1970-01-01 (UTC).
    pub day: i64,
    /// How many.
    pub count: u64,
}

/// Numbers since a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Hits by rule, action and day, the newest day first.
    pub hits: Vec<Hits>,
    /// Decisions by rule, by incidents opened since.
    pub precision: Vec<Precision>,
    /// Incidents decided since by rule and day, the newest day first.
    pub decisions: Vec<RuleDecisions>,
    /// Incidents decided since by day, the newest day first.
    pub decided: Vec<Decisions>,
    /// Bans set since.
    pub bans: u64,
    /// The same by day, the newest first.
    pub bans_by_day: Vec<BansOfDay>,
}

/// A day, counted from 1970-01-01 (UTC).
pub fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(86_400_000_000)
}
