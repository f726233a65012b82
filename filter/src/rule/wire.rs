//! A rule's JSON.
//!
//! Unknown keys are refused: a misspelt `unless` would leave a rule that lifts nothing. Keys of other kinds are ignored,
//! as a form may send the whole shape. Everything that is read and used is written again.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _, IgnoredAny},
    ser::SerializeMap,
};
use serde_json::value::RawValue;

use super::{
    Action, Category, Concepts, Lexicon, Limit, Links, Matching, Pattern, PatternView, Rule, RuleKind, State,
    Terms, Threshold,
};
use crate::{
    classifier::Head,
    id::{RoomId, RuleId},
    json::{
        Object, Word,
        integer::{self, Integer},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    id: Option<Integer<i64>>,
    #[serde(default, deserialize_with = "integer::deserialize_optional")]
    version: Option<u32>,
    name: String,
    kind: String,
    category: Word<Category>,
    action: Word<Action>,
    state: Word<State>,
    #[serde(default)]
    languages: Option<Vec<String>>,
    #[serde(default)]
    rooms: Option<Vec<Integer<i64>>>,
    // Read once it is known which of them the kind has.
    #[serde(default)]
    terms: Option<Box<RawValue>>,
    #[serde(default, rename = "match")]
    matching: Option<Box<RawValue>>,
    #[serde(default)]
    lexicon: Option<Box<RawValue>>,
    #[serde(default)]
    pattern: Option<Box<RawValue>>,
    #[serde(default)]
    view: Option<Box<RawValue>>,
    #[serde(default)]
    concepts: Option<Box<RawValue>>,
    #[serde(default)]
    domains: Option<Box<RawValue>>,
    #[serde(default)]
    allow_domains: Option<Box<RawValue>>,
    #[serde(default)]
    shorteners: Option<Box<RawValue>>,
    #[serde(default)]
    head: Option<Box<RawValue>>,
    #[serde(default)]
    threshold: Option<Box<RawValue>>,
    #[serde(default)]
    limit: Option<Box<RawValue>>,
    #[serde(default)]
    unless: Option<Vec<String>>,
    #[serde(default)]
    must_match: Option<Vec<String>>,
    #[serde(default)]
    must_not_match: Option<Vec<String>>,
    #[serde(default)]
    note: Option<String>,
    // Who changed it and when is for the database to say.
    #[serde(default, rename = "updated_by")]
    _updated_by: Option<IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    _updated_at: Option<IgnoredAny>,
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(mut wire) = Object::<Wire>::deserialize(deserializer)?;
        let kind = wire.take_kind().map_err(D::Error::custom)?;
        Ok(Self {
            id: RuleId(wire.id.map_or(0, |Integer(id)| id)),
            version: wire.version.unwrap_or(1),
            name: wire.name,
            kind,
            category: wire.category.0,
            action: wire.action.0,
            state: wire.state.0,
            languages: wire.languages,
            rooms: wire.rooms.map(|rooms| rooms.into_iter().map(|Integer(id)| RoomId(id)).collect()),
            unless: wire.unless.unwrap_or_default(),
            must_match: wire.must_match.unwrap_or_default(),
            must_not_match: wire.must_not_match.unwrap_or_default(),
            note: wire.note.unwrap_or_default(),
        })
    }
}

