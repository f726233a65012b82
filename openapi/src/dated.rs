//! Dates every response by the clock that bans end by, so that a client that counts the length of a ban from the `Date`
//! header is right also where this machine's clock is wrong.

use std::sync::Arc;

use plic_pipeline::store::Store;
use poem::{
    Endpoint, Request, Response, Result,
    http::header::{DATE, HeaderValue},
};

/// Sets the `Date` of what `inner` responds.
pub(crate) struct Dated<E> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Dated<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let mut response = self.inner.call(request).await?;
        let date = self.store.now().to_http_date();
        if let Some(date) = date.and_then(|date| HeaderValue::try_from(date).ok()) {
            response.headers_mut().insert(DATE, date);
        }
        Ok(response)
    }
}
