//! What is done on one node is felt on the others: promptly with NATS, a little later without.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    cluster::{Cluster, PROMPTLY, SLOWLY, blocking, own_nats, postgres, ready_as, soon},
    harness::{
        Chat, Door, Frame, Reader, Socket, User, connect, eventually, golden, message_received, request,
    },
};

/// Asks until the answer is yes.
async fn becomes(patience: Duration, what: &str, ask: impl AsyncFnMut() -> bool) {
    soon(patience, what, eventually(what, ask)).await;
}

async fn closed(patience: Duration, mut ws: Socket, code: u16) {
    soon(patience, "the end of the connection", ws.disconnected(code)).await;
}

async fn a_ban(a: &Chat, b: &Chat, patience: Duration) {
    let alice = User::new();
    let ws = b.connect(&alice).await;
    a.ban(alice.id).await;
    closed(patience, ws, 4005).await;
    b.get(&alice, "/rooms").await.fails_with(403);
    a.lift_ban(alice.id).await;
    becomes(patience, "the ban to be lifted", async || b.get(&alice, "/rooms").await.status == 200).await;
}

async fn a_disconnect(a: &Chat, b: &Chat, patience: Duration) {
    let alice = User::new();
    let ws = b.connect(&alice).await;
    a.disconnect(alice.id).await;
    closed(patience, ws, 4004).await;
}

async fn a_new_device(a: &Chat, b: &Chat, patience: Duration) {
    let alice = User::new();
    let room = a.room(&alice, &[]).await;
    let mut older = a.connect(&alice).await;
    let mut newer = b.connect(&alice).await;
    // Confirmed: the newer one has arrived.
    newer.say(room, "here now", "t1").await;
    // As long as it is there, the older one hears what the newer one says.
    soon(patience, "the older one to be closed", async {
        let mut text = older.next_text().await;
        if text == message_received(room, alice.id, "here now") {
            text = older.next_text().await;
        }
        assert_eq!(text, golden("disconnection_4008"));
        older.closed(4008, "CloseNewDevice").await;
    })
    .await;
    newer.nothing_came().await;
}

async fn of_two_devices_at_once_one_stays(a: &Chat, b: &Chat, patience: Duration) {
    for _ in 0..5 {
        let alice = User::new();
        let (first, second) = tokio::join!(a.connect(&alice), b.connect(&alice));
        let mut sockets = [first, second];
        let [first, second] = &mut sockets;
        let loser = soon(patience, "one of two to be closed", async {
            tokio::select! {
                frame = first.next() => (0, frame),
                frame = second.next() => (1, frame),
            }
        });
        let (loser, frame) = loser.await;
        assert_eq!(frame, Frame::Text(golden("disconnection_4008")));
        tokio::time::sleep(patience).await;
        sockets[1 - loser].nothing_came().await;
    }
}

async fn coming_and_going(a: &Chat, b: &Chat, patience: Duration) {
    let (alice, bob) = (User::new(), User::new());
    let room = a.room(&alice, &[]).await;
    let (mut one, mut other) = (a.connect(&alice).await, b.connect(&bob).await);
    one.say(room, "alone", "t0").await;
    assert_eq!(a.change(&alice, room, &[&bob], &[]).await.status, 200);
    one.say(room, "welcome", "t1").await;
    soon(patience, "what is said to who was added", other.received(room, alice.id, "welcome")).await;
    other.say(room, "thanks", "t2").await;
    soon(patience, "the answer", one.received(room, bob.id, "thanks")).await;

    assert_eq!(a.change(&alice, room, &[], &[&bob]).await.status, 200);
    one.say(room, "gone?", "t3").await;
    tokio::time::sleep(patience).await;
    other.nothing_came().await;
    other.send_message(room, "still here", "t4").await;
    other.unconfirmed("UnAuthorizedAction", "t4").await;
    other.disconnected(4012).await;
    b.get(&bob, &format!("/rooms/{room}")).await.fails_with(404);
}

async fn a_deleted_room(a: &Chat, b: &Chat, patience: Duration) {
    let (alice, bob) = (User::new(), User::new());
    let room = a.room(&alice, &[&bob]).await;
    let mut other = b.connect(&bob).await;
    other.say(room, "before", "t1").await;
    assert_eq!(b.get(&bob, &format!("/rooms/{room}")).await.status, 200);
    assert_eq!(a.delete(&alice, &format!("/rooms/{room}")).await.status, 200);
    let path = format!("/rooms/{room}");
    becomes(patience, "the room to be gone", async || b.get(&bob, &path).await.status == 404).await;
    other.send_message(room, "after", "t2").await;
    other.unconfirmed("UnAuthorizedAction", "t2").await;
    other.disconnected(4012).await;
}

