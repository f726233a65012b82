//! A value or `null`: always present. poem-openapi documents `Option<T>` as a key that may be left out and is never
//! `null`, which is the opposite of the contract.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{
        ParseError, ParseFromJSON, ParseFromXML, ParseFromYAML, ParseResult, ToJSON, ToXML, ToYAML, Type,
    },
};
use serde_json::Value;

/// Required and nullable in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nullable<T>(pub(crate) Option<T>);

impl<T: Type> Type for Nullable<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = T::RawValueType;
    type RawElementValueType = T::RawElementValueType;

    fn name() -> Cow<'static, str> {
        format!("nullable_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(match T::schema_ref() {
            MetaSchemaRef::Inline(schema) => MetaSchema { nullable: true, ..*schema },
            reference @ MetaSchemaRef::Reference(_) => MetaSchema {
                any_of: vec![reference, MetaSchemaRef::Inline(Box::new(MetaSchema::new("null")))],
                ..MetaSchema::ANY
            },
        }))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_ref().and_then(Type::as_raw_value)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        self.0.raw_element_iter()
    }
}

impl<T: ToJSON> ToJSON for Nullable<T> {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}

// `derive(Object)` asks its fields for all of these, though only JSON is spoken here.

impl<T: ToJSON> ToXML for Nullable<T> {
    fn to_xml(&self) -> Option<Value> {
        self.to_json()
    }
}

impl<T: ToJSON> ToYAML for Nullable<T> {
    fn to_yaml(&self) -> Option<Value> {
        self.to_json()
    }
}

impl<T: ParseFromJSON> ParseFromJSON for Nullable<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Option::parse_from_json(value).map(Self).map_err(ParseError::propagate)
    }
}

impl<T: ParseFromJSON> ParseFromXML for Nullable<T> {
    fn parse_from_xml(value: Option<Value>) -> ParseResult<Self> {
        Self::parse_from_json(value)
    }
}

impl<T: ParseFromJSON> ParseFromYAML for Nullable<T> {
    fn parse_from_yaml(value: Option<Value>) -> ParseResult<Self> {
        Self::parse_from_json(value)
    }
}
