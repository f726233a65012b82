//! The document of all rules, read as a stream: it stops at the first rule too many, and no rule is kept in another form
//! than its own.

use std::{borrow::Cow, fmt};

use plic_filter::Rule;
use plic_pipeline::moderation::desk::Turn;
use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, json};

use super::rule_json::{IdUse, RuleDraft, RuleJson, RuleSeed};
use crate::{
    body::{
        Allowance, FromJson,
        fields::{Fault, decode},
    },
    failure::Failure,
};

/// The most rules that are imported at once.
const MAX_RULES: usize = 10_000;

/// All rules, as they are exported.
#[derive(Debug)]
pub(crate) struct RuleDocument {
    pub(super) rules: Vec<RuleJson>,
    /// Held until the document is written out.
    pub(super) _turn: Turn,
}

/// All rules, as they are to be.
#[derive(Debug)]
pub(crate) struct RuleImport(pub(crate) Vec<Rule>);

/// What an import did, or would do.
#[derive(Debug, Object)]
pub(crate) struct ImportReport {
    /// Rules that were not there.
    pub(super) created: u64,
    /// Rules that got another version.
    pub(super) updated: u64,
    /// Rules that are as they were.
    pub(super) unchanged: u64,
    /// Rules that were not in the document and are gone.
    pub(super) deleted: u64,
    /// Whether nothing was changed, because only that was asked for.
    pub(super) dry_run: bool,
}

fn document_of<T: Type>() -> MetaSchemaRef {
    let rules = MetaSchema {
        items: Some(Box::new(T::schema_ref())),
        max_items: Some(MAX_RULES),
        ..MetaSchema::new("array")
    };
    MetaSchemaRef::Inline(Box::new(MetaSchema {
        required: vec!["rules"],
        properties: vec![("rules", MetaSchemaRef::Inline(Box::new(rules)))],
        ..MetaSchema::new("object")
    }))
}

impl Type for RuleDocument {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "RuleDocument".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        document_of::<RuleJson>()
    }

    fn register(registry: &mut Registry) {
        RuleJson::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ToJSON for RuleDocument {
    fn to_json(&self) -> Option<Value> {
        Some(json!({ "rules": self.rules.to_json() }))
    }
}

impl Type for RuleImport {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "RuleImport".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        document_of::<RuleDraft>()
    }

    fn register(registry: &mut Registry) {
        RuleDraft::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl FromJson for RuleImport {
    const ALLOWANCE: Allowance = Allowance::RULES;

    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let fault = Fault::default();
        let rules = decode(json, DocumentSeed { fault: &fault }, &fault)?;
        rules.map(Self).ok_or_else(|| {
            Failure::Invalid(
                "`rules` is missing: an import is `{\"rules\": [..]}`, the `data` of an export.".to_owned(),
            )
        })
    }
}

/// Reads `{"rules": [..]}`.
struct DocumentSeed<'f> {
    fault: &'f Fault,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Option<Vec<Rule>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Option<Vec<Rule>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list of rules")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut rules = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "rules" if rules.is_some() => return Err(self.fault.raise("`rules` is there twice.")),
                "rules" => rules = Some(map.next_value_seed(RulesSeed { fault: self.fault })?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(rules)
    }
}

/// Reads the list of rules, and stops at the first rule too many.
struct RulesSeed<'f> {
    fault: &'f Fault,
}

impl<'de> DeserializeSeed<'de> for RulesSeed<'_> {
    type Value = Vec<Rule>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let fault = self.fault;
        deserializer
            .deserialize_seq(self)
            .map_err(fault.note(|_| "`rules` must be a list of rules.".to_owned()))
    }
}

impl<'de> Visitor<'de> for RulesSeed<'_> {
    type Value = Vec<Rule>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rules")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut rules = Vec::new();
        loop {
            let place = format!("rules[{}]", rules.len());
            let seed = RuleSeed { ids: IdUse::Kept, place: format!("{place}."), fault: self.fault };
            let Some(rule) = items.next_element_seed(seed)? else { return Ok(rules) };
            let Some(rule) = rule else {
                return Err(self.fault.raise(format_args!("`{place}` must be a rule: a JSON object.")));
            };
            if rules.len() == MAX_RULES {
                return Err(self.fault.raise(format_args!("`rules` has more than {MAX_RULES} rules.")));
            }
            rules.push(rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = r#"{"id":4,"name":"n","kind":"terms","terms":["x"],"category":"scam","action":"hold","state":"draft"}"#;

    fn read(json: &str) -> Result<Vec<i64>, String> {
        match RuleImport::from_json(json.as_bytes()) {
            Ok(rules) => Ok(rules.0.iter().map(|rule| rule.id.0).collect()),
            Err(Failure::Invalid(sentence)) => Err(sentence),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_document_is_read_and_its_unknown_keys_are_ignored() {
        assert_eq!(read(&format!(r#"{{"rules":[{RULE}],"more":1}}"#)), Ok(vec![4]));
        assert_eq!(read(r#"{"rules":[]}"#), Ok(vec![]));
        let without_id = RULE.replace(r#""id":4,"#, "");
        assert_eq!(read(&format!(r#"{{"rules":[{without_id},{without_id}]}}"#)), Ok(vec![0, 0]));
    }

    #[test]
    fn faults_name_the_rule_and_the_key() {
        let twice = format!(r#"{{"rules":[{RULE}],"rules":[]}}"#);
        let bad_id = format!(r#"{{"rules":[{RULE},{}]}}"#, RULE.replace('4', "\"4\""));
        let enveloped = format!(r#"{{"error_message":null,"data":{{"rules":[{RULE}]}}}}"#);
        let missing = "`rules` is missing: an import is `{\"rules\": [..]}`, the `data` of an export.";
        for (json, expected) in [
            ("{}", missing),
            (&enveloped, missing),
            ("7", "The body must be a JSON object."),
            ("[]", "The body must be a JSON object."),
            (r#"{"rules":{"rules":[]}}"#, "`rules` must be a list of rules."),
            (r#"{"rules":[null]}"#, "`rules[0]` must be a rule: a JSON object."),
            (r#"{"rules":[1]}"#, "`rules[0]` must be a rule: a JSON object."),
            (r#"{"rules":[{}]}"#, "`rules[0].name` is missing."),
            (&twice, "`rules` is there twice."),
            (&bad_id, "`rules[1].id`: expected an integer from 1 to 9007199254740991."),
        ] {
            assert_eq!(read(json), Err(expected.to_owned()), "{json}");
        }
    }

    #[test]
    fn no_more_than_ten_thousand_rules_are_read() {
        let list = |count: usize| format!(r#"{{"rules":[{}]}}"#, [RULE].repeat(count).join(","));
        assert_eq!(read(&list(MAX_RULES)).map(|rules| rules.len()), Ok(MAX_RULES));
        // What comes after the first rule too many is not looked at.
        let endless = format!("{},7]}}", list(MAX_RULES + 1).trim_end_matches("]}"));
        assert_eq!(read(&endless), Err("`rules` has more than 10000 rules.".to_owned()));
    }
}
