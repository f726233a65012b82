//! The `message_temp_id` of a command. It goes back to the client exactly as it came.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::{replace_lone_surrogates, value_under};

/// Temp ids shorter than this are taken for counters that restart with the page (CONTRACT section 2).
const COUNTER_LENGTH: usize = 16;

/// The `message_temp_id` that the front end made for its command; cheap to clone. Serializes as the client wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TempId {
    text: Arc<str>,
    /// The JSON of an id with half a surrogate pair, which no text of Rust holds; `text` has U+FFFD in its place.
    json: Option<Arc<str>>,
}

impl TempId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is taken for a counter: it names a message within one connection, for a short time.
    pub fn is_counter(&self) -> bool {
        self.text.chars().count() < COUNTER_LENGTH
    }

    /// Returns the id that these are the [text](Self::as_str) and the [JSON](Self::inexact) of.
    pub fn from_parts(text: &str, json: Option<&str>) -> Self {
        Self { text: text.into(), json: json.map(Into::into) }
    }

    /// Returns the JSON of an id with half a surrogate pair, which [`as_str`](Self::as_str) does not tell from others.
    pub fn inexact(&self) -> Option<&str> {
        self.json.as_deref()
    }

    /// Looks for the id in what need not be a command.
    pub(super) fn find(text: &[u8]) -> Option<Self> {
        let readable = replace_lone_surrogates(text);
        let data = value_under(&readable, "data")?;
        let value = value_under(data.get().as_bytes(), "message_temp_id")?;
        let id = Self::from(&*serde_json::from_str::<Cow<'_, str>>(value.get()).ok()?);
        // A replacement is as long as what it replaces, so that the value stands at the same place of both.
        let start = (value.get().as_ptr() as usize).checked_sub(readable.as_ptr() as usize)?;
        let original = std::str::from_utf8(text.get(start..start + value.get().len())?).ok()?;
        let json = (original != value.get()).then(|| original.into());
        Some(Self { json, ..id })
    }
}

impl From<&str> for TempId {
    fn from(id: &str) -> Self {
        Self { text: id.into(), json: None }
    }
}

impl fmt::Display for TempId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for TempId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.json.as_deref().and_then(|json| serde_json::from_str::<&RawValue>(json).ok());
        match json {
            Some(json) => json.serialize(serializer),
            None => serializer.serialize_str(&self.text),
        }
    }
}
