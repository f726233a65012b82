//! Who may moderate, and what moderators do to people: bans, disconnects, the policy, the audit log, the live stream.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Chat, Door, User, connect, eventually, run, within};

/// Every route of moderators: its method and path.
const MODERATION: [(&str, &str); 31] = [
    ("GET", "/moderation/rules"),
    ("POST", "/moderation/rules"),
    ("GET", "/moderation/rules/1"),
    ("PUT", "/moderation/rules/1"),
    ("DELETE", "/moderation/rules/1"),
    ("GET", "/moderation/rules/1/versions"),
    ("POST", "/moderation/rules/1/restore"),
    ("GET", "/moderation/rules/export"),
    ("POST", "/moderation/rules/import"),
    ("POST", "/moderation/check"),
    ("POST", "/moderation/backtest"),
    ("GET", "/moderation/incidents"),
    ("GET", "/moderation/incidents/1"),
    ("POST", "/moderation/incidents/1/decision"),
    ("POST", "/moderation/incidents/1/reopen"),
    ("PUT", "/moderation/incidents/1/viewing"),
    ("DELETE", "/moderation/incidents/1/viewing"),
    ("GET", "/moderation/bans"),
    ("POST", "/moderation/bans"),
    ("DELETE", "/moderation/bans/a11ce000-0000-4000-8000-000000000001"),
    ("POST", "/moderation/users/a11ce000-0000-4000-8000-000000000001/disconnect"),
    ("GET", "/moderation/users?id_prefix=a11ce000"),
    ("GET", "/moderation/users/a11ce000-0000-4000-8000-000000000001"),
    ("DELETE", "/moderation/messages/1"),
    ("GET", "/moderation/policy"),
    ("PUT", "/moderation/policy"),
    ("GET", "/moderation/audit"),
    ("GET", "/moderation/stats"),
    ("GET", "/moderation/events"),
    ("GET", "/moderation/nothing"),
    ("GET", "/moderation"),
];

#[tokio::test]
async fn users_are_403_on_every_route_of_moderators_before_the_body_is_read() {
    let chat = Chat::serve().await;
    let user = User::new();
    let pretender = User::with(|claims| claims["user_metadata"]["role"] = json!("admin"));
    for (method, path) in &MODERATION[..29] {
        for who in [&user, &pretender] {
            let headers = [("authorization", &*who.bearer()), ("content-type", "application/json")];
            let body = if *method == "GET" { "" } else { "not json" };
            let answer = chat.call(method, path, &headers, body).await;
            answer.fails_with(403);
        }
        chat.call(method, path, &[], "").await.fails_with(401);
    }
    for (method, path) in &MODERATION[29..] {
        chat.moderate(method, path, Value::Null).await.fails_with(404);
    }
    chat.moderate("PATCH", "/moderation/rules", Value::Null).await.fails_with(405);
}

#[tokio::test]
async fn a_ban_acts_at_once_and_is_on_record_with_who_set_and_lifted_it() {
    let mut chat = Chat::serve().await;
    let alice = User::new();
    chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let ban = json!({ "user_id": alice.id, "reason": "key scams", "expires_at": null });
    let set = chat.moderated("POST", "/moderation/bans", ban).await;
    assert_eq!((&set["user_id"], &set["reason"]), (&json!(alice.id), &json!("key scams")));
    ws.disconnected(4005).await;
    chat.get(&alice, "/rooms").await.fails_with(403);
    chat.process.kill().await;
    chat.start_again().await;
    chat.get(&alice, "/rooms").await.fails_with(403);
    let bans = chat.moderated("GET", "/moderation/bans", Value::Null).await;
    assert_eq!(bans, json!([set]));
    let path = format!("/moderation/bans/{}", alice.id);
    chat.moderated("DELETE", &path, Value::Null).await;
    chat.moderate("DELETE", &path, Value::Null).await.fails_with(404);
    assert_eq!(chat.get(&alice, "/rooms").await.status, 200);
    assert_eq!(chat.moderated("GET", "/moderation/bans", Value::Null).await, json!([]));
    let user = chat.moderated("GET", &format!("/moderation/users/{}", alice.id), Value::Null).await;
    assert!(user["bans"][0]["lifted_at"].is_string(), "{user}");
    assert_eq!(user["bans"][0]["lifted_by"], set["created_by"]);
}

#[tokio::test]
async fn the_beginning_of_an_id_finds_participants_banned_people_and_moderators() {
    let chat = Chat::serve().await;
    let (alice, bob, moderator) = (User::new(), User::new(), User::moderator());
    chat.room(&alice, &[&bob]).await;
    let ban = json!({ "user_id": Uuid::new_v4(), "reason": "key scams", "expires_at": null });
    let banned =
        chat.rest(&moderator, "POST", "/moderation/bans", ban).await.json()["data"]["user_id"].take();
    let banned: Uuid = serde_json::from_value(banned).expect("an id");
    for id in [alice.id, bob.id, moderator.id, banned] {
        let whole = id.simple().to_string();
        for digits in [8, 12, 32] {
            let prefix = whole[..digits].to_uppercase();
            let found =
                chat.moderated("GET", &format!("/moderation/users?id_prefix={prefix}"), Value::Null).await;
            assert_eq!(found, json!([id]), "{prefix}");
        }
    }
    let nobody = chat.moderated("GET", "/moderation/users?id_prefix=00000000", Value::Null).await;
    assert_eq!(nobody, json!([]));
    for wrong in
        ["", "?id_prefix=", "?id_prefix=abc", "?id_prefix=b9e1-a1a4", "?id_prefix=%2Bb9e1", "?id_prefix=zzzz"]
    {
        chat.moderate("GET", &format!("/moderation/users{wrong}"), Value::Null).await.fails_with(422);
    }
}

