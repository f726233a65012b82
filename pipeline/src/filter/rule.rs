//! A rule as moderators write it: data, kept in versions.

use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::id::RuleId;

/// A rule of the filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
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
    /// The languages it is meant for, or all. Kept, and not used yet: a message does not say its language.
    pub languages: Option<Vec<String>>,
    /// Phrases that lift a match of this rule which they overlap, or which is near them in the same sentence.
    pub unless: Vec<String>,
    /// Texts that this rule must match, or it is not put in force.
    pub must_match: Vec<String>,
    /// Texts that this rule must not match, or it is not put in force.
    pub must_not_match: Vec<String>,
    /// Why the rule is there.
    pub note: String,
}

/// How a rule matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleKind {
    /// Words and phrases.
    Terms(Terms),
}

impl RuleKind {
    /// The word for it in a rule's JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Terms(_) => "terms",
        }
    }
}

/// Where a rule's words come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Terms {
    /// From the rule.
    List {
        /// Words and phrases, in any case and with or without accents.
        terms: Vec<String>,
        /// Where in a text they count.
        matching: Matching,
    },
    /// From a list that ships with the program.
    Lexicon(Lexicon),
}

/// Where in a text a term counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Matching {
    /// As a whole word.
    #[default]
    Word,
    /// Within words too.
    Substring,
}

/// A list of words that ships with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lexicon {
    /// Slurs and dehumanising phrases in English.
    #[serde(rename = "hate-en")]
    HateEn,
    /// Slurs and dehumanising phrases in French.
    #[serde(rename = "hate-fr")]
    HateFr,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Against people for what they are.
    Hate,
    /// Violence announced or wished.
    Threat,
    /// Against one person, again and again.
    Harassment,
    /// Sexual content.
    Sexual,
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

/// What happens to a message that a rule matches, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Lifts matches of other rules that lie wholly inside its own.
    Allow,
    /// The message does not pass; the connection stays.
    Reject,
    /// The message does not pass and the connection is closed.
    Block,
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

/// A rule's JSON. Unknown keys are refused: a misspelt `unless` would leave a rule that lifts nothing.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    id: RuleId,
    #[serde(default = "first_version")]
    version: u32,
    name: String,
    kind: String,
    category: Category,
    action: Action,
    state: State,
    #[serde(default)]
    languages: Option<Vec<String>>,
    #[serde(default, skip_serializing)]
    rooms: Option<Vec<i64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    terms: Option<Vec<String>>,
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    matching: Option<Matching>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lexicon: Option<Lexicon>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    must_match: Vec<String>,
    #[serde(default)]
    must_not_match: Vec<String>,
    #[serde(default)]
    note: String,
    // Who changed it and when is for the database to say.
    #[serde(default, rename = "updated_by", skip_serializing)]
    _updated_by: Option<IgnoredAny>,
    #[serde(default, rename = "updated_at", skip_serializing)]
    _updated_at: Option<IgnoredAny>,
}

const fn first_version() -> u32 {
    1
}

impl TryFrom<Wire> for Rule {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        if wire.kind != "terms" {
            return Err(format!("kind: there is no kind `{}`, only `terms`", wire.kind));
        }
        if wire.rooms.is_some() {
            return Err("rooms: rules for some rooms only are not supported, leave it out or null".to_owned());
        }
        let terms = match (wire.terms, wire.lexicon) {
            (Some(terms), None) => Terms::List { terms, matching: wire.matching.unwrap_or_default() },
            (None, Some(lexicon)) if wire.matching.is_none() => Terms::Lexicon(lexicon),
            (None, Some(_)) => return Err("match: the words of a lexicon say it themselves".to_owned()),
            (Some(_), Some(_)) => return Err("terms: has both `terms` and `lexicon`".to_owned()),
            (None, None) => return Err("terms: has neither `terms` nor `lexicon`".to_owned()),
        };
        Ok(Self {
            id: wire.id,
            version: wire.version,
            name: wire.name,
            kind: RuleKind::Terms(terms),
            category: wire.category,
            action: wire.action,
            state: wire.state,
            languages: wire.languages,
            unless: wire.unless,
            must_match: wire.must_match,
            must_not_match: wire.must_not_match,
            note: wire.note,
        })
    }
}

impl From<Rule> for Wire {
    fn from(rule: Rule) -> Self {
        let kind = rule.kind.name().to_owned();
        let (terms, matching, lexicon) = match rule.kind {
            RuleKind::Terms(Terms::List { terms, matching }) => (Some(terms), Some(matching), None),
            RuleKind::Terms(Terms::Lexicon(lexicon)) => (None, None, Some(lexicon)),
        };
        Self {
            id: rule.id,
            version: rule.version,
            name: rule.name,
            kind,
            category: rule.category,
            action: rule.action,
            state: rule.state,
            languages: rule.languages,
            rooms: None,
            terms,
            matching,
            lexicon,
            unless: rule.unless,
            must_match: rule.must_match,
            must_not_match: rule.must_not_match,
            note: rule.note,
            _updated_by: None,
            _updated_at: None,
        }
    }
}
