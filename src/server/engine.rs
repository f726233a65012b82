//! The storage engine that the settings name, and whether this process is a node of a cluster with it.

use std::{sync::Arc, time::Duration};

use plic_pipeline::{
    bus::Bus,
    id::ConnectionId,
    memory::Memory,
    moderation::{Desk, Records},
    said_lately::SaidLately,
    store::Store,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::StartError;
use crate::{
    bus::{
        local::LocalBus,
        nats::{Hearing, Nats},
    },
    cluster::{
        self, NodeBus,
        shared::{Attendance, Shared},
    },
    config::{Database, Settings},
    hub::Hub,
    metrics::Metrics,
    store::{Cached, PostgresStore, SqliteStore, Writers},
};

/// How long what a sender said is known where a user may have several connections: another may be on another node.
const MEMORY_FRESH_FOR: Duration = Duration::from_secs(5);

/// What is kept, and the way of what is committed.
pub(super) struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) records: Arc<dyn Records>,
    said: Arc<dyn SaidLately>,
    pub(super) bus: Arc<dyn Bus>,
    /// The way to other nodes.
    pub(super) nats: Option<Arc<Nats>>,
    kept: Kept,
}

enum Kept {
    Sqlite(Arc<Cached<SqliteStore>>),
    Postgres(Box<Node>),
}

struct Node {
    engine: Arc<Cached<PostgresStore>>,
    bus: Arc<NodeBus>,
    hearing: Option<Hearing>,
    news_from: i64,
}

impl Engine {
    /// Opens the database, and begins to connect to NATS.
    pub(super) async fn open(
        settings: &Settings,
        hub: &Arc<Hub>,
        metrics: &Metrics,
    ) -> Result<Self, StartError> {
        let url = match &settings.database.database {
            Database::Sqlite(_) => {
                let url = settings.database.database.to_string();
                let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(Arc::clone(hub)));
                let store = SqliteStore::open(&url, Arc::clone(&bus)).await?;
                let store = store.with_daily_limits(settings.daily_limits());
                let engine = Arc::new(Cached::new(store, Writers::ThisProcess));
                let (store, records) = (Arc::clone(&engine), Arc::clone(&engine));
                let said = Arc::clone(engine.inner()) as _;
                return Ok(Self { store, records, said, bus, nats: None, kept: Kept::Sqlite(engine) });
            }
            Database::Postgres(url) => url,
        };
        let (nats, hearing) = match settings.nats.settings() {
            Some(nats) => {
                let (nats, hearing) = Nats::connect(&nats, metrics.cluster.clone()).await?;
                (Some(Arc::new(nats)), Some(hearing))
            }
            None => (None, None),
        };
        let bus = Arc::new(NodeBus::new(Arc::clone(hub), nats.clone(), metrics.cluster.clone()));
        let store =
            PostgresStore::open(&settings.database.reach(url), Arc::clone(&bus) as Arc<dyn Bus>).await?;
        let store = store.with_daily_limits(settings.daily_limits());
        // From before anything is remembered: what changes from now on is read of.
        let news_from = store.news_head().await?;
        let engine = Arc::new(Cached::new(store, Writers::OthersToo));
        let (store, records) = (Arc::clone(&engine), Arc::clone(&engine));
        let said = Arc::clone(engine.inner()) as _;
        let node = Node { engine, bus: Arc::clone(&bus), hearing, news_from };
        Ok(Self { store, records, said, bus, nats, kept: Kept::Postgres(Box::new(node)) })
    }

    /// Returns the name of the database.
    pub(super) fn epoch(&self) -> Uuid {
        match &self.kept {
            Kept::Sqlite(engine) => engine.inner().epoch(),
            Kept::Postgres(node) => node.engine.inner().epoch(),
        }
    }

    /// Returns the filter's memory of what senders said, over this database.
    pub(super) fn memory(&self, connections_per_user: usize, metrics: &Metrics) -> Memory {
        let fresh_for = (connections_per_user > 1).then_some(MEMORY_FRESH_FOR);
        Memory::new(Arc::clone(&self.said), fresh_for, metrics.pipeline.clone())
    }

    /// Reads what everybody who comes back after a restart is asked about.
    pub(super) async fn warm_up(&self) {
        match &self.kept {
            Kept::Sqlite(engine) => engine.warm_up().await,
            Kept::Postgres(node) => node.engine.warm_up().await,
        }
    }

    /// The number of this process' first connection; among nodes, no other one has it or a later one.
    pub(super) fn first_connection(&self) -> ConnectionId {
        match &self.kept {
            Kept::Sqlite(_) => ConnectionId(1),
            Kept::Postgres(node) => ConnectionId((node.engine.inner().node().cast_unsigned() << 32) + 1),
        }
    }

    /// Makes this process a node where its engine is for several; answers who is told of those who come and go.
    pub(super) fn join_cluster(
        &mut self,
        hub: &Arc<Hub>,
        desk: &Desk,
        connections_per_user: usize,
        background: &mut JoinSet<()>,
    ) -> Option<Arc<dyn Attendance>> {
        let Kept::Postgres(node) = &mut self.kept else { return None };
        let parts = cluster::Parts {
            hub: Arc::clone(hub),
            shared: Arc::clone(node.engine.inner()) as Arc<dyn Shared>,
            records: Arc::clone(&self.records),
            forget: Arc::clone(&node.engine) as _,
            desk: desk.clone(),
            connections_per_user,
            news_from: node.news_from,
        };
        Some(cluster::start(parts, &node.bus, node.hearing.take(), background))
    }

    /// Finishes the writes that wait, and closes the database.
    pub(super) async fn close(&self) {
        match &self.kept {
            Kept::Sqlite(engine) => engine.inner().close().await,
            Kept::Postgres(node) => node.engine.inner().close().await,
        }
    }
}
