//! The triggers of the audit log: what keeps it from being changed where it lies.

use std::collections::BTreeMap;

use sqlx::{ConnectOptions, SqliteConnection, query_as, sqlite::SqliteConnectOptions};

use super::{
    open::{MIGRATIONS, OpenError},
    verify::VerifyError,
};

/// Triggers by name.
type Guards = BTreeMap<String, String>;

/// A trigger that is missing, or was changed or added.
pub(super) async fn changed(connection: &mut SqliteConnection) -> Result<Option<String>, VerifyError> {
    let (found, original) = (guards(connection).await?, original().await?);
    let differs = |name: &&String| found.get(*name) != original.get(*name);
    Ok(original.keys().chain(found.keys()).find(differs).cloned())
}

async fn guards(connection: &mut SqliteConnection) -> sqlx::Result<Guards> {
    let rows: Vec<(String, String)> =
        query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'")
            .fetch_all(connection)
            .await?;
    let normal = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(rows.into_iter().map(|(name, sql)| (name, normal(sql))).collect())
}

/// Those that the migrations make, read from a database that they make in memory.
async fn original() -> Result<Guards, VerifyError> {
    let mut fresh = SqliteConnectOptions::new().in_memory(true).connect().await?;
    MIGRATIONS.run_direct(None, &mut fresh, false).await.map_err(OpenError::Migrate)?;
    Ok(guards(&mut fresh).await?)
}
