//! A moment on the wire: RFC 3339, documented as `date-time`.

use std::borrow::Cow;

use plic_pipeline::timestamp::Timestamp;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{
        ParseError, ParseFromJSON, ParseFromParameter, ParseFromXML, ParseFromYAML, ParseResult, ToJSON,
        ToXML, ToYAML, Type,
    },
};
use serde_json::Value;

/// A timestamp in an answer, or in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Moment {
    /// What a request is told that gives none.
    pub(crate) const EXPECTED: &'static str = "a moment in RFC 3339, such as `2026-01-31T12:00:00Z`";

    /// Reads RFC 3339 alone: the crate also reads forms that no other does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let in_place = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|byte| any.contains(byte));
        let separated = [(4, &b"-"[..]), (7, b"-"), (10, b"Tt"), (13, b":"), (16, b":")];
        let well_formed = separated.iter().all(|(at, any)| in_place(*at, any))
            && bytes.len() <= 40
            && bytes.iter().all(|byte| byte.is_ascii_digit() || b"-+:.TtZz".contains(byte));
        let moment: jiff::Timestamp = well_formed.then(|| text.parse().ok()).flatten()?;
        Some(Self(Timestamp(moment.as_microsecond())))
    }
}

impl Type for Moment {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_date-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromParameter for Moment {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::parse(value).ok_or_else(|| ParseError::custom(Self::EXPECTED))
    }
}

impl ToJSON for Moment {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.to_string().into())
    }
}

// `derive(Object)` asks its fields for all of these, though answers are only written, and only as JSON.

impl ToXML for Moment {
    fn to_xml(&self) -> Option<Value> {
        self.to_json()
    }
}

impl ToYAML for Moment {
    fn to_yaml(&self) -> Option<Value> {
        self.to_json()
    }
}

impl ParseFromJSON for Moment {
    fn parse_from_json(_value: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("moments are only written"))
    }
}

impl ParseFromXML for Moment {
    fn parse_from_xml(_value: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("moments are only written"))
    }
}

impl ParseFromYAML for Moment {
    fn parse_from_yaml(_value: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("moments are only written"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rfc_3339_is_a_moment() {
        for (good, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:00.000001z", 1),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:59:59.5-00:00", -500_000),
        ] {
            assert_eq!(Moment::parse(good), Some(Moment(Timestamp(micros))), "{good}");
        }
        for bad in [
            "",
            "now",
            "0",
            "1970-01-01",
            "1970-01-01T00:00Z",
            "1970-01-01T00:00:00",
            "1970-01-01 00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-01-01T00:00:00Z[UTC]",
            "1970-01-01T00:00:00 01:00",
        ] {
            assert_eq!(Moment::parse(bad), None, "{bad}");
        }
    }
}
