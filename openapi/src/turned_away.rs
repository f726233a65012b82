//! Refuses requests of connections that came beyond a limit, but for health probes: an orchestrator must not restart
//! a server for being full. Handshakes on `/` pass as well: the server completes them and says why in a frame.

use poem::{Endpoint, Request, Result, http::header::UPGRADE};

use crate::failure::Failure;

/// Paths that are answered all the same.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Why the requests of a connection are refused; the server puts it into their data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    /// The address has as many connections as it may have.
    #[error("too many connections of one address")]
    AddressFull,
    /// The server has as many connections as there are files for.
    #[error("too many connections")]
    ServerFull,
}

impl From<TurnedAway> for Failure {
    fn from(reason: TurnedAway) -> Self {
        match reason {
            TurnedAway::AddressFull => {
                Self::Busy("There are too many connections from your network. Please try again soon.")
            }
            TurnedAway::ServerFull => Self::Unavailable(Box::new(reason)),
        }
    }
}

/// Whether the server's own routes answer a request whose connection was turned away.
fn is_answered(request: &Request) -> bool {
    let path = request.uri().path();
    PROBES.contains(&path) || path == "/" && request.headers().contains_key(UPGRADE)
}

/// Passes requests on to `inner` unless their connection was turned away.
pub(crate) struct TurnAway<E> {
    pub(crate) inner: E,
}

impl<E: Endpoint> Endpoint for TurnAway<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<E::Output> {
        if let Some(reason) = request.data::<TurnedAway>()
            && !is_answered(&request)
        {
            return Err(Failure::from(*reason).into());
        }
        self.inner.call(request).await
    }
}
