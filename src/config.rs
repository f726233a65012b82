//! The settings: environment variables and flags of the same names, checked before anything starts (DESIGN section 4).

mod database;
mod nats;
mod origin;
mod value;

use std::{
    fmt::Write as _,
    io,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args};
use ipnet::IpNet;
use plic_pipeline::{daily::DailyLimits, rejection::DEFAULT_SITE_NAME};
use url::Url;

use self::origin::origin;
use self::value::{
    at_least_one, http_url, is_readable_on_the_way, message_chars, network, public_key, seconds, secret,
    site_name, some_seconds, switch, webhook, without_path,
};
pub(crate) use self::{
    database::DEFAULT_DATABASE_URL,
    value::{address, issuer},
};
pub use self::{
    database::{Database, DatabaseSettings, Pooler, PostgresUrl},
    nats::NatsArguments,
};
use crate::{
    http_door::DEFAULT_CONNECTIONS_PER_ADDRESS,
    second_opinion::WhenAway,
    token::{AnyBesideOthers, Issuers, RoleClaim},
};

/// Where a server listens unless it is said.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:3030";
/// Below this a secret can be guessed (RFC 7518 section 3.2 asks for the length of the hash).
const SECRET_BYTES: usize = 32;

/// What an operator sets. Every setting is an environment variable and a flag; `--help` is the reference.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address to listen on, `host:port`; port 0 takes a free one
    #[arg(long, env = "PLIC_LISTEN", default_value = DEFAULT_LISTEN, value_parser = address)]
    pub listen: SocketAddr,

    /// Where data is kept
    #[command(flatten)]
    pub database: DatabaseSettings,

    /// Secret of HS256 access tokens
    #[arg(long, env = "SUPABASE_JWT_SECRET", value_parser = secret, hide_env_values = true)]
    pub supabase_jwt_secret: Option<String>,

    /// The Supabase project, for tokens with asymmetric keys: `https://project.supabase.co`
    #[arg(long, env = "SUPABASE_URL", value_parser = http_url)]
    pub supabase_url: Option<Url>,

    /// The Supabase project's public key, with which people sign in on the console; needs `SUPABASE_URL`
    #[arg(long, env = "SUPABASE_ANON_KEY", value_parser = public_key)]
    pub supabase_anon_key: Option<String>,

    /// The issuers (`iss`) whose tokens are taken, separated by commas, or `any` to skip the check; that of `SUPABASE_URL` where
    /// it is not set
    #[arg(long, env = "PLIC_TOKEN_ISSUER", value_delimiter = ',', value_parser = issuer)]
    pub token_issuer: Option<Vec<String>>,

    /// Whether `SUPABASE_URL` and `PLIC_SECOND_OPINION_URL` may be plain `http://` outside of this machine
    #[arg(
        long,
        env = "PLIC_ALLOW_PLAIN_HTTP",
        default_value = "false",
        default_missing_value = "true",
        num_args = 0..=1,
        action = ArgAction::Set,
        value_parser = switch
    )]
    pub allow_plain_http: bool,

    /// The claim in which tokens name moderators and admins
    #[arg(long, env = "PLIC_ROLE_CLAIM", default_value = "app_metadata.role")]
    pub role_claim: RoleClaim,

    /// How several nodes hear of each other
    #[command(flatten)]
    pub nats: NatsArguments,

    /// Messages a second that a user may send
    #[arg(long, env = "PLIC_RATE_LIMIT_PER_SECOND", default_value = "5", value_parser = at_least_one)]
    pub rate_limit_per_second: NonZeroU32,

    /// Messages that a user may send at once
    #[arg(long, env = "PLIC_RATE_LIMIT_BURST", default_value = "20", value_parser = at_least_one)]
    pub rate_limit_burst: NonZeroU32,

    /// Frames a second that a connection may send before it is read more slowly
    #[arg(long, env = "PLIC_FRAMES_PER_SECOND", default_value = "50", value_parser = at_least_one)]
    pub frames_per_second: NonZeroU32,

    /// REST requests a second of a user; the burst is 3 times it
    #[arg(long, env = "PLIC_REST_LIMIT_PER_SECOND", default_value = "20", value_parser = at_least_one)]
    pub rest_limit_per_second: NonZeroU32,

    /// Tokens a second of an address that do not hold, over REST and in handshakes, and requests without a token; the burst is
    /// 10 times it
    #[arg(long, env = "PLIC_ADDRESS_LIMIT_PER_SECOND", default_value = "100", value_parser = at_least_one)]
    pub address_limit_per_second: NonZeroU32,

    /// Connections of an address at once (IPv6: of a /64 network); unless it is set 20000, or three quarters of those that
    /// there are files for
    #[arg(long, env = "PLIC_CONNECTIONS_PER_ADDRESS", value_parser = at_least_one)]
    pub connections_per_address: Option<NonZeroU32>,

    /// Rooms that a user may start within 24 hours; one more is 429
    #[arg(long, env = "PLIC_NEW_ROOMS_PER_DAY", default_value = "50", value_parser = at_least_one)]
    pub new_rooms_per_day: NonZeroU32,

    /// People whom a user may bring into rooms within 24 hours, when starting a room or later; one more is 429
    #[arg(long, env = "PLIC_PEOPLE_ADDED_PER_DAY", default_value = "5000", value_parser = at_least_one)]
    pub people_added_per_day: NonZeroU32,

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

    /// Exact origins that browsers and apps may come from, separated by commas (`https://www.example.org`,
    /// `capacitor://localhost`, `file://`, `null`); any where it is not set
    #[arg(long, env = "PLIC_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub allowed_origins: Option<Vec<String>>,

    /// Networks (CIDR) of proxies whose `X-Forwarded-For` counts, separated by commas
    #[arg(long, env = "PLIC_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Option<Vec<IpNet>>,

    /// Seconds that a shutdown may take: 4007 to all, spread out, then exit
    #[arg(long, env = "PLIC_SHUTDOWN_SECONDS", default_value = "10", value_parser = some_seconds)]
    pub shutdown_seconds: u64,

    /// The site's name, as people are told why a message closed their connection (4011); `Swappart` where it is not set
    #[arg(long, env = "PLIC_SITE_NAME", value_parser = site_name)]
    pub site_name: Option<String>,

    /// A JSON file of the filter rules that a new database begins with, in place of the starter rules
    #[arg(long, env = "PLIC_RULES_FILE")]
    pub rules_file: Option<PathBuf>,

    /// Where the last number and hash of the audit log are sent at the start and every day, to be kept out of reach of who
    /// can write to the database
    #[arg(long, env = "PLIC_AUDIT_WEBHOOK", value_parser = webhook, hide_env_values = true)]
    pub audit_webhook: Option<Url>,

    /// The file of the encoder, the filter's second stage, or `off`. Where it is not set: `plic-encoder.bin` beside the
    /// program, or `encoder/plic-encoder.bin` in the working directory, where it is there
    #[arg(long, env = "PLIC_ENCODER")]
    pub encoder: Option<PathBuf>,

    /// How many texts the encoder reads at once; each takes a processor for milliseconds
    #[arg(long, env = "PLIC_ENCODER_THREADS", default_value = "1", value_parser = clap::value_parser!(u8).range(1..))]
    pub encoder_threads: u8,

    /// How long a message waits for the encoder; after that the linear stage decides
    #[arg(long, env = "PLIC_ENCODER_MILLISECONDS", default_value = "250")]
    pub encoder_milliseconds: NonZeroU32,

    /// Where to ask for a second opinion on texts of which the classifier is not sure: an address that answers like
    /// `OpenAI`'s moderation endpoint. It is sent their text
    #[arg(long, env = "PLIC_SECOND_OPINION_URL", value_parser = http_url, hide_env_values = true)]
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

