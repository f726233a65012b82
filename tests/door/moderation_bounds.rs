//! What nobody can do with the review queue: drown it, hide in it, get more strikes or confirmations than they sent, judge themselves.

use serde_json::{Value, json};

use crate::harness::{Chat, Door, User, connect, eventually, request, within};

async fn incidents(chat: &Chat, query: &str) -> Vec<Value> {
    let list = chat.moderated("GET", &format!("/moderation/incidents{query}"), Value::Null).await;
    list.as_array().expect("a list").clone()
}

async fn strikes(chat: &Chat, user: &User) -> Value {
    let path = format!("/moderation/users/{}", user.id);
    chat.moderated("GET", &path, Value::Null).await["strikes_counted"].clone()
}

#[tokio::test]
async fn a_blocked_message_that_is_resent_is_one_strike() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "block").await;
    for _ in 0..6 {
        let mut ws = chat.connect(&alice).await;
        ws.send_message(room, "a snark", "0b1e7a52-7d3c-4c0e").await;
        ws.unconfirmed("HatefullSpeach", "0b1e7a52-7d3c-4c0e").await;
        ws.disconnected(4011).await;
    }
    assert_eq!(strikes(&chat, &alice).await, 1);
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "another time").await;
    ws.unconfirmed("HatefullSpeach", "another time").await;
    ws.disconnected(4011).await;
    assert_eq!(strikes(&chat, &alice).await, 2);
}

#[tokio::test]
async fn a_release_confirms_a_counter_to_the_connection_that_sent_it_and_a_long_id_to_all() {
    let chat = Chat::with(&[("PLIC_CONNECTIONS_PER_USER", "2")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "hold").await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&alice).await);
    for (temp_id, everywhere) in [("7", false), ("0b1e7a52-7d3c-4c0e", true)] {
        let text = format!("snark {temp_id}");
        ws.send_message(room, &text, temp_id).await;
        ws.unconfirmed("HeldForReview", temp_id).await;
        let id = incidents(&chat, "?status=open").await[0]["id"].clone();
        let path = format!("/moderation/incidents/{id}/decision");
        chat.moderated("POST", &path, json!({ "decision": "release", "note": null })).await;
        ws.confirmed(temp_id).await;
        other.received(room, alice.id, &text).await;
        if everywhere {
            other.confirmed(temp_id).await;
        }
        other.nothing_came().await;
    }
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_answered_and_the_connection_stays() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "hold").await;
    let mut ws = chat.connect(&alice).await;
    let long = "x".repeat(257);
    ws.send_message(room, "a snark", &long).await;
    ws.unconfirmed("RateLimited", &long).await;
    ws.say(room, "still here", "t1").await;
    assert!(incidents(&chat, "").await.is_empty());
}

#[tokio::test]
async fn a_held_message_is_released_with_what_is_masked() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    chat.rule("snark", "hold").await;
    chat.rule("boojum", "mask").await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    ws.send_message(room, "snark or boojum", "t1").await;
    ws.unconfirmed("HeldForReview", "t1").await;
    let incident = &incidents(&chat, "").await[0];
    assert_eq!(incident["message"], "snark or boojum");
    let path = format!("/moderation/incidents/{}/decision", incident["id"]);
    chat.moderated("POST", &path, json!({ "decision": "release", "note": null })).await;
    other.received(room, alice.id, "snark or ******").await;
    assert_eq!(chat.texts(&bob, room).await, ["snark or ******"]);
}

#[tokio::test]
async fn a_moderator_does_not_decide_about_a_message_of_their_own() {
    let chat = Chat::serve().await;
    let moderator = User::moderator();
    let room = chat.room(&moderator, &[]).await;
    chat.rule("snark", "reject").await;
    let mut ws = chat.connect(&moderator).await;
    ws.send_message(room, "a snark", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    let path = format!("/moderation/incidents/{}/decision", incidents(&chat, "").await[0]["id"]);
    let dismiss = json!({ "decision": "dismiss", "note": null });
    chat.post(&moderator, &path, dismiss.clone()).await.fails_with(409);
    chat.moderated("POST", &path, dismiss).await;
}

#[tokio::test]
async fn a_reporter_is_asked_to_wait_after_fifty_reports() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut ws = chat.connect(&alice).await;
    for turn in 0..51 {
        ws.say(room, &format!("{turn}"), &format!("t{turn}")).await;
    }
    let messages = chat.messages(&bob, room).await;
    let report =
        |turn: usize| json!({ "room_id": room, "message_id": messages[turn]["id"], "reason": "rude" });
    for turn in 0..50 {
        assert_eq!(chat.post(&bob, "/reports", report(turn)).await.status, 200, "{turn}");
    }
    let refused = chat.post(&bob, "/reports", report(50)).await;
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    refused.fails_with(429);
    assert_eq!(chat.post(&bob, "/reports", report(0)).await.status, 200, "it is known");
}

