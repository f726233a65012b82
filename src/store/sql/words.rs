//! Values of the pipeline as they stand in columns: an enumeration is its word on the wire, a list is JSON.

use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer, value},
};
use serde_json::Value;

/// The word of an enumeration's variant.
pub(super) fn word(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(Value::String(word)) => word,
        other => unreachable!("a variant without fields is a word, not {other:?}"),
    }
}

/// The variant of a word.
pub(super) fn variant<T: DeserializeOwned>(word: &str) -> sqlx::Result<T> {
    T::deserialize(word.into_deserializer())
        .map_err(|error: value::Error| sqlx::Error::Decode(Box::new(error)))
}

/// A value as JSON.
pub(super) fn json(value: &impl Serialize) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// A value from JSON.
pub(super) fn from_json<T: DeserializeOwned>(json: &str) -> sqlx::Result<T> {
    serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A count out of the database.
pub(super) fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use plic_filter::Category;
    use plic_pipeline::moderation::IncidentStatus;

    use super::*;

    #[test]
    fn words_come_back_as_what_they_were_and_others_are_errors() {
        for status in IncidentStatus::ALL {
            assert_eq!(word(&status), status.as_str());
            assert_eq!(variant::<IncidentStatus>(status.as_str()).expect("is one"), status);
        }
        assert_eq!(word(&Category::Misinformation), "misinformation");
        assert!(variant::<Category>("none such").is_err());
    }
}
