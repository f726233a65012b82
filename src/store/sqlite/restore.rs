//! Putting a copy in a database's place, under a new epoch: what was given out after the copy was made is not in it, so
//! ids start over.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use plic_pipeline::{moderation::audit::Broken, timestamp::Timestamp};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, query,
    sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use uuid::Uuid;

use super::{
    backup::{new_file, sync_folder_of},
    open::{lock, make_folder_of, options, with_suffix},
    sound::{Contents, CopyError, at, check, check_audit, check_references, check_schema, failed},
};

/// The files that `SQLite` keeps beside a database. Beside another database they would be taken for that one's. What
/// follows the database in its place keeps its name: the lock and the reserve hold nothing of it.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];
/// Those of them that hold what the database does not.
const LOGS: [&str; 2] = ["-wal", "-journal"];

/// What a restore may do that it refuses otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreConsent {
    /// Move a database that is there out of the way.
    pub replaces: bool,
    /// Take a backup whose audit log was tampered with.
    pub accepts_broken_audit: bool,
}

/// What was put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What it holds; its epoch is new.
    pub contents: Contents,
    /// Where the database is that was there before.
    pub kept: Option<PathBuf>,
    /// Where its audit log is broken, which was accepted.
    pub broken_audit: Option<Broken>,
}

/// Puts a checked copy of `backup` where `database` says, under a new epoch. A database that is there, or the log of one
/// that is gone, is kept beside it where the consent `replaces`, and otherwise a refusal. The place changes at one moment,
/// after the copy is on the disk.
pub async fn restore(backup: &Path, database: &Path, consent: RestoreConsent) -> Result<Restored, CopyError> {
    for log in LOGS {
        if is_there(&with_suffix(backup, log)).map_err(at(backup))? {
            return Err(CopyError::HasLog(backup.into()));
        }
    }
    let mut source = File::open(backup).map_err(at(backup))?;
    make_folder_of(database)?;
    let (database, _lock) = lock(database)?;
    let mut is_taken = is_there(&database).map_err(at(&database))?;
    if is_taken && !consent.replaces {
        return Err(CopyError::Exists(database));
    }
    for log in LOGS {
        is_taken |= is_there(&with_suffix(&database, log)).map_err(at(&database))?;
    }
    if is_taken && !consent.replaces {
        return Err(CopyError::StrayLog(database));
    }
    let unfinished = with_suffix(&database, &format!(".unfinished-{}", Uuid::new_v4().simple()));
    let restored = match prepare(&mut source, backup, &unfinished, consent.accepts_broken_audit).await {
        Ok((contents, broken_audit)) => {
            place(&unfinished, &database, is_taken).map(|kept| Restored { contents, kept, broken_audit })
        }
        Err(error) => Err(error),
    };
    if restored.is_err()
        && let Err(error) = fs::remove_file(&unfinished)
    {
        tracing::debug!(%error, path = %unfinished.display(), "nothing to remove");
    }
    restored
}

/// Gives the database at `database` a new epoch; no server may have it open.
pub async fn new_epoch(database: &Path) -> Result<Uuid, CopyError> {
    File::open(database).map_err(at(database))?;
    let (database, _lock) = lock(database)?;
    let mut connection = alone(&database).await.map_err(failed(&database))?;
    check(&database, &mut connection).await?;
    check_schema(&database, &mut connection).await?;
    check_references(&database, &mut connection).await?;
    let epoch = rename(&database, &mut connection).await?;
    connection.close().await.map_err(failed(&database))?;
    Ok(epoch)
}

/// Copies the backup, checks the copy and gives it a new epoch.
async fn prepare(
    source: &mut File,
    backup: &Path,
    to: &Path,
    accepts_broken_audit: bool,
) -> Result<(Contents, Option<Broken>), CopyError> {
    let mut file = new_file(to)?;
    io::copy(source, &mut file).map_err(at(to))?;
    let mut connection = alone(to).await.map_err(failed(backup))?;
    // Who reads of a fault wants the name of the file they gave.
    let contents = check(backup, &mut connection).await?;
    check_schema(backup, &mut connection).await?;
    check_references(backup, &mut connection).await?;
    let broken = match check_audit(backup, &mut connection).await {
        Err(CopyError::AuditBroken { source, .. }) if accepts_broken_audit => Some(source),
        checked => checked.map(|()| None)?,
    };
    let epoch = rename(to, &mut connection).await?;
    connection.close().await.map_err(failed(to))?;
    file.sync_all().map_err(at(to))?;
    Ok((Contents { epoch, ..contents }, broken))
}

/// A connection to a database that nobody else uses. Without a log of writes, so that the file is all there is.
async fn alone(path: &Path) -> sqlx::Result<SqliteConnection> {
    let options = options(path)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        // Whoever made it may have put functions in it that are run when it is read.
        .pragma("trusted_schema", "off");
    options.connect().await
}

async fn rename(path: &Path, connection: &mut SqliteConnection) -> Result<Uuid, CopyError> {
    let epoch = Uuid::new_v4();
    query("UPDATE meta SET epoch = $1").bind(epoch).execute(connection).await.map_err(failed(path))?;
    Ok(epoch)
}

/// Moves what is there out of the way, and the copy in its place; answers where what was there is now.
fn place(copy: &Path, database: &Path, is_taken: bool) -> Result<Option<PathBuf>, CopyError> {
    let kept = is_taken.then(|| {
        let now = Timestamp::now().to_string().replace(':', "");
        with_suffix(database, &format!(".replaced-{now}"))
    });
    // The database last: beside the copy, its log would be taken for the copy's.
    for suffix in COMPANIONS.into_iter().chain([""]) {
        let old = with_suffix(database, suffix);
        let moved = match &kept {
            Some(kept) => fs::rename(&old, with_suffix(kept, suffix)),
            // An empty log, or an index of one.
            None => fs::remove_file(&old),
        };
        match moved {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            moved => moved.map_err(at(&old))?,
        }
    }
    sync_folder_of(database)?;
    fs::rename(copy, database).map_err(at(database))?;
    sync_folder_of(database)?;
    Ok(kept)
}

/// Whether a file is there and has something in it.
fn is_there(path: &Path) -> io::Result<bool> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
