//! A JSON number with an integral value is an integer, however it is written: `7`, `7.0`, `7e0`, `-0`. JSON Schema makes no
//! difference between them either.
//!
//! Whether a value is integral is decided on its digits, not on the double that they are nearest to:
//! `0.99999999999999999999` is no 1, and `1e-400` no 0.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Value, value::RawValue};

/// The most digits of an `i64`.
const MAX_DIGITS: usize = 19;

/// Returns the integer that a JSON number is, or nothing where it has a fraction, is out of the range of `i64`, or where
/// `json` is no number.
pub fn parse(json: &str) -> Option<i64> {
    if let Ok(integer) = json.parse() {
        // JSON has no plus sign and no leading zero: what else `parse` takes does not come here.
        return Some(integer);
    }
    let (is_negative, unsigned) = match json.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, json),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    if significant.len() > MAX_DIGITS {
        return None;
    }
    // An exponent that is no i64 is far out of range, on either side.
    let exponent: i64 = exponent.parse().ok()?;
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let length = |count: usize| i64::try_from(count).ok();
    let zeros = exponent.checked_add(length(trailing)?)?.checked_sub(length(fraction.len())?)?;
    let power = 10_i128.checked_pow(u32::try_from(zeros).ok()?)?;
    let integer = significant.parse::<i128>().ok()?.checked_mul(power)?;
    i64::try_from(if is_negative { -integer } else { integer }).ok()
}

/// Reads a JSON value in which every number with an integral value is an integer, unless it is nested: [`of`] takes no
/// other number for one.
pub fn read_value(json: &str) -> serde_json::Result<Value> {
    match parse(json) {
        Some(integer) => Ok(integer.into()),
        None => serde_json::from_str(json),
    }
}

/// Returns the integer that a value is which [`read_value`] read.
pub fn of(value: &Value) -> Option<i64> {
    value.as_i64()
}

/// Deserializes an integer from JSON, for `#[serde(deserialize_with)]`.
pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    bounded(&Box::<RawValue>::deserialize(deserializer)?)
}

/// Deserializes an integer from a JSON text that is in memory, for `#[serde(deserialize_with)]`.
pub fn deserialize_borrowed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    bounded(<&RawValue>::deserialize(deserializer)?)
}

/// Deserializes an integer or `null`, for `#[serde(default, deserialize_with)]`.
pub fn deserialize_optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    raw.map(|raw| bounded(&raw)).transpose()
}

/// An integer that is read from JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integer<T>(pub T);

impl<'de, T: TryFrom<i64>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

fn bounded<T: TryFrom<i64>, E: Error>(raw: &RawValue) -> Result<T, E> {
    let integer = parse(raw.get()).and_then(|integer| T::try_from(integer).ok());
    integer
        .ok_or_else(|| E::custom(format_args!("{}, expected an integer that is not too large", found(raw))))
}

/// What stands in the place of an integer, in serde's words.
fn found(raw: &RawValue) -> String {
    /// The most characters of a number that are shown.
    const SHOWN: usize = 40;
    match raw.get().as_bytes().first() {
        Some(b'[') => "invalid type: sequence".to_owned(),
        Some(b'{') => "invalid type: map".to_owned(),
        Some(b'n') => "invalid type: null".to_owned(),
        Some(b't' | b'f') => format!("invalid type: boolean `{}`", raw.get()),
        Some(b'"') => "invalid type: string".to_owned(),
        _ => format!("invalid value: `{}`", raw.get().chars().take(SHOWN).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<i64> {
        let read = deserialize::<_, i64>(&mut serde_json::Deserializer::from_str(json)).ok();
        let borrowed = deserialize_borrowed::<_, i64>(&mut serde_json::Deserializer::from_str(json)).ok();
        let value = read_value(json).ok();
        assert_eq!(value.as_ref().and_then(of), read, "all readings agree on {json}");
        assert_eq!(borrowed, read, "all readings agree on {json}");
        read
    }

    #[test]
    fn a_number_with_an_integral_value_is_an_integer_however_it_is_written() {
        for (json, integer) in [
            ("7", 7),
            ("7.0", 7),
            ("7e0", 7),
            ("70E-1", 7),
            ("7.10e+1", 71),
            ("1e3", 1000),
            ("0.001e3", 1),
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("0e9", 0),
            ("0e99999999999999999999", 0),
            ("-7.0", -7),
            ("9007199254740991.0", MAX),
            ("9007199254740991", MAX),
            ("9007199254740991.00000000000000000000000000", MAX),
            ("9223372036854775807", i64::MAX),
            ("9223372036854775807.0", i64::MAX),
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
            "1e-400",
            "0.99999999999999999999",
            "1.00000000000000000001",
            "9007199254740990.9999999999999999",
            "1e99999999999999999999",
            "1e-99999999999999999999",
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

    proptest! {
        #[test]
        fn an_integer_is_itself_wherever_the_point_stands(integer in any::<i64>(), places in 0_usize..30, zeros in 0_usize..5) {
            let digits = integer.unsigned_abs().to_string();
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            let sign = if integer < 0 { "-" } else { "" };
            let json = format!("{sign}{whole}.{fraction}{}e{places}", "0".repeat(zeros.max(usize::from(places == 0))));
            prop_assert_eq!(read(&json), Some(integer), "{}", json);
        }
    }
}
