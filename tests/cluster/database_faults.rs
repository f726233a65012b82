//! PostgreSQL crashes under load, again and again.

use std::time::{Duration, Instant};

use testbed::Postgres;

use crate::{
    cluster::{Cluster, blocking, nats_url},
    load::Crowd,
};

const CRASHES: usize = 10;
/// How soon after the database is back messages are confirmed again.
const BACK: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn ten_crashes_of_the_database_lose_and_double_nothing() {
    let mut postgres = blocking(Postgres::start);
    let cluster = Cluster::on(2, &postgres, &nats_url()).await;
    let crowd = Crowd::gather(&cluster.nodes[0], &cluster.addresses(), 5, 4).await;
    for crash in 0..CRASHES {
        crowd.goes_on(30).await;
        blocking(|| postgres.stop_immediate());
        // What was committed before may still be on its way to its sender.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = crowd.confirmations();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(crowd.confirmations(), before, "nothing is confirmed without a database");
        blocking(|| postgres.start_again());
        let up = Instant::now();
        crowd.goes_on(1).await;
        let took = up.elapsed();
        assert!(took < BACK, "crash {crash}: confirmed again after {took:?}");
    }
    crowd.goes_on(30).await;
    crowd.verdict(&cluster.nodes.iter().collect::<Vec<_>>()).await;
}
