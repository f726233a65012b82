//! A TCP proxy before a server, as a load balancer or a service mesh is: it takes connections also while there is no server
//! behind it, so that an outage does not show as a refused connection.

use std::{
    io::{self, Read as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::Postgres;

/// How long a connection that is turned away may take to say something.
const FIRST_BYTES: Duration = Duration::from_secs(5);

/// What happens to connections while the server is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// They are taken, and ended in good order.
    Ends,
    /// They are taken, and reset.
    Resets,
}

/// A running proxy; it stops when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: u16,
    outage: Mutex<Option<Outage>>,
    open: Mutex<Vec<TcpStream>>,
    is_over: AtomicBool,
}

impl Proxy {
    /// A new proxy before a server on this port of 127.0.0.1.
    pub fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it listens").port();
        let (outage, open, is_over) = (Mutex::default(), Mutex::default(), AtomicBool::default());
        let shared = Arc::new(Shared { upstream, outage, open, is_over });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.is_over.load(Ordering::SeqCst) {
                    break;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&accepting)) else { continue };
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { port, shared }
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a PostgreSQL database through it, with the owner's name and password.
    pub fn url(&self, database: &str) -> String {
        Postgres::url_at(self.port, database)
    }

    /// Ends all connections, and turns away those that come.
    pub fn fail(&self, outage: Outage) {
        *lock(&self.shared.outage) = Some(outage);
        self.shared.cut();
    }

    /// Lets connections through again.
    pub fn recover(&self) {
        *lock(&self.shared.outage) = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.shared.cut();
        // Wakes the thread that accepts.
        _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Shared {
    fn serve(&self, client: &TcpStream) {
        let outage = *lock(&self.outage);
        match outage {
            Some(outage) => turn_away(client, outage),
            // What fails ends this connection, and the tests see it there.
            None => _ = self.forward(client),
        }
    }

    fn forward(&self, client: &TcpStream) -> io::Result<()> {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.upstream))?;
        let (mut from_client, mut to_client) = (client.try_clone()?, client.try_clone()?);
        let (mut from_server, mut to_server) = (server.try_clone()?, server.try_clone()?);
        lock(&self.open).extend([client.try_clone()?, server]);
        thread::scope(|scope| {
            scope.spawn(move || {
                _ = io::copy(&mut from_client, &mut to_server);
                _ = to_server.shutdown(Shutdown::Write);
            });
            _ = io::copy(&mut from_server, &mut to_client);
            _ = to_client.shutdown(Shutdown::Both);
        });
        Ok(())
    }

    fn cut(&self) {
        for stream in lock(&self.open).drain(..) {
            _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Drops a connection once its first bytes are there: a socket that is closed with something unread is reset.
fn turn_away(mut client: &TcpStream, outage: Outage) {
    let mut bytes = [0; 1024];
    _ = client.set_read_timeout(Some(FIRST_BYTES));
    _ = match outage {
        Outage::Ends => client.read(&mut bytes),
        Outage::Resets => client.peek(&mut bytes),
    };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
