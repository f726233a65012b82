//! Nodes of one chat, on the servers of this test program or on a test's own.

use std::{
    net::SocketAddr,
    sync::{LazyLock, OnceLock},
    time::Duration,
};

use futures_util::future::join_all;
use testbed::{Nats, NatsOptions, Postgres};
use uuid::Uuid;

use crate::harness::{Answer, Chat, Door, Frame, Socket, confirmation, within};

/// How soon what happens on one node is felt on another: a second, and one more for a machine that is busy.
pub(crate) const PROMPTLY: Duration = Duration::from_secs(2);
/// The same while NATS is away: the nodes then ask the database.
pub(crate) const SLOWLY: Duration = Duration::from_secs(3);

static POSTGRES: LazyLock<Postgres> = LazyLock::new(Postgres::start);
static NATS: OnceLock<Nats> = OnceLock::new();

/// Nodes that share a database.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Chat>,
}

/// Runs what blocks: the servers' own starting and stopping.
pub(crate) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

/// The PostgreSQL of every test that does not stop it.
pub(crate) fn postgres() -> &'static Postgres {
    blocking(|| &*POSTGRES)
}

/// The address of the NATS of every test that does not stop it.
pub(crate) fn nats_url() -> String {
    blocking(|| NATS.get_or_init(own_nats)).url()
}

/// A NATS for a test that stops it.
pub(crate) fn own_nats() -> Nats {
    blocking(|| Nats::start(&NatsOptions::default()))
}

/// A new database's name.
pub(crate) fn new_database(postgres: &Postgres) -> String {
    let name = format!("t_{}", Uuid::new_v4().simple());
    blocking(|| postgres.create_database(&name));
    name
}

impl Cluster {
    /// This many nodes on the shared servers.
    pub(crate) async fn of(nodes: usize) -> Self {
        Self::on(nodes, postgres(), &nats_url()).await
    }

    /// This many nodes with a new database of this PostgreSQL, and this NATS.
    pub(crate) async fn on(nodes: usize, postgres: &Postgres, nats: &str) -> Self {
        let database = new_database(postgres);
        Self::with(nodes, &postgres.url(&database), nats, &database, &[]).await
    }

    /// This many nodes, all starting at once.
    pub(crate) async fn with(
        nodes: usize,
        database: &str,
        nats: &str,
        prefix: &str,
        more: &[(&str, &str)],
    ) -> Self {
        let own = [
            ("DATABASE_URL", database),
            ("NATS_URL", nats),
            ("PLIC_NATS_PREFIX", prefix),
            ("PLIC_SHUTDOWN_SECONDS", "5"),
        ];
        let settings: Vec<_> = own.iter().chain(more).copied().collect();
        Self { nodes: join_all((0..nodes).map(|_| Chat::with(&settings))).await }
    }

    /// The first two nodes.
    pub(crate) fn pair(&self) -> (&Chat, &Chat) {
        (&self.nodes[0], &self.nodes[1])
    }

    /// Where the nodes listen.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(Door::address).collect()
    }
}

/// What `/readyz` answers.
pub(crate) async fn readiness(node: &Chat) -> Answer {
    node.call("GET", "/readyz", &[], "").await
}

/// Waits until `/readyz` answers this status and says this word.
pub(crate) async fn ready_as(node: &Chat, status: u16, word: &str) {
    let mut last = None;
    let waiting = tokio::time::timeout(crate::harness::DEADLINE, async {
        loop {
            let answer = readiness(node).await;
            if answer.status == status && answer.body.contains(word) {
                break;
            }
            last = Some(answer);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let waited = waiting.await;
    assert!(waited.is_ok(), "/readyz never was {status} with {word:?}: {last:?}");
}

/// Waits for what has to come this soon.
pub(crate) async fn soon<F: Future>(patience: Duration, what: &str, future: F) -> F::Output {
    let waited = tokio::time::timeout(patience, within(what, future)).await;
    waited.unwrap_or_else(|_| panic!("waited {patience:?} for {what}"))
}

/// Waits for a confirmation. The message itself may come before: another connection said it.
pub(crate) async fn confirmed(ws: &mut Socket, id: &str) {
    loop {
        match ws.next().await {
            Frame::Text(text) if text.contains("MessageReceived") => {}
            Frame::Text(text) => {
                assert_eq!(text, confirmation("", id));
                return;
            }
            other => panic!("{other:?} in place of a confirmation"),
        }
    }
}
