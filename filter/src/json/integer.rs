//! A JSON number with an integral value is an integer, however it is written: `7`, `7.0`, `7e0`, `-0`. JSON Schema and
//! JavaScript make no difference between them either.
//!
//! A fraction with more digits than a double holds is rounded, as in JavaScript. Rounding never moves a number from 2^53 or
//! above below it, so that no rounded number is taken for a valid id: every id is below 2^53.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};
use serde_json::Value;

/// -2^63 and 2^63, which a double holds exactly.
const RANGE: std::ops::Range<f64> = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;

/// Returns the integer that `number` is, or nothing where it has a fraction or is out of the range of `i64`.
#[expect(clippy::cast_possible_truncation, reason = "only integral numbers within the range of i64 are cast")]
fn integral(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && RANGE.contains(&number)).then_some(number as i64)
}

/// Returns the integer that a JSON value is.
pub fn of(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().and_then(integral))
}

/// Deserializes an integer, for `#[serde(deserialize_with)]`.
pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    deserializer.deserialize_any(IntegerVisitor(PhantomData))
}

/// Deserializes an integer or `null`, for `#[serde(default, deserialize_with)]`.
pub fn deserialize_optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    let integer = Option::<Integer<T>>::deserialize(deserializer)?;
    Ok(integer.map(|Integer(integer)| integer))
}

struct Integer<T>(T);

impl<'de, T: TryFrom<i64>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

struct IntegerVisitor<T>(PhantomData<fn() -> T>);

impl<T: TryFrom<i64>> Visitor<'_> for IntegerVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer that is not too large")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        let integer = i64::try_from(number).ok().and_then(|integer| T::try_from(integer).ok());
        integer.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        let integer = integral(number).and_then(|integer| T::try_from(integer).ok());
        integer.ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<i64> {
        let read = deserialize::<_, i64>(&mut serde_json::Deserializer::from_str(json)).ok();
        let value: Option<Value> = serde_json::from_str(json).ok();
        assert_eq!(value.as_ref().and_then(of), read, "both readings agree on {json}");
        read
    }

    #[test]
    fn a_number_with_an_integral_value_is_an_integer_however_it_is_written() {
        for (json, integer) in [
            ("7", 7),
            ("7.0", 7),
            ("7e0", 7),
            ("70E-1", 7),
            ("1e3", 1000),
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("0e9", 0),
            ("-7.0", -7),
            ("9007199254740991.0", MAX),
            ("9007199254740991", MAX),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("-9223372036854775808.0", i64::MIN),
        ] {
            assert_eq!(read(json), Some(integer), "{json}");
        }
    }

    const MAX: i64 = crate::id::MAX_ID;

    #[test]
    fn what_has_a_fraction_or_is_too_large_or_no_number_is_none() {
        for json in [
            "7.5",
            "0.1",
            "1e-3",
            "9223372036854775808",
            "9223372036854775808.0",
            "1e300",
            "-1e300",
            "1e999",
            "18446744073709551615",
            "\"7\"",
            "null",
            "true",
            "[7]",
            "{}",
            "",
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn no_fraction_above_the_largest_safe_integer_becomes_one_below() {
        for json in ["9007199254740992", "9007199254740992.0", "9007199254740991.5", "9007199254740993.0"] {
            assert!(read(json).is_none_or(|integer| integer > MAX), "{json}");
        }
    }

    #[test]
    fn smaller_integers_have_their_own_bounds() {
        let small = |json: &str| deserialize::<_, u32>(&mut serde_json::Deserializer::from_str(json)).ok();
        assert_eq!(small("4294967295.0"), Some(u32::MAX));
        assert_eq!(small("4294967296"), None);
        assert_eq!(small("-1"), None);
        let optional =
            |json: &str| deserialize_optional::<_, u32>(&mut serde_json::Deserializer::from_str(json)).ok();
        assert_eq!(optional("null"), Some(None));
        assert_eq!(optional("3.0"), Some(Some(3)));
        assert_eq!(optional("3.5"), None);
    }
}