fn default_connections_per_address() -> String {
    format!("{DEFAULT_CONNECTIONS_PER_ADDRESS}, or three quarters of those that there are files for")
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
    /// What was asked for works with a file.
    #[error("DATABASE_URL: {0} works with SQLite only, such as sqlite://data/plic-chat.db")]
    NeedsSqlite(&'static str),
    /// Several nodes cannot share a file.
    #[error("NATS_URL: several nodes need PostgreSQL, and DATABASE_URL names an SQLite file")]
    NodesNeedPostgres,
    /// A file has no pooler.
    #[error("PLIC_DATABASE_POOLER: an SQLite file has no pooler")]
    PoolerOfSqlite,
    /// A pooler refuses what is asked at the start of a connection.
    #[error("DATABASE_URL: `options` cannot be passed through a pooler (PLIC_DATABASE_POOLER)")]
    OptionsThroughPooler,
    /// A setting means nothing without another one.
    #[error("{0}: means nothing without {1}, which is not set")]
    Needs(&'static str, &'static str),
    /// It would be unclear which one counts.
    #[error("{0} and {1}: one way of signing in to NATS is enough")]
    TwoWaysIn(&'static str, &'static str),
    /// Tokens or texts could be read on the way.
    #[error(
        "{0}: plain http:// could be read and changed on the way; use https://, or set PLIC_ALLOW_PLAIN_HTTP=true where \
         the network is your own"
    )]
    PlainHttp(&'static str),
    /// The issuers do not fit together.
    #[error("PLIC_TOKEN_ISSUER")]
    Issuers(#[from] AnyBesideOthers),
    /// A file that a setting names cannot be read.
    #[error("{setting}: could not read {}", path.display())]
    File {
        /// Which setting.
        setting: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Settings {
    /// Whether the settings of the database and of NATS fit together.
    ///
    /// # Errors
    /// The first reason why they do not.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.database.check()?;
        if self.supabase_anon_key.is_some() && self.supabase_url.is_none() {
            return Err(ConfigError::Needs("SUPABASE_ANON_KEY", "SUPABASE_URL"));
        }
        self.issuers()?;
        for (setting, url) in [
            ("SUPABASE_URL", &self.supabase_url),
            ("PLIC_SECOND_OPINION_URL", &self.second_opinion_url),
            ("PLIC_AUDIT_WEBHOOK", &self.audit_webhook),
        ] {
            if !self.allow_plain_http && url.as_ref().is_some_and(is_readable_on_the_way) {
                return Err(ConfigError::PlainHttp(setting));
            }
        }
        if self.nats.servers.is_some() && matches!(self.database.database, Database::Sqlite(_)) {
            return Err(ConfigError::NodesNeedPostgres);
        }
        self.nats.check()
    }

    /// How much a user may start within a day.
    pub fn daily_limits(&self) -> DailyLimits {
        DailyLimits { rooms: self.new_rooms_per_day.get(), people: self.people_added_per_day.get() }
    }

    /// The issuers whose tokens are taken.
    ///
    /// # Errors
    /// `Issuers`.
    pub fn issuers(&self) -> Result<Issuers, ConfigError> {
        Ok(Issuers::new(self.token_issuer.as_deref(), self.supabase_url.as_ref())?)
    }

    /// The file of the encoder, where there is to be one.
    pub fn encoder_file(&self) -> Option<PathBuf> {
        let named = self.encoder.as_deref();
        if named == Some(Path::new("off")) { None } else { crate::encoder::file(named) }
    }

    /// The site's name, as people read it.
    pub fn site_name(&self) -> &str {
        self.site_name.as_deref().unwrap_or(DEFAULT_SITE_NAME)
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
        let mut rows = vec![
            ("PLIC_LISTEN", self.listen.to_string()),
            ("DATABASE_URL", self.database.database.to_string()),
            ("PLIC_DATABASE_POOLER", self.database.pooler.to_string()),
            ("PLIC_DATABASE_CONNECTIONS", self.database.connections.to_string()),
            (
                "SUPABASE_JWT_SECRET",
                self.supabase_jwt_secret.as_ref().map_or("not set", |_| "(hidden)").into(),
            ),
            ("SUPABASE_URL", self.supabase_url.as_ref().map_or("not set".into(), ToString::to_string)),
            ("SUPABASE_ANON_KEY", self.supabase_anon_key.clone().unwrap_or_else(|| "not set".into())),
            (
                "PLIC_TOKEN_ISSUER",
                self.issuers().map_or_else(|error| error.to_string(), |one| one.to_string()),
            ),
            ("PLIC_ALLOW_PLAIN_HTTP", self.allow_plain_http.to_string()),
            ("PLIC_ROLE_CLAIM", self.role_claim.to_string()),
            ("PLIC_RATE_LIMIT_PER_SECOND", self.rate_limit_per_second.to_string()),
            ("PLIC_RATE_LIMIT_BURST", self.rate_limit_burst.to_string()),
            ("PLIC_FRAMES_PER_SECOND", self.frames_per_second.to_string()),
            ("PLIC_REST_LIMIT_PER_SECOND", self.rest_limit_per_second.to_string()),
            ("PLIC_ADDRESS_LIMIT_PER_SECOND", self.address_limit_per_second.to_string()),
            (
                "PLIC_CONNECTIONS_PER_ADDRESS",
                self.connections_per_address
                    .map_or_else(default_connections_per_address, |number| number.to_string()),
            ),
            ("PLIC_NEW_ROOMS_PER_DAY", self.new_rooms_per_day.to_string()),
            ("PLIC_PEOPLE_ADDED_PER_DAY", self.people_added_per_day.to_string()),
            ("PLIC_MAX_MESSAGE_CHARS", self.max_message_chars.to_string()),
            ("PLIC_CONNECTIONS_PER_USER", self.connections_per_user.to_string()),
            ("PLIC_AFK_SECONDS", self.afk_seconds.to_string()),
            ("PLIC_PING_SECONDS", self.ping_seconds.to_string()),
            ("PLIC_ALLOWED_ORIGINS", list(self.allowed_origins.clone(), "any")),
            ("PLIC_TRUSTED_PROXIES", list(networks, "none")),
            ("PLIC_SHUTDOWN_SECONDS", self.shutdown_seconds.to_string()),
            ("PLIC_SITE_NAME", self.site_name().to_owned()),
            (
                "PLIC_RULES_FILE",
                self.rules_file.as_ref().map_or("starter rules".into(), |path| path.display().to_string()),
            ),
            ("PLIC_AUDIT_WEBHOOK", self.audit_webhook.as_ref().map_or("not set".into(), without_path)),
            ("PLIC_ENCODER", self.encoder_file().map_or("off".into(), |path| path.display().to_string())),
            ("PLIC_ENCODER_THREADS", self.encoder_threads.to_string()),
            ("PLIC_ENCODER_MILLISECONDS", self.encoder_milliseconds.to_string()),
            (
                "PLIC_SECOND_OPINION_URL",
                self.second_opinion_url.as_ref().map_or("not set".into(), without_path),
            ),
            (
                "PLIC_SECOND_OPINION_KEY",
                self.second_opinion_key.as_ref().map_or("not set", |_| "(hidden)").into(),
            ),
            ("PLIC_SECOND_OPINION_MILLISECONDS", self.second_opinion_milliseconds.to_string()),
            ("PLIC_SECOND_OPINION_WHEN_AWAY", self.second_opinion_when_away.to_string()),
        ];
        rows.extend(self.nats.rows());
        rows.iter().fold(String::new(), |mut text, (name, value)| {
            writeln!(text, "{name}={value}").expect("writing to a string does not fail");
            text
        })
    }
}
