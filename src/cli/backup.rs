//! `plic-chat backup`: a copy of the database, made while the server may be running.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::{quoted, require_database};
use crate::{
    config::{Database, DatabaseSettings},
    store::sqlite,
};

/// Of what, and where to.
#[derive(Debug, Args)]
pub struct Request {
    /// The file to make; nothing that is there is overwritten
    file: PathBuf,

    /// The database
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Makes the copy and says what it holds.
pub async fn run(request: &Request) -> anyhow::Result<()> {
    let file = request.file.display();
    let database = match &request.database.database {
        Database::Sqlite(path) => path,
        Database::Postgres(url) => bail!(
            "PostgreSQL is backed up by its own tools, with the password in PGPASSWORD or ~/.pgpass: pg_dump \
             --format=custom --schema=plic_chat --file={} --dbname={}",
            quoted(&file.to_string()),
            quoted(&url.without_password())
        ),
    };
    require_database(database)?;
    let (copy, refusal) = sqlite::backup(database, &request.file).await?;
    if let Some(refusal) = refusal {
        let refusal = anyhow::Error::from(refusal);
        eprintln!("plic-chat: {file} is a whole copy, but `restore` refuses it: {refusal:#}");
    }
    println!("{file}: {} messages, epoch {}", copy.messages, copy.epoch);
    Ok(())
}
