//! `plic-chat unban`: lifts a ban past the server, whoever set it. For an operator whose admins are locked out.

use std::{fs::File, sync::Arc};

use anyhow::{Context, bail};
use async_trait::async_trait;
use clap::Args;
use plic_pipeline::{
    bus::Bus,
    event::Event,
    id::UserId,
    moderation::{Authority, Records, records::RecordsError},
};
use uuid::Uuid;

use crate::{
    config::{Database, DatabaseSettings},
    store::{PostgresStore, SqliteStore},
};

/// Whose ban, in which database.
#[derive(Debug, Args)]
pub struct Request {
    /// The banned user
    user: Uuid,
    /// The database; an SQLite file must not be open in a server
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Nobody is connected to this process.
struct NoConnections;

#[async_trait]
impl Bus for NoConnections {
    async fn publish(&self, _: Vec<Event>) {}
}

/// Lifts the ban; the audit log names nobody and says that it was done on the command line. Fails where the user is not
/// banned.
pub async fn run(request: &Request) -> anyhow::Result<()> {
    request.database.check()?;
    let user = UserId(request.user);
    let database = &request.database.database;
    let lifted = match database {
        Database::Sqlite(path) => {
            // Opening a store would make the file.
            File::open(path).with_context(|| format!("could not open `{}`", path.display()))?;
            let store = SqliteStore::open(&database.to_string(), Arc::new(NoConnections)).await?;
            let lifted = lift(&store, user).await;
            store.close().await;
            lifted
        }
        Database::Postgres(url) => {
            let store = PostgresStore::open(&request.database.reach(url), Arc::new(NoConnections)).await?;
            let lifted = lift(&store, user).await;
            store.close().await;
            lifted
        }
    }?;
    if !lifted {
        bail!("{user} is not banned");
    }
    println!("the ban of {user} is lifted");
    Ok(())
}

async fn lift(records: &dyn Records, user: UserId) -> Result<bool, RecordsError> {
    records.lift_ban(user, None, Authority::Admin).await
}
