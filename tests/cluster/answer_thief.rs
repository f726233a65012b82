//! A proxy before PostgreSQL that takes away answers: what was asked is done, and who asked never hears of it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
};

/// Passes everything on until the marker is asked about; from then on no answer, and no new connection, until it is healed.
pub(crate) struct AnswerThief {
    address: SocketAddr,
    theft: Arc<Theft>,
    healed: watch::Sender<()>,
}

struct Theft {
    marker: &'static [u8],
    is_on: AtomicBool,
    is_over: AtomicBool,
}

impl AnswerThief {
    /// Stands before the PostgreSQL on this port of this machine.
    pub(crate) async fn before(port: u16, marker: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let theft = Arc::new(Theft {
            marker: marker.as_bytes(),
            is_on: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        });
        let (healed, _) = watch::channel(());
        let (accepted, stopped) = (Arc::clone(&theft), healed.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if accepted.is_on() {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                tokio::spawn(pass_on(client, server, Arc::clone(&accepted), stopped.subscribe()));
            }
        });
        Self { address, theft, healed }
    }

    /// Where the proxy listens.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Whether an answer was taken.
    pub(crate) fn has_struck(&self) -> bool {
        self.theft.is_on()
    }

    /// Ends the connections whose answers were taken, and passes everything on from now on.
    pub(crate) fn heal(&self) {
        self.theft.is_over.store(true, Ordering::SeqCst);
        self.healed.send_replace(());
    }
}

impl Theft {
    fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst) && !self.is_over.load(Ordering::SeqCst)
    }

    fn looks_at(&self, asked: &[u8]) {
        if asked.windows(self.marker.len()).any(|window| window == self.marker) {
            self.is_on.store(true, Ordering::SeqCst);
        }
    }
}

async fn pass_on(client: TcpStream, server: TcpStream, theft: Arc<Theft>, mut healed: watch::Receiver<()>) {
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let asks = copy(from_client, to_server, |asked| {
        theft.looks_at(asked);
        true
    });
    let answers = copy(from_server, to_client, |_| !theft.is_on());
    tokio::select! {
        () = asks => {}
        () = answers => {}
        _ = healed.changed() => {}
    }
}

/// Copies what `passes`.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, passes: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if passes(&buffer[..length]) && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
