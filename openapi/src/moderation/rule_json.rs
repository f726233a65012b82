//! Rules on the wire. Their JSON is the filter's own; here it is put into answers, and read from requests so that every
//! fault names the key that it is about.

use std::{borrow::Cow, fmt};

use plic_filter::{
    Rule,
    rule::{RuleKind, Terms},
};
use plic_pipeline::{json, moderation::StoredRule};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error as _, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
        value::MapAccessDeserializer,
    },
};
use serde_json::Value;

use crate::{
    body::{
        Allowance, FromJson,
        fields::{Fault, PlainSeed, decode},
    },
    failure::Failure,
    moment::Moment,
    number::MAX_SAFE_INTEGER,
};

/// A rule in an answer.
#[derive(Debug, Clone)]
pub(crate) struct RuleJson(pub(crate) StoredRule);

/// A rule in a request: its id, its version and who changed it when are not read.
#[derive(Debug, Clone)]
pub(crate) struct RuleDraft(pub(crate) Rule);

/// The rules' schemas stand in `spec/rule.json`, for `spec` to put them in: they are written for people.
fn reference<T: Type>(registry: &mut Registry) {
    registry.create_schema::<T, _>(T::name().into_owned(), |_| MetaSchema::new("object"));
}

impl Type for RuleJson {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Rule".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        reference::<Self>(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ToJSON for RuleJson {
    fn to_json(&self) -> Option<Value> {
        let StoredRule { rule, updated_by, updated_at } = &self.0;
        let mut json = serde_json::to_value(rule).expect("a rule has nothing that JSON has not");
        json["updated_by"] = updated_by.map(|user| user.to_string()).into();
        json["updated_at"] = Moment(*updated_at).to_json().into();
        Some(json)
    }
}

impl Type for RuleDraft {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "RuleDraft".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        reference::<Self>(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl FromJson for RuleDraft {
    const ALLOWANCE: Allowance = Allowance::RULE;

    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let fault = Fault::default();
        let seed = RuleSeed { ids: IdUse::Ignored, place: String::new(), fault: &fault };
        let rule = decode(json, seed, &fault)?;
        rule.map(Self).ok_or_else(|| Failure::Invalid("The body must be a JSON object.".to_owned()))
    }
}

/// Whether the id in a rule's JSON means anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdUse {
    /// The route says which rule it is.
    Ignored,
    /// It names the rule in whose place this one is; 0 where there is none.
    Kept,
}

/// Reads a rule, or nothing where there is `null`.
pub(crate) struct RuleSeed<'f> {
    pub(crate) ids: IdUse,
    /// What stands before a key's name: `draft.`, `rules[3].`.
    pub(crate) place: String,
    pub(crate) fault: &'f Fault,
}

impl<'de> DeserializeSeed<'de> for RuleSeed<'_> {
    type Value = Option<Rule>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Rule>, D::Error> {
        let name = self.place.trim_end_matches('.').to_owned();
        let fault = self.fault;
        deserializer.deserialize_any(self).map_err(fault.note(|_| {
            let name = if name.is_empty() { "The body".to_owned() } else { format!("`{name}`") };
            format!("{name} must be a rule: a JSON object.")
        }))
    }
}

impl<'de> Visitor<'de> for RuleSeed<'_> {
    type Value = Option<Rule>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule")
    }

    fn visit_unit<E>(self) -> Result<Option<Rule>, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Rule>, A::Error> {
        let mut keys = Keys { map, ids: self.ids, id: 0, has_id: false, ended: false, current: None };
        let rule = Rule::deserialize(MapAccessDeserializer::new(&mut keys));
        let current = keys.current;
        let rule = rule.map_err(
            self.fault.note(|error: &A::Error| explain(&self.place, current.as_deref(), &error.to_string())),
        )?;
        match key_with_lost_character(&rule) {
            Some(key) => Err(self.fault.raise(format_args!(
                "`{}{key}` has half a character (U+FFFD), which would match whatever else was cut.",
                self.place
            ))),
            None => Ok(Some(rule)),
        }
    }
}

