//! Bringing the schema up to date, in one transaction, one process at a time. The table of what was applied is that of
//! sqlx, whose own way needs a connection that keeps its state between transactions.

use sqlx::{
    migrate::{MigrateError, Migrator},
    query, query_as, query_scalar,
};

use crate::store::sqlite::AppliedMigration;

use super::{connection::Connection, open::OpenError};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Data may take its time to be migrated, also in another process that holds the lock.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL search_path = plic_chat, pg_temp; \
    SET LOCAL statement_timeout = 600000; SET LOCAL lock_timeout = 0; \
    SET LOCAL idle_in_transaction_session_timeout = 60000; SET LOCAL synchronous_commit = on; \
    SELECT pg_advisory_xact_lock(hashtextextended('plic_chat migrations', 0))";
/// Takes everything in the schema from everybody but its owner.
const RIGHTS: &str = include_str!("rights.sql");
const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (\
    version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), \
    success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)";

/// Applies what is not applied yet; answers it. After an error the connection is inside the transaction still.
pub(super) async fn run(connection: &mut Connection) -> Result<Vec<AppliedMigration>, OpenError> {
    connection.run(BEGIN).await?;
    let is_made: bool = query_scalar("SELECT to_regclass('plic_chat._sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !is_made {
        // Whoever may not make schemas has been given one.
        let has_schema: bool = query_scalar("SELECT to_regnamespace('plic_chat') IS NOT NULL")
            .fetch_one(&mut *connection)
            .await?;
        if !has_schema {
            connection.run("CREATE SCHEMA plic_chat").await?;
        }
        connection.run(TABLE).await?;
    }
    let before: Vec<(i64, Vec<u8>)> =
        query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(&mut *connection)
            .await?;
    if let Some((version, _)) = before.iter().find(|(version, _)| !MIGRATIONS.version_exists(*version)) {
        return Err(OpenError::Newer(*version));
    }
    let mut applied = Vec::new();
    for migration in MIGRATIONS.iter() {
        let version = migration.version;
        match before.iter().find(|(before, _)| *before == version) {
            Some((_, checksum)) if *checksum == *migration.checksum => {}
            Some(_) => return Err(OpenError::Migrate(MigrateError::VersionMismatch(version))),
            None => {
                connection
                    .run_script(migration.sql.clone())
                    .await
                    .map_err(|error| OpenError::Migrate(MigrateError::ExecuteMigration(error, version)))?;
                query(
                    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES ($1, $2, TRUE, $3, -1)",
                )
                .bind(version)
                .bind(migration.description.as_ref())
                .bind(migration.checksum.as_ref())
                .execute(&mut *connection)
                .await?;
                applied.push(AppliedMigration { version, description: migration.description.to_string() });
            }
        }
    }
    if !applied.is_empty() {
        connection.run(RIGHTS).await?;
    }
    connection.run("COMMIT").await?;
    Ok(applied)
}
