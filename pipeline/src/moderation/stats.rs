//! What rules did, in numbers.

use crate::{filter::Action, id::RuleId, timestamp::Timestamp};

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

/// Numbers since a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Hits by rule, action and day, the newest day first.
    pub hits: Vec<Hits>,
    /// Decisions by rule, by incidents opened since.
    pub precision: Vec<Precision>,
    /// Bans set since.
    pub bans: u64,
}

/// A day, counted from 1970-01-01 (UTC).
pub fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(86_400_000_000)
}
