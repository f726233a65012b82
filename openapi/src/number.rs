//! Integers with bounds as parameters: JavaScript holds integers exactly only up to 2^53 - 1.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;

/// The largest integer that JavaScript holds exactly.
pub(crate) const MAX_SAFE_INTEGER: i64 = plic_pipeline::id::MAX_ID;

/// A room's or a message's id in a path or a query.
pub(crate) type Id = Number<1, MAX_SAFE_INTEGER>;

/// An integer from `MIN` to `MAX` in a path or a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number<const MIN: i64, const MAX: i64>(pub(crate) i64);

impl<const MIN: i64, const MAX: i64> Type for Number<MIN, MAX> {
    const IS_REQUIRED: bool = true;
    type RawValueType = i64;
    type RawElementValueType = i64;

    fn name() -> Cow<'static, str> {
        format!("integer_{MIN}_{MAX}").into()
    }

    #[expect(clippy::cast_precision_loss, reason = "bounds are at most 2^53, which f64 holds exactly")]
    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            minimum: Some(MIN as f64),
            maximum: Some(MAX as f64),
            ..MetaSchema::new_with_format("integer", "int64")
        }))
    }

    fn as_raw_value(&self) -> Option<&i64> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a i64> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<const MIN: i64, const MAX: i64> ParseFromParameter for Number<MIN, MAX> {
    /// Digits alone: `str::parse` takes a sign as well.
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        value
            .parse()
            .ok()
            .filter(|number| (MIN..=MAX).contains(number) && value.bytes().all(|byte| byte.is_ascii_digit()))
            .map(Self)
            .ok_or_else(|| ParseError::custom("out of bounds or no integer"))
    }
}

impl<const MIN: i64, const MAX: i64> ToJSON for Number<MIN, MAX> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_within_the_bounds_are_ids() {
        for good in ["1", "7", "9007199254740991"] {
            assert!(Id::parse_from_parameter(good).is_ok(), "{good}");
        }
        for bad in
            ["", "0", "-1", "+1", "1.0", "1e3", "abc", " 1", "9007199254740992", "99999999999999999999"]
        {
            assert!(Id::parse_from_parameter(bad).is_err(), "{bad}");
        }
    }
}
