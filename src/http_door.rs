//! The HTTP door: our own accept loop, with hyper's HTTP/1 around poem's endpoint, so that the WebSocket side owns its
//! sockets and REST keeps poem's middleware (DESIGN section 6).

mod connections;
mod visit;
mod waiting;

use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::uri::Scheme;
use hyper::{body::Incoming, server::conn::http1, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use plic_openapi::{AddressBlock, ClientAddress};
use poem::{
    Endpoint, Response,
    endpoint::BoxEndpoint,
    web::{LocalAddr, RemoteAddr},
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, Semaphore},
    task::yield_now,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::connections::{ConnectionLimits, Connections, DEFAULT_CONNECTIONS_PER_ADDRESS, Place};
use self::visit::{AnswerBody, InService, Leaving, Visit, Visiting};
use crate::{
    client_address::{client_address, is_trusted_proxy},
    socket::{Afterwards, Held, HttpIo, Link, Sock},
};

/// Who opens a connection has so long to send its first request ...
const FIRST_REQUEST: Duration = Duration::from_secs(5);
/// ... and a connection that is kept alive, its next one. Strangers have less ([`Visit::has_idled`]).
const NEXT_REQUEST: Duration = Duration::from_secs(75);
/// The head of a request: tokens of 8 KiB come in addresses and in headers (CONTRACT section 1).
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// What the kernel holds for a reader that does not read; left to itself it takes megabytes.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// What waits in a connection's outbox before a slow reader is closed with 4009.
const OUTBOX_BYTES: usize = 256 * 1024;
/// Connections that the system holds for us until they are accepted; it may allow fewer (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;
/// When the process is out of file descriptors, accepting pauses for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listens at `address`, for as many as come at once after a restart.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    #[cfg(target_os = "linux")]
    set_options(&SockRef::from(&listener))?;
    Ok(listener)
}

/// What every connection's socket is set to; on Linux it has that from the one that listens, without being asked.
fn set_options(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)
}

/// New connections that are served at once: of ten thousand that come together, the others wait and cost little. What
/// they need for a moment would otherwise stay with the process, between what they keep.
const TURNS: usize = 256;
/// After this, another may begin beside a connection that is still not done.
const LONGEST_TURN: Duration = Duration::from_millis(250);
/// How long accepting waits for a connection that was told to make room, and how often it looks.
const LONGEST_LEAVE: Duration = Duration::from_millis(50);
const LEAVE_CHECK_INTERVAL: Duration = Duration::from_millis(1);
/// After this, a connection begins though all turns are taken.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What serves requests.
pub struct HttpDoor {
    /// Every route, with its middleware.
    pub endpoint: BoxEndpoint<'static, Response>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Cancelled once the server stops.
    pub stopping: CancellationToken,
    /// The task of every connection, for as long as it is not a WebSocket.
    pub tasks: TaskTracker,
    /// Which connections there may be.
    pub connections: Arc<Connections>,
    /// What new connections wait for.
    pub turns: Semaphore,
}

/// What a connection is counted under once it is a WebSocket, in the data of its requests. A trusted proxy that does not say
/// whose the connection is has none.
#[derive(Clone, Copy)]
pub struct WebSocketClient(pub AddressBlock);

/// A connection that was upgraded.
struct Upgraded {
    held: Held,
    /// A connection whose user was not let in still makes room for others.
    refused: Option<Arc<Visiting>>,
}

/// The two ends of a connection.
#[derive(Clone, Copy)]
struct Ends {
    local: SocketAddr,
    peer: SocketAddr,
}

impl HttpDoor {
    /// As many turns as are given at once.
    pub fn turns() -> Semaphore {
        Semaphore::new(TURNS)
    }