#[tokio::test]
async fn flagged_messages_beyond_the_bound_are_counted_and_named_by_one_incident() {
    let chat = Chat::serve().await;
    chat.rule("snark", "flag").await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut ws = chat.connect(&alice).await;
    for turn in 0..150 {
        ws.say(room, &format!("snark {turn}"), &format!("t{turn}")).await;
    }
    let path = "/moderation/incidents?action=flag&limit=200";
    let incidents = chat.moderated("GET", path, Value::Null).await;
    let incidents = incidents.as_array().expect("a list");
    assert_eq!(incidents.len(), 101);
    assert_eq!((&incidents[0]["message"], &incidents[0]["further_count"]), (&json!("snark 100"), &json!(49)));
    assert!(incidents[1..].iter().all(|incident| incident["further_count"] == 0));
    let path = format!("/moderation/incidents/{}", incidents[0]["id"]);
    let detail = chat.moderated("GET", &path, Value::Null).await;
    let further: Vec<&Value> =
        detail["further"].as_array().expect("a list").iter().map(|message| &message["message"]).collect();
    assert_eq!((further.len(), further[0], further[48]), (49, &json!("snark 101"), &json!("snark 149")));

    // Once it is decided another one is opened.
    let decision = json!({ "decision": "uphold", "note": null });
    chat.moderated("POST", &format!("{path}/decision"), decision).await;
    ws.say(room, "snark 150", "t150").await;
    let newest = &chat.moderated("GET", "/moderation/incidents?limit=1", Value::Null).await[0];
    assert_eq!((&newest["message"], &newest["further_count"]), (&json!("snark 150"), &json!(0)));
}

#[tokio::test]
async fn unfinished_bodies_are_bounded_over_all_requests_and_given_back() {
    const PIECE: usize = 3 << 20;
    let chat = Chat::serve().await;
    let (answers, mut answered) = tokio::sync::mpsc::channel(30);
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (bearer, length) = (User::moderator().bearer(), (PIECE + (1 << 20)).to_string());
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("content-length", length.as_str()),
        ];
        let body = format!("{}{}", request("POST", "/moderation/check", &headers, ""), " ".repeat(PIECE));
        let (mut reader, mut writer) = connect(chat.address()).await;
        let answers = answers.clone();
        senders.spawn(async move {
            writer.bytes(body.as_bytes()).await;
            // Only a refusal comes before the rest of the body.
            let answer = reader.answer().await;
            answers.send(answer).await.expect("the test listens");
            // The connection stays open.
            std::future::pending::<()>().await;
            drop(writer);
        });
    }
    // Of 90 MiB that are sent, large bodies may have 48.
    for _ in 0..14 {
        let answer = within("a refusal", answered.recv()).await.expect("senders are left");
        assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
        answer.fails_with(503);
    }
    let room = chat.room(&User::new(), &[]).await;
    assert!(room > 0, "small bodies are still taken");

    senders.abort_all();
    let padded = json!({ "message": "hello", "padding": "x".repeat(PIECE) });
    eventually("what was held to be given back", async || {
        let answer = chat.moderate("POST", "/moderation/check", padded.clone()).await;
        answer.status == 200
    })
    .await;
}

#[tokio::test]
async fn exports_of_many_rules_are_made_two_at_once_and_more_than_may_wait_are_refused() {
    let chat = Chat::serve().await;
    let terms = |rule: usize| (0..20_000).map(|term| format!("term{rule}x{term}")).collect::<Vec<_>>();
    let rule = |id: usize| {
        json!({
            "name": format!("rule {id}"), "kind": "terms", "category": "other", "action": "flag", "state": "draft",
            "terms": terms(id),
        })
    };
    let rules: Vec<Value> = (0..10).map(rule).collect();
    let imported = chat.administer("POST", "/moderation/rules/import", json!({ "rules": rules })).await;
    assert_eq!(imported.status, 200, "{imported:?}");
    let exports = (0..40).map(|_| chat.moderate("GET", "/moderation/rules/export", Value::Null));
    let answers = futures_util::future::join_all(exports).await;
    let (refused, done): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 429);
    assert!(done.len() >= 10 && !refused.is_empty(), "{} and {}", done.len(), refused.len());
    assert!(done.iter().all(|answer| answer.status == 200 && answer.body.len() > 2 << 20));
    for answer in refused {
        assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
        answer.is_envelope_of_failure();
    }
}
