//! A request's JSON object, read key by key: whatever is wrong with a value is said with its key.
//!
//! A known key that is there twice is refused. [`Fields`] are for bodies that moderators send: nothing nested is kept, so that
//! a body takes no more memory than it has bytes. [`whole_values`] are for those of the contract, which every user sends and
//! which are small: they are read as JavaScript reads them, lists and all, and of a key that is there twice the last counts.

use std::{
    cell::RefCell,
    fmt::{self, Display},
};

use plic_filter::{Rule, json::integer};
use serde::{
    Deserialize as _, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use super::not_json;
use crate::{
    failure::Failure,
    moderation::rule_json::{IdUse, RuleSeed},
};

/// The plain values that a request has under the keys that are known, and its draft of a rule.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// Values; of a list or an object it is only known that it is one.
    pub(crate) values: Map<String, Value>,
    /// What is under `draft`.
    pub(crate) draft: Option<Rule>,
}

impl Fields {
    /// Reads the keys that are among `known`; others are ignored.
    pub(crate) fn read(json: &[u8], known: &'static [&'static str]) -> Result<Self, Failure> {
        let fault = Fault::default();
        let seed = ObjectSeed { known, fault: &fault };
        decode(json, seed, &fault)
    }
}

/// Reads the values of the keys that are among `known`, whatever they are; others are skipped. Of a key that is there twice
/// the last value counts, as in JavaScript.
pub(super) fn whole_values(
    json: &[u8],
    known: &'static [&'static str],
) -> Result<Map<String, Value>, Failure> {
    let fault = Fault::default();
    decode(json, WholeValuesSeed { known, fault: &fault }, &fault)
}

/// Decodes `json`: 400 where it is no JSON, 422 with what `fault` says where it is another JSON than is asked for.
pub(crate) fn decode<'de, S: DeserializeSeed<'de>>(
    json: &'de [u8],
    seed: S,
    fault: &Fault,
) -> Result<S::Value, Failure> {
    // Skipping values leaves to the second pass what is JSON and yet cannot be read, such as a number out of range.
    serde_json::from_slice::<IgnoredAny>(json).map_err(|_| not_json())?;
    std::str::from_utf8(json).map_err(|_| not_json())?;
    seed.deserialize(&mut serde_json::Deserializer::from_slice(json)).map_err(|_| {
        let sentence = fault.0.take().unwrap_or_else(|| "The body must be a JSON object.".to_owned());
        Failure::Invalid(sentence)
    })
}

/// The sentence about the first thing that is wrong; errors of serde's cannot carry one unchanged.
#[derive(Debug, Default)]
pub(crate) struct Fault(RefCell<Option<String>>);

impl Fault {
    /// Keeps the sentence, unless there is one already, and returns the error.
    pub(crate) fn note<E>(&self, sentence: impl FnOnce(&E) -> String) -> impl FnOnce(E) -> E {
        move |error| {
            let mut kept = self.0.borrow_mut();
            if kept.is_none() {
                *kept = Some(sentence(&error));
            }
            drop(kept);
            error
        }
    }

    /// An error with this sentence.
    pub(crate) fn raise<E: serde::de::Error>(&self, sentence: impl Display) -> E {
        self.note(|_: &E| sentence.to_string())(E::custom("refused"))
    }
}

struct ObjectSeed<'f> {
    known: &'static [&'static str],
    fault: &'f Fault,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_> {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        let mut drafted = false;
        while let Some(key) = map.next_key::<String>()? {
            let Some(known) = self.known.iter().find(|known| **known == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let twice = if key == "draft" { drafted } else { fields.values.contains_key(&key) };
            if twice {
                return Err(self.fault.raise(format_args!("`{known}` is there twice.")));
            }
            if key == "draft" {
                drafted = true;
                let seed = RuleSeed { ids: IdUse::Kept, place: "draft.".to_owned(), fault: self.fault };
                fields.draft = map.next_value_seed(seed)?;
                continue;
            }
            let value = map.next_value_seed(PlainSeed);
            let value = value.map_err(self.fault.note(|_| unreadable(known)))?;
            fields.values.insert(key, value);
        }
        Ok(fields)
    }
}

/// What is said of a value that is JSON and cannot be held.
fn unreadable(key: &str) -> String {
    format!("`{key}` is a number out of range, or nested too deeply.")
}

struct WholeValuesSeed<'f> {
    known: &'static [&'static str],
    fault: &'f Fault,
}

impl<'de> DeserializeSeed<'de> for WholeValuesSeed<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for WholeValuesSeed<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if self.known.contains(&key.as_str()) {
                if values.contains_key(&key) {
                    return Err(self.fault.raise(format_args!("`{key}` is there twice.")));
                }
                let raw: &RawValue = map.next_value()?;
                let value = integer::read_value(raw.get()).map_err(A::Error::custom);
                let value = value.map_err(self.fault.note(|_| unreadable(&key)))?;
                values.insert(key, value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(values)
    }
}

/// Any value, of which only plain ones are kept; a number with an integral value is an integer.
pub(crate) struct PlainSeed;

impl<'de> DeserializeSeed<'de> for PlainSeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        match json.as_bytes().first() {
            Some(b'[') => Ok(Value::Array(Vec::new())),
            Some(b'{') => Ok(Value::Object(Map::new())),
            _ => integer::read_value(json).map_err(D::Error::custom),
        }
    }
}
