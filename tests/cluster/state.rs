//! What `/readyz` says, and what clients see, while something that a node needs is away.

use testbed::Postgres;
use uuid::Uuid;

use crate::{
    cluster::{Cluster, blocking, nats_url, own_nats, postgres, ready_as},
    harness::{Door, User, eventually},
};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_a_node_is_not_ready_confirms_nothing_and_recovers_by_itself() {
    let mut postgres = blocking(Postgres::start);
    let cluster = Cluster::on(2, &postgres, &nats_url()).await;
    let (a, b) = cluster.pair();
    let (alice, bob) = (User::new(), User::new());
    let room = a.room(&alice, &[&bob]).await;
    let mut ws = a.connect(&alice).await;
    ws.say(room, "before", "t1").await;
    ready_as(a, 200, "ok").await;

    blocking(|| postgres.stop_immediate());
    let id = Uuid::new_v4().to_string();
    ws.send_message(room, "while it is away", &id).await;
    ws.unconfirmed("ServerError", &id).await;
    ws.disconnected(4006).await;
    for node in [a, b] {
        ready_as(node, 503, "database").await;
        let answer = node.get(&alice, "/rooms").await;
        answer.fails_with(503);
        assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
    }

    blocking(|| postgres.start_again());
    for node in [a, b] {
        ready_as(node, 200, "ok").await;
    }
    let mut other = a.connect(&bob).await;
    // On the other node, as a client does that was told to come again.
    b.connect(&alice).await.say(room, "while it is away", &id).await;
    other.received(room, alice.id, "while it is away").await;
    eventually("the room to be whole", async || b.texts(&bob, room).await == ["before", "while it is away"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_a_node_is_ready_but_degraded_until_it_is_back() {
    let mut nats = own_nats();
    let cluster = Cluster::on(2, postgres(), &nats.url()).await;
    let (a, b) = cluster.pair();
    for node in [a, b] {
        ready_as(node, 200, "ok").await;
    }
    blocking(|| nats.kill());
    for node in [a, b] {
        ready_as(node, 200, "degraded").await;
    }
    blocking(|| nats.start_again());
    for node in [a, b] {
        ready_as(node, 200, "ok").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_drains_says_so_and_the_other_goes_on() {
    let mut cluster = Cluster::of(2).await;
    let (alice, bob) = (User::new(), User::new());
    let room = cluster.nodes[0].room(&alice, &[&bob]).await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(cluster.nodes[0].connect(&User::new()).await);
    }
    cluster.nodes[0].process.signal("TERM").await;
    ready_as(&cluster.nodes[0], 503, "draining").await;
    drop(sockets);
    cluster.nodes[1].connect(&alice).await.say(room, "here", "t1").await;
    assert_eq!(cluster.nodes[0].process.ended().await.to_string(), "exit status: 0");
    assert_eq!(cluster.nodes[1].texts(&bob, room).await, ["here"]);
}
