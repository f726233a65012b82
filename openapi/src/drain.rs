//! Bodies that nobody reads. A server that refuses a request and closes while the client still sends resets the
//! connection, and the client never sees the answer. So what is left of a body is read and dropped for a while, a piece at a
//! time: of a body that nobody reads nothing is kept. What a handler reads is counted by the [`BodyBudget`].

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::{Body, Endpoint, Request, Result, http::header::EXPECT};
use tokio::{runtime::Handle, time::timeout};

use crate::body::budget::BodyBudget;

/// How much of a refused body is read ...
pub(crate) const DRAIN_BYTES: usize = 4 * 1024 * 1024;
/// ... and for how long (CONTRACT section 1).
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(2);

type BodyStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Drains what `inner` leaves of the body, and hands on the bound on bodies in flight.
pub(crate) struct Drain<E> {
    pub(crate) budget: BodyBudget,
    pub(crate) inner: E,
}

impl<E: Endpoint> Endpoint for Drain<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<E::Output> {
        request.set_data(self.budget.clone());
        let body = request.take_body();
        if !body.is_empty() {
            let lent = Lent {
                rest: Some(Box::pin(body.into_bytes_stream())),
                waits_to_be_asked: request.headers().contains_key(EXPECT),
            };
            request.set_body(Body::from_bytes_stream(lent));
        }
        self.inner.call(request).await
    }
}

/// A body that goes on being read when its reader drops it.
struct Lent {
    rest: Option<BodyStream>,
    /// The client sends the body only when asked (`Expect: 100-continue`), which reading does, and nobody has read
    /// yet: to drain it would ask for what is not wanted.
    waits_to_be_asked: bool,
}

impl Stream for Lent {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.waits_to_be_asked = false;
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let polled = rest.poll_next_unpin(context);
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.rest = None;
        }
        polled
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(rest), false, Ok(runtime)) =
            (self.rest.take(), self.waits_to_be_asked, Handle::try_current())
        {
            // One a connection at most: the next request is read when this body is done or the connection closed.
            runtime.spawn(timeout(DRAIN_TIME, drop_rest(rest)));
        }
    }
}

async fn drop_rest(mut rest: BodyStream) {
    let mut left = DRAIN_BYTES;
    while let Some(Ok(chunk)) = rest.next().await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            return;
        }
    }
}
