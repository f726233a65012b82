//! Who may moderate: asked behind the gate and before the body is read.

use plic_pipeline::token::Role;
use poem::{Endpoint, Request, Result, http::Method};
use poem_openapi::error::ParsePathError;

use super::actor;
use crate::{caller::Caller, failure::Failure};

/// Lets moderators through to `inner`, and admins alone where the method is theirs.
pub(super) struct Rank<E> {
    pub(super) admins_only: &'static [Method],
    /// What the id in the path names: what is no id names none.
    pub(super) thing: &'static str,
    pub(super) inner: E,
}

impl<E: Endpoint> Endpoint for Rank<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<E::Output> {
        let caller = request.data::<Caller>().map(actor);
        let Some(moderator) = caller.filter(|caller| caller.role >= Role::Moderator) else {
            return Err(Failure::NotModerator.into());
        };
        if moderator.role < Role::Admin && self.admins_only.contains(request.method()) {
            return Err(Failure::AdminsOnly("Only admins may do this.").into());
        }
        let answer = self.inner.call(request).await;
        answer.map_err(
            |error| {
                if error.is::<ParsePathError>() { Failure::NoSuch(self.thing).into() } else { error }
            },
        )
    }
}
