//! Opening the database: address, patience, version, schema, connections.

use std::{fmt, io, time::Duration};

use sqlx::{PgPool, migrate::MigrateError, postgres::PgPoolOptions, query_as, query_scalar};
use tokio::time::{self, Instant};
use uuid::Uuid;

use super::{
    clock::DatabaseClock,
    connection::Connection,
    db::Readers,
    deadline::DEADLINE,
    migrate,
    reach::{Reach, STATEMENT_TIMEOUT, may_pass},
};

/// How long a server that is not up yet is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long before the next attempt, at first; then twice as long each time, up to the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How long a statement that reads through all messages may take.
const SCAN_TIMEOUT: Duration = Duration::from_secs(30);
/// The oldest server that is supported.
const OLDEST: i64 = 150_000;

/// How a database is reached.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:port/database`, with the parameters of libpq (`sslmode`, `sslrootcert`, ..).
    pub url: String,
    /// Whether the address is a pooler's that lends its connections a transaction at a time.
    pub pooler: bool,
    /// The most connections that this process has open; at least [`PostgresSettings::MIN_CONNECTIONS`].
    pub max_connections: u32,
}

impl PostgresSettings {
    /// One that appends, one for other writes, one that reads through messages, one for what every command asks, one for
    /// lists.
    pub const MIN_CONNECTIONS: u32 = 5;
}

/// Without the address: there may be a password in it.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, pooler, max_connections } = self;
        f.debug_struct("PostgresSettings")
            .field("pooler", pooler)
            .field("max_connections", max_connections)
            .finish_non_exhaustive()
    }
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not that of a `PostgreSQL` database. It is not shown: there may be a password in it.
    #[error("the address is not that of a PostgreSQL database, such as postgres://user@host/database")]
    Address,
    /// The server is older than what is supported.
    #[error("the server is PostgreSQL {0}: plic-chat needs PostgreSQL 15 or newer")]
    TooOld(String),
    /// A newer plic-chat has changed the schema.
    #[error("the database has migration {0}, which this plic-chat does not know: run the newer one")]
    Newer(i64),
    /// The schema could not be brought up to date.
    #[error("could not migrate the database")]
    Migrate(#[source] MigrateError),
    /// Nodes have said lately that they live.
    #[error(
        "the database is in use, or was a minute ago (also where it was put back from a copy made then): \
         stop all nodes first, wait a minute and try again"
    )]
    InUse,
    /// Something in the schema is not plic-chat's, and would act.
    #[error("the {0} in the schema plic_chat is not plic-chat's: drop it, or restore another copy")]
    Foreign(String),
    /// The database does not work.
    #[error("could not open the database")]
    Database(#[from] sqlx::Error),
}

/// An open database.
pub(super) struct Opened {
    pub(super) epoch: Uuid,
    /// The number of this node, which no other process has or had.
    pub(super) node: i64,
    pub(super) clock: DatabaseClock,
    pub(super) reach: Reach,
    /// For what every command asks for: a room, a ban, a message sent before.
    pub(super) lookups: Readers,
    /// For lists.
    pub(super) lists: Readers,
    /// For reading through all messages: a single connection, so that a back-test takes no reader from chat.
    pub(super) scanner: Readers,
}

pub(super) async fn open(settings: &PostgresSettings) -> Result<Opened, OpenError> {
    let reach = Reach::new(settings)?;
    let mut connection = connect(&reach).await?;
    for migration in migrate::run(&mut connection).await? {
        tracing::info!(migration.version, migration.description, "migrated the database");
    }
    connection.run(reach.write()).await?;
    let epoch = query_scalar("SELECT epoch FROM meta").fetch_one(&mut connection).await?;
    let node = query_scalar(
        "INSERT INTO nodes (node, seen_at) VALUES (nextval('node_numbers'), moment()) RETURNING node",
    )
    .fetch_one(&mut connection)
    .await?;
    let clock = DatabaseClock::new();
    clock.measure(time_of(&mut connection)).await?;
    connection.run("COMMIT").await?;
    connection.close().await?;
    // Beside the two that write.
    let readers = settings.max_connections.max(PostgresSettings::MIN_CONNECTIONS) - 2;
    let for_lookups = (readers - 1) / 2;
    let lookups = pool(&reach, for_lookups, STATEMENT_TIMEOUT, reach.read());
    let lists = pool(&reach, readers - 1 - for_lookups, STATEMENT_TIMEOUT, reach.read());
    let scanner = pool(&reach, 1, SCAN_TIMEOUT, reach.scan());
    Ok(Opened { epoch, node, clock, reach, lookups, lists, scanner })
}

/// Asks for the database's time.
pub(super) async fn time_of(connection: &mut Connection) -> sqlx::Result<i64> {
    query_scalar("SELECT moment()").fetch_one(connection).await
}

/// Connects to a server that is new enough, waiting a while where none answers yet.
pub(super) async fn connect(reach: &Reach) -> Result<Connection, OpenError> {
    let until = Instant::now() + PATIENCE;
    let mut pause = PAUSE;
    loop {
        // A pooler takes the connection before there is a server behind it: only an answer says that there is one.
        let attempt = async { new_enough(reach.connect().await?).await };
        let error = match time::timeout_at(until, attempt).await {
            Ok(Err(OpenError::Database(error))) => error,
            Ok(done) => return done,
            Err(_) => sqlx::Error::Io(io::ErrorKind::TimedOut.into()),
        };
        if !may_pass(&error) || Instant::now() + pause >= until {
            return Err(error.into());
        }
        plic_pipeline::log_limited!(
            WARN,
            error: &error,
            "the database does not answer yet"
        );
        time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Returns the connection where the server at its end is new enough.
async fn new_enough(mut connection: Connection) -> Result<Connection, OpenError> {
    // In a transaction, because of poolers; with nothing that an old server may not know.
    connection.run("BEGIN").await?;
    let (number, name): (String, String) =
        query_as("SELECT current_setting('server_version_num'), current_setting('server_version')")
            .fetch_one(&mut connection)
            .await?;
    connection.run("COMMIT").await?;
    match number.parse::<i64>() {
        Ok(number) if number >= OLDEST => Ok(connection),
        Ok(_) | Err(_) => Err(OpenError::TooOld(name)),
    }
}

/// Connections that read, opened when they are needed.
pub(super) fn pool(reach: &Reach, count: u32, patience: Duration, begin: &'static str) -> Readers {
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(count)
        // A read is worth waiting for as long as its caller waits.
        .acquire_timeout(DEADLINE)
        // Those from before a restart of the server are not given out.
        .test_before_acquire(true)
        .connect_lazy_with(reach.options(patience));
    Readers { pool, begin, pooled: reach.pooled }
}
