//! Refuses the requests of connections that came beyond a limit, but for health probes: an orchestrator must not restart
//! a server for being full.

use poem::{Endpoint, Request, Result};

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

/// Passes requests on to `inner` unless their connection was turned away.
pub(crate) struct TurnAway<E> {
    pub(crate) inner: E,
}

impl<E: Endpoint> Endpoint for TurnAway<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<E::Output> {
        if let Some(reason) = request.data::<TurnedAway>()
            && !PROBES.contains(&request.uri().path())
        {
            return Err(Failure::from(*reason).into());
        }
        self.inner.call(request).await
    }
}
