//! `SQLite` in a temporary folder, bare and with the cache before it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use plic_chat::store::{Cached, SqliteStore};
use plic_pipeline::{bus::Bus, store::Store};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::{Engine, Kept, Recorder};

enum Front {
    Bare(Arc<SqliteStore>),
    Cached(Arc<Cached<SqliteStore>>),
}

pub(crate) struct Sqlite {
    folder: TempDir,
    bus: Arc<Recorder>,
    front: Front,
}

pub(crate) async fn bare() -> Sqlite {
    let (folder, bus) = (tempfile::tempdir().expect("a temporary folder"), Arc::default());
    let front = Front::Bare(Arc::new(open(&folder, &bus).await));
    Sqlite { folder, bus, front }
}

pub(crate) async fn cached() -> Sqlite {
    let (folder, bus) = (tempfile::tempdir().expect("a temporary folder"), Arc::default());
    let front = Front::Cached(Arc::new(Cached::new(open(&folder, &bus).await)));
    Sqlite { folder, bus, front }
}

pub(crate) fn url(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("chat.db").display())
}

async fn open(folder: &TempDir, bus: &Arc<Recorder>) -> SqliteStore {
    SqliteStore::open(&url(folder), Arc::clone(bus) as Arc<dyn Bus>).await.expect("opens")
}

/// A connection past the store, as another process would have one.
pub(crate) async fn stranger(folder: &TempDir) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.path().join("chat.db")).connect().await.expect("connects")
}

#[async_trait]
impl Engine for Sqlite {
    fn store(&self) -> Arc<dyn Store> {
        match &self.front {
            Front::Bare(store) => Arc::clone(store) as Arc<dyn Store>,
            Front::Cached(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    fn records(&self) -> Arc<dyn Kept> {
        match &self.front {
            Front::Bare(store) => Arc::clone(store) as Arc<dyn Kept>,
            Front::Cached(store) => Arc::clone(store) as Arc<dyn Kept>,
        }
    }

    fn bus(&self) -> &Recorder {
        &self.bus
    }

    async fn age_sent(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).expect("short");
        let mut connection = stranger(&self.folder).await;
        sqlx::query("UPDATE sent SET at = at - ?").bind(by).execute(&mut connection).await.expect("ages");
    }

    async fn age(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).expect("short");
        let mut connection = stranger(&self.folder).await;
        for sql in [
            "UPDATE sent SET at = at - ?1",
            "UPDATE held SET at = at - ?1",
            "UPDATE refused SET at = at - ?1",
            "UPDATE participants SET joined_at = joined_at - ?1, left_at = left_at - ?1",
            "UPDATE messages SET created_at = created_at - ?1",
            "UPDATE rooms SET deleted_at = deleted_at - ?1",
            "UPDATE strikes SET at = at - ?1",
            "UPDATE bans SET created_at = created_at - ?1, expires_at = expires_at - ?1, lifted_at = lifted_at - ?1",
            "UPDATE incidents SET created_at = created_at - ?1, decided_at = decided_at - ?1",
        ] {
            sqlx::query(sql).bind(by).execute(&mut connection).await.expect("ages");
        }
    }

    async fn reopen(&mut self) {
        match &self.front {
            Front::Bare(store) => store.close().await,
            Front::Cached(store) => store.inner().close().await,
        }
        let store = open(&self.folder, &self.bus).await;
        self.front = match &self.front {
            Front::Bare(_) => Front::Bare(Arc::new(store)),
            Front::Cached(_) => Front::Cached(Arc::new(Cached::new(store))),
        };
    }
}
