//! Opening the file: folder, lock, schema, connections.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use uuid::Uuid;

use super::{
    db::Readers,
    deadline::DEADLINE,
    link::{empty_log, free_bytes, is_full},
    space::Space,
};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a statement waits while another process holds the file; well within the deadline of a call.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// Reads of one kind that run at once. More would not be faster: they compete for the same cores. What every command
/// asks for has readers of its own, so that it never waits behind long lists.
const READERS: u32 = 2;

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not that of an `SQLite` file.
    #[error("`{0}` is not the address of an SQLite file, such as sqlite://data/plic-chat.db")]
    Address(String),
    /// The file or its folder cannot be made or opened.
    #[error("could not open `{}`", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The log of a database that is gone: it may hold the last confirmed messages, and a new database would destroy it.
    #[error(
        "there is no database at `{}`, but a log of its writes beside it: put the database back, or `restore --replace` \
         a backup, which keeps the log under another name",
        .0.display()
    )]
    StrayLog(PathBuf),
    /// Another process has the database open.
    #[error("another plic-chat is running on `{}`: stop it first, or give this one a database of its own", .0.display())]
    InUse(PathBuf),
    /// A newer plic-chat has changed the schema.
    #[error("the database has migration {0}, which this plic-chat does not know: run the newer one")]
    Newer(i64),
    /// The schema could not be brought up to date.
    #[error("could not migrate the database")]
    Migrate(#[source] MigrateError),
    /// The database does not work.
    #[error("could not open the database")]
    Database(#[from] sqlx::Error),
}

/// A migration that was applied just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Its number.
    pub version: i64,
    /// What it is about.
    pub description: String,
}

/// Brings the schema of the database at `url` up to date, making it where it is absent; answers what was applied.
pub async fn migrate(url: &str) -> Result<Vec<AppliedMigration>, OpenError> {
    let (path, _lock) = prepare(&path_of(url)?)?;
    let (mut space, mut connection) = begin(&path, &writer_options(&path)).await?;
    let applied = apply_migrations(&mut connection).await?;
    connection.close().await?;
    space.refill();
    Ok(applied)
}

/// An open database.
pub(super) struct Opened {
    pub(super) epoch: Uuid,
    pub(super) writer: SqliteConnection,
    pub(super) writer_options: SqliteConnectOptions,
    pub(super) space: Space,
    /// For what every command asks for: a room, a ban, a message sent before.
    pub(super) lookups: Readers,
    /// For lists.
    pub(super) lists: Readers,
    /// For reading through all messages: a single connection, so that a back-test takes no reader from chat.
    pub(super) scanner: Readers,
    pub(super) lock: File,
}

pub(super) async fn open(url: &str) -> Result<Opened, OpenError> {
    let (path, lock) = prepare(&path_of(url)?)?;
    let writer_options = writer_options(&path);
    let (mut space, mut writer) = begin(&path, &writer_options).await?;
    for migration in apply_migrations(&mut writer).await? {
        tracing::info!(migration.version, migration.description, "migrated the database");
    }
    // Its connections are gone, and their numbers are given again.
    sqlx::query("UPDATE held SET origin = NULL WHERE origin IS NOT NULL").execute(&mut writer).await?;
    let epoch = sqlx::query_scalar("SELECT epoch FROM meta").fetch_one(&mut writer).await?;
    space.begin(free_bytes(&mut writer).await?);
    let (lookups, lists, scanner) = (readers(&path, READERS), readers(&path, READERS), readers(&path, 1));
    Ok(Opened { epoch, writer, writer_options, space, lookups, lists, scanner, lock })
}

/// Opens the database to write, with the log of a server that was killed copied into it: a full volume begins with as much
/// room as there can be.
async fn begin(path: &Path, options: &SqliteConnectOptions) -> sqlx::Result<(Space, SqliteConnection)> {
    let space = Space::of(path);
    let mut connection = options.connect().await?;
    match empty_log(&mut connection).await {
        // What can be read can be served.
        Err(error) if is_full(&error) => tracing::warn!(%error, "could not copy the log into the database"),
        emptied => drop(emptied?),
    }
    Ok((space, connection))
}

/// So many connections that only read, beside a server that may be running; each is opened when it is asked for.
pub(super) fn readers(path: &Path, count: u32) -> Readers {
    let pool = SqlitePoolOptions::new()
        .max_connections(count)
        // A read is worth waiting for as long as its caller waits.
        .acquire_timeout(DEADLINE)
        .test_before_acquire(false)
        .connect_lazy_with(reader_options(path));
    Readers(pool)
}

