//! A rule as moderators write it: data, kept in versions.

mod kind;
mod wire;

use serde::{Deserialize, Serialize};

pub use self::kind::{
    Concepts, Lexicon, Limit, Links, Matching, Pattern, PatternView, RuleKind, Terms, Threshold,
};
use crate::id::{RoomId, RuleId};

/// A rule of the filter. Its JSON is that of MODERATION.md section 1; see `wire`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The rule's id, one in a set.
    pub id: RuleId,
    /// The version of the rule; each is immutable.
    pub version: u32,
    /// What moderators call it.
    pub name: String,
    /// How it matches.
    pub kind: RuleKind,
    /// What it is about.
    pub category: Category,
    /// What happens to a message that it matches.
    pub action: Action,
    /// Whether it acts.
    pub state: State,
    /// The languages of the messages that it judges (ISO 639-1), or all. A message whose language is not sure counts as any.
    pub languages: Option<Vec<String>>,
    /// The rooms it is for, or all.
    pub rooms: Option<Vec<RoomId>>,
    /// Phrases that lift a match of this rule which they overlap, or which is near them in the same sentence.
    pub unless: Vec<String>,
    /// Texts that this rule must match, or it is not put in force.
    pub must_match: Vec<String>,
    /// Texts that this rule must not match, or it is not put in force.
    pub must_not_match: Vec<String>,
    /// Why the rule is there.
    pub note: String,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Against people for what they are.
    Hate,
    /// Violence announced or wished.
    Threat,
    /// Against one person, again and again.
    Harassment,
    /// Sexual content.
    Sexual,
    /// Signs that the sender may harm themselves.
    SelfHarm,
    /// Attempts at fraud.
    Scam,
    /// Fake information.
    Misinformation,
    /// Bulk and advertisement.
    Spam,
    /// Contact details.
    Contact,
    /// Anything else.
    Other,
}

impl Category {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hate => "hate",
            Self::Threat => "threat",
            Self::Harassment => "harassment",
            Self::Sexual => "sexual",
            Self::SelfHarm => "self_harm",
            Self::Scam => "scam",
            Self::Misinformation => "misinformation",
            Self::Spam => "spam",
            Self::Contact => "contact",
            Self::Other => "other",
        }
    }
}

/// What happens to a message that a rule matches, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Lifts matches of other rules that lie wholly inside its own.
    Allow,
    /// The message passes and waits to be looked at.
    Flag,
    /// The message passes with one `*` for each matched character.
    Mask,
    /// The message waits for a moderator before anybody sees it.
    Hold,
    /// The message does not pass; the connection stays.
    Reject,
    /// The message does not pass and the connection is closed.
    Block,
}

impl Action {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Flag => "flag",
            Self::Mask => "mask",
            Self::Hold => "hold",
            Self::Reject => "reject",
            Self::Block => "block",
        }
    }
}

/// Whether a rule acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Being written: not compiled.
    Draft,
    /// Evaluated and reported, changes nothing.
    Shadow,
    /// In force.
    Live,
    /// Kept for the record: not compiled.
    Retired,
}

impl State {
    /// Whether texts are compared with the rule.
    pub(super) const fn is_evaluated(self) -> bool {
        matches!(self, Self::Shadow | Self::Live)
    }
}
