//! Authorize: only a room's participants may speak in it (4012).
//!
//! Fails closed: where the store cannot tell, the command is refused with 4006, not let through.

use std::sync::Arc;

use super::{BoxDecision, Stage, filter::Clean};
use crate::{command::Command, rejection::Rejection, request::Request, store::Store};

/// Refuses commands to rooms that the sender is not in.
pub struct Authorize {
    /// Who is in which room.
    pub store: Arc<dyn Store>,
}

/// Proof that the sender may do what the command asks.
#[derive(Debug)]
pub struct Authorized(());

impl Stage<Request<Clean>> for Authorize {
    const NAME: &'static str = "authorize";
    type Out = Request<Authorized>;
    type Decision = BoxDecision<Self::Out>;

    fn decide(self: &Arc<Self>, request: Request<Clean>) -> Self::Decision {
        let this = Arc::clone(self);
        Box::pin(async move {
            let Command::SendMessage(command) = &request.command;
            match this.store.room(command.room).await {
                Ok(Some(room)) if room.has_participant(request.sender()) => Ok(request.prove(Authorized(()))),
                Ok(_) => Err(request.refuse(Rejection::NotParticipant)),
                Err(error) => Err(request.refuse(error)),
            }
        })
    }
}
