//! Filter: a text that a live rule refuses does not pass (4011, or answered without closing, by the rule's action). A
//! text that is to be masked, flagged or held passes with its verdict.
//!
//! The rules are in memory, and a message is judged by one whole set. Only a sender's first message in a room over a
//! connection waits for what they said before to be read. Where there is an encoder, it reads texts off the serving
//! threads, and the rules judge once more by what it makes of them. Where only the classifier holds a text, a second
//! opinion is asked for, if the operator has named somebody to ask. While neither answers, what is declared holds.

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::Instant,
};

use futures_util::future::Either;
use plic_filter::{Asks, Earlier, Place, RuleSet, Rules, Said, Verdict};

use super::{BoxDecision, Stage, ban::NotBanned};
use crate::{
    command::{Command, SendMessage},
    meaning::ReadsMeaning,
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
    /// What reads the meaning of texts.
    pub encoder: Option<Arc<dyn ReadsMeaning>>,
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
                this.resolve(request, &rules, verdict).await
            }));
        }
        let verdict = self.judge(&request, &rules);
        if self.asks_somebody(&verdict) {
            let (this, rules) = (Arc::clone(self), Arc::clone(&rules));
            return Either::Right(Box::pin(async move { this.resolve(request, &rules, verdict).await }));
        }
        self.watch.judged(&verdict);
        Either::Left(ready(conclude(request, verdict)))
    }
}

impl Filter {
    /// Judges by what is known of the sender.
    fn judge(&self, request: &Request<NotBanned>, rules: &RuleSet) -> Verdict {
        let started = Instant::now();
        let earlier = self.earlier(request, rules);
        let verdict = rules.judge(&said(request, &earlier));
        self.watch.took(started.elapsed());
        verdict
    }

    fn earlier(&self, request: &Request<NotBanned>, rules: &RuleSet) -> Earlier {
        if rules.looks_back() {
            let Place { sender, room, .. } = place(request);
            self.memory.earlier(sender, room)
        } else {
            Earlier::default()
        }
    }

    fn asks_somebody(&self, verdict: &Verdict) -> bool {
        let asks_encoder = self.encoder.is_some() && verdict.asks != Asks::Never;
        asks_encoder || (self.second_opinion.is_some() && verdict.is_unsure())
    }

    /// Asks whoever is there to be asked, and concludes.
    async fn resolve(
        &self,
        request: Request<NotBanned>,
        rules: &RuleSet,
        mut verdict: Verdict,
    ) -> Result<Request<Clean>, Refused> {
        let Command::SendMessage(command) = &request.command;
        if let Some(encoder) = &self.encoder
            && let Some(meaning) = encoder.meaning(&command.text, verdict.asks).await
        {
            let earlier = self.earlier(&request, rules);
            verdict = rules.judge_by(&said(&request, &earlier), Some(meaning));
        }
        self.watch.judged(&verdict);
        if let Some(second_opinion) = self.second_opinion.as_ref().filter(|_| verdict.is_unsure()) {
            verdict = verdict.resolved(second_opinion.ask(&command.text).await);
        }
        conclude(request, verdict)
    }
}

fn said<'a>(request: &'a Request<NotBanned>, earlier: &'a Earlier) -> Said<'a> {
    let Command::SendMessage(command) = &request.command;
    Said { text: &command.text, room: Some(command.room), earlier }
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
