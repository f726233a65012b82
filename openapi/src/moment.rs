//! A moment on the wire: RFC 3339, documented as `date-time`.

use std::borrow::Cow;

use plic_pipeline::timestamp::Timestamp;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{
        ParseError, ParseFromJSON, ParseFromXML, ParseFromYAML, ParseResult, ToJSON, ToXML, ToYAML, Type,
    },
};
use serde_json::Value;

/// A timestamp in an answer; no request carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

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
