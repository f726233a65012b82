//! `plic-chat new-epoch`: for a database that was put back to an earlier state by other means than `restore`.

use clap::Args;

use crate::{
    config::{Database, DatabaseSettings},
    store::{postgres, sqlite},
};

/// Of which database.
#[derive(Debug, Args)]
pub struct Request {
    /// The database, which no server has open
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Gives it one and says which.
pub async fn run(request: &Request) -> anyhow::Result<()> {
    request.database.check()?;
    let epoch = match &request.database.database {
        Database::Sqlite(path) => sqlite::new_epoch(path).await?,
        Database::Postgres(url) => postgres::new_epoch(&request.database.reach(url)).await?,
    };
    println!("epoch {epoch}");
    Ok(())
}
