//! Everything that a request can fail with, and the one envelope that says so (CONTRACT section 1).
//!
//! Handlers return a `Failure`; the layer in `envelope.rs` turns it, and every error of poem's, into the answer.

mod translate;

use std::{borrow::Cow, time::Duration};

use plic_pipeline::room::MAX_USERS_PER_REQUEST;
use poem::{
    IntoResponse, Response,
    error::ResponseError,
    http::{
        Method, StatusCode,
        header::{ALLOW, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE},
    },
    web::Json,
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
};
use serde_json::{Value, json};

pub(crate) use self::translate::translate;

/// When a client may ask again after the database or the signing keys were away, or too much was going on.
pub(crate) const UNAVAILABLE_RETRY: Duration = Duration::from_secs(5);

/// Why a request is not carried out; each has its status and its sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// 400: the body is not JSON, or did not arrive whole.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// 401: there is no bearer token.
    #[error("no token")]
    NoToken,
    /// 401: the token does not hold.
    #[error("the token is not valid")]
    InvalidToken,
    /// 403: the user is banned.
    #[error("the user is banned")]
    Banned,
    /// 403: a participant asks for what is the owner's.
    #[error("only the owner of the room may do this")]
    NotOwner,
    /// 403: the user is no moderator.
    #[error("only moderators may do this")]
    NotModerator,
    /// 403: the user is a moderator and no admin; a sentence for a person.
    #[error("{0}")]
    AdminsOnly(&'static str),
    /// 403: the moderator may not do this to this user or incident; a sentence for a person.
    #[error("{0}")]
    Forbidden(&'static str),
    /// 404: there is no such room for this user.
    #[error("there is no such room")]
    NoSuchRoom,
    /// 404: there is no such thing: a rule, an incident, a ban.
    #[error("there is no such {0}")]
    NoSuch(&'static str),
    /// 404: no route has this path.
    #[error("there is no such path")]
    NoSuchPath,
    /// 405: the path does not have this method; these it has.
    #[error("the method is not allowed here")]
    MethodNotAllowed(&'static [Method]),
    /// 408: the body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// 409: the rule has another version by now: this one.
    #[error("the rule is at version {0}")]
    Stale(u32),
    /// 409: what is asked for does not fit what is there any more; a sentence for a person.
    #[error("{0}")]
    Conflict(&'static str),
    /// 409: the incident is decided; a sentence for a person that says by whom.
    #[error("{0}")]
    Decided(String),
    /// 413: the body is larger than such a request needs: this many bytes.
    #[error("the body is larger than {0} bytes")]
    BodyTooLarge(usize),
    /// 415: the body is declared to be something other than JSON.
    #[error("the content type is not JSON")]
    NotJson,
    /// 422: well-formed, but not valid; the sentence says what.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// 428: a change that does not say of which version.
    #[error("no version is named")]
    VersionNeeded,
    /// 429: too much of this is going on at once; a sentence for a person.
    #[error("{0}")]
    Busy(&'static str),
    /// 429: over the rate; when to ask again.
    #[error("over the request rate")]
    TooManyRequests(Duration),
    /// 429: the user has done as much of this within a day as they may; a sentence for a person, and when to ask again.
    #[error("over a limit of a day")]
    DailyLimit(&'static str, Duration),
    /// 503: what the answer depends on is away.
    #[error("not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// 503: more is being sent to the server than it takes at once.
    #[error("too many bodies are in flight")]
    Overloaded,
    /// 500: a fault of ours.
    #[error("a fault of the server")]
    Internal,
    /// What a route of the server's own refuses, with its own sentence.
    #[error("{1}")]
    Refused(StatusCode, &'static str),
    /// Any other status that poem or a route of the server's own answers with.
    #[error("{0}")]
    Status(StatusCode),
}

impl Failure {
    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NoToken | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::Banned | Self::NotOwner | Self::NotModerator | Self::AdminsOnly(_) | Self::Forbidden(_) => {
                StatusCode::FORBIDDEN
            }
            Self::NoSuchRoom | Self::NoSuch(_) | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::Stale(_) | Self::Conflict(_) | Self::Decided(_) => StatusCode::CONFLICT,
            Self::VersionNeeded => StatusCode::PRECONDITION_REQUIRED,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests(_) | Self::Busy(_) | Self::DailyLimit(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Refused(status, _) | Self::Status(status) => *status,
        }
    }

    /// The sentence for a person.
    pub fn sentence(&self) -> Cow<'_, str> {
        match self {
            Self::Malformed(sentence) | Self::Invalid(sentence) | Self::Decided(sentence) => sentence.into(),
            Self::NoToken => {
                "Please sign in: an `Authorization: Bearer` header with your access token is needed.".into()
            }
            Self::InvalidToken => "Your session is not valid or has run out. Please sign in again.".into(),
            Self::Banned => "You are banned from the chat.".into(),
            Self::NotOwner => "Only the owner of the room may do this.".into(),
            Self::NoSuchRoom => "There is no such room.".into(),
            Self::NoSuchPath => "There is nothing at this address.".into(),
            Self::MethodNotAllowed(_) => "This address does not support this method.".into(),
            Self::BodyTimeout => "The body of the request did not arrive in time.".into(),
            Self::NotModerator => "Only moderators may do this.".into(),
            Self::AdminsOnly(sentence)
            | Self::Forbidden(sentence)
            | Self::Conflict(sentence)
            | Self::Busy(sentence)
            | Self::DailyLimit(sentence, _)
            | Self::Refused(_, sentence) => (*sentence).into(),
            Self::NoSuch(thing) => format!("There is no such {thing}.").into(),
            Self::Stale(version) => format!(
                "Somebody else changed the rule: it is at version {version}. Please read it again, then change it."
            )
            .into(),
            Self::VersionNeeded => {
                "An `If-Match` header with the version of the rule that you read is needed.".into()
            }
            Self::BodyTooLarge(bytes) if *bytes >= 1 << 20 => {
                format!("The body of the request is larger than {} MiB.", bytes >> 20).into()
            }
            Self::BodyTooLarge(bytes) => {
                format!("The body of the request is larger than {} KiB.", bytes >> 10).into()
            }
            Self::NotJson => "The body must be JSON, with `Content-Type: application/json`.".into(),
            Self::TooManyRequests(_) => "You are asking too often. Please wait a moment.".into(),
            Self::Unavailable(_) => "The service is not available right now. Please try again soon.".into(),
            Self::Overloaded => "The server is receiving too much at once. Please try again in a moment.".into(),
            Self::Internal => "Something went wrong on our side. Please try again.".into(),
            Self::Status(status) => {
                format!("The request failed: {}.", status.canonical_reason().unwrap_or("unknown")).into()
            }
        }
    }

    /// The body of the answer.
    pub fn envelope(&self) -> Value {
        json!({ "error_message": self.sentence(), "data": null })
    }

    /// The whole answer: status, headers and envelope.
    pub fn response(&self) -> Response {
        let mut response = Json(self.envelope()).into_response();
        response.set_status(self.status());
        let headers = response.headers_mut();
        match self {
            Self::NoToken => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::InvalidToken => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_token""#));
            }
            Self::MethodNotAllowed(methods) => {
                headers.insert(ALLOW, crate::methods::allow(methods));
            }
            Self::TooManyRequests(wait) | Self::DailyLimit(_, wait) => {
                headers.insert(RETRY_AFTER, seconds(*wait));
            }
            Self::Busy(_) | Self::Unavailable(_) | Self::Overloaded => {
                headers.insert(RETRY_AFTER, seconds(UNAVAILABLE_RETRY));
            }
            // RFC 9110 section 15.5.22 and RFC 6455 section 4.4: what to upgrade to.
            Self::Refused(StatusCode::UPGRADE_REQUIRED, _) => {
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            _ => {}
        }
        response
    }
}

/// Whole seconds, rounded up: a client that waits for less would be refused again.
fn seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        Self::status(self)
    }

    fn as_response(&self) -> Response {
        self.response()
    }
}

/// Failures are documented in `spec/failures.rs`, for every operation alike.
impl ApiResponse for Failure {
    fn meta() -> MetaResponses {
        MetaResponses { responses: Vec::new() }
    }

    fn register(_registry: &mut Registry) {}
}

/// More users named than a request may name.
pub(crate) fn too_many_users() -> Failure {
    Failure::Invalid(format!("A request names at most {MAX_USERS_PER_REQUEST} users."))
}
