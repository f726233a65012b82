//! Moments in claims: seconds since 1970, which may have a fraction (`NumericDate`, RFC 7519 section 2).

use std::fmt;

use plic_pipeline::timestamp::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// A moment in a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumericDate(pub(super) Timestamp);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumericDateVisitor)
    }
}

struct NumericDateVisitor;

impl Visitor<'_> for NumericDateVisitor {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
        let micros = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(MICROS_PER_SECOND);
        Ok(NumericDate(Timestamp(micros)))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<NumericDate, E> {
        match u64::try_from(seconds) {
            Ok(seconds) => self.visit_u64(seconds),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(seconds), &self)),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
        // `-0.0` is the beginning of 1970 as well.
        if !seconds.is_finite() || seconds < 0.0 {
            return Err(E::invalid_value(Unexpected::Float(seconds), &self));
        }
        Ok(NumericDate(Timestamp((seconds * 1e6) as i64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(json: &str) -> Option<i64> {
        serde_json::from_str::<NumericDate>(json).ok().map(|date| date.0.0)
    }

    #[test]
    fn seconds_may_have_a_fraction_or_an_exponent() {
        for (json, expected) in [
            ("1700000000", 1_700_000_000_000_000),
            ("1700000000.0", 1_700_000_000_000_000),
            ("1700000000.25", 1_700_000_000_250_000),
            ("1.7e9", 1_700_000_000_000_000),
            ("0", 0),
            ("-0.0", 0),
            ("18446744073709551615", i64::MAX),
            ("1e300", i64::MAX),
        ] {
            assert_eq!(micros(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn what_is_no_number_or_before_1970_is_refused() {
        for json in ["-1", "-0.5", "null", "\"1700000000\"", "true", "[1]", "{}", "1e999"] {
            assert_eq!(micros(json), None, "{json}");
        }
    }
}
