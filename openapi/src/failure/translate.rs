//! From what the store, the rules of rooms and poem refuse with to a [`Failure`].

use plic_pipeline::{
    room::{MAX_PARTICIPANTS, RoomError},
    store::StoreError,
};
use poem::error::{MethodNotAllowedError, NotFoundError};
use poem_openapi::error::{ParseParamError, ParsePathError};
use tracing::error;

use super::Failure;
use crate::{number::MAX_SAFE_INTEGER, page::MAX_LIMIT};

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotParticipant => Self::NoSuchRoom,
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
            RoomError::Store(error) => error.into(),
        }
    }
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
        // The only parameter in a path is a room's id: what is no id is no room.
        Failure::NoSuchRoom
    } else if let Some(ParseParamError { name, .. }) = error.downcast_ref() {
        let most = if *name == "limit" { MAX_LIMIT } else { MAX_SAFE_INTEGER };
        Failure::Invalid(format!("`{name}` must be an integer from 1 to {most}."))
    } else {
        if error.status().is_server_error() {
            error!(%error, "a request failed");
        }
        Failure::Status(error.status())
    }
}
