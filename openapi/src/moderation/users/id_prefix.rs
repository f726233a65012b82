//! The beginning of a user's id as a parameter, as the console shows ids: `b9e1a1a4`.

use std::borrow::Cow;

use plic_pipeline::id::UserId;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};
use uuid::Uuid;

/// Fewer digits would find too many.
const MIN_DIGITS: usize = 4;
const MAX_DIGITS: usize = 32;
const BITS_A_DIGIT: usize = 4;

/// The first hexadecimal digits of a user's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdPrefix {
    first: u128,
    last: u128,
}

impl IdPrefix {
    /// What a request is told that gives none.
    pub(crate) const EXPECTED: &'static str =
        "the first 4 to 32 hexadecimal digits of an id, without hyphens";

    /// Returns the smallest and the largest id that begin so.
    pub(super) fn range(self) -> (UserId, UserId) {
        (UserId(Uuid::from_u128(self.first)), UserId(Uuid::from_u128(self.last)))
    }
}

impl Type for IdPrefix {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_id_prefix".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some(format!("^[0-9A-Fa-f]{{{MIN_DIGITS},{MAX_DIGITS}}}$")),
            ..MetaSchema::new("string")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromParameter for IdPrefix {
    /// Digits alone: `from_str_radix` takes a sign as well.
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        let fits = (MIN_DIGITS..=MAX_DIGITS).contains(&value.len())
            && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digits = fits.then(|| u128::from_str_radix(value, 16).ok()).flatten();
        let Some(digits) = digits else { return Err(ParseError::custom(Self::EXPECTED)) };
        let open = BITS_A_DIGIT * (MAX_DIGITS - value.len());
        let first = digits << open;
        Ok(Self { first, last: first | ((1 << open) - 1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_range_of_ids() {
        let range = |text: &str| {
            let (first, last) = IdPrefix::parse_from_parameter(text).expect("a prefix").range();
            (first.to_string(), last.to_string())
        };
        assert_eq!(
            range("B9e1"),
            (
                "b9e10000-0000-0000-0000-000000000000".to_owned(),
                "b9e1ffff-ffff-ffff-ffff-ffffffffffff".to_owned()
            )
        );
        let whole = "b9e1a1a4-7a0e-4a3c-8f5a-9f8f0d3f4c22";
        assert_eq!(range(&whole.replace('-', "")), (whole.to_owned(), whole.to_owned()));
    }

    #[test]
    fn only_digits_are_a_prefix() {
        for bad in ["", "b9e", "b9e1-", "+b9e", " b9e1", "b9eg", &"0".repeat(33), "é9e1"] {
            assert!(IdPrefix::parse_from_parameter(bad).is_err(), "{bad}");
        }
    }
}
