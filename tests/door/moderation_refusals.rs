//! What a sender is told when a rule refuses a message, and what the operator's log says of it.

use serde_json::{Value, json};

use crate::harness::{Chat, Door, User, golden};

fn rule(word: &str, category: &str, keys: &Value) -> Value {
    let mut rule = json!({
        "name": format!("the word {word}"), "kind": "terms", "terms": [word], "category": category, "action": "block",
        "state": "live",
    });
    rule.as_object_mut().expect("an object").extend(keys.as_object().expect("an object").clone());
    rule
}

/// The sentence that a blocked message closes the connection with.
async fn sentence(chat: &Chat, user: &User, room: i64, text: &str, temp_id: &str) -> String {
    let mut ws = chat.connect(user).await;
    ws.send_message(room, text, temp_id).await;
    ws.unconfirmed("HatefullSpeach", temp_id).await;
    let last: Value = serde_json::from_str(&ws.next_text().await).expect("JSON");
    assert_eq!((&last["type"], &last["data"]["code"]), (&json!("Disconnection"), &json!(4011)));
    ws.closed(4011, "HatefullSpeach").await;
    last["data"]["reason"].as_str().expect("a sentence").to_owned()
}

#[tokio::test]
async fn the_sentence_of_4011_says_what_the_message_was() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let contract: Value = serde_json::from_str(&golden("disconnection_4011")).expect("JSON");
    let contract = contract["data"]["reason"].as_str().expect("a sentence");
    for (category, expected) in [
        ("hate", contract),
        ("misinformation", contract),
        ("other", contract),
        ("threat", "Threatening people is not permitted on Swappart."),
        ("harassment", "Harassing people is not permitted on Swappart."),
        ("sexual", "Sexual content is not permitted on Swappart."),
        ("scam", "Anything that looks like a scam is not permitted on Swappart."),
        ("spam", "Spam is not permitted on Swappart."),
        ("contact", "Sharing contact details is not permitted on Swappart."),
    ] {
        let word = format!("snark{category}");
        chat.moderated("POST", "/moderation/rules", rule(&word, category, &json!({}))).await;
        let user = User::new();
        let room = chat.room(&user, &[]).await;
        assert_eq!(sentence(&chat, &user, room, &word, category).await, expected, "{category}");
    }
    let limit = json!({ "kind": "repetition", "limit": { "same_text": 3, "window_seconds": 60 } });
    let mut limit = rule("again", "other", &limit);
    limit.as_object_mut().expect("an object").remove("terms");
    chat.moderated("POST", "/moderation/rules", limit).await;
    let mut ws = chat.connect(&alice).await;
    for turn in 0..3 {
        ws.say(room, "Visit my flat", &format!("t{turn}")).await;
    }
    assert_eq!(
        sentence(&chat, &alice, room, "Visit my flat", "t3").await,
        "Sending the same message again and again is not permitted on Swappart."
    );
}

#[tokio::test]
async fn the_sentence_names_the_site_as_the_operator_calls_it() {
    let chat = Chat::with(&[("PLIC_SITE_NAME", "Home & \"Co\"")]).await;
    chat.moderated("POST", "/moderation/rules", rule("snark", "hate", &json!({}))).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    assert_eq!(
        sentence(&chat, &alice, room, "a snark", "t1").await,
        "Hateful speech or fake information is not permitted on Home & \"Co\"."
    );
}

#[tokio::test]
async fn the_log_of_a_block_names_the_rule_and_nothing_of_the_message() {
    let chat = Chat::serve().await;
    let name = format!("line\n{}", "é".repeat(190));
    let named = rule("snark", "scam", &json!({ "name": name }));
    let id = chat.moderated("POST", "/moderation/rules", named).await["id"].as_i64().expect("an id");
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    sentence(&chat, &alice, room, "a secret snark", "t1").await;
    let log = chat.process.log();
    let line = log.lines().find(|line| line.contains("a message was blocked")).expect("a line");
    for part in
        [&format!("rule.id={id}"), "rule.version=1", "category=\"scam\"", &alice.id.to_string(), r"line\n"]
    {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!log.contains("secret") && !line.contains(&"é".repeat(129)), "{line}");
}
