//! The settings: environment variables and flags of the same names, checked before anything starts (DESIGN section 4).

use std::{
    fmt::Write as _,
    net::{SocketAddr, ToSocketAddrs},
    num::NonZeroU32,
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use ipnet::IpNet;
use url::Url;

use crate::{second_opinion::WhenAway, store::sqlite, token::RoleClaim};

/// Where data is kept unless it is said.
pub(crate) const DEFAULT_DATABASE_URL: &str = "sqlite://data/plic-chat.db";
/// Below this a secret can be guessed (RFC 7518 section 3.2 asks for the length of the hash).
const SECRET_BYTES: usize = 32;

/// What an operator sets. Every setting is an environment variable and a flag; `--help` is the reference.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address to listen on, `host:port`; port 0 takes a free one
    #[arg(long, env = "PLIC_LISTEN", default_value = "127.0.0.1:3030", value_parser = address)]
    pub listen: SocketAddr,

    /// Where data is kept: `sqlite://path`, made when absent
    #[arg(long, env = "DATABASE_URL", default_value = DEFAULT_DATABASE_URL, value_parser = database_url, hide_env_values = true)]
    pub database_url: String,

    /// Secret of HS256 access tokens
    #[arg(long, env = "SUPABASE_JWT_SECRET", value_parser = secret, hide_env_values = true)]
    pub supabase_jwt_secret: Option<String>,

    /// The Supabase project, for tokens with asymmetric keys: `https://project.supabase.co`
    #[arg(long, env = "SUPABASE_URL", value_parser = http_url)]
    pub supabase_url: Option<Url>,

    /// The claim in which tokens name moderators and admins
    #[arg(long, env = "PLIC_ROLE_CLAIM", default_value = "app_metadata.role")]
    pub role_claim: RoleClaim,

    /// Several nodes over NATS; not supported yet
    #[arg(long, env = "NATS_URL", value_parser = not_yet, hide_env_values = true)]
    pub nats_url: Option<String>,

    /// Messages a second that a user may send
    #[arg(long, env = "PLIC_RATE_LIMIT_PER_SECOND", default_value = "5", value_parser = at_least_one)]
    pub rate_limit_per_second: NonZeroU32,

    /// Messages that a user may send at once
    #[arg(long, env = "PLIC_RATE_LIMIT_BURST", default_value = "20", value_parser = at_least_one)]
    pub rate_limit_burst: NonZeroU32,

    /// Frames a second that a connection may send before it is read more slowly
    #[arg(long, env = "PLIC_FRAMES_PER_SECOND", default_value = "50", value_parser = at_least_one)]
    pub frames_per_second: NonZeroU32,

    /// REST requests a second of a user, or of an address where there is no valid token; the burst is 3 times it
    #[arg(long, env = "PLIC_REST_LIMIT_PER_SECOND", default_value = "20", value_parser = at_least_one)]
    pub rest_limit_per_second: NonZeroU32,

    /// The longest message, in characters (Unicode scalar values)
    #[arg(long, env = "PLIC_MAX_MESSAGE_CHARS", default_value = "4000", value_parser = message_chars)]
    pub max_message_chars: usize,

    /// Devices of a user at once; one more closes the oldest with 4008
    #[arg(long, env = "PLIC_CONNECTIONS_PER_USER", default_value = "1", value_parser = at_least_one)]
    pub connections_per_user: NonZeroU32,

    /// No command for so many seconds closes with 4003; 0 is never
    #[arg(long, env = "PLIC_AFK_SECONDS", default_value = "14400", value_parser = seconds)]
    pub afk_seconds: u64,

    /// Seconds between two pings; two unanswered ones close with 4009
    #[arg(long, env = "PLIC_PING_SECONDS", default_value = "25", value_parser = some_seconds)]
    pub ping_seconds: u64,

    /// Exact origins that browsers may come from, separated by commas; any where it is not set
    #[arg(long, env = "PLIC_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub allowed_origins: Option<Vec<String>>,

    /// Networks (CIDR) of proxies whose `X-Forwarded-For` counts, separated by commas
    #[arg(long, env = "PLIC_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Option<Vec<IpNet>>,

    /// Seconds that a shutdown may take: 4007 to all, spread out, then exit
    #[arg(long, env = "PLIC_SHUTDOWN_SECONDS", default_value = "10", value_parser = some_seconds)]
    pub shutdown_seconds: u64,

    /// A JSON file of the filter rules that a new database begins with, in place of the starter rules
    #[arg(long, env = "PLIC_RULES_FILE")]
    pub rules_file: Option<PathBuf>,

    /// Where to ask for a second opinion on texts of which the classifier is not sure: an address that answers like
    /// `OpenAI`'s moderation endpoint. It is sent their text
    #[arg(long, env = "PLIC_SECOND_OPINION_URL", value_parser = http_url)]
    pub second_opinion_url: Option<Url>,

    /// Bearer token for that address
    #[arg(long, env = "PLIC_SECOND_OPINION_KEY", hide_env_values = true)]
    pub second_opinion_key: Option<String>,

    /// How long a message waits for a second opinion
    #[arg(long, env = "PLIC_SECOND_OPINION_MILLISECONDS", default_value = "800")]
    pub second_opinion_milliseconds: NonZeroU32,

    /// What becomes of such a text while nobody can be asked
    #[arg(long, env = "PLIC_SECOND_OPINION_WHEN_AWAY", value_enum, default_value_t = WhenAway::Hold)]
    pub second_opinion_when_away: WhenAway,
}

