//! Following the audit log from its beginning, past the server that may be writing it.

use std::collections::BTreeMap;

use plic_pipeline::moderation::audit::{Broken, GENESIS, Verifier};
use sqlx::{ConnectOptions, Connection, SqliteConnection, query_as, sqlite::SqliteConnectOptions};

use super::{
    audit,
    open::{MIGRATIONS, OpenError, path_of, reader_options},
};

/// Entries read at a time.
const BATCH: usize = 1000;

/// Why an audit log is not as it was written.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database cannot be found.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be read.
    #[error("could not read the audit log")]
    Database(#[from] sqlx::Error),
    /// The chain is broken.
    #[error("the audit log was tampered with")]
    Broken(#[from] Broken),
    /// The log could be changed without being broken: a trigger is not what the migrations made.
    #[error("the audit log is not guarded: the trigger `{0}` is missing, or was changed or added")]
    Unguarded(String),
    /// The log does not contain what it is known to have contained.
    #[error("the audit log is another one: it has no entry {0} with the hash that is expected")]
    Unexpected(i64),
}

/// The number and the hash of an entry.
pub type Head = (i64, [u8; 32]);

/// Checks every entry of the audit log of the database at `url`, from the first to the head, and that `expected`, a head
/// that was noted elsewhere before, is among them; answers how many there are and the last one's hash.
pub async fn verify_audit(url: &str, expected: Option<Head>) -> Result<Head, VerifyError> {
    let mut is_expected = expected.is_none_or(|head| head == (0, GENESIS));
    let mut connection = reader_options(&path_of(url)?).connect().await?;
    let mut verifier = Verifier::default();
    let mut last = 0;
    let head = loop {
        // A transaction a batch, not one for all: an old snapshot would keep the server's log of writes from ending.
        let mut transaction = connection.begin().await?;
        let entries = audit::entries_after(&mut transaction, last, BATCH).await?;
        for entry in &entries {
            verifier.next(entry)?;
            last = entry.seq;
            is_expected |= expected == Some((entry.seq, entry.hash));
        }
        if entries.len() < BATCH {
            break audit::head(&mut transaction).await?;
        }
    };
    verifier.end(head)?;
    if let Some((seq, _)) = expected.filter(|_| !is_expected) {
        return Err(VerifyError::Unexpected(seq));
    }
    compare_guards(&guards(&mut connection).await?, &original_guards().await?)?;
    connection.close().await?;
    Ok(head)
}

/// The triggers of the audit log by name: what keeps it from being changed where it lies.
type Guards = BTreeMap<String, String>;

async fn guards(connection: &mut SqliteConnection) -> sqlx::Result<Guards> {
    let rows: Vec<(String, String)> =
        query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'")
            .fetch_all(connection)
            .await?;
    let normal = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(rows.into_iter().map(|(name, sql)| (name, normal(sql))).collect())
}

/// Those that the migrations make, read from a database that they make in memory.
async fn original_guards() -> Result<Guards, VerifyError> {
    let mut fresh = SqliteConnectOptions::new().in_memory(true).connect().await?;
    MIGRATIONS.run_direct(None, &mut fresh, false).await.map_err(OpenError::Migrate)?;
    Ok(guards(&mut fresh).await?)
}

fn compare_guards(found: &Guards, original: &Guards) -> Result<(), VerifyError> {
    let differs = |name: &&String| found.get(*name) != original.get(*name);
    match original.keys().chain(found.keys()).find(differs) {
        Some(name) => Err(VerifyError::Unguarded(name.clone())),
        None => Ok(()),
    }
}
