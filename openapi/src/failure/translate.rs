//! From what the store, the rules of rooms and poem refuse with to a [`Failure`].

use plic_filter::RuleError;
use plic_pipeline::{
    moderation::{DeskError, IncidentKind, IncidentStatus},
    room::{MAX_PARTICIPANTS, RoomError},
    store::StoreError,
    token::TokenError,
};
use poem::error::{MethodNotAllowedError, NotFoundError};
use poem_openapi::error::{ParseParamError, ParsePathError};

use super::Failure;
use crate::{
    address_limit::OverLimit,
    moderation::{AuditedAction, CATEGORIES, IdPrefix},
    moment::Moment,
    number::MAX_SAFE_INTEGER,
    page::MAX_LIMIT,
    verifier::VerifyError,
};

impl From<OverLimit> for Failure {
    fn from(OverLimit { wait }: OverLimit) -> Self {
        Self::TooManyRequests(wait)
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::OverLimit(over) => over.into(),
            VerifyError::Token(TokenError::Invalid(_)) => Self::InvalidToken,
            VerifyError::Token(error @ TokenError::KeysUnavailable) => Self::Unavailable(Box::new(error)),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotParticipant => Self::NoSuchRoom,
            StoreError::Banned => Self::Banned,
            // What sends messages alone: REST sends none.
            StoreError::Held | StoreError::QueueFull => Self::Internal,
            StoreError::Unavailable(_) | StoreError::TimedOut | StoreError::Overloaded => {
                Self::Unavailable(Box::new(error))
            }
        }
    }
}

impl From<RoomError> for Failure {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::NotFound => Self::NoSuchRoom,
            RoomError::NotOwner => Self::NotOwner,
            RoomError::TooManyParticipants => {
                Self::Invalid(format!("A room has at most {MAX_PARTICIPANTS} participants."))
            }
            RoomError::AddedAndRemoved => {
                Self::Invalid("A user cannot be added and removed at once.".to_owned())
            }
            RoomError::UnknownCursor => {
                Self::Invalid("`after` is not the id of a room that you are in.".to_owned())
            }
            RoomError::TooManyRoomsToday(wait) => Self::DailyLimit(
                "You have started as many rooms within a day as one user may. Please try again later.",
                wait,
            ),
            RoomError::TooManyPeopleToday(wait) => Self::DailyLimit(
                "You have brought as many people into rooms within a day as one user may. Please try again later.",
                wait,
            ),
            RoomError::MorePeopleThanADayAllows(most) => {
                Self::Invalid(format!("One user may bring at most {most} people into rooms within a day."))
            }
            RoomError::Store(error) => error.into(),
        }
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::NotFound(thing) => Self::NoSuch(thing),
            DeskError::Stale(version) => Self::Stale(version),
            DeskError::Conflict(sentence) => Self::Conflict(sentence),
            DeskError::Decided(sentence) => Self::Decided(sentence),
            DeskError::AdminsOnly(sentence) => Self::AdminsOnly(sentence),
            DeskError::Forbidden(sentence) => Self::Forbidden(sentence),
            DeskError::Invalid { field, problem } => Self::Invalid(sentence(&format!("`{field}` {problem}"))),
            DeskError::Rule(error) => error.into(),
            DeskError::Busy(sentence) => Self::Busy(sentence),
            DeskError::Store(error) => error.into(),
        }
    }
}

impl From<RuleError> for Failure {
    fn from(error: RuleError) -> Self {
        Self::Invalid(match &error {
            RuleError::Field { rule, field, problem } => {
                sentence(&format!("`{field}` {problem} (rule {rule})"))
            }
            RuleError::SameId(id) => sentence(&format!("`id`: two rules have the id {id}")),
            RuleError::Compile(_) => "`terms` cannot be compiled: they are too many or too long.".to_owned(),
            other => sentence(&other.to_string()),
        })
    }
}

/// With a capital letter and a full stop, as for a person.
fn sentence(problem: &str) -> String {
    let mut sentence = problem.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

/// Translates what poem and poem-openapi refuse with; their own texts speak of Rust types.
pub(crate) fn translate(error: poem::Error) -> Failure {
    let error = match error.downcast::<Failure>() {
        Ok(failure) => return failure,
        Err(error) => error,
    };
    if error.is::<NotFoundError>() {
        Failure::NoSuchPath
    } else if error.is::<MethodNotAllowedError>() {
        Failure::MethodNotAllowed(&[])
    } else if error.is::<ParsePathError>() {
        // What is no id is no room; the routes of moderators say it for themselves.
        Failure::NoSuchRoom
    } else if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
        Failure::Invalid(format!("`{name}` must be {}.", expected(name, reason)))
    } else {
        if error.status().is_server_error() {
            plic_pipeline::log_limited!(ERROR, %error, "a request failed");
        }
        Failure::Status(error.status())
    }
}

/// What a parameter must be: a name means the same on every route, but for the action of an audited deed.
fn expected(name: &str, reason: &str) -> String {
    let one_of = |words: &[&str]| format!("one of `{}`", words.join("`, `"));
    match name {
        "after" => "the `after` of a `Link` header, or the id of a room that you are in".to_owned(),
        "limit" => format!("an integer from 1 to {MAX_LIMIT}"),
        "since" | "until" => Moment::EXPECTED.to_owned(),
        "user_id" | "actor" => "a uuid".to_owned(),
        "id_prefix" => IdPrefix::EXPECTED.to_owned(),
        "all" | "dry_run" => one_of(&["true", "false"]),
        "status" => one_of(&IncidentStatus::ALL.map(IncidentStatus::as_str)),
        "action" if reason.contains(AuditedAction::EXPECTED) => AuditedAction::EXPECTED.to_owned(),
        "action" => one_of(&IncidentKind::ALL.map(IncidentKind::as_str)),
        "category" => one_of(&CATEGORIES),
        _ => format!("an integer from 1 to {MAX_SAFE_INTEGER}"),
    }
}