    /// Accepts connections until the server stops.
    pub async fn accept(self: Arc<Self>, listener: TcpListener) {
        // What every request is told of the server's side; to ask each socket would be a system call.
        let local = match listener.local_addr() {
            Ok(local) => local,
            Err(error) => return tracing::error!(%error, "could not ask the listener for its address"),
        };
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stopping.cancelled() => return,
            };
            match accepted {
                Ok((tcp, peer)) => {
                    self.take_in(tcp, Ends { local, peer });
                    if self.connections.has_displaced() {
                        self.let_displaced_leave().await;
                    }
                }
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    plic_pipeline::log_limited!(ERROR, error: &error, "could not accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Gives connections that were told to make room the time to do so, before the next newcomer would be closed without an
    /// answer.
    async fn let_displaced_leave(&self) {
        yield_now().await;
        let deadline = Instant::now() + LONGEST_LEAVE;
        while !self.connections.can_turn_away() && Instant::now() < deadline {
            sleep(LEAVE_CHECK_INTERVAL).await;
        }
    }

    /// Gives a new connection a place and a task; closes it where there is no place.
    fn take_in(self: &Arc<Self>, tcp: TcpStream, ends: Ends) {
        let address = ends.peer.ip();
        let is_proxy = is_trusted_proxy(address, &self.trusted_proxies);
        let block = (!is_proxy).then(|| AddressBlock::from(address));
        let Some((place, visit)) = self.connections.admit(block) else { return };
        let visiting = Visiting { connections: Arc::clone(&self.connections), visit };
        // Boxed here, so that the task of an idle WebSocket keeps no room for what its handshake needed.
        let served = Box::pin(Arc::clone(self).serve(tcp, place, visiting, ends));
        let serving = self.tasks.token();
        tokio::spawn(async move {
            let upgraded = match served.await {
                Ok(Some(upgraded)) => upgraded,
                Ok(None) => return,
                Err(error) => return tracing::debug!(%error, "connection failed"),
            };
            drop(serving);
            match upgraded.refused {
                None => upgraded.held.conversation.await,
                Some(visiting) => Box::pin(visiting.unless_sent_away(upgraded.held.conversation)).await,
            }
        });
    }

    /// Serves requests until the connection ends, or is upgraded for a conversation.
    async fn serve(
        self: Arc<Self>,
        tcp: TcpStream,
        place: Place,
        visiting: Visiting,
        ends: Ends,
    ) -> io::Result<Option<Upgraded>> {
        #[cfg(not(target_os = "linux"))]
        set_options(&SockRef::from(&tcp))?;
        let deadline = Instant::now() + FIRST_REQUEST;
        // Waits for readability before anything is allocated for a request, so that a reconnect storm does not fragment
        // the heap.
        tokio::select! {
            readable = timeout_at(deadline, tcp.readable()) => match readable {
                Ok(readable) => readable?,
                Err(_) => return Ok(None),
            },
            _ = visiting.visit.leaves() => return Ok(None),
            () = self.stopping.cancelled() => return Ok(None),
        }
        // Who is slow does not keep others waiting: a turn is short, and nobody waits long for one.
        let turn = timeout(LONGEST_WAIT, self.turns.acquire()).await;
        let sock = Arc::new(Sock::new(tcp, place, OUTBOX_BYTES));
        let mut serving = Box::pin(Arc::clone(&self).serve_http(sock, visiting, deadline, ends));
        match timeout(LONGEST_TURN, serving.as_mut()).await {
            Ok(served) => return served,
            Err(_) => drop(turn),
        }
        serving.await
    }

    async fn serve_http(
        self: Arc<Self>,
        sock: Arc<Sock>,
        visiting: Visiting,
        deadline: Instant,
        ends: Ends,
    ) -> io::Result<Option<Upgraded>> {
        let first = Arc::new(FirstRequest::default());
        let afterwards = Afterwards::default();
        let visit = Arc::clone(&visiting.visit);
        let visiting = Arc::new(visiting);
        let written = Arc::clone(&visiting);
        let refused = Arc::clone(&visiting);
        let service = service_fn({
            let (door, sock, first, afterwards) = (&self, Arc::clone(&sock), &first, &afterwards);
            move |request: hyper::Request<Incoming>| {
                first.came();
                let served = InService::begin(Arc::clone(&visiting));
                let (door, sock) = (Arc::clone(door), Arc::clone(&sock));
                async move {
                    let request = door.prepare(request, sock, afterwards, served.visit(), ends);
                    let response = door.endpoint.get_response(request).await;
                    let open = served.end(response.status(), afterwards.is_refusal());
                    let response =
                        hyper::Response::from(response).map(|inner| AnswerBody { inner, _open: open });
                    Ok::<_, std::convert::Infallible>(response)
                }
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(NEXT_REQUEST)
            .keep_alive(visit.turned_away().is_none())
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(2 * MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(HttpIo::new(sock, written)), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let mut missed = pin!(first.missed(deadline));
        let mut leaves = pin!(visit.leaves());
        let mut idled = pin!(visit.has_idled());
        let mut stopping = pin!(self.stopping.cancelled());
        let (mut is_first, mut is_ending) = (true, false);
        loop {
            tokio::select! {
                result = connection.as_mut() => {
                    result.map_err(io::Error::other)?;
                    return Ok(afterwards.take().map(|held| Upgraded {
                        refused: held.is_refused.then_some(refused),
                        held,
                    }));
                }
                is_missed = missed.as_mut(), if is_first => {
                    if is_missed {
                        return Ok(None);
                    }
                    is_first = false;
                }
                leaving = leaves.as_mut(), if !is_ending => match leaving {
                    Leaving::AtOnce => return Ok(None),
                    Leaving::WhenDone => {
                        is_ending = true;
                        connection.as_mut().graceful_shutdown();
                    }
                },
                () = idled.as_mut(), if !is_first => return Ok(None),
                () = stopping.as_mut(), if !is_ending => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    /// Puts what the routes need into a request.
    fn prepare(
        &self,
        mut request: hyper::Request<Incoming>,
        sock: Arc<Sock>,
        afterwards: &Afterwards,
        visit: &Visit,
        Ends { local, peer }: Ends,
    ) -> poem::Request {
        let client = client_address(peer.ip(), request.headers(), &self.trusted_proxies);
        let upgrade = request.extensions_mut().remove::<OnUpgrade>();
        let mut request: poem::Request =
            (request, LocalAddr(local.into()), RemoteAddr(peer.into()), Scheme::HTTP).into();
        request.set_data(Link::new(sock, upgrade, afterwards));
        if !is_trusted_proxy(client, &self.trusted_proxies) {
            request.set_data(WebSocketClient(client.into()));
        }
        request.set_data(ClientAddress(client));
        // A proxy's connection carries the requests of many: what one of them shows says nothing of the others.
        if visit.address().is_some() {
            request.set_data(visit.standing().clone());
        }
        if let Some(reason) = visit.turned_away() {
            request.set_data(reason);
        }
        request
    }
}

/// Whether the first request of a connection has come.
#[derive(Default)]
struct FirstRequest {
    came: AtomicBool,
    changed: Notify,
}

impl FirstRequest {
    fn came(&self) {
        if !self.came.swap(true, Ordering::Relaxed) {
            self.changed.notify_one();
        }
    }

    /// Waits for the first request; answers whether it did not come before the deadline.
    async fn missed(&self, deadline: Instant) -> bool {
        timeout_at(deadline, self.changed.notified()).await.is_err()
    }
}

/// Whether accepting failed for a reason that lies with one peer alone.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
