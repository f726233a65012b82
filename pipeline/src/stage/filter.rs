//! Filter: a text that a live rule refuses does not pass (4011, or answered without closing, by the rule's action). A
//! text that is to be masked, flagged or held passes with its verdict.
//!
//! Asks nobody where the rules are sure: they are in memory, and a message is judged by one whole set. Only a sender's
//! first message in a room over a connection waits for what they said before to be read. Where only the
//! classifier holds a text, a second opinion is asked for, if the operator has named somebody to ask; while nobody
//! answers, what the operator declared holds.

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::Instant,
};

use futures_util::future::Either;
use plic_filter::{Earlier, Place, RuleSet, Rules, Said, Verdict};

use super::{BoxDecision, Stage, ban::NotBanned};
use crate::{
    command::{Command, SendMessage},
    memory::Memory,
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
    pub memory: Arc<Memory>,
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
        let rules = self.rules.load();
        let place = place(&request);
        let missing = rules.looks_back().then(|| self.memory.missing(place, &rules));
        if let Some(missing) = missing.filter(|missing| !missing.is_nothing()) {
            let (this, rules) = (Arc::clone(self), Arc::clone(&rules));
            return Either::Right(Box::pin(async move {
                this.memory.read(place, missing, &rules).await;
                let verdict = this.judge(&request, &rules);
                this.resolve(request, verdict).await
            }));
        }
        let verdict = self.judge(&request, &rules);
        if self.second_opinion.is_some() && verdict.is_unsure() {
            let this = Arc::clone(self);
            return Either::Right(Box::pin(async move { this.resolve(request, verdict).await }));
        }
        Either::Left(ready(conclude(request, verdict)))
    }
}

impl Filter {
    /// Judges by what is known of the sender.
    fn judge(&self, request: &Request<NotBanned>, rules: &RuleSet) -> Verdict {
        let Command::SendMessage(command) = &request.command;
        let started = Instant::now();
        let earlier = if rules.looks_back() {
            self.memory.earlier(request.sender(), command.room)
        } else {
            Earlier::default()
        };
        let verdict = rules.judge(&Said { text: &command.text, room: Some(command.room), earlier: &earlier });
        self.watch.judged(&verdict, started.elapsed());
        verdict
    }

    /// Asks for a second opinion where one is wanted, and concludes.
    async fn resolve(
        &self,
        request: Request<NotBanned>,
        verdict: Verdict,
    ) -> Result<Request<Clean>, Refused> {
        let Some(second_opinion) = self.second_opinion.as_ref().filter(|_| verdict.is_unsure()) else {
            return conclude(request, verdict);
        };
        let Command::SendMessage(command) = &request.command;
        let opinion = second_opinion.ask(&command.text).await;
        conclude(request, verdict.resolved(opinion))
    }
}

fn place(request: &Request<NotBanned>) -> Place {
    let Command::SendMessage(command) = &request.command;
    Place { sender: request.sender(), room: command.room, connection: request.session.connection.0 }
}

fn conclude(request: Request<NotBanned>, verdict: Verdict) -> Result<Request<Clean>, Refused> {
    if !verdict.refuses() {
        return Ok(request.judged(verdict).prove(Clean(())));
    }
    let Command::SendMessage(SendMessage { room, text, temp_id }) = request.command;
    let filtered = Filtered { verdict, room, text };
    Err(Refused { temp_id: Some(temp_id), rejection: Rejection::Filtered(Box::new(filtered)) })
}
