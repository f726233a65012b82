//! `plic-chat migrate`: brings the database up to date without serving.

use crate::{
    config::{Database, Settings},
    store::{postgres, sqlite},
};

/// Applies what is missing and says what it was.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    settings.check()?;
    let database = &settings.database.database;
    let applied = match database {
        Database::Sqlite(_) => sqlite::migrate(&database.to_string()).await?,
        Database::Postgres(url) => postgres::migrate(&settings.database.reach(url)).await?,
    };
    match applied.as_slice() {
        [] => println!("the database is up to date"),
        applied => {
            for migration in applied {
                println!("applied {} {}", migration.version, migration.description);
            }
        }
    }
    Ok(())
}
