//! The WebSocket door: looks at who comes, before the handshake is answered, and holds the conversation after it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper_util::rt::TokioIo;
use plic_openapi::{AddressBlock, Standing, TurnedAway, Verifier, VerifyError};
use plic_pipeline::{
    Pipeline,
    id::ConnectionId,
    log_line::Untrusted,
    moderation::Staff,
    rejection::{Cause, CloseCode, Closing},
    session::Session,
    store::{Store, StoreError},
    token::{Identity, TokenError},
};

use super::{
    HttpIo, Sock,
    connection::{Conversation, Ending},
    flood::FloodGuard,
    handshake::{Handshake, Link},
    io::WsIo,
    messages::Messages,
    pulse::Pulse,
    wheel::Wheel,
};
use crate::{
    cluster::shared::{Arrival, Attendance},
    hub::{Hub, Membership},
    metrics::ConnectionMetrics,
};

/// What an operator can set about connections.
#[derive(Debug, Clone)]
pub struct DoorSettings {
    /// Frames a second that a connection may send.
    pub frames_per_second: u32,
    /// No command for so long ends the connection with 4003; `None` is never.
    pub afk: Option<Duration>,
    /// How often a ping is sent; two unanswered ones end the connection with 4009.
    pub ping: Duration,
    /// The exact origins that a browser may come from; `None` is any.
    pub allowed_origins: Option<Vec<String>>,
    /// The site's name in the sentence that a closed connection is given.
    pub site_name: String,
}

/// The WebSocket door: what every connection needs.
pub struct Door {
    pub(super) settings: DoorSettings,
    pub(super) pipeline: Pipeline,
    tokens: Verifier,
    store: Arc<dyn Store>,
    staff: Staff,
    hub: Arc<Hub>,
    attendance: Option<Arc<dyn Attendance>>,
    pub(super) metrics: ConnectionMetrics,
    next_connection: AtomicU64,
    draining: Arc<AtomicBool>,
    pub(super) wheel: Wheel,
}

/// What the server knows of a connection before its token is verified.
pub struct HandshakePeer {
    /// What its tokens are charged to.
    pub address: AddressBlock,
    /// Its standing, which its token changes; a trusted proxy's connection has none.
    pub standing: Option<Standing>,
    /// The limit that it is beyond.
    pub turned_away: Option<TurnedAway>,
}

/// A handshake that is decided and not answered yet.
pub struct Received<C> {
    /// To be held once the handshake is answered.
    pub conversation: C,
    /// Whether the user was not let in: the conversation says why and ends.
    pub is_refused: bool,
}

/// A user who may come in.
struct Admitted {
    session: Arc<Session>,
    present: Present,
}

/// That a connection is here, and known to be. The hub lets go of it before the other nodes are told.
struct Present {
    in_the_hub: Membership,
    attended: Option<Attended>,
}

impl Present {
    /// Lets the connection take the place of the user's older ones, here and on other nodes: its handshake has succeeded.
    fn establish(&self) {
        self.in_the_hub.establish();
        if let Some(Attended { attendance, arrival }) = &self.attended {
            attendance.established(*arrival);
        }
    }
}

/// That the other nodes know of a connection; dropping it tells them that it is gone, whatever ended it.
struct Attended {
    attendance: Arc<dyn Attendance>,
    arrival: Arrival,
}

impl Drop for Attended {
    fn drop(&mut self) {
        self.attendance.left(self.arrival);
    }
}

/// What a [`Door`] is made from.
pub struct DoorParts {
    /// Decides about commands.
    pub pipeline: Pipeline,
    /// Verifies access tokens, within the limits of addresses.
    pub tokens: Verifier,
    /// Knows who is banned.
    pub store: Arc<dyn Store>,
    /// Is told of moderators and admins who connect.
    pub staff: Staff,
    /// The connections of this node.
    pub hub: Arc<Hub>,
    /// Is told who comes and goes, where there are other nodes.
    pub attendance: Option<Arc<dyn Attendance>>,
    /// The number of the first connection; they grow from there.
    pub first_connection: ConnectionId,
    /// What is counted.
    pub metrics: ConnectionMetrics,
}

