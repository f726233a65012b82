//! Structure: a payload must be a command, whole and well formed (4010).
//!
//! Fails closed, and asks nobody.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use super::Stage;
use crate::{
    command::{Command, StructureError},
    rejection::{Refused, Rejection},
    request::{Authenticated, Payload, Request},
};

/// Parses commands.
#[derive(Debug)]
pub struct Structure {
    /// The longest message, in Unicode scalar values.
    pub max_message_chars: usize,
}

/// Proof that the command is well formed.
#[derive(Debug)]
pub struct WellFormed(());

impl Stage<Authenticated> for Structure {
    const NAME: &'static str = "structure";
    type Out = Request<WellFormed>;
    type Decision = Ready<Result<Self::Out, Refused>>;

    fn decide(self: &Arc<Self>, authenticated: Authenticated) -> Self::Decision {
        let Authenticated { session, payload } = authenticated;
        let parsed = match payload {
            Payload::Text(text) => Command::parse(&text, self.max_message_chars),
            Payload::Binary => Err((None, StructureError::Binary)),
            Payload::TooLarge => Err((None, StructureError::TooLarge)),
        };
        ready(match parsed {
            Ok(command) => Ok(Request::new(session, command, WellFormed(()))),
            Err((temp_id, error)) => Err(Refused { temp_id, rejection: Rejection::BadStructure(error) }),
        })
    }
}
