//! Nodes whose wall clocks are off: bans and windows end on all of them by the database's clock.

use std::time::Duration;

use plic_pipeline::timestamp::Timestamp;
use serde_json::Value;
use testbed::clock_ahead;

use crate::{
    cluster::{new_database, postgres},
    harness::{Chat, Door, User, eventually},
};

/// How far the clocks of the nodes are off, in seconds.
const OFF: i64 = 90;

/// Nodes on one database: one with the right time, one that is ahead and one that is behind.
async fn nodes() -> [Chat; 3] {
    let url = postgres().url(&new_database(postgres()));
    let start = async |ahead| {
        let clock = clock_ahead(ahead);
        let mut settings = vec![("DATABASE_URL", url.as_str())];
        if ahead != 0 {
            settings.extend(clock.iter().map(|(name, value)| (*name, value.as_str())));
        }
        Chat::with(&settings).await
    };
    let (right, ahead, behind) = tokio::join!(start(0), start(OFF), start(-OFF));
    [right, ahead, behind]
}

/// How many seconds a node says its clock is ahead of the database's.
async fn offset(node: &Chat) -> f64 {
    let metrics = node.call("GET", "/metrics", &[], "").await.body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("plic_clock_offset_seconds "));
    line.expect("the metric is there").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_holds_and_ends_by_the_databases_clock_on_nodes_whose_own_is_off() {
    let [right, ahead, behind] = nodes().await;
    let (alice, bob) = (User::new(), User::new());
    let room = right.room(&bob, &[]).await;
    let mut heard = ahead.connect(&alice).await;
    right.ban_for(alice.id, Duration::from_secs(45)).await;
    heard.disconnected(4005).await;
    for node in [&right, &ahead, &behind] {
        node.get(&alice, "/rooms").await.fails_with(403);
        node.connect(&alice).await.disconnected(4005).await;
        let bans = node.moderated("GET", "/moderation/bans", Value::Null).await;
        assert!(bans.to_string().contains(&alice.id.to_string()), "{bans}");
    }

    right.ban_for(bob.id, Duration::from_secs(2)).await;
    for node in [&right, &ahead, &behind] {
        eventually("the ban to be over", async || node.get(&bob, "/rooms").await.status == 200).await;
        let id = uuid::Uuid::new_v4().to_string();
        node.connect(&bob).await.say(room, &id, &id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_is_over_or_not_by_the_databases_clock_when_it_is_set() {
    let [_right, ahead, behind] = nodes().await;
    let set = async |node: &Chat, expires_at: Timestamp| {
        let ban = serde_json::json!({
            "user_id": User::new().id, "reason": "tests", "expires_at": expires_at.to_string(),
        });
        node.moderate("POST", "/moderation/bans", ban).await.status
    };
    let half = Duration::from_secs(OFF.unsigned_abs() / 2);
    for node in [&ahead, &behind] {
        assert_eq!(set(node, Timestamp::now().after(half)).await, 200);
        assert_eq!(set(node, Timestamp::now().before(half)).await, 422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_date_of_an_answer_is_the_databases() {
    let nodes = nodes().await;
    for node in &nodes {
        let before = Timestamp::now();
        let date = node.call("GET", "/rooms", &[], "").await.header("date").to_owned();
        let near =
            (0..10).map(|second| before.before(Duration::from_secs(2)).after(Duration::from_secs(second)));
        assert!(near.filter_map(Timestamp::to_http_date).any(|near| near == date), "{before}: {date}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_recognised_within_its_window_by_the_databases_clock() {
    let [right, ahead, behind] = nodes().await;
    let alice = User::new();
    let room = right.room(&alice, &[]).await;
    // A short id is a counter, whose window is a minute.
    right.connect(&alice).await.say(room, "a snark was said", "t1").await;
    right.rule("snark", "block").await;
    for node in [&ahead, &behind] {
        let other = User::new();
        let elsewhere = node.room(&other, &[]).await;
        eventually("the rule to be in force", async || {
            let id = uuid::Uuid::new_v4().to_string();
            let mut ws = node.connect(&other).await;
            ws.send_message(elsewhere, &format!("snark {id}"), &id).await;
            ws.next_text().await.contains("HatefullSpeach")
        })
        .await;
        node.connect(&alice).await.say(room, "a snark was said", "t1").await;
    }
    assert_eq!(right.texts(&alice, room).await, ["a snark was said"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_measured_and_warned_of() {
    let nodes = nodes().await;
    for (node, expected) in nodes.iter().zip([0, OFF, -OFF]) {
        let expected = f64::from(i32::try_from(expected).expect("small"));
        eventually("the clock to be measured", async || (offset(node).await - expected).abs() < 2.0).await;
        let is_warned = async || node.process.log().contains("clock differs from the database's");
        if expected == 0.0 {
            assert!(!is_warned().await);
        } else {
            eventually("a warning", is_warned).await;
        }
    }
}
