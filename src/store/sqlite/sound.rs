//! Whether a file is a whole database of plic-chat: asked of every copy before anybody relies on it.

use std::{
    io,
    path::{Path, PathBuf},
};

use plic_pipeline::moderation::audit::Broken;
use sqlx::{SqliteConnection, query_as, query_scalar};
use uuid::Uuid;

use super::{
    open::{MIGRATIONS, OpenError, last_migration},
    schema::{self, SchemaDifference},
    verify::{ChainReader, VerifyError},
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
    /// The files beside a database that is gone: they may hold the last confirmed messages.
    #[error("there is no database at `{}`, but a log of its writes beside it", .0.display())]
    StrayLog(PathBuf),
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
    /// A row refers to one that is not there.
    #[error("`{}` is damaged: a row of `{table}` refers to a row of `{parent}` that is not there", path.display())]
    DanglingReference {
        /// Which file.
        path: PathBuf,
        /// The table with the reference.
        table: String,
        /// The table that the reference is to.
        parent: String,
    },
    /// The audit log is not as it was written.
    #[error("the audit log in `{}` was tampered with", path.display())]
    AuditBroken {
        /// Which file.
        path: PathBuf,
        /// Where the log is broken.
        #[source]
        source: Broken,
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

/// Checks what a restore asks of the database at `path` beyond that it can be read; returns why it would refuse it.
pub(super) async fn refusal(
    path: &Path,
    connection: &mut SqliteConnection,
) -> Result<Option<CopyError>, CopyError> {
    let checked = async {
        check_schema(path, &mut *connection).await?;
        check_references(path, &mut *connection).await?;
        check_audit(path, connection).await
    };
    match checked.await {
        Ok(()) => Ok(None),
        Err(
            refusal @ (CopyError::OtherSchema { .. }
            | CopyError::DanglingReference { .. }
            | CopyError::AuditBroken { .. }),
        ) => Ok(Some(refusal)),
        Err(error) => Err(error),
    }
}

/// Checks that every foreign key of the database at `path` refers to a row. `SQLite` enforces a key when a row is written,
/// not in a file that was changed elsewhere.
pub(super) async fn check_references(
    path: &Path,
    connection: &mut SqliteConnection,
) -> Result<(), CopyError> {
    let dangling: Option<(String, String)> =
        query_as("SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT 1")
            .fetch_optional(connection)
            .await
            .map_err(failed(path))?;
    match dangling {
        Some((table, parent)) => Err(CopyError::DanglingReference { path: path.into(), table, parent }),
        None => Ok(()),
    }
}

/// Checks the audit log of the database at `path`, from the first entry to the last. A database of the first release has
/// none.
pub(super) async fn check_audit(path: &Path, connection: &mut SqliteConnection) -> Result<(), CopyError> {
    let has_log: bool =
        query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'audit'")
            .fetch_one(&mut *connection)
            .await
            .map_err(failed(path))?;
    if !has_log {
        return Ok(());
    }
    let mut chain = ChainReader::new(None);
    loop {
        match chain.read_batch(connection).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            Err(VerifyError::Broken(source)) => {
                return Err(CopyError::AuditBroken { path: path.into(), source });
            }
            Err(VerifyError::Database(source)) => return Err(failed(path)(source)),
            Err(error) => unreachable!("{error}: nothing is opened, no head expected and no guard compared"),
        }
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
