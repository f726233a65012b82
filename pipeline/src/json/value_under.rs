//! Looks for one value in a document that need not be what it should be, and reads nothing else of it: numbers that are too
//! large and nesting that is too deep elsewhere do not matter.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Returns the JSON of the last value under `key`, where `json` is an object that has it.
pub(crate) fn value_under<'a>(json: &'a [u8], key: &str) -> Option<&'a RawValue> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = ValueUnder(key).deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    value
}

struct ValueUnder<'k>(&'k str);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for ValueUnder<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ValueUnder<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        while let Some(Name(name)) = map.next_key()? {
            if name == self.0 {
                value = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(json: &str) -> Option<&str> {
        value_under(json.as_bytes(), "id").map(RawValue::get)
    }

    #[test]
    fn the_last_value_is_found_whatever_stands_beside_it() {
        let deep = format!(r#"{{"deep":{}{},"id":7}}"#, "[".repeat(1000), "]".repeat(1000));
        for (json, value) in [
            (r#"{"id":"a"}"#, Some(r#""a""#)),
            (r#"{"x":1e999,"id": [1] ,"y":{"id":2}}"#, Some("[1]")),
            (r#"{"id":1,"\u0069d":2}"#, Some("2")),
            (&deep, Some("7")),
            (r#"{"x":{"id":1}}"#, None),
            (r#"{"id":1} x"#, None),
            (r#"{"id":1"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(under(json), value, "{json}");
        }
    }
}
