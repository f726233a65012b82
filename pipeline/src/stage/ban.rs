//! Ban: a banned user's commands are refused (4005).
//!
//! Asks the cache, so that a message costs no read: the transaction that stores it decides about a ban that another node
//! has set in the last moments.
//!
//! Fails closed: where the store cannot tell, the command is refused with 4006, not let through.

use std::sync::Arc;

use super::{BoxDecision, Stage, structure::WellFormed};
use crate::{rejection::Rejection, request::Request, store::Store};

/// Refuses commands of users who are banned.
pub struct Ban {
    /// Who is banned.
    pub store: Arc<dyn Store>,
}

/// Proof that the sender is not banned.
#[derive(Debug)]
pub struct NotBanned(());

impl Stage<Request<WellFormed>> for Ban {
    const NAME: &'static str = "ban";
    type Out = Request<NotBanned>;
    type Decision = BoxDecision<Self::Out>;

    fn decide(self: &Arc<Self>, request: Request<WellFormed>) -> Self::Decision {
        let this = Arc::clone(self);
        Box::pin(async move {
            match this.store.cached_ban_of(request.sender()).await {
                Ok(Some(ban)) if ban.keeps_out(request.role(), this.store.now()) => {
                    Err(request.refuse(Rejection::Banned))
                }
                Ok(_) => Ok(request.prove(NotBanned(()))),
                Err(error) => Err(request.refuse(error)),
            }
        })
    }
}
