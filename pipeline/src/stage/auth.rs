//! Auth: the token that verified at the handshake must still hold when the command comes (4002).
//!
//! Fails closed, and asks nobody: the session carries what was verified.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use super::Stage;
use crate::{
    rejection::{Refused, Rejection},
    request::{Authenticated, Inbound},
    timestamp::Timestamp,
};

/// Refuses whatever comes over a session whose token has run out.
#[derive(Debug, Default)]
pub struct Auth;

impl Stage<Inbound> for Auth {
    const NAME: &'static str = "auth";
    type Out = Authenticated;
    type Decision = Ready<Result<Authenticated, Refused>>;

    fn decide(self: &Arc<Self>, inbound: Inbound) -> Self::Decision {
        let Inbound { session, payload } = inbound;
        ready(if Timestamp::now() < session.identity.expires_at {
            Ok(Authenticated { session, payload })
        } else {
            Err(Refused { temp_id: payload.temp_id(), rejection: Rejection::TokenExpired })
        })
    }
}