#[tokio::test]
async fn a_ban_that_makes_no_sense_is_422() {
    let chat = Chat::serve().await;
    let moderator = User::moderator();
    for ban in [
        json!({ "user_id": "alice", "reason": "x", "expires_at": null }),
        json!({ "user_id": Uuid::new_v4(), "reason": "x", "expires_at": "yesterday" }),
        json!({ "user_id": Uuid::new_v4(), "reason": "x", "expires_at": "2020-01-01T00:00:00Z" }),
        json!({ "user_id": Uuid::new_v4(), "reason": "x".repeat(2_001), "expires_at": null }),
        json!({ "user_id": moderator.id, "reason": "myself", "expires_at": null }),
        json!({ "reason": "x", "expires_at": null }),
    ] {
        chat.rest(&moderator, "POST", "/moderation/bans", ban).await.fails_with(422);
    }
}

#[tokio::test]
async fn the_policy_is_changed_by_admins_and_rules_how_many_strikes_ban() {
    let chat = Chat::serve().await;
    let mut policy = chat.moderated("GET", "/moderation/policy", Value::Null).await;
    assert_eq!((&policy["strikes_to_ban"], &policy["ban_seconds"]), (&json!(5), &json!(86400)));
    policy["strikes_to_ban"] = json!(1);
    chat.moderate("PUT", "/moderation/policy", policy.clone()).await.fails_with(403);
    let mut bad = policy.clone();
    bad["ban_seconds"] = json!(0);
    let refused = chat.administer("PUT", "/moderation/policy", bad).await;
    refused.fails_with(422);
    assert!(refused.body.contains("ban_seconds"), "{refused:?}");
    assert_eq!(chat.administer("PUT", "/moderation/policy", policy.clone()).await.data(), policy);
    chat.rule("snark", "block").await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    ws.disconnected(4011).await;
    chat.connect(&alice).await.disconnected(4005).await;
}

#[tokio::test]
async fn held_messages_are_released_in_time_where_the_policy_says_so() {
    let chat = Chat::serve().await;
    let mut policy = chat.moderated("GET", "/moderation/policy", Value::Null).await;
    policy["held_then"] = json!("release");
    policy["held_seconds"] = json!(1);
    assert_eq!(chat.administer("PUT", "/moderation/policy", policy).await.status, 200);
    chat.rule("snark", "hold").await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "0123456789abcdef").await;
    ws.unconfirmed("HeldForReview", "0123456789abcdef").await;
    // The house is kept every minute; a restart keeps it at once.
    let mut chat = chat;
    tokio::time::sleep(Duration::from_secs(1)).await;
    chat.process.kill().await;
    chat.start_again().await;
    eventually("the message to be released", async || chat.texts(&bob, room).await == ["a snark"]).await;
    let incident = &chat.moderated("GET", "/moderation/incidents", Value::Null).await[0];
    assert_eq!((&incident["status"], &incident["decided_by"]), (&json!("released"), &Value::Null));
}

#[tokio::test]
async fn what_moderators_do_is_in_the_audit_log_and_tampering_with_it_is_found() {
    let mut chat = Chat::serve().await;
    let alice = User::new();
    chat.rule("snark", "block").await;
    chat.ban(alice.id).await;
    chat.lift_ban(alice.id).await;
    chat.disconnect(alice.id).await;
    let log = chat.moderated("GET", "/moderation/audit", Value::Null).await;
    let actions: Vec<&str> =
        log.as_array().expect("a list").iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions[..4], ["user.disconnect", "ban.lift", "ban.set", "rule.create"]);
    assert!(log[0]["actor"].is_string(), "{log}");
    assert!(log[0]["hash"].as_str().is_some_and(|hash| hash.len() == 64), "{log}");

    // While the server runs, and after it.
    let whole = run(chat.folder(), &["audit", "verify"], &chat.settings()).await;
    assert!(whole.status.success(), "{whole:?}");
    chat.process.kill().await;
    let whole = run(chat.folder(), &["audit", "verify"], &chat.settings()).await;
    assert!(whole.status.success(), "{whole:?}");
}

#[tokio::test]
async fn what_happens_is_streamed_to_moderators_as_it_happens() {
    let chat = Chat::serve().await;
    let moderator = User::moderator();
    let (mut reader, mut writer) = connect(chat.address()).await;
    let request = format!(
        "GET /moderation/events HTTP/1.1\r\nHost: chat.test\r\nAuthorization: {}\r\n\r\n",
        moderator.bearer()
    );
    writer.bytes(request.as_bytes()).await;
    let head = reader.head().await;
    assert_eq!(head.status, 200);
    assert!(head.headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/event-stream")));

    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "flag").await;
    chat.connect(&alice).await.say(room, "a snark", "t1").await;
    let incident = chat.moderated("GET", "/moderation/incidents", Value::Null).await[0]["id"].clone();
    let path = format!("/moderation/incidents/{incident}/decision");
    chat.moderated("POST", &path, json!({ "decision": "dismiss" })).await;
    chat.ban(alice.id).await;
    let mut told = String::new();
    within("the events", async {
        while !told.contains("ban") {
            told.push_str(&reader.some().await);
        }
    })
    .await;
    let order: Vec<Option<usize>> =
        ["the word snark", "\"open\"", "\"dismissed\""].iter().map(|word| told.find(word)).collect();
    assert!(order.is_sorted() && !order.contains(&None), "{told}");

    let disconnect = format!("/moderation/users/{}/disconnect", moderator.id);
    assert_eq!(chat.administer("POST", &disconnect, json!({ "reason": "a grudge" })).await.status, 200);
    within("the last chunk of the stream", async {
        while !told.ends_with("\r\n0\r\n\r\n") {
            told.push_str(&reader.some().await);
        }
    })
    .await;
}
