//! From settings to a connection.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use plic_pipeline::log_line::LogThrottle;
use tokio::sync::mpsc;
use url::Url;

use super::NatsSettings;
use crate::metrics::ClusterMetrics;

/// A server that answers no ping three times in a row is given up.
const PING: Duration = Duration::from_secs(3);
const HANDSHAKE: Duration = Duration::from_secs(3);
/// Between two attempts, in milliseconds, beside up to as much again at random.
const RETRY_MILLISECONDS: u64 = 100;
/// Hints that wait for the connection's task; more are dropped.
const WAITING: usize = 4096;
/// Hints of a slot that wait to be heard; more are dropped, and their rooms looked at.
const UNHEARD: usize = 1024;

/// Why NATS cannot be used as it is set up. That it does not answer is no reason: it may later.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// An address is none.
    #[error("a server's address is not of the form nats://host:port or tls://host:port")]
    Address,
    /// There is no server.
    #[error("no server is named")]
    NoServer,
    /// The prefix cannot be a part of a subject.
    #[error("the prefix {0:?} is not made of letters, digits, '-', '_' and single dots between them")]
    Prefix(String),
    /// Only one half of a pair is there.
    #[error("a certificate needs its key, and a key its certificate")]
    HalfACertificate,
    /// A file cannot be read, or is not what it should be.
    #[error("could not use the file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The client cannot begin.
    #[error("the client does not start")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A client that connects for as long as it takes, and again for ever. `check` is told when hints may have been missed.
pub(super) async fn connect(
    settings: &NatsSettings,
    metrics: ClusterMetrics,
    check: mpsc::Sender<()>,
) -> Result<Client, NatsError> {
    let (servers, found) = servers(&settings.servers)?;
    if !is_subject(&settings.prefix) {
        return Err(NatsError::Prefix(settings.prefix.clone()));
    }
    let notes = Notes { metrics, check, away: LogThrottle::new(), is_said_away: AtomicBool::new(true) };
    let mut options = ConnectOptions::new()
        .name("plic-chat")
        .retry_on_initial_connect()
        .max_reconnects(None)
        .ignore_discovered_servers()
        .skip_subject_validation(true)
        .no_echo()
        .require_tls(settings.require_tls)
        .ping_interval(PING)
        .connection_timeout(HANDSHAKE)
        .client_capacity(WAITING)
        .subscription_capacity(UNHEARD)
        .reconnect_delay_callback(delay)
        .event_callback(move |event| {
            notes.note(&event);
            async {}
        });
    if let Some(path) = &settings.ca_file {
        read(path)?;
        options = options.add_root_certificates(path.clone());
    }
    match (&settings.certificate_file, &settings.key_file) {
        (Some(certificate), Some(key)) => {
            read(certificate)?;
            read(key)?;
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        (None, None) => {}
        _ => return Err(NatsError::HalfACertificate),
    }
    if let Some(path) = &settings.credentials_file {
        let of_file = |source| NatsError::File { path: path.clone(), source };
        options = options.credentials(&read(path)?).map_err(of_file)?;
    }
    if let Some(path) = &settings.nkey_file {
        options = options.nkey(read(path)?.trim().to_owned());
    }
    if let Some(token) = settings.token.clone().or(found.token) {
        options = options.token(token);
    }
    if let Some(user) = settings.user.clone().or(found.user) {
        let password = settings.password.clone().or(found.password).unwrap_or_default();
        options = options.user_and_password(user, password);
    }
    options.connect(servers).await.map_err(|error| NatsError::Client(Box::new(error)))
}

/// What addresses say about who comes; the first that says so counts for all.
#[derive(Default)]
struct Found {
    user: Option<String>,
    password: Option<String>,
    token: Option<String>,
}

/// The addresses without what is secret about them, so that no log can show it.
fn servers(settings: &[String]) -> Result<(Vec<ServerAddr>, Found), NatsError> {
    let mut found = Found::default();
    let mut servers = Vec::with_capacity(settings.len());
    for server in settings {
        let mut url = Url::parse(server.trim()).map_err(|_| NatsError::Address)?;
        if !matches!(url.scheme(), "nats" | "tls") || !url.has_host() {
            return Err(NatsError::Address);
        }
        if found.user.is_none() && found.token.is_none() && !url.username().is_empty() {
            let user = decoded(url.username())?;
            match url.password() {
                Some(password) => (found.user, found.password) = (Some(user), Some(decoded(password)?)),
                None => found.token = Some(user),
            }
        }
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| NatsError::Address)?;
        servers.push(ServerAddr::from_url(url).map_err(|_| NatsError::Address)?);
    }
    if servers.is_empty() { Err(NatsError::NoServer) } else { Ok((servers, found)) }
}

