//! JSON bodies of requests: read within a size and a time, then taken apart with a sentence for every fault.

use std::time::Duration;

use bytes::Bytes;
use poem::{
    Request, RequestBody, Result,
    error::ReadBodyError,
    http::{
        HeaderMap,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::failure::Failure;

/// The largest body of a request, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a body may take to arrive.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Reads a body to its end.
///
/// # Errors
/// `BodyTooLarge`, at once where `Content-Length` says so; `BodyTimeout`; `Malformed` where it breaks off.
pub async fn read(headers: &HeaderMap, body: poem::Body) -> Result<Bytes, Failure> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(Failure::BodyTooLarge);
    }
    match tokio::time::timeout(BODY_DEADLINE, body.into_bytes_limit(MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(Failure::BodyTooLarge),
        Ok(Err(_)) => Err(Failure::Malformed("The body of the request broke off.".to_owned())),
        Err(_) => Err(Failure::BodyTimeout),
    }
}

/// What can be read from a request's JSON object; unknown keys are ignored.
pub(crate) trait FromObject: Type {
    fn from_object(object: &Map<String, Value>) -> Result<Self, Failure>
    where
        Self: Sized;
}

/// A JSON body as a handler's argument.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<'a, T: FromObject> ApiExtractor<'a> for JsonBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let json = MetaMediaType { content_type: "application/json", schema: T::schema_ref() };
        Some(MetaRequest { description: None, content: vec![json], required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(Failure::NotJson.into());
        }
        let bytes = read(request.headers(), body.take()?).await?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|_| Failure::Malformed("The body of the request is not JSON.".to_owned()))?;
        let Value::Object(object) = value else {
            return Err(Failure::Invalid("The body must be a JSON object.".to_owned()).into());
        };
        Ok(Self(T::from_object(&object)?))
    }
}

/// Whether the body is declared to be JSON; a client that declares nothing is taken at its word that bodies are JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(declared) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let essence = declared.to_str().unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The uuids under `key`.
pub(crate) fn users(object: &Map<String, Value>, key: &str) -> Result<Vec<Uuid>, Failure> {
    let fault = || Failure::Invalid(format!("`{key}` must be a list of uuids."));
    let Some(Value::Array(items)) = object.get(key) else {
        return Err(fault());
    };
    items.iter().map(|item| item.as_str().and_then(uuid).ok_or_else(fault)).collect()
}

/// The integer under `key`, or nothing where it is `null` or absent.
pub(crate) fn integer(
    object: &Map<String, Value>,
    key: &str,
    least: i64,
    most: i64,
) -> Result<Option<i64>, Failure> {
    let number = match object.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_i64().or_else(|| whole(value)),
    };
    match number {
        Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => Err(Failure::Invalid(format!("`{key}` must be an integer from {least} to {most}."))),
    }
}

/// `12.0` is an integer in JSON Schema and in JavaScript.
#[expect(clippy::cast_possible_truncation, reason = "only whole numbers within 2^53 are cast")]
fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64()?;
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

/// The hyphenated form alone: the crate reads three more that no client of ours writes.
fn uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::parse_str(text).ok()).flatten()
}
