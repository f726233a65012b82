//! A right that one node took away is gone on every node when that was answered, without waiting for news of it.
//!
//! Without NATS, the nodes hear of each other's changes once a second: what comes from a cache would be stale for so long.

use crate::{
    cluster::{Cluster, new_database, postgres},
    harness::{Chat, Door, Frame, User},
};

const ROUNDS: usize = 5;

/// Two nodes that hear of each other only by asking the database.
async fn nodes_without_nats() -> Cluster {
    let database = new_database(postgres());
    Cluster::with(2, &postgres().url(&database), "", "", &[]).await
}

/// A user in a room, whom both nodes have in their caches.
async fn known_on_both(a: &Chat, b: &Chat) -> (User, User, i64, String) {
    let (alice, bob) = (User::new(), User::new());
    let room = a.room(&alice, &[&bob]).await;
    let path = format!("/rooms/{room}");
    for node in [a, b] {
        assert_eq!(node.get(&bob, &path).await.status, 200);
        let mut ws = node.connect(&bob).await;
        ws.say(room, "known here", &uuid::Uuid::new_v4().to_string()).await;
    }
    (alice, bob, room, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_participant_reads_nothing_on_any_node_once_the_removal_is_answered() {
    let cluster = nodes_without_nats().await;
    let (a, b) = cluster.pair();
    for _ in 0..ROUNDS {
        let (alice, bob, room, path) = known_on_both(a, b).await;
        assert_eq!(a.change(&alice, room, &[], &[&bob]).await.status, 200);
        b.get(&bob, &path).await.fails_with(404);
        assert!(!b.get(&bob, "/rooms").await.body.contains(&format!("\"room_id\":{room},")));
        a.get(&bob, &path).await.fails_with(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_a_deleted_room_on_any_node_once_the_deletion_is_answered() {
    let cluster = nodes_without_nats().await;
    let (a, b) = cluster.pair();
    for _ in 0..ROUNDS {
        let (alice, bob, _room, path) = known_on_both(a, b).await;
        assert_eq!(a.delete(&alice, &path).await.status, 200);
        for user in [&alice, &bob] {
            b.get(user, &path).await.fails_with(404);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_user_is_refused_by_both_doors_of_every_node_once_the_ban_is_answered() {
    let cluster = nodes_without_nats().await;
    let (a, b) = cluster.pair();
    for _ in 0..ROUNDS {
        let (_alice, bob, _room, path) = known_on_both(a, b).await;
        a.ban(bob.id).await;
        for path in [&*path, "/rooms"] {
            b.get(&bob, path).await.fails_with(403);
        }
        b.connect(&bob).await.disconnected(4005).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_sender_whose_connection_is_still_open_on_another_node_stores_nothing() {
    let cluster = nodes_without_nats().await;
    let (a, b) = cluster.pair();
    for _ in 0..ROUNDS {
        let (alice, bob, room, _path) = known_on_both(a, b).await;
        let mut ws = b.connect(&bob).await;
        let before = a.texts(&alice, room).await;
        a.ban(bob.id).await;
        ws.send_message(room, "after the ban", "t1").await;
        // Refused as a command, or closed by the news of the ban before it was read.
        while !matches!(ws.next().await, Frame::Close(4005, _) | Frame::End) {}
        assert_eq!(a.texts(&alice, room).await, before);
    }
}