/// The file that an address such as `sqlite://data/plic-chat.db` names.
///
/// # Errors
/// `Address`.
pub fn path_of(url: &str) -> Result<PathBuf, OpenError> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
    // An address in memory would lose what was confirmed, and one with parameters would not mean what it says.
    if path.is_empty()
        || path.ends_with('/')
        || path.contains(['?', '#'])
        || path.contains("://")
        || path == ":memory:"
    {
        return Err(OpenError::Address(url.into()));
    }
    Ok(path.into())
}

/// Makes the folder and the file, readable by their owner alone, and takes the lock beside it;
/// answers where the file really is.
fn prepare(path: &Path) -> Result<(PathBuf, File), OpenError> {
    make_folder_of(path)?;
    // A database has its first page before it has a log.
    let has_content = |path: &Path| path.metadata().is_ok_and(|file| file.len() > 0);
    if !has_content(path) && has_content(&with_suffix(path, "-wal")) {
        return Err(OpenError::StrayLog(path.into()));
    }
    private_file(path).map_err(at(path))?;
    lock(path)
}

/// Makes the folder of a file that may be absent.
pub(super) fn make_folder_of(path: &Path) -> Result<(), OpenError> {
    let Some(folder) = folder_of(path) else { return Ok(()) };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(at(folder))
}

/// Takes the lock beside a file that may be absent; answers where that really is, by whichever link it was named.
pub(super) fn lock(path: &Path) -> Result<(PathBuf, File), OpenError> {
    let path = match (path.canonicalize(), path.file_name()) {
        (Err(error), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            let folder = folder_of(path).unwrap_or(Path::new("."));
            folder.canonicalize().map_err(at(folder))?.join(name)
        }
        (found, _) => found.map_err(at(path))?,
    };
    let lock_path = with_suffix(&path, ".lock");
    let lock = private_file(&lock_path).map_err(at(&lock_path))?;
    match lock.try_lock() {
        Ok(()) => Ok((path, lock)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path)),
        Err(TryLockError::Error(source)) => Err(OpenError::File { path: lock_path, source }),
    }
}

/// The path with more at the end of its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push(suffix);
    name.into()
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::File { path: path.into(), source }
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Of any connection.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    // No mmap: an I/O error would be a signal that ends the process, not an error that one call answers.
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}

/// Of a connection that only reads.
pub(super) fn reader_options(path: &Path) -> SqliteConnectOptions {
    options(path).read_only(true).pragma("cache_size", "-8000")
}

fn writer_options(path: &Path) -> SqliteConnectOptions {
    options(path)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL, NORMAL does not sync a commit: what is confirmed could be lost with the power.
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-32000")
        // Only should the checkpoints beside the writer fail: one here delays whoever waits for the commit.
        .pragma("wal_autocheckpoint", "48000")
        .pragma("journal_size_limit", "67108864")
        // What is removed is gone from the file, not only from the rows.
        .pragma("secure_delete", "on")
        .statement_cache_capacity(256)
        // Rows that answer a batch: the thread of the connection never waits for their reader.
        .row_buffer_size(1024)
}

async fn apply_migrations(connection: &mut SqliteConnection) -> Result<Vec<AppliedMigration>, OpenError> {
    let before = last_migration(&mut *connection).await?;
    // Not `run`: its generic future is not provably `Send`, and opening a store must be.
    MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => OpenError::Newer(version),
        error => OpenError::Migrate(error),
    })?;
    let applied = MIGRATIONS.iter().filter(|migration| migration.version > before);
    Ok(applied
        .map(|migration| AppliedMigration {
            version: migration.version,
            description: migration.description.to_string(),
        })
        .collect())
}

/// The number of the newest migration in the database; 0 where there is none.
pub(super) async fn last_migration(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    let made: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_one(&mut *connection)
    .await?;
    if made == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(connection).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_file() {
        for url in ["sqlite://data/chat.db", "sqlite:data/chat.db", "data/chat.db"] {
            assert_eq!(path_of(url).expect(url), Path::new("data/chat.db"));
        }
        assert_eq!(path_of("sqlite:///srv/chat.db").expect("absolute"), Path::new("/srv/chat.db"));
        for url in
            ["", "sqlite://", "sqlite::memory:", "postgres://host/db", "sqlite://a.db?mode=ro", "data/"]
        {
            assert!(matches!(path_of(url), Err(OpenError::Address(_))), "{url}");
        }
    }
}
