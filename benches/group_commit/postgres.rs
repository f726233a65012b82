//! `PostgreSQL`, and its floor: a loop of one statement that inserts a batch from arrays, on the same server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use plic_chat::store::{PostgresSettings, PostgresStore};
use plic_pipeline::store::Store;
use sqlx::{Connection, PgConnection};
use testbed::{Postgres, PostgresOptions};
use uuid::Uuid;

use crate::{Error, Nowhere, compare, floor::Floor};

/// Of a small server that loses nothing.
const SETTINGS: [(&str, &str); 5] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "256MB"),
    ("max_wal_size", "4GB"),
];

/// A server with a database for the store and one for the floor.
pub(crate) fn server() -> Postgres {
    let server = Postgres::with(&PostgresOptions { settings: &SETTINGS, ..PostgresOptions::default() });
    server.create_database("chat");
    server.create_database("floor");
    server
}

/// Measures it.
pub(crate) async fn run(server: &Postgres) -> Result<(), Error> {
    let settings = PostgresSettings { url: server.url("chat"), pooler: false, max_connections: 10 };
    let engine = Arc::new(PostgresStore::open(&settings, Arc::new(Nowhere)).await?);
    let mut floor = Unnest::open(&server.url("floor")).await?;
    let store = Arc::clone(&engine) as Arc<dyn Store>;
    compare("PostgreSQL", &store, &mut floor, Some(server.pid())).await?;
    engine.close().await;
    Ok(())
}

/// The floor.
struct Unnest {
    connection: PgConnection,
    rows: i64,
}

impl Unnest {
    async fn open(url: &str) -> Result<Self, Error> {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql(
            "CREATE TABLE messages (id BIGINT PRIMARY KEY, room BIGINT NOT NULL, seq BIGINT NOT NULL, sender UUID NOT NULL,
             text TEXT NOT NULL, created_at BIGINT NOT NULL, UNIQUE (room, seq))",
        )
        .execute(&mut connection)
        .await?;
        Ok(Self { connection, rows: 0 })
    }
}

impl Floor for Unnest {
    async fn fill(&mut self, batch: usize, time: Duration) -> Result<u32, Error> {
        let size = i64::try_from(batch)?;
        let (began, mut filled) = (Instant::now(), 0);
        while began.elapsed() < time {
            let ids: Vec<i64> = (self.rows + 1..=self.rows + size).collect();
            self.rows += size;
            // A statement by itself is a transaction.
            sqlx::query(
                "INSERT INTO messages (id, room, seq, sender, text, created_at)
                 SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::bigint[])",
            )
            .bind(&ids)
            .bind((0..size).collect::<Vec<i64>>())
            .bind(&ids)
            .bind((0..batch).map(|n| Uuid::from_u128(n as u128)).collect::<Vec<_>>())
            .bind((0..batch).map(|n| format!("{n:064}")).collect::<Vec<_>>())
            .bind(vec![0_i64; batch])
            .execute(&mut self.connection)
            .await?;
            filled += u32::try_from(batch)?;
        }
        Ok(filled)
    }
}
