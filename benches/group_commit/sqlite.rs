//! `SQLite`, and its floor.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use plic_chat::store::SqliteStore;
use plic_pipeline::store::Store;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use uuid::Uuid;

use crate::{Error, Nowhere, compare, floor::Floor};

/// Measures it.
pub(crate) async fn run() -> Result<(), Error> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("chat.db").display());
    let engine = Arc::new(SqliteStore::open(&url, Arc::new(Nowhere)).await?);
    let mut floor = Inserts::open(&folder.path().join("floor.db")).await?;
    let store = Arc::clone(&engine) as Arc<dyn Store>;
    compare("SQLite", &store, &mut floor, None).await?;
    engine.close().await;
    Ok(())
}

/// The floor.
struct Inserts {
    connection: SqliteConnection,
    rows: i64,
}

impl Inserts {
    async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = options.connect().await?;
        sqlx::raw_sql(
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, room INTEGER NOT NULL, seq INTEGER NOT NULL, sender BLOB NOT NULL,
             text TEXT NOT NULL, created_at INTEGER NOT NULL, UNIQUE (room, seq))",
        )
        .execute(&mut connection)
        .await?;
        Ok(Self { connection, rows: 0 })
    }
}

impl Floor for Inserts {
    async fn fill(&mut self, batch: usize, time: Duration) -> Result<u32, Error> {
        let insert = format!(
            "INSERT INTO messages (id, room, seq, sender, text, created_at) VALUES {}",
            vec!["(?,?,?,?,?,?)"; batch].join(",")
        );
        let (began, mut filled) = (Instant::now(), 0);
        while began.elapsed() < time {
            let mut transaction = self.connection.begin().await?;
            let mut statement = sqlx::query(AssertSqlSafe(insert.as_str()));
            for n in 0..batch {
                self.rows += 1;
                let room = i64::try_from(n)?;
                let sender = Uuid::from_u128(n as u128);
                statement = statement.bind(self.rows).bind(room).bind(self.rows).bind(sender);
                statement = statement.bind(format!("{n:064}")).bind(0);
            }
            statement.execute(&mut *transaction).await?;
            transaction.commit().await?;
            filled += u32::try_from(batch)?;
        }
        Ok(filled)
    }
}
