//! Refusal: what becomes of a message whose text or sender a later stage refuses.
//!
//! One that was stored within its window is confirmed again, and one that is held is answered as such, so that a rule or
//! a membership changed in between never fails a message, nor counts twice (DESIGN section 2). Any other that the filter
//! refuses goes on record.
//!
//! Not a step of its own but a wrapper around the filter and what comes after it. Fails closed: where the store cannot
//! tell whether the message was stored, the answer is 4006, and the client resends.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tower::{Layer, Service};

use super::{ban::NotBanned, rate_limit::RateLimit};
use crate::{
    command::Reply,
    moderation::Watch,
    rejection::{Refused, Rejection},
    request::Request,
    store::{Before, SentKey, Store},
};

/// Layers [`Refusal`].
#[derive(Clone)]
pub struct RefusalLayer {
    /// Where sent messages are found.
    pub store: Arc<dyn Store>,
    /// Puts refused messages on record.
    pub watch: Arc<Watch>,
    /// The limit that refused messages count against as well: each is looked up and put on record.
    pub rate_limit: RateLimit,
}

impl<N> Layer<N> for RefusalLayer {
    type Service = Refusal<N>;

    fn layer(&self, next: N) -> Self::Service {
        Refusal { parts: Arc::new(self.clone()), next }
    }
}

/// Looks after messages that a later stage refuses.
#[derive(Clone)]
pub struct Refusal<N> {
    parts: Arc<RefusalLayer>,
    next: N,
}

impl<N> Service<Request<NotBanned>> for Refusal<N>
where
    N: Service<Request<NotBanned>, Response = Reply, Error = Refused> + Clone + Send + 'static,
    N::Future: Send,
{
    type Response = Reply;
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Refused>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        self.next.poll_ready(context)
    }

    fn call(&mut self, request: Request<NotBanned>) -> Self::Future {
        let key = request.key.clone();
        let temp_id = request.command.temp_id().clone();
        let session = Arc::clone(&request.session);
        let parts = Arc::clone(&self.parts);
        let rest = self.next.call(request);
        Box::pin(async move {
            let RefusalLayer { store, watch, rate_limit } = &*parts;
            let refused = match rest.await {
                Err(refused) if may_have_been_sent(&refused.rejection) => refused,
                answer => return answer,
            };
            if matches!(&refused.rejection, Rejection::Filtered(filtered) if !filtered.verdict.closes())
                && let Err(rejection) = rate_limit.spend(&session)
            {
                return Err(Refused { temp_id: Some(temp_id), rejection });
            }
            match store.already_sent(&key).await {
                Ok(Some(Before::Sent(message))) => Ok(Reply::Sent { temp_id, message }),
                Ok(Some(Before::Held)) => Err(Refused { temp_id: Some(temp_id), rejection: Rejection::Held }),
                Ok(None) => {
                    if let Rejection::Filtered(filtered) = &refused.rejection {
                        watch.refused(SentKey::clone(&key), filtered).await;
                    }
                    Err(refused)
                }
                Err(error) => Err(Refused { temp_id: Some(temp_id), rejection: error.into() }),
            }
        })
    }
}

/// Whether the refusal depends on what may have changed since the message was first sent.
fn may_have_been_sent(rejection: &Rejection) -> bool {
    match rejection {
        Rejection::Filtered(_) | Rejection::NotParticipant => true,
        Rejection::TokenExpired
        | Rejection::BadStructure(_)
        | Rejection::Banned
        | Rejection::RateLimited
        | Rejection::Flooding
        | Rejection::Held
        | Rejection::Store(_) => false,
    }
}
