//! Resend: where a later stage refuses a text or its sender, a message that was stored within its window is confirmed
//! again, so that a rule or a membership changed in between never fails a delivered message (DESIGN section 2).
//!
//! Not a step of its own but a wrapper around the filter and what comes after it. Fails closed: where the store cannot
//! tell whether the message was stored, the answer is 4006, and the client resends.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tower::{Layer, Service};

use super::ban::NotBanned;
use crate::{
    command::{Command, Reply},
    rejection::{Refused, Rejection},
    request::Request,
    store::Store,
};

/// Layers [`Resend`].
#[derive(Clone)]
pub struct ResendLayer {
    /// Where sent messages are found.
    pub store: Arc<dyn Store>,
}

impl<N> Layer<N> for ResendLayer {
    type Service = Resend<N>;

    fn layer(&self, next: N) -> Self::Service {
        Resend { store: Arc::clone(&self.store), next }
    }
}

/// Confirms stored messages again that a later stage refuses now.
#[derive(Clone)]
pub struct Resend<N> {
    store: Arc<dyn Store>,
    next: N,
}

impl<N> Service<Request<NotBanned>> for Resend<N>
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
        let Command::SendMessage(command) = &request.command;
        let key = command.sent_key(request.sender());
        let temp_id = command.temp_id.clone();
        let store = Arc::clone(&self.store);
        let rest = self.next.call(request);
        Box::pin(async move {
            let refused = match rest.await {
                Err(refused) if may_have_been_sent(&refused.rejection) => refused,
                answer => return answer,
            };
            match store.already_sent(&key).await {
                Ok(Some(message)) => Ok(Reply::Sent { temp_id, message }),
                Ok(None) => Err(refused),
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
        | Rejection::Store(_) => false,
    }
}
