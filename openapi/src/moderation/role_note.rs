//! Noting the role that a caller's token shows, on every route behind the gate: a moderator's ban binds no admin who was
//! seen, by whatever way.

use plic_pipeline::moderation::Desk;
use poem::{Endpoint, Request, Result};

use super::actor;
use crate::caller::Caller;

/// Tells the desk the role of each caller, and hands the request on to `inner`.
pub(crate) struct RoleNote<E> {
    pub(crate) desk: Desk,
    pub(crate) inner: E,
}

impl<E: Endpoint> Endpoint for RoleNote<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<E::Output> {
        // Of somebody who was a moderator, it is noted that they are none any more.
        if let Some(caller) = request.data::<Caller>() {
            self.desk.note_role(actor(caller));
        }
        self.inner.call(request).await
    }
}