/// Why the settings do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Nobody's token could be verified.
    #[error("SUPABASE_JWT_SECRET or SUPABASE_URL must be set: without either, no token can be verified")]
    NoTokens,
    /// `dev` hands out tokens: it is for this machine alone.
    #[error("PLIC_LISTEN: `dev` hands out tokens to everybody and listens on loopback only; {0} is not")]
    NotLoopback(SocketAddr),
}

impl Settings {
    /// The database's file.
    pub fn database_path(&self) -> PathBuf {
        sqlite::path_of(&self.database_url).expect("the address was checked when it was read")
    }

    /// How long a user may be away.
    pub fn afk(&self) -> Option<Duration> {
        (self.afk_seconds > 0).then(|| Duration::from_secs(self.afk_seconds))
    }

    /// Whether `serve` can verify anybody's token.
    ///
    /// # Errors
    /// `NoTokens`.
    pub fn require_tokens(&self) -> Result<(), ConfigError> {
        if self.supabase_jwt_secret.is_none() && self.supabase_url.is_none() {
            return Err(ConfigError::NoTokens);
        }
        Ok(())
    }

    /// Says in the log what is allowed and most likely not meant.
    pub fn warn(&self) {
        if self.supabase_jwt_secret.as_ref().is_some_and(|secret| secret.len() < SECRET_BYTES) {
            tracing::warn!("SUPABASE_JWT_SECRET is shorter than 32 bytes and could be guessed");
        }
    }

    /// Whether `dev` may listen there.
    ///
    /// # Errors
    /// `NotLoopback`.
    pub fn require_loopback(&self) -> Result<(), ConfigError> {
        if self.listen.ip().is_loopback() { Ok(()) } else { Err(ConfigError::NotLoopback(self.listen)) }
    }

