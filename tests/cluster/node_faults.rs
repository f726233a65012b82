//! Nodes hang, are killed and are replaced while everybody talks.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    cluster::{Cluster, confirmed},
    harness::{Door, User},
    load::Crowd,
};

/// How soon after an outage everybody has heard everything.
const HEALED: Duration = Duration::from_secs(5);

async fn heals(crowd: &Crowd) {
    let took = crowd.converged().await;
    assert!(took < HEALED, "converged after {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hangs_for_twenty_seconds_loses_and_doubles_nothing() {
    let cluster = Cluster::of(3).await;
    let all = cluster.addresses();
    let crowd = Crowd::gather(&cluster.nodes[0], &all, 5, 6).await;
    crowd.goes_on(50).await;
    cluster.nodes[2].process.signal("STOP").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    crowd.goes_on(50).await;
    cluster.nodes[2].process.signal("CONT").await;
    heals(&crowd).await;
    crowd.goes_on(100).await;
    crowd.verdict(&cluster.nodes.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_are_killed_lose_and_double_nothing() {
    let mut cluster = Cluster::of(3).await;
    let crowd = Crowd::gather(&cluster.nodes[0], &cluster.addresses(), 5, 6).await;
    for round in 0..3 {
        crowd.goes_on(50).await;
        let mut left = cluster.addresses();
        left.remove(round);
        cluster.nodes[round].process.kill().await;
        crowd.places(&left);
        crowd.goes_on(50).await;
        heals(&crowd).await;
        cluster.nodes[round].start_again().await;
        crowd.places(&cluster.addresses());
    }
    crowd.goes_on(50).await;
    crowd.verdict(&cluster.nodes.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_under_load_loses_and_doubles_nothing() {
    let mut cluster = Cluster::of(3).await;
    let crowd = Crowd::gather(&cluster.nodes[0], &cluster.addresses(), 5, 6).await;
    for round in 0..3 {
        crowd.goes_on(50).await;
        let mut left = cluster.addresses();
        left.remove(round);
        crowd.places(&left);
        cluster.nodes[round].process.signal("TERM").await;
        assert_eq!(cluster.nodes[round].process.ended().await.to_string(), "exit status: 0");
        crowd.goes_on(50).await;
        heals(&crowd).await;
        cluster.nodes[round].start_again().await;
        crowd.places(&cluster.addresses());
    }
    crowd.goes_on(50).await;
    crowd.verdict(&cluster.nodes.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_cut_off_by_a_kill_and_resent_on_another_node_is_stored_once() {
    let mut cluster = Cluster::of(2).await;
    let (alice, bob) = (User::new(), User::new());
    let room = cluster.nodes[1].room(&alice, &[&bob]).await;
    let mut other = cluster.nodes[1].connect(&bob).await;
    let mut texts = Vec::new();
    for round in 0..10 {
        let id = Uuid::new_v4().to_string();
        let text = format!("round {round}");
        let mut ws = cluster.nodes[0].connect(&alice).await;
        ws.send_message(room, &text, &id).await;
        // The kill comes before, in the middle of, or after the commit.
        tokio::time::sleep(Duration::from_millis(round)).await;
        cluster.nodes[0].process.kill().await;
        let mut ws = cluster.nodes[1].connect(&alice).await;
        ws.send_message(room, &text, &id).await;
        confirmed(&mut ws, &id).await;
        other.received(room, alice.id, &text).await;
        texts.push(text);
        cluster.nodes[0].start_again().await;
    }
    other.nothing_came().await;
    assert_eq!(cluster.nodes[0].texts(&bob, room).await, texts);
}
