//! Rate limit: so many messages a user and second (`RateLimited`), and 4012 for who goes on flooding.
//!
//! Asks nobody: the limiter is in memory, one a node.

use std::{
    future::{Ready, ready},
    num::NonZeroU32,
    sync::Arc,
    time::Instant,
};

use governor::{DefaultKeyedRateLimiter, Quota};

use super::{Stage, authorize::Authorized};
use crate::{
    id::UserId,
    rejection::{Refused, Rejection},
    request::Request,
    session::Session,
};

/// Limits the messages of each user, over all their connections to this node; a clone is the same limit.
#[derive(Debug, Clone)]
pub struct RateLimit {
    limiter: Arc<DefaultKeyedRateLimiter<UserId>>,
}

/// Proof that the sender is within their rate.
#[derive(Debug)]
pub struct WithinRate(());

impl RateLimit {
    /// A limit of `per_second` messages a user, and `burst` at once.
    pub fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: Arc::new(DefaultKeyedRateLimiter::keyed(quota)) }
    }

    /// Takes one message from the allowance of a session's user.
    ///
    /// # Errors
    /// `RateLimited`, or `Flooding` where the connection went on for too long.
    pub(crate) fn spend(&self, session: &Session) -> Result<(), Rejection> {
        if self.limiter.check_key(&session.identity.user).is_ok() {
            Ok(())
        } else if session.limited.is_flood(Instant::now()) {
            Err(Rejection::Flooding)
        } else {
            Err(Rejection::RateLimited)
        }
    }

    /// Forgets users whose allowance is whole again; to be called now and then, or the table grows for ever.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

impl Stage<Request<Authorized>> for RateLimit {
    const NAME: &'static str = "rate_limit";
    type Out = Request<WithinRate>;
    type Decision = Ready<Result<Self::Out, Refused>>;

    fn decide(self: &Arc<Self>, request: Request<Authorized>) -> Self::Decision {
        ready(match self.spend(&request.session) {
            Ok(()) => Ok(request.prove(WithinRate(()))),
            Err(rejection) => Err(request.refuse(rejection)),
        })
    }
}
