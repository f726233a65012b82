//! `plic-chat restore`: a backup becomes the database.

use std::path::PathBuf;

use anyhow::bail;
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

    /// Move a database that is there out of the way, under a name with the time
    #[arg(long)]
    replace: bool,

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
    let restored = match sqlite::restore(file, database, request.replace).await {
        Err(sqlite::CopyError::Exists(database)) => {
            bail!("there is a database at `{}`: --replace keeps it beside the backup's", database.display())
        }
        restored => restored?,
    };
    if let Some(kept) = restored.kept {
        println!("what was there is kept at {}", kept.display());
    }
    let contents = restored.contents;
    println!("{}: {} messages, epoch {}", database.display(), contents.messages, contents.epoch);
    Ok(())
}
