//! NATS goes and comes back: nobody loses a message, and whoever stayed connected misses none.

use std::time::Duration;

use crate::{
    cluster::{Cluster, blocking, own_nats, postgres, ready_as},
    load::Crowd,
};

/// How soon after an outage everybody has heard everything.
const HEALED: Duration = Duration::from_secs(5);

/// How long NATS stays away; `PLIC_TEST_NATS_OUTAGE_SECONDS` shortens it for a run by hand.
fn outage() -> Duration {
    let seconds = std::env::var("PLIC_TEST_NATS_OUTAGE_SECONDS").ok();
    Duration::from_secs(seconds.map_or(60, |seconds| seconds.parse().expect("a number of seconds")))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_nats_under_load_loses_and_doubles_nothing() {
    let mut nats = own_nats();
    let cluster = Cluster::on(3, postgres(), &nats.url()).await;
    let crowd = Crowd::gather(&cluster.nodes[0], &cluster.addresses(), 5, 4).await;
    crowd.goes_on(50).await;
    blocking(|| nats.kill());
    ready_as(&cluster.nodes[1], 200, "degraded").await;
    crowd.goes_on(50).await;
    tokio::time::sleep(outage()).await;
    crowd.goes_on(50).await;
    blocking(|| nats.start_again());
    let took = crowd.converged().await;
    assert!(took < HEALED, "converged after {took:?}");
    ready_as(&cluster.nodes[1], 200, "ok").await;
    crowd.goes_on(50).await;
    crowd.verdict(&cluster.nodes.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_that_hangs_and_goes_on_loses_and_doubles_nothing() {
    let nats = own_nats();
    let cluster = Cluster::on(2, postgres(), &nats.url()).await;
    let crowd = Crowd::gather(&cluster.nodes[0], &cluster.addresses(), 5, 4).await;
    crowd.goes_on(50).await;
    blocking(|| nats.freeze());
    crowd.goes_on(200).await;
    blocking(|| nats.thaw());
    let took = crowd.converged().await;
    assert!(took < HEALED, "converged after {took:?}");
    crowd.goes_on(50).await;
    crowd.verdict(&cluster.nodes.iter().collect::<Vec<_>>()).await;
}
