//! The audit log, asked for what was done, by whom and when.

use serde_json::Value;

use crate::harness::{Chat, Door, User};

async fn actions(chat: &Chat, query: &str) -> Vec<String> {
    let log = chat.moderated("GET", &format!("/moderation/audit?{query}"), Value::Null).await;
    let entries = log.as_array().expect("a list").iter();
    entries.map(|entry| entry["action"].as_str().expect("an action").to_owned()).collect()
}

#[tokio::test]
async fn the_log_is_asked_for_what_was_done_by_whom_and_when() {
    let chat = Chat::serve().await;
    let alice = User::new();
    chat.ban(alice.id).await;
    let rule = chat.rule("snark", "flag").await;
    chat.lift_ban(alice.id).await;
    let admin = User::admin();
    let path = format!("/moderation/rules/{rule}");
    assert_eq!(chat.rest(&admin, "DELETE", &path, Value::Null).await.status, 200);

    assert_eq!(actions(&chat, "").await[..4], ["rule.delete", "ban.lift", "rule.create", "ban.set"]);
    assert_eq!(actions(&chat, "action=rule").await, ["rule.delete", "rule.create"]);
    assert_eq!(actions(&chat, "action=ban.lift").await, ["ban.lift"]);
    assert_eq!(actions(&chat, "action=rule.update").await, Vec::<String>::new());
    assert_eq!(actions(&chat, &format!("actor={}", admin.id)).await, ["rule.delete"]);
    assert_eq!(actions(&chat, &format!("action=ban&actor={}", admin.id)).await, Vec::<String>::new());

    let log = chat.moderated("GET", "/moderation/audit", Value::Null).await;
    let at = |place: usize| log[place]["at"].as_str().expect("a moment");
    assert_eq!(actions(&chat, &format!("since={}", at(1))).await, ["rule.delete", "ban.lift"]);
    let span = format!("since={}&until={}", at(3), at(1));
    assert_eq!(actions(&chat, &span).await, ["rule.create", "ban.set"]);
    assert_eq!(actions(&chat, &format!("action=ban&{span}")).await, ["ban.set"]);

    // The next page asks the same.
    let first =
        chat.moderate("GET", &format!("/moderation/audit?action=rule&{span}&limit=1"), Value::Null).await;
    assert_eq!(first.link(), None, "there is but one: {first:?}");
    let first = chat.moderate("GET", "/moderation/audit?action=ban&limit=1", Value::Null).await;
    let (next, _) = first.link().expect("a next page");
    let next = chat.moderate("GET", &next, Value::Null).await;
    assert_eq!((&next.data()[0]["action"], next.link()), (&Value::from("ban.set"), None));
    for bad in ["action=rule.*", "action=rule.", "actor=me", "since=now", "until=2026-01-31"] {
        chat.moderate("GET", &format!("/moderation/audit?{bad}"), Value::Null).await.fails_with(422);
    }
}
