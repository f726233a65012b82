//! What moderators are answered: the envelope, a page of a list, a rule with its version.

use std::borrow::Cow;

use poem_openapi::{
    ApiResponse,
    payload::Json,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde_json::{Value, json};

use super::rule_json::RuleJson;
use crate::{nullable::Nullable, page::Limit};

/// `{"error_message": null, "data": ...}`.
#[derive(Debug)]
pub(crate) struct Envelope<T>(T);

impl<T> Envelope<T> {
    pub(crate) const fn of(data: T) -> Self {
        Self(data)
    }
}

impl<T: Type> Type for Envelope<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        format!("envelope_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            required: vec!["error_message", "data"],
            properties: vec![("error_message", Nullable::<String>::schema_ref()), ("data", T::schema_ref())],
            ..MetaSchema::new("object")
        }))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: ToJSON> ToJSON for Envelope<T> {
    fn to_json(&self) -> Option<Value> {
        Some(json!({ "error_message": null, "data": self.0.to_json() }))
    }
}

/// An answer with a result.
#[derive(ApiResponse)]
pub(crate) enum Answer<T: ToJSON> {
    /// It went well.
    #[oai(status = 200)]
    Data(Json<Envelope<T>>),
}

impl<T: ToJSON> Answer<T> {
    pub(crate) fn with(data: T) -> Self {
        Self::Data(Json(Envelope(data)))
    }
}

/// A page of a list.
#[derive(ApiResponse)]
pub(crate) enum Page<T: ToJSON> {
    /// A page of the list, the newest first.
    #[oai(status = 200)]
    Data(
        Json<Envelope<Vec<T>>>,
        /// There when there are older ones: the next page, with `rel="next"`.
        #[oai(header = "Link")]
        Option<String>,
    ),
}

impl<T: ToJSON> Page<T> {
    /// The page of `path`; `filters` is its query without `limit` and `before`, `cursor` reads an item's place.
    pub(crate) fn of<I>(
        page: plic_pipeline::store::Page<I>,
        path: &str,
        filters: &[(&str, Option<String>)],
        limit: Limit,
        cursor: impl Fn(&I) -> i64,
        wire: impl Fn(I) -> T,
    ) -> Self {
        let last = page.items.last().filter(|_| page.more).map(cursor);
        let link = last.map(|last| {
            let filters: String = filters
                .iter()
                .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}&")))
                .collect();
            format!(r#"<{path}?{filters}limit={}&before={last}>; rel="next""#, limit.0)
        });
        Self::Data(Json(Envelope(page.items.into_iter().map(wire).collect())), link)
    }
}

/// A rule.
#[derive(ApiResponse)]
pub(crate) enum OneRule {
    /// The rule.
    #[oai(status = 200)]
    Data(
        Json<Envelope<RuleJson>>,
        /// The rule's version in quotes, for `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl OneRule {
    pub(crate) fn with(rule: plic_pipeline::moderation::StoredRule) -> Self {
        let etag = format!("\"{}\"", rule.rule.version);
        Self::Data(Json(Envelope(RuleJson(rule))), etag)
    }
}

/// To so many decimals: more of them are noise.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}