impl Door {
    /// A door to the pipeline, for those whom the tokens name and the store does not ban.
    pub fn new(settings: DoorSettings, parts: DoorParts) -> Self {
        let DoorParts { pipeline, tokens, store, staff, hub, attendance, first_connection, metrics } = parts;
        Self {
            settings,
            pipeline,
            tokens,
            store,
            staff,
            hub,
            attendance,
            metrics,
            next_connection: AtomicU64::new(first_connection.0),
            draining: Arc::default(),
            wheel: Wheel::new(),
        }
    }

    /// The server is shutting down: from now on nothing more is read from any connection.
    pub fn stop_reading(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the server is shutting down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Decides about a handshake before it is answered; the conversation that this returns is to be held once it is.
    /// An admitted connection is in the hub from then on: whatever is committed after the client has seen the answer
    /// reaches it, and frames wait in the outbox until the answer is out.
    pub async fn receive(
        self: Arc<Self>,
        handshake: Handshake,
        link: Link,
        peer: HandshakePeer,
    ) -> Received<impl Future<Output = ()> + Send + use<>> {
        // The order of the handshakes says which of a user's connections is the newer one.
        let id = ConnectionId(self.next_connection.fetch_add(1, Ordering::Relaxed));
        let admitted = self.admit(&handshake, id, link.sock(), peer).await;
        Received { is_refused: admitted.is_err(), conversation: self.talk(admitted, link) }
    }

    async fn talk(self: Arc<Self>, admitted: Result<Admitted, Closing>, link: Link) {
        let guard = FloodGuard::new(Some(self.settings.frames_per_second));
        let Some(messages) = self.open(&link, guard).await else { return };
        let sock = link.into_sock();
        let _open = self.metrics.opened();
        let mut conversation = Conversation { door: &self, sock: &sock, messages };
        let ending = match admitted {
            // The hub lets go of the connection at the end of the conversation.
            Ok(Admitted { session, present }) => {
                present.establish();
                conversation.converse(session).await
            }
            Err(closing) => Ending::Close(closing),
        };
        // Boxed, as what comes once: the task of an idle connection does not keep room for it.
        Box::pin(conversation.finish(ending)).await;
    }

    /// Waits for hyper to let go of the socket and puts the WebSocket library on it.
    pub(super) async fn open(&self, link: &Link, guard: FloodGuard) -> Option<Messages> {
        let upgraded =
            link.take_upgrade()?.await.inspect_err(|error| tracing::debug!(%error, "no upgrade")).ok()?;
        let parts = upgraded.downcast::<TokioIo<HttpIo>>().ok()?;
        let sock = Arc::clone(link.sock());
        sock.open();
        let io = WsIo::new(sock, guard, Arc::clone(&self.draining), &parts.read_buf);
        Some(Messages::new(io, &parts.read_buf))
    }

    /// Sends heartbeats to a connection, and ends it when its time has come, for as long as what this returns lives.
    pub(super) fn look_after(&self, sock: &Arc<Sock>, token_holds: Duration) -> Arc<Pulse> {
        let pulse = Pulse::new(Arc::clone(sock), &self.settings, self.wheel.now(), token_holds);
        let pulse = Arc::new(pulse);
        self.wheel.add(&pulse, &self.settings);
        pulse
    }

    /// Looks after the connections for as long as it is polled.
    pub async fn keep_time(self: Arc<Self>) {
        self.wheel.turn(&self.settings).await;
    }

    /// Lets in who may come in.
    async fn admit(
        &self,
        handshake: &Handshake,
        id: ConnectionId,
        sock: &Arc<Sock>,
        peer: HandshakePeer,
    ) -> Result<Admitted, Closing> {
        let identity = self.identify(handshake, peer).await?;
        let (user, role) = (identity.user, identity.role);
        self.check_ban(&identity).await?;
        self.check_draining()?;
        // Before the database is asked, which knows by it whom a ban does not bind.
        self.staff.note_before_acting(user, role).await;
        let in_the_hub = self.hub.join(user, role, id, Arc::clone(sock));
        let attended = self.attend(Arrival { user, connection: id }).await?;
        in_the_hub.hear();
        // Again, now that the hub knows the connection: a ban in between reaches it one way or the other.
        self.check_ban(&identity).await?;
        self.check_draining()?;
        let present = Present { in_the_hub, attended };
        Ok(Admitted { session: Arc::new(Session::new(identity, id)), present })
    }

    fn check_draining(&self) -> Result<(), CloseCode> {
        if self.is_draining() { Err(CloseCode::ServerShutdown) } else { Ok(()) }
    }

    /// Registers a connection in the database that the nodes share, which refuses a user whom any node has banned. A user
    /// who cannot be registered is not let in: messages of their rooms might not reach them.
    async fn attend(&self, arrival: Arrival) -> Result<Option<Attended>, CloseCode> {
        let Some(attendance) = &self.attendance else { return Ok(None) };
        let attended = Attended { attendance: Arc::clone(attendance), arrival };
        attendance.arrived(arrival).await.map_err(|error| match error {
            StoreError::Banned => CloseCode::Banned,
            error => {
                plic_pipeline::log_limited!(WARN, error: &error, "a new connection could not be registered");
                CloseCode::ServerError
            }
        })?;
        Ok(Some(attended))
    }

    /// Checks the page's origin, the limits and the token of a handshake, and returns whose the token is. What costs nothing
    /// comes first.
    async fn identify(&self, handshake: &Handshake, peer: HandshakePeer) -> Result<Identity, Closing> {
        if let (Some(allowed), Some(origin)) = (&self.settings.allowed_origins, &handshake.origin)
            && !allowed.contains(origin)
        {
            self.refuse_origin(origin);
            return Err(CloseCode::UnauthorizedAction.into());
        }
        let token = handshake.token.as_deref().ok_or(CloseCode::NoAuthToken)?;
        if peer.turned_away.is_some() {
            return Err(Closing::because(CloseCode::ConnectionClosed, Cause::OverLimit));
        }
        let verified = self.tokens.verify(token, peer.address, peer.standing.as_ref()).await;
        verified.map_err(|error| match error {
            VerifyError::OverLimit(_) => Closing::because(CloseCode::ConnectionClosed, Cause::OverLimit),
            VerifyError::Token(TokenError::Invalid(reason)) => {
                // The reason may quote the token's header and claims.
                tracing::debug!(reason = %Untrusted(reason), "refused a token");
                CloseCode::InvalidToken.into()
            }
            VerifyError::Token(TokenError::KeysUnavailable) => CloseCode::ServerError.into(),
        })
    }

    /// Counts a refused origin. An operator who forgot an origin sees one line a minute; strangers cannot add to it.
    fn refuse_origin(&self, origin: &str) {
        self.metrics.refused_origin();
        let origin = Untrusted(origin);
        plic_pipeline::log_limited!(
            INFO,
            %origin,
            "refused a page of an origin that PLIC_ALLOWED_ORIGINS does not name"
        );
    }

    /// Refuses a user whom a ban binds, and any user where the bans cannot be read. Asks the cache, so that a reconnect
    /// storm reads nothing; on several nodes [`Door::attend`] asks the database.
    async fn check_ban(&self, identity: &Identity) -> Result<(), CloseCode> {
        match self.store.cached_ban_of(identity.user).await {
            Ok(Some(ban)) if ban.keeps_out(identity.role, self.store.now()) => Err(CloseCode::Banned),
            Ok(_) => Ok(()),
            Err(error) => {
                plic_pipeline::log_limited!(WARN, error: &error, "could not ask for a ban");
                Err(CloseCode::ServerError)
            }
        }
    }
}
