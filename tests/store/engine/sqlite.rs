//! `SQLite` in a temporary folder, bare and with the cache before it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use plic_chat::store::{OpenError, SqliteStore};
use plic_pipeline::{bus::Bus, daily::DailyLimits, id::ConnectionId, said_lately::SaidLately, store::Store};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::{Engine, Kept, Recorder, front::Front};

pub(crate) struct Sqlite {
    folder: TempDir,
    bus: Arc<Recorder>,
    front: Front<SqliteStore>,
    limits: DailyLimits,
}

pub(crate) async fn bare() -> Sqlite {
    make(false).await
}

pub(crate) async fn cached() -> Sqlite {
    make(true).await
}

async fn make(is_cached: bool) -> Sqlite {
    let (folder, bus) = (tempfile::tempdir().expect("a temporary folder"), Arc::default());
    let front = Front::new(open(&folder, &bus).await, is_cached);
    Sqlite { folder, bus, front, limits: DailyLimits::NONE }
}

pub(crate) fn url(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("chat.db").display())
}

async fn open(folder: &TempDir, bus: &Arc<Recorder>) -> SqliteStore {
    // A program that another test starts has the files of this one, with their locks, until it is executed.
    for _ in 0..100 {
        match SqliteStore::open(&url(folder), Arc::clone(bus) as Arc<dyn Bus>).await {
            Err(OpenError::InUse(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            opened => return opened.expect("opens"),
        }
    }
    panic!("{} stays in use", url(folder));
}

/// A connection past the store, as another process would have one.
pub(crate) async fn stranger(folder: &TempDir) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.path().join("chat.db")).connect().await.expect("connects")
}

#[async_trait]
impl Engine for Sqlite {
    fn store(&self) -> Arc<dyn Store> {
        self.front.store()
    }

    fn records(&self) -> Arc<dyn Kept> {
        self.front.kept()
    }

    fn said(&self) -> Arc<dyn SaidLately> {
        self.front.said()
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
            "UPDATE daily_use SET hour = hour - ?1 / 3600000000",
            "UPDATE participants SET joined_at = joined_at - ?1, left_at = left_at - ?1",
            "UPDATE messages SET created_at = created_at - ?1",
            "UPDATE rooms SET deleted_at = deleted_at - ?1",
            "UPDATE strikes SET at = at - ?1",
            "UPDATE bans SET created_at = created_at - ?1, expires_at = expires_at - ?1, lifted_at = lifted_at - ?1",
            "UPDATE incidents SET created_at = created_at - ?1, decided_at = decided_at - ?1, reopened_at = reopened_at - ?1",
            "UPDATE incident_reports SET created_at = created_at - ?1",
            "UPDATE incident_history SET at = at - ?1",
            "UPDATE staff SET seen_at = seen_at - ?1",
        ] {
            sqlx::query(sql).bind(by).execute(&mut connection).await.expect("ages");
        }
    }

    fn ended(&self, _: ConnectionId) -> ConnectionId {
        ConnectionId::ENDED
    }

    async fn limit(&mut self, limits: DailyLimits) {
        self.limits = limits;
        self.reopen().await;
    }

    async fn reopen(&mut self) {
        self.front.inner().close().await;
        let store = open(&self.folder, &self.bus).await;
        self.front.replace(store.with_daily_limits(self.limits));
    }
}
