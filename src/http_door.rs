//! The HTTP door: our own accept loop, with hyper's HTTP/1 around poem's endpoint, so that the WebSocket side owns its
//! sockets and REST keeps poem's middleware (DESIGN section 6).

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

use bytes::Bytes;
use http::uri::Scheme;
use http_body_util::combinators::BoxBody;
use hyper::{body::Incoming, server::conn::http1, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use plic_openapi::ClientAddress;
use poem::{
    Endpoint, Response,
    endpoint::BoxEndpoint,
    web::{LocalAddr, RemoteAddr},
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    client_address::client_address,
    socket::{HttpIo, Link, Sock},
};

/// Who opens a connection has so long to send its first request ...
const FIRST_REQUEST: Duration = Duration::from_secs(5);
/// ... and a connection that is kept alive, its next one.
const NEXT_REQUEST: Duration = Duration::from_secs(75);
/// The head of a request: tokens of 8 KiB come in addresses and in headers (CONTRACT section 1).
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// What the kernel holds for a reader that does not read; left to itself it takes megabytes.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// What waits in a connection's outbox before a slow reader is closed with 4009.
const OUTBOX_BYTES: usize = 256 * 1024;
/// When the process is out of file descriptors, accepting pauses for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What serves requests.
pub struct HttpDoor {
    /// Every route, with its middleware.
    pub endpoint: BoxEndpoint<'static, Response>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Cancelled once the server stops.
    pub stopping: CancellationToken,
    /// Every connection, for as long as it is not a WebSocket.
    pub connections: TaskTracker,
}

impl HttpDoor {
    /// Accepts connections until the server stops.
    pub async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stopping.cancelled() => return,
            };
            match accepted {
                Ok((tcp, peer)) => {
                    let door = Arc::clone(&self);
                    self.connections.spawn(async move {
                        if let Err(error) = door.serve(tcp, peer).await {
                            tracing::debug!(%error, "connection failed");
                        }
                    });
                }
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "could not accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn serve(self: Arc<Self>, tcp: TcpStream, peer: SocketAddr) -> io::Result<()> {
        tcp.set_nodelay(true)?;
        SockRef::from(&tcp).set_send_buffer_size(SEND_BUFFER_BYTES)?;
        let local = tcp.local_addr()?;
        let sock = Arc::new(Sock::new(tcp, OUTBOX_BYTES));
        let first = Arc::new(FirstRequest::default());
        let service = service_fn({
            let (door, sock, first) = (Arc::clone(&self), Arc::clone(&sock), Arc::clone(&first));
            move |request| {
                first.came();
                let (door, sock) = (Arc::clone(&door), Arc::clone(&sock));
                async move { Ok::<_, std::convert::Infallible>(door.answer(request, sock, local, peer).await) }
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(NEXT_REQUEST)
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(2 * MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(HttpIo::new(sock)), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let deadline = pin!(first.missed());
        let mut deadline = Some(deadline);
        let mut stopping = pin!(self.stopping.cancelled());
        let mut stopped = false;
        loop {
            tokio::select! {
                result = connection.as_mut() => return result.map_err(io::Error::other),
                missed = async { deadline.as_mut().expect("asked only where there is one").await }, if deadline.is_some() => {
                    if missed {
                        return Ok(());
                    }
                    deadline = None;
                }
                () = stopping.as_mut(), if !stopped => {
                    stopped = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    async fn answer(
        &self,
        mut request: hyper::Request<Incoming>,
        sock: Arc<Sock>,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> hyper::Response<BoxBody<Bytes, io::Error>> {
        let link = Link::new(sock, request.extensions_mut().remove::<OnUpgrade>());
        let client = client_address(peer.ip(), request.headers(), &self.trusted_proxies);
        let mut request: poem::Request =
            (request, LocalAddr(local.into()), RemoteAddr(peer.into()), Scheme::HTTP).into();
        request.set_data(link);
        request.set_data(ClientAddress(client));
        self.endpoint.get_response(request).await.into()
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

    /// Waits for the first request; answers whether it did not come in time.
    async fn missed(&self) -> bool {
        tokio::time::timeout(FIRST_REQUEST, self.changed.notified()).await.is_err()
    }
}

/// Whether accepting failed for a reason that lies with one peer alone.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
