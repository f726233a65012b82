//! `plic-chat migrate`: brings the database up to date without serving.

use crate::{config::Settings, store::sqlite};

/// Applies what is missing and says what it was.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let applied = sqlite::migrate(&settings.database_url).await?;
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
