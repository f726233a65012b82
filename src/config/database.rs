//! Where data is kept: the address of a database, read without connecting and shown without its password.

use std::{fmt, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use sqlx::postgres::PgConnectOptions;
use url::Url;

use super::ConfigError;
use crate::store::{PostgresSettings, sqlite};

/// Where data is kept unless it is said.
pub(crate) const DEFAULT_DATABASE_URL: &str = "sqlite://data/plic-chat.db";

/// The parameters that an address may have. Of others the driver would log the value, which could be a secret, and a
/// misspelt `sslmode` would mean less than it says.
const PARAMETERS: [&str; 11] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
];
/// What stands where a secret is not shown.
pub(super) const HIDDEN: &str = "(hidden)";

/// What is said of a database, and how it is used.
#[derive(Debug, Clone, Args)]
pub struct DatabaseSettings {
    /// Where data is kept: `sqlite://path`, made when absent, or `postgres://user:password@host:port/database`
    #[arg(long = "database-url", env = "DATABASE_URL", default_value = DEFAULT_DATABASE_URL, hide_env_values = true)]
    pub database: Database,

    /// What stands between this node and PostgreSQL: `transaction` for a pooler that gives a connection to another client
    /// after every transaction (pgbouncer, Supabase's on port 6543)
    #[arg(long = "database-pooler", env = "PLIC_DATABASE_POOLER", value_enum, default_value_t = Pooler::None)]
    pub pooler: Pooler,

    /// Connections of this node to PostgreSQL
    #[arg(long = "database-connections", env = "PLIC_DATABASE_CONNECTIONS", default_value = "10", value_parser = connections)]
    pub connections: u32,
}

impl DatabaseSettings {
    /// Files that the connections of this database take, beyond those of any server.
    pub fn database_files(&self) -> u64 {
        match self.database {
            Database::Sqlite(_) => 0,
            // One more is open for a moment while another is replaced.
            Database::Postgres(_) => u64::from(self.connections) + 1,
        }
    }

    /// How this database is reached, which is in PostgreSQL.
    pub fn reach(&self, url: &PostgresUrl) -> PostgresSettings {
        PostgresSettings {
            url: url.expose().to_owned(),
            pooler: self.pooler == Pooler::Transaction,
            max_connections: self.connections,
        }
    }

    /// Whether they fit together.
    ///
    /// # Errors
    /// The first reason why they do not.
    pub fn check(&self) -> Result<(), ConfigError> {
        match (&self.database, self.pooler) {
            (Database::Sqlite(_), Pooler::Transaction) => Err(ConfigError::PoolerOfSqlite),
            (Database::Postgres(url), Pooler::Transaction) if url.has_options() => {
                Err(ConfigError::OptionsThroughPooler)
            }
            _ => Ok(()),
        }
    }
}

/// What stands between a node and PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pooler {
    /// Nothing, or a pooler that keeps a connection for as long as the node does.
    None,
    /// A pooler that gives a connection to another client after every transaction.
    Transaction,
}

impl fmt::Display for Pooler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Transaction => "transaction",
        })
    }
}

/// A database. Shown without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file, which one node has open.
    Sqlite(PathBuf),
    /// A server, which several nodes share.
    Postgres(PostgresUrl),
}

impl Database {
    /// The file, for what works with nothing else.
    ///
    /// # Errors
    /// `NeedsSqlite`, which names `what`.
    pub fn file(&self, what: &'static str) -> Result<&PathBuf, ConfigError> {
        match self {
            Self::Sqlite(path) => Ok(path),
            Self::Postgres(_) => Err(ConfigError::NeedsSqlite(what)),
        }
    }
}

/// The address of an `SQLite` database can be read again; that of PostgreSQL lacks its password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl FromStr for Database {
    type Err = String;

    // What was given stands in no refusal: addresses of databases hold passwords.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return PostgresUrl::from_str(text).map(Self::Postgres);
        }
        match sqlite::path_of(text) {
            Ok(path) if text.starts_with("sqlite://") => Ok(Self::Sqlite(path)),
            _ => Err("neither sqlite://path, such as sqlite://data/plic-chat.db, nor postgres://user:password@host/database".into()),
        }
    }
}

/// The address of a PostgreSQL database, with its password. Neither `Debug` nor `Display` show that.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(Url);

