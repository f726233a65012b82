//! An action of the audit log as a parameter: `rule.update`, or `rule` for all about rules.

use std::borrow::Cow;

use plic_pipeline::moderation::ActionFilter;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};

/// Which actions are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditedAction(pub(super) ActionFilter);

impl AuditedAction {
    /// What a request is told that gives none.
    pub(crate) const EXPECTED: &'static str = "an action such as `rule.update`, or the word before its dot";
}

impl Type for AuditedAction {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_action".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some(r"^[a-z]+(\.[a-z]+)?$".to_owned()),
            max_length: Some(64),
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

impl ParseFromParameter for AuditedAction {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        ActionFilter::parse(value).map(Self).ok_or_else(|| ParseError::custom(Self::EXPECTED))
    }
}
