//! A copy of a database, made while a server works on it.
//!
//! `VACUUM INTO` on a connection that reads: it sees the database as it was at one moment, holds no lock that the writer
//! waits for, and writes a file without gaps and without a log. What it needs is room: meanwhile the server's log of
//! writes cannot begin anew, and grows by what is written.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use sqlx::{ConnectOptions, Connection, query};
use uuid::Uuid;

use super::{
    open::{reader_options, with_suffix},
    sound::{Contents, CopyError, at, check, failed, refusal},
};

/// Copies the database at `database` to the new file `to`, which its owner alone may read; returns what the copy holds and,
/// where a restore would refuse it, why. When this returns, the copy is checked and on the disk.
pub async fn backup(database: &Path, to: &Path) -> Result<(Contents, Option<CopyError>), CopyError> {
    File::open(database).map_err(at(database))?;
    // The name is taken at once, and given to the copy only once that is whole.
    let reserved = new_file(to)?;
    let unfinished = with_suffix(to, &format!(".unfinished-{}", Uuid::new_v4().simple()));
    let copied = copy(database, &unfinished).await.and_then(|copied| {
        fs::rename(&unfinished, to).map_err(at(to))?;
        sync_folder_of(to)?;
        Ok(copied)
    });
    drop(reserved);
    if copied.is_err() {
        for leftover in [to, &unfinished] {
            // What went wrong first is what the caller is told.
            if let Err(error) = fs::remove_file(leftover) {
                tracing::debug!(%error, path = %leftover.display(), "nothing to remove");
            }
        }
    }
    copied
}

async fn copy(database: &Path, to: &Path) -> Result<(Contents, Option<CopyError>), CopyError> {
    let file = new_file(to)?;
    let mut connection = reader_options(database).connect().await.map_err(failed(database))?;
    let name = to.to_str().ok_or_else(|| not_text(to))?;
    query("VACUUM INTO $1").bind(name).execute(&mut connection).await.map_err(failed(database))?;
    connection.close().await.map_err(failed(database))?;
    let mut copy = reader_options(to).connect().await.map_err(failed(to))?;
    let contents = check(to, &mut copy).await?;
    // An operator may have added an index: that is no reason to have no backup.
    let refusal = refusal(database, &mut copy).await?;
    copy.close().await.map_err(failed(to))?;
    file.sync_all().map_err(at(to))?;
    Ok((contents, refusal))
}

fn not_text(path: &Path) -> CopyError {
    let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "the path is not UTF-8");
    CopyError::File { path: path.into(), source }
}

/// Makes a file that its owner alone may read, where there is none.
pub(super) fn new_file(path: &Path) -> Result<File, CopyError> {
    let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => CopyError::Exists(path.into()),
        _ => CopyError::File { path: path.into(), source },
    })
}

/// Makes names in a folder as durable as the files.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), CopyError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}