    /// What is in force, a line a setting, with secrets hidden.
    pub fn describe(&self) -> String {
        let list =
            |items: Option<Vec<String>>, none: &str| items.map_or(none.to_owned(), |items| items.join(","));
        let networks =
            self.trusted_proxies.as_ref().map(|networks| networks.iter().map(ToString::to_string).collect());
        let rows = [
            ("PLIC_LISTEN", self.listen.to_string()),
            ("DATABASE_URL", self.database_url.clone()),
            (
                "SUPABASE_JWT_SECRET",
                self.supabase_jwt_secret.as_ref().map_or("not set", |_| "(hidden)").into(),
            ),
            ("SUPABASE_URL", self.supabase_url.as_ref().map_or("not set".into(), ToString::to_string)),
            ("PLIC_ROLE_CLAIM", self.role_claim.to_string()),
            ("NATS_URL", "not set".into()),
            ("PLIC_RATE_LIMIT_PER_SECOND", self.rate_limit_per_second.to_string()),
            ("PLIC_RATE_LIMIT_BURST", self.rate_limit_burst.to_string()),
            ("PLIC_FRAMES_PER_SECOND", self.frames_per_second.to_string()),
            ("PLIC_REST_LIMIT_PER_SECOND", self.rest_limit_per_second.to_string()),
            ("PLIC_MAX_MESSAGE_CHARS", self.max_message_chars.to_string()),
            ("PLIC_CONNECTIONS_PER_USER", self.connections_per_user.to_string()),
            ("PLIC_AFK_SECONDS", self.afk_seconds.to_string()),
            ("PLIC_PING_SECONDS", self.ping_seconds.to_string()),
            ("PLIC_ALLOWED_ORIGINS", list(self.allowed_origins.clone(), "any")),
            ("PLIC_TRUSTED_PROXIES", list(networks, "none")),
            ("PLIC_SHUTDOWN_SECONDS", self.shutdown_seconds.to_string()),
            (
                "PLIC_RULES_FILE",
                self.rules_file.as_ref().map_or("starter rules".into(), |path| path.display().to_string()),
            ),
            (
                "PLIC_SECOND_OPINION_URL",
                self.second_opinion_url.as_ref().map_or("not set".into(), ToString::to_string),
            ),
            (
                "PLIC_SECOND_OPINION_KEY",
                self.second_opinion_key.as_ref().map_or("not set", |_| "(hidden)").into(),
            ),
            ("PLIC_SECOND_OPINION_MILLISECONDS", self.second_opinion_milliseconds.to_string()),
            ("PLIC_SECOND_OPINION_WHEN_AWAY", self.second_opinion_when_away.to_string()),
        ];
        rows.iter().fold(String::new(), |mut text, (name, value)| {
            writeln!(text, "{name}={value}").expect("writing to a string does not fail");
            text
        })
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or_else(|| "not an address of the form host:port, such as 127.0.0.1:3030".into())
}

fn database_url(text: &str) -> Result<String, String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Err("PostgreSQL is not supported yet; use sqlite://path".into());
    }
    // What was given stands in no refusal: addresses of databases hold passwords.
    match sqlite::path_of(text) {
        Ok(_) if text.starts_with("sqlite://") => Ok(text.to_owned()),
        _ => Err("not the path of a file, such as sqlite://data/plic-chat.db".into()),
    }
}

fn secret(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("empty: anybody could make tokens".into()) } else { Ok(text.into()) }
}

fn http_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
            Err("not an http or https address".into())
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() || has_user(&url) => {
            Err("has a user, a query or a fragment; the address of the project is enough".into())
        }
        Ok(url) => Ok(url),
        Err(_) => Err("not an http or https address".into()),
    }
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn not_yet(_text: &str) -> Result<String, String> {
    Err("several nodes are not supported yet; leave it unset".into())
}

fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    match text.parse() {
        Ok(number @ 1..=1_000_000) => Ok(NonZeroU32::new(number).expect("at least 1")),
        _ => Err("not a whole number from 1 to 1000000".into()),
    }
}

fn message_chars(text: &str) -> Result<usize, String> {
    // More would not fit a frame of 64 KiB once every character is four bytes long.
    match text.parse() {
        Ok(number @ 1..=16_000) => Ok(number),
        _ => Err("not a whole number from 1 to 16000".into()),
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(number @ 0..=31_536_000) => Ok(number),
        _ => Err("not a whole number of seconds up to 31536000".into()),
    }
}

fn some_seconds(text: &str) -> Result<u64, String> {
    match seconds(text)? {
        0 => Err("must be at least 1 second".into()),
        number => Ok(number),
    }
}

fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    let no_origin = || "not an origin such as https://www.example.org".to_owned();
    let url = Url::parse(text).map_err(|_| no_origin())?;
    let host = url.host_str().ok_or_else(no_origin)?;
    // Also of apps, whose schemes (`capacitor://localhost`) have no origin by the URL standard.
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let origin = format!("{}://{host}{port}", url.scheme());
    if origin == text { Ok(origin) } else { Err(format!("not an exact origin; did you mean {origin}?")) }
}

fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "not a network such as 10.0.0.0/8".into())
}
