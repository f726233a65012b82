//! Every node tells the same story in the same order.

use crate::{
    cluster::{Cluster, PROMPTLY, confirmed, soon},
    harness::{Door, User},
    load::Crowd,
};

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_tell_twenty_rooms_in_one_order_without_gap_or_double() {
    let cluster = Cluster::of(3).await;
    let crowd = Crowd::gather(&cluster.nodes[0], &cluster.addresses(), 20, 6).await;
    crowd.goes_on(600).await;
    let doors: Vec<_> = cluster.nodes.iter().collect();
    assert!(crowd.verdict(&doors).await >= 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_crosses_nodes_and_its_sender_hears_no_echo() {
    let cluster = Cluster::of(2).await;
    let (a, b) = cluster.pair();
    let (alice, bob) = (User::new(), User::new());
    let room = a.room(&alice, &[&bob]).await;
    let (mut one, mut other) = (a.connect(&alice).await, b.connect(&bob).await);
    for turn in 0..50 {
        let text = format!("to and fro {turn}");
        one.say(room, &text, &text).await;
        soon(PROMPTLY, "what was said on the other node", other.received(room, alice.id, &text)).await;
        other.say(room, &text, &text).await;
        soon(PROMPTLY, "what was said on the other node", one.received(room, bob.id, &text)).await;
    }
    one.nothing_came().await;
    other.nothing_came().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_resent_to_another_node_is_the_same_message() {
    let cluster = Cluster::of(2).await;
    let (a, b) = cluster.pair();
    let (alice, bob) = (User::new(), User::new());
    let room = a.room(&alice, &[&bob]).await;
    let mut other = b.connect(&bob).await;
    let id = "a temporary id of the front end";
    a.connect(&alice).await.say(room, "once", id).await;
    let mut again = b.connect(&alice).await;
    again.send_message(room, "once", id).await;
    confirmed(&mut again, id).await;
    other.received(room, alice.id, "once").await;
    other.nothing_came().await;
    assert_eq!(b.texts(&bob, room).await, ["once"]);
}
