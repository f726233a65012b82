//! Structs that are read from a JSON object alone: what `serde` derives also takes an array of the fields in order.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A value that was read from an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Pair {
        a: u8,
        b: u8,
    }

    #[test]
    fn an_object_is_read_and_an_array_of_its_fields_is_not() {
        let Object(Pair { a, b }) = serde_json::from_str(r#"{"b":2,"a":1}"#).expect("an object");
        assert_eq!((a, b), (1, 2));
        assert!(serde_json::from_str::<Pair>("[1,2]").is_ok(), "what is derived takes it");
        let error = serde_json::from_str::<Object<Pair>>("[1,2]").err().expect("an array").to_string();
        assert!(error.contains("expected an object"), "{error}");
    }
}
