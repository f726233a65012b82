//! A NATS server of its own, without JetStream.

use std::{
    fmt::Write as _,
    io::Read as _,
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    time::Duration,
};

use crate::{Certificates, port, server::Server, tool};

/// Who may connect.
#[derive(Debug, Clone, Default)]
pub enum NatsAccess {
    /// Everybody.
    #[default]
    Open,
    /// Who knows this name and this password.
    Password(String, String),
    /// Who knows this token.
    Token(String),
    /// Who holds the seed of this public user key (`U..`).
    Nkey(String),
}

/// How a server is set up.
#[derive(Debug, Default)]
pub struct NatsOptions<'a> {
    /// Who may connect.
    pub access: NatsAccess,
    /// Takes connections over TLS alone, with the server certificate of these.
    pub tls: Option<&'a Certificates>,
    /// Asks clients for a certificate of the same authority.
    pub client_certificates: bool,
}

/// A NATS server; `kill` and `start_again` play an outage.
#[derive(Debug)]
pub struct Nats {
    server: Server,
    access: NatsAccess,
    tls: bool,
    lines: String,
    port: u16,
}

impl Nats {
    /// A new server.
    pub fn start(options: &NatsOptions<'_>) -> Self {
        let lines = lines(options);
        let (access, tls) = (options.access.clone(), options.tls.is_some());
        let mut nats = Self { server: Server::new("TERM"), access, tls, lines, port: 0 };
        let started = (0..3).any(|_| {
            nats.port = port::free();
            nats.try_start()
        });
        assert!(started, "NATS does not start: {}", nats.server.log());
        nats
    }

    /// Whether it is installed.
    pub fn is_installed() -> bool {
        tool::installed("nats-server").is_some()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    fn try_start(&mut self) -> bool {
        let file = self.configuration();
        tool::write_private(&file, format!("port: {}\n{}", self.port, self.lines).as_bytes());
        let mut command = std::process::Command::new(tool::find("nats-server"));
        command.arg("-c").arg(file);
        let port = self.port;
        self.server.start(&command, || greets(port))
    }

    fn configuration(&self) -> PathBuf {
        self.server.folder().join("nats.conf")
    }

    /// The address, with the name and password or the token that it asks for.
    pub fn url(&self) -> String {
        let scheme = if self.tls { "tls" } else { "nats" };
        let user = match &self.access {
            NatsAccess::Open | NatsAccess::Nkey(_) => String::new(),
            NatsAccess::Password(name, password) => format!("{name}:{password}@"),
            NatsAccess::Token(token) => format!("{token}@"),
        };
        format!("{scheme}://{user}127.0.0.1:{}", self.port)
    }

    /// Ends it without a word to its clients.
    pub fn kill(&mut self) {
        self.server.end("KILL");
    }

    /// Starts it again on the same port, after it was killed.
    pub fn start_again(&mut self) {
        assert!(self.try_start(), "NATS does not start again: {}", self.server.log());
    }

    /// Stops it in the middle of what it does, connections open, as a network that loses everything would look.
    pub fn freeze(&self) {
        self.server.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.server.signal("CONT");
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

fn lines(options: &NatsOptions<'_>) -> String {
    let mut lines = String::from("host: \"127.0.0.1\"\n");
    let access = match &options.access {
        NatsAccess::Open => String::new(),
        NatsAccess::Password(name, password) => {
            format!("authorization {{ user: \"{name}\", password: \"{password}\" }}\n")
        }
        NatsAccess::Token(token) => format!("authorization {{ token: \"{token}\" }}\n"),
        NatsAccess::Nkey(key) => format!("authorization {{ users: [{{ nkey: {key} }}] }}\n"),
    };
    lines.push_str(&access);
    if let Some(certificates) = options.tls {
        let [ca, certificate, key] = [certificates.ca(), certificates.server(), certificates.server_key()]
            .map(|path| path.display().to_string());
        let verify = options.client_certificates;
        _ = writeln!(
            lines,
            "tls {{ cert_file: \"{certificate}\", key_file: \"{key}\", ca_file: \"{ca}\", verify: {verify} }}"
        );
    }
    lines
}

/// Whether a server says `INFO` on this port.
fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let mut word = [0; 4];
    stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
        && stream.read_exact(&mut word).is_ok()
        && &word == b"INFO"
}
