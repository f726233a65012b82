//! `plic-chat restore`: a backup becomes the database.

use std::{
    fs::File,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;

use super::quoted;
use crate::{
    config::{Database, DatabaseSettings},
    store::sqlite,
};

/// What, and where to.
#[derive(Debug, Args)]
pub struct Request {
    /// The backup
    file: PathBuf,

    /// Move a database that is there, or the log of one, out of the way, under a name with the time
    #[arg(long)]
    replace: bool,

    /// Restore a backup although its audit log was tampered with
    #[arg(long)]
    accept_broken_audit: bool,

    /// Where the database is to be
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Puts it in place and says what it holds.
pub async fn run(request: &Request) -> anyhow::Result<()> {
    let file = &request.file;
    let database = match &request.database.database {
        Database::Sqlite(path) => path,
        Database::Postgres(url) => bail!(
            "PostgreSQL is restored by its own tools, with every node stopped and the password in PGPASSWORD or \
             ~/.pgpass: pg_restore --clean --if-exists --single-transaction --dbname={} {}; then: plic-chat new-epoch",
            quoted(&url.without_password()),
            quoted(&file.display().to_string())
        ),
    };
    require_sqlite(file)?;
    let consent = sqlite::RestoreConsent {
        replaces: request.replace,
        accepts_broken_audit: request.accept_broken_audit,
    };
    let restored = match sqlite::restore(file, database, consent).await {
        Err(sqlite::CopyError::Exists(database)) => {
            bail!(
                "there is a database at `{}`: add --replace to move it aside and restore",
                database.display()
            )
        }
        Err(error @ sqlite::CopyError::StrayLog(_)) => bail!(
            "{error}: put the database back beside it, or keep the log under another name with --replace"
        ),
        Err(error @ sqlite::CopyError::AuditBroken { .. }) => {
            let error = anyhow::Error::from(error);
            bail!("{error:#}; --accept-broken-audit restores it nevertheless");
        }
        restored => restored?,
    };
    if let Some(kept) = restored.kept {
        println!("what was there is kept at {}", kept.display());
    }
    if let Some(broken) = restored.broken_audit {
        eprintln!("plic-chat: the audit log was tampered with: {broken}");
    }
    let contents = restored.contents;
    println!("{}: {} messages, epoch {}", database.display(), contents.messages, contents.epoch);
    Ok(())
}

/// Fails where a file does not begin as those of `SQLite` do.
fn require_sqlite(path: &Path) -> anyhow::Result<()> {
    const BEGINNING: &[u8; 16] = b"SQLite format 3\0";
    let mut beginning = [0; BEGINNING.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut beginning));
    match read {
        Ok(()) if beginning == *BEGINNING => Ok(()),
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
            Err(error).with_context(|| format!("could not read `{}`", path.display()))
        }
        Ok(()) | Err(_) => bail!("`{}` is no SQLite database", path.display()),
    }
}