/// Returns the key of what a rule matches with U+FFFD in it. Half a surrogate pair is read as that character, in messages too:
/// a rule with it would match every message with an emoji that was cut.
fn key_with_lost_character(rule: &Rule) -> Option<&'static str> {
    let is_lost = |text: &String| text.contains(char::REPLACEMENT_CHARACTER);
    let key = match &rule.kind {
        RuleKind::Terms(Terms::List { terms, .. }) => terms.iter().any(is_lost).then_some("terms"),
        RuleKind::Pattern(pattern) => is_lost(&pattern.pattern).then_some("pattern"),
        RuleKind::Concepts(concepts) => concepts.define.values().flatten().any(is_lost).then_some("concepts"),
        RuleKind::Terms(Terms::Lexicon(_))
        | RuleKind::Links(_)
        | RuleKind::Contact
        | RuleKind::Classifier(_)
        | RuleKind::Repetition(_) => None,
    };
    key.or_else(|| rule.unless.iter().any(is_lost).then_some("unless"))
}

/// A rule's keys but those that are not the author's to say, and the id that it is read with.
struct Keys<A> {
    map: A,
    ids: IdUse,
    /// The id that the rule is read with; 0 is none.
    id: i64,
    has_id: bool,
    /// All keys were read, and the id given.
    ended: bool,
    /// The key whose value is being read.
    current: Option<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Keys<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            let Some(key) = self.map.next_key::<String>()? else {
                if self.ended {
                    return Ok(None);
                }
                self.ended = true;
                return seed.deserialize("id".into_deserializer()).map(Some);
            };
            match key.as_str() {
                "id" => {
                    self.current = Some(key);
                    if self.has_id {
                        return Err(A::Error::duplicate_field("id"));
                    }
                    self.has_id = true;
                    let id = read_id(&self.map.next_value_seed(PlainSeed)?)?;
                    if self.ids == IdUse::Kept {
                        self.id = id;
                    }
                    self.current = None;
                }
                "version" | "updated_by" | "updated_at" => {
                    self.map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    let name = key.clone();
                    self.current = Some(key);
                    return seed.deserialize(name.into_deserializer()).map(Some);
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        if self.ended {
            return seed.deserialize(Value::from(self.id)).map_err(A::Error::custom);
        }
        let value = self.map.next_value_seed(seed)?;
        self.current = None;
        Ok(value)
    }
}

fn read_id<E: serde::de::Error>(value: &Value) -> Result<i64, E> {
    match value {
        Value::Null => Ok(0),
        _ => json::integer::of(value)
            .filter(|id| (1..=MAX_SAFE_INTEGER).contains(id))
            .ok_or_else(|| E::custom(format_args!("expected an integer from 1 to {MAX_SAFE_INTEGER}"))),
    }
}

/// The longest explanation: serde repeats what it read.
const MAX_EXPLANATION: usize = 300;

/// What serde says about the key `current`, as a sentence that names it.
fn explain(place: &str, current: Option<&str>, message: &str) -> String {
    // Where in the text it stands is no help to who filled in a form.
    let message = message.split(" at line ").next().unwrap_or(message);
    let short: String = message.chars().take(MAX_EXPLANATION).collect();
    let quoted = |prefix: &str| message.strip_prefix(prefix)?.split('`').next();
    let key = |key: &str| key.chars().take(MAX_EXPLANATION).collect::<String>();
    if let Some(unknown) = quoted("unknown field `") {
        return format!("`{place}{}` is not known: a rule has no such key.", key(unknown));
    }
    if let Some(twice) = quoted("duplicate field `") {
        return format!("`{place}{twice}` is there twice.");
    }
    if let Some(missing) = quoted("missing field `") {
        return format!("`{place}{missing}` is missing.");
    }
    if let Some(current) = current {
        return format!("`{place}{}`: {}.", key(current), for_people(&short));
    }
    match short.split_once(": ") {
        Some((field, problem)) if field.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
            format!("`{place}{field}`: {}.", for_people(problem))
        }
        _ => format!("The rule cannot be read: {}.", for_people(&short)),
    }
}