impl Wire {
    fn take_kind(&mut self) -> Result<RuleKind, String> {
        Ok(match self.kind.as_str() {
            "terms" => RuleKind::Terms(self.take_terms()?),
            "pattern" => RuleKind::Pattern(Pattern {
                pattern: required("pattern", self.pattern.take())?,
                view: optional::<Word<PatternView>>("view", self.view.take())?.unwrap_or_default().0,
            }),
            "concepts" => {
                RuleKind::Concepts(required::<Object<Concepts>>("concepts", self.concepts.take())?.0)
            }
            "links" => RuleKind::Links(Links {
                domains: optional("domains", self.domains.take())?.unwrap_or_default(),
                allow_domains: optional("allow_domains", self.allow_domains.take())?.unwrap_or_default(),
                shorteners: optional("shorteners", self.shorteners.take())?.unwrap_or_default(),
            }),
            "contact" => RuleKind::Contact,
            "classifier" => RuleKind::Classifier(Threshold {
                head: required::<Word<Head>>("head", self.head.take())?.0,
                threshold: required("threshold", self.threshold.take())?,
            }),
            "repetition" => RuleKind::Repetition(required::<Object<Limit>>("limit", self.limit.take())?.0),
            other => {
                return Err(format!(
                    "kind: there is no kind `{other}`, only `terms`, `pattern`, `concepts`, `links`, `contact`, \
                     `classifier` and `repetition`"
                ));
            }
        })
    }

    fn take_terms(&mut self) -> Result<Terms, String> {
        let terms = optional("terms", self.terms.take())?;
        let matching = optional::<Word<Matching>>("match", self.matching.take())?;
        match (terms, optional::<Word<Lexicon>>("lexicon", self.lexicon.take())?) {
            (Some(terms), None) => Ok(Terms::List { terms, matching: matching.unwrap_or_default().0 }),
            (None, Some(Word(lexicon))) if matching.is_none() => Ok(Terms::Lexicon(lexicon)),
            (None, Some(_)) => Err("match: the words of a lexicon say it themselves".to_owned()),
            (Some(_), Some(_)) => Err("terms: has both `terms` and `lexicon`".to_owned()),
            (None, None) => Err("terms: has neither `terms` nor `lexicon`".to_owned()),
        }
    }
}

fn optional<T: DeserializeOwned>(key: &str, value: Option<Box<RawValue>>) -> Result<Option<T>, String> {
    value.map(|value| serde_json::from_str(value.get())).transpose().map_err(|error| {
        // Where in the value it stands is not where in the document.
        let error = error.to_string();
        format!("{key}: {}", error.split(" at line ").next().unwrap_or(&error))
    })
}

fn required<T: DeserializeOwned>(key: &str, value: Option<Box<RawValue>>) -> Result<T, String> {
    optional(key, value)?.ok_or_else(|| format!("{key}: is missing"))
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("version", &self.version)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("kind", self.kind.name())?;
        map.serialize_entry("category", &self.category)?;
        map.serialize_entry("action", &self.action)?;
        map.serialize_entry("state", &self.state)?;
        map.serialize_entry("languages", &self.languages)?;
        map.serialize_entry("rooms", &self.rooms)?;
        match &self.kind {
            RuleKind::Terms(Terms::List { terms, matching }) => {
                map.serialize_entry("terms", terms)?;
                map.serialize_entry("match", matching)?;
            }
            RuleKind::Terms(Terms::Lexicon(lexicon)) => map.serialize_entry("lexicon", lexicon)?,
            RuleKind::Pattern(Pattern { pattern, view }) => {
                map.serialize_entry("pattern", pattern)?;
                map.serialize_entry("view", view)?;
            }
            RuleKind::Concepts(concepts) => map.serialize_entry("concepts", concepts)?,
            RuleKind::Links(links) => {
                map.serialize_entry("domains", &links.domains)?;
                map.serialize_entry("allow_domains", &links.allow_domains)?;
                map.serialize_entry("shorteners", &links.shorteners)?;
            }
            RuleKind::Contact => {}
            RuleKind::Classifier(Threshold { head, threshold }) => {
                map.serialize_entry("head", head)?;
                map.serialize_entry("threshold", threshold)?;
            }
            RuleKind::Repetition(limit) => map.serialize_entry("limit", limit)?,
        }
        map.serialize_entry("unless", &self.unless)?;
        map.serialize_entry("must_match", &self.must_match)?;
        map.serialize_entry("must_not_match", &self.must_not_match)?;
        map.serialize_entry("note", &self.note)?;
        map.end()
    }
}