impl PostgresUrl {
    /// The whole address, for the driver.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// The address without its password, for another program that is given that by other means.
    pub fn without_password(&self) -> String {
        let mut url = self.0.clone();
        // An address without a host refuses, and has none.
        _ = url.set_password(None);
        let kept: Vec<(String, String)> = self
            .0
            .query_pairs()
            .filter(|(name, _)| name != "password")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        url.into()
    }

    fn has_options(&self) -> bool {
        self.0.query_pairs().any(|(name, _)| name == "options")
    }
}

impl FromStr for PostgresUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = "not of the form postgres://user:password@host:port/database; in a password, characters such as \
                         / ? # @ % are written %2F %3F %23 %40 %25";
        let url = Url::parse(text).map_err(|_| malformed)?;
        if url.fragment().is_some() {
            return Err(malformed.into());
        }
        if url.query_pairs().any(|(name, _)| !PARAMETERS.contains(&&*name)) {
            return Err(format!("has a parameter that is not known; known are {}", PARAMETERS.join(", ")));
        }
        let names_database = url.path().len() > 1 || url.query_pairs().any(|(name, _)| name == "dbname");
        if !names_database {
            return Err("names no database: postgres://user:password@host:port/database".into());
        }
        PgConnectOptions::from_str(text).map_err(|_| "has a parameter whose value is not understood")?;
        Ok(Self(url))
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.0.clone();
        if url.password().is_some() {
            // Only an address without a host refuses one, and that has none to hide.
            url.set_password(Some(HIDDEN)).map_err(|()| fmt::Error)?;
        }
        if let Some(query) = url.query() {
            let shown = query.split('&').map(hide_password).collect::<Vec<_>>().join("&");
            url.set_query(Some(&shown));
        }
        url.fmt(f)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A parameter as it is shown.
fn hide_password(parameter: &str) -> String {
    match url::form_urlencoded::parse(parameter.as_bytes()).next() {
        Some((name, _)) if name == "password" => format!("{name}={HIDDEN}"),
        _ => parameter.to_owned(),
    }
}

fn connections(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number @ PostgresSettings::MIN_CONNECTIONS..=100) => Ok(number),
        _ => Err("not a whole number from 5 to 100".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let database: Database = text.parse().expect(text);
        assert!(!format!("{database:?}").contains("hush"), "{database:?}");
        database.to_string()
    }

    #[test]
    fn passwords_are_not_shown() {
        for (address, expected) in [
            ("sqlite://data/chat.db", "sqlite://data/chat.db"),
            ("sqlite:///srv/chat.db", "sqlite:///srv/chat.db"),
            ("postgres://me:hush@db.example:5433/chat", "postgres://me:(hidden)@db.example:5433/chat"),
            ("postgresql://me:hu%2Fhush@db/chat", "postgresql://me:(hidden)@db/chat"),
            ("postgres://me@db/chat", "postgres://me@db/chat"),
            ("postgres:///chat?host=/run/postgresql", "postgres:///chat?host=/run/postgresql"),
            (
                "postgres://me@db/chat?sslmode=require&password=hush&application_name=a",
                "postgres://me@db/chat?sslmode=require&password=(hidden)&application_name=a",
            ),
            ("postgres://me@db/chat?p%61ssword=hush", "postgres://me@db/chat?password=(hidden)"),
        ] {
            assert_eq!(shown(address), expected);
        }
    }

    #[test]
    fn another_program_is_given_everything_but_the_password() {
        for (address, expected) in [
            ("postgres://me:hush@db:5433/chat", "postgres://me@db:5433/chat"),
            ("postgres://me@db/chat?password=hush", "postgres://me@db/chat"),
            ("postgres://me@db/chat?sslmode=require&password=hush", "postgres://me@db/chat?sslmode=require"),
        ] {
            assert_eq!(PostgresUrl::from_str(address).expect(address).without_password(), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for wrong in [
            "postgres://",
            "postgres://me:hush@db",
            "postgres://me:hush@db/",
            "postgres://me:hu#hush@db/chat",
            "postgres://me:hush@db:port/chat",
            "postgres://me:hush@db/chat?sslmode=hush",
            "postgres://me:hush@db/chat?sslmod=require",
            "postgres://me@db/chat?sslpassword=hush",
            "mysql://me:hush@db/chat",
            "me:hush@db",
            "chat.db",
            "sqlite://",
        ] {
            let why = wrong.parse::<Database>().expect_err(wrong);
            assert!(!why.contains("hush") && !why.contains('\n'), "{wrong}: {why}");
        }
    }
}
