//! Filter: a text that a live rule refuses does not pass (4011, or answered without closing, by the rule's action).
//!
//! Asks nobody: the rule set in force is in memory, and a message is judged by one whole set.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use super::{Stage, ban::NotBanned};
use crate::{
    command::Command,
    filter::Rules,
    rejection::{Refused, Rejection},
    request::Request,
};

/// Refuses texts that the rules refuse.
pub struct Filter {
    /// The rules in force.
    pub rules: Arc<Rules>,
}

/// Proof that no live rule refuses the text.
#[derive(Debug)]
pub struct Clean(());

impl Stage<Request<NotBanned>> for Filter {
    const NAME: &'static str = "filter";
    type Out = Request<Clean>;
    type Decision = Ready<Result<Self::Out, Refused>>;

    fn decide(self: &Arc<Self>, request: Request<NotBanned>) -> Self::Decision {
        let Command::SendMessage(command) = &request.command;
        let verdict = self.rules.load().check(&command.text);
        ready(if verdict.refuses() {
            Err(request.refuse(Rejection::Filtered(verdict)))
        } else {
            Ok(request.prove(Clean(())))
        })
    }
}
