//! What moderators read is charged by its size, as what users read is. What they decide is not: a moderator who read much
//! can still ban somebody.

use poem::{Endpoint, Request, Response, Result, http::Method};

use crate::{
    caller::Caller,
    work::{self, WorkLimit},
};

/// Charges what `inner` answers to `GET`.
pub(super) struct Charged<E> {
    pub(super) work: WorkLimit,
    pub(super) inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Charged<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let reader = request.data::<Caller>().map(Caller::user).filter(|_| request.method() == Method::GET);
        let Some(reader) = reader else { return self.inner.call(request).await };
        self.work.charge(reader, 0)?;
        let mut response = self.inner.call(request).await?;
        // A stream of events has no size.
        if response.content_type().is_some_and(|content| content.starts_with("application/json")) {
            let body = response.take_body().into_bytes().await?;
            self.work.owe(reader, work::of_text(body.len()));
            response.set_body(body);
        }
        Ok(response)
    }
}
