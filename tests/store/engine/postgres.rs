//! `PostgreSQL`: a server for all tests of the program, a database for each of them; bare, with the cache before it, and
//! through `PgBouncer`.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use plic_chat::store::postgres::{self, PostgresSettings, PostgresStore};
use plic_pipeline::{bus::Bus, daily::DailyLimits, id::ConnectionId, said_lately::SaidLately, store::Store};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use testbed::{PgBouncer, PostgresOptions};

use super::{Engine, Kept, Recorder, front::Front};

/// What was migrated once is copied for each test.
const TEMPLATE: &str = "migrated";

struct Servers {
    postgres: testbed::Postgres,
    bouncer: PgBouncer,
}

fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| {
        // Nothing here survives the machine.
        let options = PostgresOptions { settings: &[("fsync", "off")], ..PostgresOptions::default() };
        let postgres = testbed::Postgres::with(&options);
        let bouncer = PgBouncer::start(&postgres);
        Servers { postgres, bouncer }
    })
}

/// A database of a test's own, gone with this value.
pub(crate) struct Database {
    name: String,
    is_pooled: bool,
}

impl Database {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        servers().postgres.create_database(&name);
        Self { name, is_pooled: false }
    }

    /// One with the schema.
    pub(crate) async fn migrated() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        static MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
        MADE.get_or_init(|| async {
            servers().postgres.create_database(TEMPLATE);
            postgres::migrate(&settings(servers().postgres.url(TEMPLATE), false)).await.expect("migrates");
        })
        .await;
        let name = format!("copy_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        servers().postgres.create_from_template(&name, TEMPLATE);
        Self { name, is_pooled: false }
    }

    pub(crate) fn settings(&self) -> PostgresSettings {
        let Servers { postgres, bouncer } = servers();
        let url = if self.is_pooled { bouncer.url(&self.name) } else { postgres.url(&self.name) };
        settings(url, self.is_pooled)
    }

    pub(crate) async fn open(&self, bus: &Arc<Recorder>) -> PostgresStore {
        PostgresStore::open(&self.settings(), Arc::clone(bus) as Arc<dyn Bus>).await.expect("opens")
    }

    /// A connection past the store, of the database's owner.
    pub(crate) async fn stranger(&self) -> PgConnection {
        let mut stranger =
            PgConnection::connect(&servers().postgres.url(&self.name)).await.expect("connects");
        stranger.execute("SET search_path = plic_chat").await.expect("sets");
        stranger
    }

    /// Runs a statement as the superuser.
    pub(crate) fn sql(&self, statement: &str) -> String {
        servers().postgres.sql(&self.name, statement)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        servers().postgres.drop_database(&self.name);
    }
}

pub(crate) fn settings(url: String, pooler: bool) -> PostgresSettings {
    PostgresSettings { url, pooler, max_connections: 6 }
}

pub(crate) struct Postgres {
    bus: Arc<Recorder>,
    front: Front<PostgresStore>,
    limits: DailyLimits,
    database: Database,
}

pub(crate) async fn bare() -> Postgres {
    open(false, false).await
}

pub(crate) async fn cached() -> Postgres {
    open(false, true).await
}

pub(crate) async fn pooled() -> Postgres {
    open(true, false).await
}

async fn open(is_pooled: bool, is_cached: bool) -> Postgres {
    let mut database = Database::migrated().await;
    database.is_pooled = is_pooled;
    let bus = Arc::default();
    let front = Front::new(database.open(&bus).await, is_cached);
    Postgres { bus, front, limits: DailyLimits::NONE, database }
}

#[async_trait]
impl Engine for Postgres {
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
        run(&self.database, "UPDATE sent SET at = at - BY", by).await;
    }

    async fn age(&self, by: Duration) {
        for sql in [
            "UPDATE sent SET at = at - BY",
            "UPDATE held SET at = at - BY",
            "UPDATE refused SET at = at - BY",
            "UPDATE daily_use SET hour = hour - BY / 3600000000",
            "UPDATE participants SET joined_at = joined_at - BY, left_at = left_at - BY",
            "UPDATE messages SET created_at = created_at - BY",
            "UPDATE rooms SET deleted_at = deleted_at - BY",
            "UPDATE strikes SET at = at - BY",
            "UPDATE bans SET created_at = created_at - BY, expires_at = expires_at - BY, lifted_at = lifted_at - BY",
            "UPDATE incidents SET created_at = created_at - BY, decided_at = decided_at - BY, reopened_at = reopened_at - BY",
            "UPDATE incident_reports SET created_at = created_at - BY",
            "UPDATE incident_history SET at = at - BY",
            "UPDATE staff SET seen_at = seen_at - BY",
        ] {
            run(&self.database, sql, by).await;
        }
    }

    fn ended(&self, connection: ConnectionId) -> ConnectionId {
        connection
    }

    async fn limit(&mut self, limits: DailyLimits) {
        self.limits = limits;
        self.reopen().await;
    }

    async fn reopen(&mut self) {
        self.front.inner().close().await;
        let store = self.database.open(&self.bus).await;
        self.front.replace(store.with_daily_limits(self.limits));
    }
}

async fn run(database: &Database, sql: &str, by: Duration) {
    // Safe: a constant of this file, and a number.
    let sql = AssertSqlSafe(sql.replace("BY", &by.as_micros().to_string()));
    database.stranger().await.execute(sql).await.expect("ages");
}
