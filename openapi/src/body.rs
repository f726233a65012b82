//! JSON bodies of requests: read within a size and a time, then taken apart with a sentence for every fault.

pub(crate) mod budget;
pub(crate) mod fields;

use std::time::Duration;

use futures_util::StreamExt;
use plic_pipeline::{
    json::{self, replace_lone_surrogates},
    timestamp::Timestamp,
};
use poem::{
    Request, RequestBody, Result,
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

use self::budget::{BodyBudget, Reservation};
use crate::{caller::Caller, failure::Failure, moment::Moment};

/// The largest body of a request, in bytes, where nothing else is said.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long such a body may take to arrive.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// How large a body may be, and how long it may take to arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) bytes: usize,
    pub(crate) deadline: Duration,
}

impl Allowance {
    /// What most bodies need.
    pub(crate) const PLAIN: Self = Self { bytes: MAX_BODY_BYTES, deadline: BODY_DEADLINE };
    /// A rule with 100,000 terms.
    pub(crate) const RULE: Self = Self { bytes: 4 << 20, deadline: Duration::from_secs(30) };
    /// All rules.
    pub(crate) const RULES: Self = Self { bytes: 16 << 20, deadline: Duration::from_mins(1) };
}

/// Reads a body to its end, and holds what it takes in `reservation`.
///
/// # Errors
/// `BodyTooLarge`, at once where `Content-Length` says so; `BodyTimeout`; `Malformed` where it breaks off; what the
/// reservation refuses.
async fn read(
    headers: &HeaderMap,
    body: poem::Body,
    allowance: Allowance,
    reservation: &mut Reservation,
) -> Result<Vec<u8>, Failure> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > allowance.bytes) {
        return Err(Failure::BodyTooLarge(allowance.bytes));
    }
    let most = declared.unwrap_or(allowance.bytes);
    let collected = collect(body, allowance, most, reservation);
    tokio::time::timeout(allowance.deadline, collected).await.unwrap_or(Err(Failure::BodyTimeout))
}

/// Collects a body of which no more than `most` bytes are expected.
async fn collect(
    body: poem::Body,
    allowance: Allowance,
    most: usize,
    reservation: &mut Reservation,
) -> Result<Vec<u8>, Failure> {
    let mut chunks = Box::pin(body.into_bytes_stream());
    let mut bytes: Vec<u8> = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Failure::Malformed("The body of the request broke off.".to_owned()))?;
        let needed = bytes.len() + chunk.len();
        if needed > allowance.bytes {
            return Err(Failure::BodyTooLarge(allowance.bytes));
        }
        if needed > bytes.capacity() {
            let grown = needed.max((2 * bytes.capacity()).min(most));
            reservation.grow(grown - bytes.capacity(), allowance)?;
            bytes.reserve_exact(grown - bytes.len());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What can be read from the JSON of a request.
pub(crate) trait FromJson: Type + Sized + Send + 'static {
    /// How large it may be.
    const ALLOWANCE: Allowance = Allowance::PLAIN;

    fn from_json(json: &[u8]) -> Result<Self, Failure>;
}

/// What can be read from a request's JSON object; unknown keys are ignored.
pub(crate) trait FromObject: Type + Sized + Send + 'static {
    /// The keys that are read.
    const KEYS: &'static [&'static str];

    fn from_object(object: &Map<String, Value>) -> Result<Self, Failure>;
}

impl<T: FromObject> FromJson for T {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        T::from_object(&fields::whole_values(json, Self::KEYS)?)
    }
}

/// A JSON body as a handler's argument; it counts among the bodies in flight until the handler has ended.
pub(crate) struct JsonBody<T>(pub(crate) T, #[expect(dead_code, reason = "held, not read")] Reservation);

impl<'a, T: FromJson> ApiExtractor<'a> for JsonBody<T> {
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
        // A route that was mounted without its layers refuses everybody.
        let budget = request.data::<BodyBudget>().ok_or(Failure::Internal)?;
        let caller = request.data::<Caller>().ok_or(Failure::NoToken)?;
        let mut reservation = budget.reserve(caller.user());
        let json = read(request.headers(), body.take()?, T::ALLOWANCE, &mut reservation).await?;
        let is_small = json.len() <= MAX_BODY_BYTES;
        let parse = move || T::from_json(&replace_lone_surrogates(&json));
        if is_small {
            return Ok(Self(parse()?, reservation));
        }
        // Taking megabytes apart would keep others waiting.
        let turn = budget.parse().await?;
        let parsed = tokio::task::spawn_blocking(move || {
            // Held to the end, also where the client goes away.
            let _turn = turn;
            parse()
        });
        match parsed.await {
            Ok(parsed) => Ok(Self(parsed?, reservation)),
            Err(_) => Err(Failure::Internal.into()),
        }
    }
}

pub(crate) fn not_json() -> Failure {
    Failure::Malformed("The body of the request is not JSON.".to_owned())
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
        Some(value) => json::integer::of(value),
    };
    match number {
        Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => Err(Failure::Invalid(format!("`{key}` must be an integer from {least} to {most}."))),
    }
}

/// The hyphenated form alone: the crate reads three more that no client of ours writes.
fn uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::parse_str(text).ok()).flatten()
}

/// The uuid under `key`.
pub(crate) fn user(object: &Map<String, Value>, key: &str) -> Result<Uuid, Failure> {
    let found = object.get(key).and_then(Value::as_str).and_then(uuid);
    found.ok_or_else(|| Failure::Invalid(format!("`{key}` must be a uuid.")))
}

/// The text under `key`.
pub(crate) fn text(object: &Map<String, Value>, key: &str) -> Result<String, Failure> {
    optional_text(object, key)?.ok_or_else(|| missing(key))
}

/// The text under `key`, or nothing where it is `null` or absent.
pub(crate) fn optional_text(object: &Map<String, Value>, key: &str) -> Result<Option<String>, Failure> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Failure::Invalid(format!("`{key}` must be a text."))),
    }
}

/// The moment under `key`, or nothing where it is `null` or absent.
pub(crate) fn moment(object: &Map<String, Value>, key: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = optional_text(object, key)? else { return Ok(None) };
    let fault = || Failure::Invalid(format!("`{key}` must be {}.", Moment::EXPECTED));
    Moment::parse(&text).map(|moment| Some(moment.0)).ok_or_else(fault)
}

/// What is needed is not there.
pub(crate) fn missing(key: &str) -> Failure {
    Failure::Invalid(format!("`{key}` is missing."))
}