/// Undoes the percent signs of an address.
fn decoded(text: &str) -> Result<String, NatsError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        bytes.push(match (first, more) {
            (b'%', [high, low, more @ ..]) => {
                rest = more;
                let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(NatsError::Address);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).map_err(|_| NatsError::Address)?
            }
            _ => *first,
        });
    }
    String::from_utf8(bytes).map_err(|_| NatsError::Address)
}

fn read(path: &Path) -> Result<String, NatsError> {
    fs::read_to_string(path).map_err(|source| NatsError::File { path: path.to_owned(), source })
}

fn is_subject(prefix: &str) -> bool {
    let is_token = |token: &str| {
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    prefix.split('.').all(is_token)
}

/// How long to wait before the next attempt: nodes that lost the same server do not come back all at once.
fn delay(attempts: usize) -> Duration {
    let random = RandomState::new().hash_one(attempts) % RETRY_MILLISECONDS;
    Duration::from_millis(RETRY_MILLISECONDS + random)
}

/// What becomes of the client's events.
struct Notes {
    metrics: ClusterMetrics,
    check: mpsc::Sender<()>,
    away: LogThrottle,
    /// Whether the log says that NATS is away: then it also says that it is back.
    is_said_away: AtomicBool,
}

impl Notes {
    fn note(&self, event: &Event) {
        match event {
            Event::Connected => {
                if self.is_said_away.swap(false, Ordering::Relaxed) {
                    tracing::info!("connected to NATS");
                }
                self.metrics.connected.set(1);
            }
            Event::Disconnected | Event::Closed => {
                if let Some(left_out) = self.away.admits() {
                    self.is_said_away.store(true, Ordering::Relaxed);
                    tracing::warn!(
                        left_out,
                        "NATS is away; messages of other nodes come by the database, a little later"
                    );
                }
                self.metrics.connected.set(0);
                return;
            }
            Event::SlowConsumer(_) => {
                plic_pipeline::log_limited!(WARN, "hints came faster than they were heard");
            }
            Event::ServerError(error) => {
                plic_pipeline::log_limited!(WARN, %error, "NATS refused something");
                return;
            }
            Event::ClientError(error) => {
                plic_pipeline::log_limited!(WARN, %error, "NATS cannot be reached; trying again");
                return;
            }
            Event::LameDuckMode | Event::Draining => return,
        }
        // Where one is waiting already, the rooms are looked at anyway.
        let _ = self.check.try_send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(server: &str) -> (String, [Option<String>; 3]) {
        let (servers, found) = servers(&[server.into()]).expect("an address");
        (servers[0].as_url_str().into(), [found.user, found.password, found.token])
    }

    #[test]
    fn secrets_are_taken_out_of_addresses() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(found("nats://a:4222"), ("nats://a:4222".into(), [None, None, None]));
        assert_eq!(
            found("tls://me:p%40ss@a:4222"),
            ("tls://a:4222".into(), [text("me"), text("p@ss"), None])
        );
        assert_eq!(found("nats://s3cret@a"), ("nats://a".into(), [None, None, text("s3cret")]));
    }

    #[test]
    fn what_is_no_address_or_no_subject_is_refused() {
        for address in ["", "a:4222", "http://a", "ws://a", "nats://", "nats://%zz@a"] {
            assert!(servers(&[address.into()]).is_err(), "{address}");
        }
        assert!(servers(&[]).is_err());
        for prefix in ["", ".", "a.", ".a", "a..b", "a b", "a.*", ">", "a\n"] {
            assert!(!is_subject(prefix), "{prefix}");
        }
        assert!(is_subject("plic") && is_subject("a-1.b_2"));
    }
}
