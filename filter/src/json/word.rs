//! Enums that are read from a JSON string alone: what `serde` derives also takes an object with the variant as its key.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IntoDeserializer, Visitor, value::StrDeserializer},
};

/// A value that was read from a string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Word<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(WordVisitor(PhantomData))
    }
}

struct WordVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for WordVisitor<T> {
    type Value = Word<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Word<T>, E> {
        let deserializer: StrDeserializer<'_, E> = word.into_deserializer();
        T::deserialize(deserializer).map(Word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Category;

    #[test]
    fn a_string_is_read_and_an_object_is_not() {
        let Word(category) = serde_json::from_str::<Word<Category>>(r#""sp\u0061m""#).expect("a string");
        assert_eq!(category, Category::Spam);
        let object = r#"{"spam":null}"#;
        assert!(serde_json::from_str::<Category>(object).is_ok(), "what is derived takes it");
        for wrong in [object, r#"["spam"]"#, "1", "null", r#""no such""#] {
            assert!(serde_json::from_str::<Word<Category>>(wrong).is_err(), "{wrong}");
        }
        let error = serde_json::from_str::<Word<Category>>(object).expect_err("an object").to_string();
        assert!(error.contains("expected a string"), "{error}");
    }
}
