//! Whether a file is a whole database of plic-chat: asked of every copy before anybody relies on it.

use std::{
    io,
    path::{Path, PathBuf},
};

use sqlx::{SqliteConnection, query_scalar};
use uuid::Uuid;

use super::{
    open::{MIGRATIONS, OpenError, last_migration},
    schema::{self, SchemaDifference},
};

/// Why a database was not copied, or put in another one's place.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A database or its lock cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file cannot be read or written.
    #[error("could not copy to or from `{}`", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Nothing that is there is overwritten.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// A database that a server has or had open.
    #[error(
        "`{}` is no backup: it has a log of writes beside it, which belongs to it; start and stop a server on it first",
        .0.display()
    )]
    HasLog(PathBuf),
    /// Another program's file.
    #[error("`{}` is not a database of plic-chat", .0.display())]
    Foreign(PathBuf),
    /// The schema is not what the migrations make.
    #[error("`{}` is not a database as plic-chat makes it: {difference}", path.display())]
    OtherSchema {
        /// Which file.
        path: PathBuf,
        /// What is different first.
        difference: SchemaDifference,
    },
    /// The file is not whole.
    #[error("`{}` is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it first.
        what: String,
    },
    /// The database does not work.
    #[error("could not read `{}`", path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: sqlx::Error,
    },
}

/// What a database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// The name of the database.
    pub epoch: Uuid,
    /// How many messages.
    pub messages: i64,
}

/// Checks the database at `path`, to which `connection` goes; answers what it holds.
pub(super) async fn check(path: &Path, connection: &mut SqliteConnection) -> Result<Contents, CopyError> {
    let failed = failed(path);
    let tables: i64 = query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('_sqlx_migrations', 'meta', 'messages')",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(&failed)?;
    if tables < 3 {
        return Err(CopyError::Foreign(path.into()));
    }
    let version = last_migration(connection).await.map_err(&failed)?;
    if MIGRATIONS.iter().all(|migration| migration.version < version) {
        return Err(OpenError::Newer(version).into());
    }
    let what: String =
        query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *connection).await.map_err(&failed)?;
    if what != "ok" {
        return Err(CopyError::Damaged { path: path.into(), what });
    }
    let epoch = query_scalar("SELECT epoch FROM meta").fetch_one(&mut *connection).await.map_err(&failed)?;
    let messages =
        query_scalar("SELECT count(*) FROM messages").fetch_one(connection).await.map_err(&failed)?;
    Ok(Contents { epoch, messages })
}

/// Checks that the schema of the database at `path` is what the migrations make that were applied to it. Nothing may be
/// written to a database from elsewhere before: its triggers would act.
pub(super) async fn check_schema(path: &Path, connection: &mut SqliteConnection) -> Result<(), CopyError> {
    match schema::difference(connection).await {
        Ok(None) => Ok(()),
        Ok(Some(difference)) => Err(CopyError::OtherSchema { path: path.into(), difference }),
        Err(OpenError::Database(source)) => Err(failed(path)(source)),
        Err(error) => Err(error.into()),
    }
}

/// What a fault of the database at `path` is.
pub(super) fn failed(path: &Path) -> impl Fn(sqlx::Error) -> CopyError {
    move |source| CopyError::Database { path: path.into(), source }
}

/// What a fault of the file or folder at `path` is.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> CopyError {
    move |source| CopyError::File { path: path.into(), source }
}
