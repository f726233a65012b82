//! What a sender said over one node is known on the next, and a fraud in pieces is stopped there.

use std::time::Duration;

use serde_json::json;

use crate::{
    cluster::{Cluster, new_database, postgres},
    harness::{Chat, Door, Socket, User, eventually},
};

/// As long as a node takes what it has read of such a sender as complete.
const MEMORY_FRESH_FOR: Duration = Duration::from_secs(5);

/// A rule that holds a deposit by an untraceable way, in force on both nodes.
async fn with_rule(a: &Chat, b: &Chat) {
    let rule = json!({
        "name": "Untraceable deposit", "kind": "concepts", "category": "scam", "action": "hold", "state": "live",
        "concepts": {"at_least": 2, "of": ["untraceable_payment", "deposit"], "within_words": 25},
    });
    a.moderated("POST", "/moderation/rules", rule).await;
    eventually("the rule is in force on the other node", async || {
        let check = json!({"message": "The deposit by Western Union"});
        b.moderate("POST", "/moderation/check", check).await.json()["data"]["action"] == "hold"
    })
    .await;
}

async fn is_held(ws: &mut Socket, room: i64) {
    ws.send_message(room, "By Western Union, please.", "second-1234567890").await;
    ws.unconfirmed("HeldForReview", "second-1234567890").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fraud_in_pieces_is_held_over_nodes_with_and_without_nats() {
    let without_nats = Cluster::with(2, &postgres().url(&new_database(postgres())), "", "", &[]).await;
    for cluster in [without_nats, Cluster::of(2).await] {
        let (a, b) = cluster.pair();
        with_rule(a, b).await;
        let (swapper, scammer) = (User::new(), User::new());
        let room = a.room(&scammer, &[&swapper]).await;
        // The second node knows the room and the sender from before.
        b.connect(&scammer).await.say(room, "Hello, the dates are fine.", "hello-1234567890").await;
        a.connect(&scammer).await.say(room, "The deposit is 400 euros.", "first-1234567890").await;
        let mut ws = b.connect(&scammer).await;
        ws.say(room, "The flat is on the third floor.", "between-1234567890").await;
        is_held(&mut ws, room).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_connections_on_several_nodes_each_knows_the_others_within_seconds() {
    let database = postgres().url(&new_database(postgres()));
    let cluster = Cluster::with(2, &database, "", "", &[("PLIC_CONNECTIONS_PER_USER", "2")]).await;
    let (a, b) = cluster.pair();
    with_rule(a, b).await;
    let (swapper, scammer) = (User::new(), User::new());
    let room = a.room(&scammer, &[&swapper]).await;
    let (mut here, mut there) = (a.connect(&scammer).await, b.connect(&scammer).await);
    there.say(room, "Hello, the dates are fine.", "hello-1234567890").await;
    here.received(room, scammer.id, "Hello, the dates are fine.").await;
    here.say(room, "The deposit is 400 euros.", "first-1234567890").await;
    there.received(room, scammer.id, "The deposit is 400 euros.").await;
    tokio::time::sleep(MEMORY_FRESH_FOR).await;
    is_held(&mut there, room).await;
}