/// In the words of JSON, not in those of Rust.
fn for_people(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let found = match found {
        "invalid type: sequence" => "a list cannot stand here",
        "invalid type: map" => "an object cannot stand here",
        "invalid type: null" | "invalid type: unit value" => "null cannot stand here",
        other => other,
    };
    let expected = match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        "i64" | "u32" | "usize" | "u64" => "an integer that is not too large",
        "f64" | "f32" => "a number",
        other => other,
    };
    format!("{found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> String {
        match RuleDraft::from_json(json.as_bytes()) {
            Ok(draft) => panic!("read {draft:?}"),
            Err(Failure::Invalid(sentence)) => sentence,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_rule_matches_has_no_lost_characters() {
        let rest = r#""category":"scam","action":"hold","state":"draft""#;
        for (key, kind) in [
            ("terms", r#""kind":"terms","terms":["fine","caf\ufffd"]"#),
            ("pattern", r#""kind":"pattern","pattern":"a\ufffd+""#),
            ("unless", r#""kind":"contact","unless":["\ufffd"]"#),
        ] {
            let sentence = fault(&format!(r#"{{"name":"\ufffd",{rest},{kind}}}"#));
            assert!(sentence.starts_with(&format!("`{key}` has half a character")), "{sentence}");
        }
        let named = format!(r#"{{"name":"\ufffd","note":"\ufffd","must_not_match":["\ufffd"],{REST}}}"#);
        assert!(RuleDraft::from_json(named.as_bytes()).is_ok());
    }

    const REST: &str = r#""kind":"terms","terms":["x"],"category":"scam","action":"hold","state":"draft""#;

    #[test]
    fn what_is_not_the_authors_to_say_is_not_read() {
        let json = format!(r#"{{"id":7,"version":[],"updated_by":1,"updated_at":{{}},"name":"n",{REST}}}"#);
        let rule = RuleDraft::from_json(json.as_bytes()).expect("a rule").0;
        assert_eq!((rule.id.0, rule.version, rule.name.as_str()), (0, 1, "n"));
    }

    #[test]
    fn every_fault_names_its_key() {
        for (json, expected) in [
            (format!("{{{REST}}}"), "`name` is missing."),
            (format!(r#"{{"name":"a","name":"b",{REST}}}"#), "`name` is there twice."),
            (format!(r#"{{"name":"a","unles":[],{REST}}}"#), "`unles` is not known: a rule has no such key."),
            (format!(r#"{{"name":[],{REST}}}"#), "`name`: a list cannot stand here, expected a string."),
            (
                format!(r#"{{"name":"a","must_match":"x",{REST}}}"#),
                r#"`must_match`: invalid type: string "x", expected a list."#,
            ),
            ("[]".to_owned(), "The body must be a rule: a JSON object."),
            (
                format!(r#"{{"id":"x","name":"a",{REST}}}"#),
                "`id`: expected an integer from 1 to 9007199254740991.",
            ),
            (format!(r#"{{"id":1,"name":"a",{REST},"id":1}}"#), "`id` is there twice."),
        ] {
            assert_eq!(fault(&json), expected, "{json}");
        }
        assert!(
            fault(&format!(r#"{{"name":"a",{REST},"match":"x"}}"#)).starts_with("`match`: unknown variant")
        );
        let (long, regex) = ("x".repeat(1 << 20), REST.replace(r#""terms","#, r#""regexp","#));
        assert!(fault(&format!(r#"{{"name":"a",{regex}}}"#)).starts_with("`kind`: there is no kind"));
        assert!(fault(&format!(r#"{{"name":"a",{REST},"must_match":"{long}"}}"#)).len() < 500);
    }
}
