//! How the database is reached: directly, or through a pooler that lends connections a transaction at a time.

use std::{io, str::FromStr, time::Duration};

use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use tokio::time;

use super::{
    connection::Connection,
    open::{OpenError, PostgresSettings},
};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Statements that a connection keeps prepared.
const PREPARED: usize = 256;

/// How long a transaction that writes may do nothing: a node that hangs inside of one holds up the cluster for less than
/// callers wait. The same is in [`WRITE_POOLED`].
const WRITER_IDLE: Duration = Duration::from_secs(2);

/// Begins a transaction that writes.
const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const WRITE_POOLED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
    SET LOCAL search_path = plic_chat, pg_temp; SET LOCAL statement_timeout = 4500; SET LOCAL lock_timeout = 1500; \
    SET LOCAL idle_in_transaction_session_timeout = 2000; SET LOCAL synchronous_commit = on; SET LOCAL jit = off";
/// Begins a transaction that reads, and sees one moment.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const READ_POOLED: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
    SET LOCAL search_path = plic_chat, pg_temp; SET LOCAL statement_timeout = 4500; \
    SET LOCAL idle_in_transaction_session_timeout = 10000; SET LOCAL jit = off";
const SCAN_POOLED: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
    SET LOCAL search_path = plic_chat, pg_temp; SET LOCAL statement_timeout = 30000; \
    SET LOCAL idle_in_transaction_session_timeout = 40000; SET LOCAL jit = off";

/// The address, and what every connection to it begins with.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    options: PgConnectOptions,
    pub(super) pooled: bool,
}

impl Reach {
    pub(super) fn new(settings: &PostgresSettings) -> Result<Self, OpenError> {
        if !settings.url.starts_with("postgres://") && !settings.url.starts_with("postgresql://") {
            return Err(OpenError::Address);
        }
        // Without its cause, which may quote the address.
        let options = PgConnectOptions::from_str(&settings.url).map_err(|_| OpenError::Address)?;
        let options = options.application_name("plic-chat").disable_statement_logging();
        Ok(Self { options, pooled: settings.pooler })
    }

    /// What a connection of a pool is opened with; `patience` is that of a statement.
    pub(super) fn options(&self, patience: Duration) -> PgConnectOptions {
        self.options_of(patience, patience + Duration::from_millis(5_500))
    }

    fn options_of(&self, patience: Duration, idle: Duration) -> PgConnectOptions {
        if self.pooled {
            return self.options.clone().statement_cache_capacity(0).extra_float_digits(None);
        }
        self.options.clone().statement_cache_capacity(PREPARED).options([
            ("search_path", "plic_chat, pg_temp"),
            ("statement_timeout", &patience.as_millis().to_string()),
            ("lock_timeout", "1500"),
            ("idle_in_transaction_session_timeout", &idle.as_millis().to_string()),
            ("default_transaction_isolation", "read committed"),
            ("synchronous_commit", "on"),
            ("jit", "off"),
        ])
    }

    /// A connection of one's own.
    pub(super) async fn connect(&self) -> sqlx::Result<Connection> {
        let options = self.options_of(STATEMENT_TIMEOUT, WRITER_IDLE);
        match time::timeout(CONNECT_TIMEOUT, options.connect()).await {
            Ok(connection) => Ok(Connection::own(connection?, !self.pooled)),
            Err(_) => Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())),
        }
    }

    pub(super) fn write(&self) -> &'static str {
        if self.pooled { WRITE_POOLED } else { WRITE }
    }

    pub(super) fn read(&self) -> &'static str {
        if self.pooled { READ_POOLED } else { READ }
    }

    pub(super) fn scan(&self) -> &'static str {
        if self.pooled { SCAN_POOLED } else { READ }
    }
}

/// How long a statement may take: a little less than its caller waits.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_millis(4_500);

/// Whether what failed may succeed when it is tried again on another connection: nothing of it is stored, unless the
/// connection was lost while it was committed.
///
/// Decides by kinds of errors and SQLSTATE classes, never by texts. Connections that are refused, reset or ended are
/// [`sqlx::Error::Io`]. A pooler answers with the class 08 while its own logins to the server fail (`PgBouncer`: 08P01, for as
/// long as its `server_login_retry` says).
pub(super) fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        // That is what a certificate that is not trusted comes to.
        sqlx::Error::Io(error) => error.kind() != io::ErrorKind::InvalidData,
        sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Connection lost, too many of them, shutting down or starting; deadlock; a standby that is no longer, or
            // not yet, the one that writes; a transaction that did nothing for too long.
            ["08", "53", "57P", "40"].iter().any(|class| code.starts_with(class))
                || ["25006", "25P03"].contains(&code.as_ref())
        }),
        _ => false,
    }
}

/// Whether somebody else held a lock for too long.
pub(super) fn is_locked_out(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "55P03" || code == "57014")
}

/// A connection that is opened when it is needed, and again after it was lost.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) reach: Reach,
    connection: Option<Connection>,
}

impl Link {
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach, connection: None }
    }

    pub(super) async fn connection(&mut self) -> sqlx::Result<&mut Connection> {
        if self.connection.is_none() {
            self.connection = Some(self.reach.connect().await?);
        }
        Ok(self.connection.as_mut().expect("it was opened just now"))
    }

    /// Lets go of the connection, and of what is not committed: in what state an error left it is not worth finding out.
    pub(super) fn lose(&mut self) {
        self.connection = None;
    }

    pub(super) async fn close(self) {
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "could not close a connection");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, error::Error, fmt};

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// An answer of the server with this SQLSTATE.
    #[derive(Debug)]
    struct Answer(&'static str);

    impl fmt::Display for Answer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Answer {}

    impl DatabaseError for Answer {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[test]
    fn lost_connections_pass_whoever_lost_them() {
        use io::ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, TimedOut, UnexpectedEof,
        };
        for kind in
            [ConnectionRefused, ConnectionReset, ConnectionAborted, BrokenPipe, UnexpectedEof, TimedOut]
        {
            assert!(may_pass(&sqlx::Error::Io(kind.into())), "{kind}");
        }
        // PgBouncer while its logins fail, too many connections, shutting down, crashed, starting up, deadlock, read-only.
        for code in ["08P01", "08006", "53300", "57P01", "57P02", "57P03", "40P01", "25006"] {
            assert!(may_pass(&sqlx::Error::Database(Box::new(Answer(code)))), "{code}");
        }
    }

    #[test]
    fn what_would_fail_again_does_not_pass() {
        // A wrong password, no such database, a breach of a key, a wrong statement, a statement that took too long.
        for code in ["28P01", "3D000", "23505", "42601", "57014"] {
            assert!(!may_pass(&sqlx::Error::Database(Box::new(Answer(code)))), "{code}");
        }
        // A certificate that is not trusted.
        assert!(!may_pass(&sqlx::Error::Io(io::ErrorKind::InvalidData.into())));
        assert!(!may_pass(&sqlx::Error::RowNotFound));
    }
}
