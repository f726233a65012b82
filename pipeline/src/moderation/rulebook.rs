//! Rules as they are kept: immutable versions, and one revision number for the whole set.

use plic_filter::Rule;

use crate::{
    id::{RuleId, UserId},
    timestamp::Timestamp,
};

/// A version of a rule in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRule {
    /// The rule, with its id and version.
    pub rule: Rule,
    /// Who wrote this version; `None` is the program, which brought the starter rules.
    pub updated_by: Option<UserId>,
    /// When.
    pub updated_at: Timestamp,
}

/// Every rule that was not deleted, in its newest version, and what a change is checked against.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rulebook {
    /// Grows with every change of any rule; 0 where there never was a rule.
    pub revision: i64,
    /// The next rule's id: ids are never used again.
    pub next_id: i64,
    /// The rules by id.
    pub rules: Vec<StoredRule>,
}

/// A change of one rule.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are rules")]
pub enum RuleWrite {
    /// A version of a rule: the first of a new one, or the next. Its id and version are those of the rule.
    Put(Rule),
    /// The rule is gone; its versions stay on record.
    Delete(RuleId),
}
