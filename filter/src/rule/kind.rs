//! The ways in which a rule matches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{classifier::Head, json::integer};

/// How a rule matches.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleKind {
    /// Words and phrases.
    Terms(Terms),
    /// A regular expression.
    Pattern(Pattern),
    /// Several things that are harmless one by one.
    Concepts(Concepts),
    /// Links to somewhere.
    Links(Links),
    /// E-mail addresses, phone numbers and names on other networks.
    Contact,
    /// What the classifier makes of the whole text.
    Classifier(Threshold),
    /// One text again and again, in one room or to many people, and many first contacts.
    Repetition(Limit),
}

impl RuleKind {
    /// The word for it in a rule's JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Terms(_) => "terms",
            Self::Pattern(_) => "pattern",
            Self::Concepts(_) => "concepts",
            Self::Links(_) => "links",
            Self::Contact => "contact",
            Self::Classifier(_) => "classifier",
            Self::Repetition(_) => "repetition",
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
    /// Threats, and death wished on somebody, in English.
    #[serde(rename = "threat-en")]
    ThreatEn,
    /// Threats, and death wished on somebody, in French.
    #[serde(rename = "threat-fr")]
    ThreatFr,
    /// Sexual approaches and explicit words in English.
    #[serde(rename = "sexual-en")]
    SexualEn,
    /// Sexual approaches and explicit words in French.
    #[serde(rename = "sexual-fr")]
    SexualFr,
}

/// A regular expression without backtracking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Its source.
    pub pattern: String,
    /// What it is matched against.
    pub view: PatternView,
}

/// What of a text a pattern is matched against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatternView {
    /// In lower case, with accents, without invisible characters.
    #[default]
    Folded,
    /// As folded, without accents, and with look-alikes as the Latin letters that they look like.
    Skeleton,
    /// As it was written.
    Original,
}

/// Several things, harmless one by one, that a sender says close together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concepts {
    /// How many of them.
    #[serde(deserialize_with = "integer::deserialize")]
    pub at_least: usize,
    /// Which: names of concepts that ship with the program, or that the rule defines.
    pub of: Vec<String>,
    /// Within how many words; nothing for anywhere in the sender's last messages in the room.
    #[serde(default, deserialize_with = "integer::deserialize_optional")]
    pub within_words: Option<u32>,
    /// Concepts of this rule's own, with their phrases.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub define: BTreeMap<String, Vec<String>>,
}

/// Links to somewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Names that match, with all below them; `*.name` is what is below only, `*` any link.
    pub domains: Vec<String>,
    /// Names that do not match, with all below them. What looks like one of them and is not matches.
    pub allow_domains: Vec<String>,
    /// Whether the shorteners that ship with the program match.
    pub shorteners: bool,
}

/// How sure the classifier must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Of what.
    pub head: Head,
    /// The lowest score that matches, from 0 to 1.
    pub threshold: f64,
}

/// How often a user may say the same, and to how many people. What is given is to be exceeded, all of it together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// One text so often in a room.
    #[serde(
        default,
        deserialize_with = "integer::deserialize_optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub same_text: Option<u32>,
    /// One text, or texts that are similar to it, in so many rooms beside this one.
    #[serde(
        default,
        deserialize_with = "integer::deserialize_optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub similar_in_rooms: Option<u32>,
    /// A first message in so many rooms beside this one, in which this is the sender's first.
    #[serde(
        default,
        deserialize_with = "integer::deserialize_optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub first_contacts: Option<u32>,
    /// Within so many seconds.
    #[serde(deserialize_with = "integer::deserialize")]
    pub window_seconds: u32,
    /// Concepts that ship with the program, of which the text touches at least one; where there are none, any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with_concepts: Vec<String>,
}

impl Limit {
    /// Whether it counts what is said in other rooms.
    pub(crate) const fn looks_over_rooms(&self) -> bool {
        self.similar_in_rooms.is_some() || self.first_contacts.is_some()
    }
}
