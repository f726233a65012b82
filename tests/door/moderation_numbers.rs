//! What moderators decided and whom they banned, day by day.

use plic_pipeline::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Chat, Door, User};

fn today() -> String {
    Timestamp::now().to_string()[..10].to_owned()
}

#[tokio::test]
async fn decisions_are_told_by_rule_and_once_an_incident_and_bans_by_day() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let (snark, boojum) = (chat.rule("snark", "reject").await, chat.rule("boojum", "reject").await);
    let mut ws = chat.connect(&alice).await;
    for (place, text) in ["a snark", "the snark was a boojum", "a boojum"].iter().enumerate() {
        let id = format!("t{place}");
        ws.send_message(room, text, &id).await;
        ws.unconfirmed("HatefullSpeach", &id).await;
    }
    ws.say(room, "said", "t9").await;
    let message = chat.messages(&bob, room).await[0]["id"].clone();
    let report = json!({ "room_id": room, "message_id": message, "reason": "rude" });
    assert_eq!(chat.post(&bob, "/reports", report).await.status, 200);
    let before = today();
    let open = chat.moderated("GET", "/moderation/incidents?status=open", Value::Null).await;
    // The newest first: the report, then what was refused; the first of these is not decided.
    for (place, decision) in ["dismiss", "uphold", "uphold"].into_iter().enumerate() {
        let path = format!("/moderation/incidents/{}/decision", open[place]["id"]);
        chat.moderated("POST", &path, json!({ "decision": decision })).await;
    }
    chat.ban(alice.id).await;

    let stats = chat.moderated("GET", "/moderation/stats?since=2026-01-01T00:00:00Z", Value::Null).await;
    // A test that runs over midnight has nothing to compare.
    if before != today() {
        return;
    }
    let day = today();
    let mut of_rules = [(snark, 1), (boojum, 2)];
    of_rules.sort_unstable();
    assert_eq!(
        stats["decisions"],
        json!([
            { "rule_id": null, "day": day, "status": "dismissed", "count": 1 },
            { "rule_id": of_rules[0].0, "day": day, "status": "upheld", "count": of_rules[0].1 },
            { "rule_id": of_rules[1].0, "day": day, "status": "upheld", "count": of_rules[1].1 },
        ])
    );
    assert_eq!(
        stats["decided"],
        json!([
            { "day": day, "status": "dismissed", "count": 1 },
            { "day": day, "status": "upheld", "count": 2 },
        ])
    );
    assert_eq!(stats["bans_by_day"], json!([{ "day": day, "count": 1 }]));
    let later = chat.moderated("GET", "/moderation/stats?since=2999-01-01T00:00:00Z", Value::Null).await;
    for key in ["decisions", "decided", "bans_by_day"] {
        assert_eq!(later[key], json!([]), "{key}");
    }
}
