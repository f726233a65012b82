//! Serves the REST face over a store in memory, for tools that want a running server.
//!
//! Tokens are `user-<number>`, `moderator-<number>` and `admin-<number>`: `curl -H 'Authorization: Bearer user-1' 127.0.0.1:3030/rooms`.

#[path = "../tests/rest/desk.rs"]
mod desk;
#[path = "../tests/rest/fake.rs"]
mod fake;
#[path = "../tests/rest/records.rs"]
mod records;

use std::{num::NonZeroU32, sync::Arc};

use plic_filter::Action;
use plic_openapi::{Parts, RestLimit, RestMetrics, Verifier, WorkLimit, routes};
use plic_pipeline::{
    id::RuleId,
    moderation::{IncidentKind, stats::Hits},
    store::Store,
};
use poem::{Server, listener::TcpListener};
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt::init();
    let store = Arc::new(fake::FakeStore::default());
    for apartment in [None, Some(12)] {
        let room = store.create_room(fake::user(1), &[fake::user(2)], apartment).await.expect("few members");
        for _ in 0..3 {
            store.say(room.0, 2, "Hello!");
        }
    }
    store.set_away(false);
    let (desk, records, _) = desk::desk(&store);
    records.count(Hits { rule: RuleId(1), action: Action::Block, shadow: false, day: 20_484, count: 3 });
    for kind in IncidentKind::ALL {
        records.open(kind, 2, 1, "Hello!");
    }
    let parts = Parts {
        store,
        desk,
        tokens: Verifier::new(Arc::new(fake::FakeTokens::default()), NonZeroU32::MAX, NonZeroU32::MAX),
        limit: RestLimit::new(NonZeroU32::MAX),
        work: WorkLimit::new(NonZeroU32::MAX),
        allowed_origins: None,
        metrics: RestMetrics::register(&mut Registry::default()),
        stopping: CancellationToken::new(),
    };
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3030".to_owned());
    Server::new(TcpListener::bind(address)).run(routes(parts)).await
}
