//! Filter: a text that a live rule refuses does not pass (4011, or answered without closing, by the rule's action). A
//! text that is to be masked, flagged or held passes with its verdict.
//!
//! Asks nobody where the rules are sure: they are in memory, and a message is judged by one whole set. Where only the
//! classifier holds a text, a second opinion is asked for, if the operator has named somebody to ask; while nobody
//! answers, what the operator declared holds.

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::{Instant, SystemTime},
};

use futures_util::future::Either;
use plic_filter::{Earlier, Recall, Rules, Said, Verdict};

use super::{BoxDecision, Stage, ban::NotBanned};
use crate::{
    command::{Command, SendMessage},
    moderation::Watch,
    opinion::SecondOpinion,
    rejection::{Filtered, Refused, Rejection},
    request::Request,
};

/// Refuses texts that the rules refuse.
pub struct Filter {
    /// The rules in force.
    pub rules: Arc<Rules>,
    /// What senders said lately.
    pub recall: Arc<Recall>,
    /// Counts what rules did.
    pub watch: Arc<Watch>,
    /// Whom to ask where the classifier is not sure.
    pub second_opinion: Option<Arc<dyn SecondOpinion>>,
}

/// Proof that no live rule refuses the text.
#[derive(Debug)]
pub struct Clean(());

impl Stage<Request<NotBanned>> for Filter {
    const NAME: &'static str = "filter";
    type Out = Request<Clean>;
    type Decision = Either<Ready<Result<Self::Out, Refused>>, BoxDecision<Self::Out>>;

    fn decide(self: &Arc<Self>, request: Request<NotBanned>) -> Self::Decision {
        let sender = request.sender();
        let Command::SendMessage(command) = &request.command;
        let started = Instant::now();
        let rules = self.rules.load();
        let earlier = if rules.looks_back() {
            self.recall.earlier(sender, command.room, SystemTime::now())
        } else {
            Earlier::default()
        };
        let said = Said { text: &command.text, room: Some(command.room), earlier: &earlier };
        let verdict = rules.judge(&said);
        self.watch.judged(&verdict, started.elapsed());
        match &self.second_opinion {
            Some(second_opinion) if verdict.is_unsure() => {
                let second_opinion = Arc::clone(second_opinion);
                Either::Right(Box::pin(async move {
                    let Command::SendMessage(command) = &request.command;
                    let opinion = second_opinion.ask(&command.text).await;
                    conclude(request, verdict.resolved(opinion))
                }))
            }
            _ => Either::Left(ready(conclude(request, verdict))),
        }
    }
}

fn conclude(request: Request<NotBanned>, verdict: Verdict) -> Result<Request<Clean>, Refused> {
    if !verdict.refuses() {
        return Ok(request.judged(verdict).prove(Clean(())));
    }
    let Command::SendMessage(SendMessage { room, text, temp_id }) = request.command;
    let filtered = Filtered { verdict, room, text };
    Err(Refused { temp_id: Some(temp_id), rejection: Rejection::Filtered(Box::new(filtered)) })
}