async fn a_rule_and_a_release(a: &Chat, b: &Chat, patience: Duration) {
    let (alice, bob) = (User::new(), User::new());
    let room = a.room(&alice, &[&bob]).await;
    let mut events = events(b).await;
    let (mut one, mut other) = (b.connect(&alice).await, a.connect(&bob).await);
    let (held_word, bad_word) = (word(), word());
    a.rule(&held_word, "hold").await;
    a.rule(&bad_word, "block").await;
    // Nothing tells a client that a rule is in force: each try is another message, until one is held.
    let mut held = String::new();
    becomes(patience, "the rule to hold", async || {
        held = Uuid::new_v4().to_string();
        one.send_message(room, &format!("{held_word} {held}"), &held).await;
        one.next_text().await.contains("HeldForReview")
    })
    .await;
    let mut offender = b.connect(&bob).await;
    soon(patience, "the first device to be closed", async {
        while !matches!(other.next().await, Frame::Close(4008, _) | Frame::End) {}
    })
    .await;
    becomes(patience, "the rule to block", async || {
        let id = Uuid::new_v4().to_string();
        offender.send_message(room, &format!("{bad_word} {id}"), &id).await;
        loop {
            let text = offender.next_text().await;
            if text.contains(&format!("\"message_id\":\"{id}\"")) {
                break text.contains("HatefullSpeach");
            }
        }
    })
    .await;
    offender.disconnected(4011).await;

    let open = a.moderated("GET", "/moderation/incidents?action=hold&status=open", Value::Null).await;
    let mine =
        open.as_array().expect("a list").iter().find(|incident| incident["user_id"] == json!(alice.id));
    let path = format!("/moderation/incidents/{}/decision", mine.expect("the held message")["id"]);
    a.moderated("POST", &path, json!({ "decision": "release", "note": null })).await;
    soon(patience, "the held message to be confirmed to its sender", async {
        while !one
            .next_text()
            .await
            .contains(&format!("\"confirmed\":true,\"reason\":\"\",\"message_id\":\"{held}\""))
        {}
    })
    .await;

    // An incident on node A shows in the stream of node B.
    let mut one = a.connect(&alice).await;
    let text = word();
    one.send_message(room, &format!("{bad_word} {text}"), "t1").await;
    one.unconfirmed("HatefullSpeach", "t1").await;
    soon(patience, "the incident in the stream", async {
        let mut told = String::new();
        while !told.contains(&text) {
            told.push_str(&events.some().await);
        }
    })
    .await;
}

/// A word that nobody uses.
fn word() -> String {
    let letters = Uuid::new_v4().simple().to_string();
    letters.chars().map(|digit| if digit.is_ascii_digit() { 'z' } else { digit }).collect::<String>()
        + "snark"
}

/// The stream of moderation events of a node.
async fn events(node: &Chat) -> Reader {
    let moderator = User::moderator();
    let (mut reader, mut writer) = connect(node.address()).await;
    let bearer = moderator.bearer();
    writer.bytes(request("GET", "/moderation/events", &[("authorization", &bearer)], "").as_bytes()).await;
    assert_eq!(reader.head().await.status, 200);
    // The stream lasts as long as its connection.
    std::mem::forget(writer);
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_at_an_incident_is_known_on_another_node() {
    let cluster = Cluster::of(2).await;
    let (a, b) = cluster.pair();
    let alice = User::new();
    let room = a.room(&alice, &[]).await;
    let text = word();
    a.connect(&alice).await.say(room, &text, "t1").await;
    let message = a.messages(&alice, room).await[0]["id"].clone();
    let report = json!({ "room_id": room, "message_id": message, "reason": text });
    let incident = a.post(&alice, "/reports", report).await.data();
    let path = format!("/moderation/incidents/{incident}");
    let viewing = format!("{path}/viewing");
    let moderator = User::moderator();
    let who = moderator.id.to_string();
    let mut events = events(b).await;
    let names = async |node: &Chat| {
        let detail = node.moderated("GET", &path, Value::Null).await;
        detail["viewers"].to_string().contains(&who)
    };

    // A hint may be lost: each is told anew.
    becomes(PROMPTLY, "the viewer to be named on node B", async || {
        assert_eq!(a.rest(&moderator, "PUT", &viewing, Value::Null).await.status, 200);
        names(b).await
    })
    .await;
    soon(PROMPTLY, "the viewer in the stream of node B", async {
        let mut told = String::new();
        while !(told.contains("event: viewing") && told.contains(&who)) {
            told.push_str(&events.some().await);
        }
    })
    .await;
    // They leave by way of the other node.
    assert_eq!(b.rest(&moderator, "DELETE", &viewing, Value::Null).await.status, 200);
    becomes(PROMPTLY, "the viewer to be gone on node A", async || !names(a).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_and_a_disconnect_reach_a_user_on_another_node() {
    let cluster = Cluster::of(2).await;
    let (a, b) = cluster.pair();
    a_ban(a, b, PROMPTLY).await;
    a_disconnect(a, b, PROMPTLY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_device_on_another_node_closes_the_older_and_of_two_at_once_one_stays() {
    let cluster = Cluster::of(2).await;
    let (a, b) = cluster.pair();
    a_new_device(a, b, PROMPTLY).await;
    of_two_devices_at_once_one_stays(a, b, PROMPTLY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_added_removed_or_loses_the_room_feels_it_on_another_node() {
    let cluster = Cluster::of(2).await;
    let (a, b) = cluster.pair();
    coming_and_going(a, b, PROMPTLY).await;
    a_deleted_room(a, b, PROMPTLY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_releases_and_incidents_of_one_node_show_on_another() {
    let cluster = Cluster::of(2).await;
    let (a, b) = cluster.pair();
    a_rule_and_a_release(a, b, PROMPTLY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_everything_still_crosses_a_little_later() {
    let mut nats = own_nats();
    let cluster = Cluster::on(2, postgres(), &nats.url()).await;
    let (a, b) = cluster.pair();
    blocking(|| nats.kill());
    for node in [a, b] {
        ready_as(node, 200, "degraded").await;
    }
    a_ban(a, b, SLOWLY).await;
    a_disconnect(a, b, SLOWLY).await;
    a_new_device(a, b, SLOWLY).await;
    coming_and_going(a, b, SLOWLY).await;
    a_deleted_room(a, b, SLOWLY).await;
    a_rule_and_a_release(a, b, SLOWLY).await;
}
