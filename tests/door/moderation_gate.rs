//! The publish gate: no rule that hits ordinary chat goes live without an admin's reason, whatever way it takes.

use serde_json::{Value, json};

use crate::harness::{Answer, Chat, Door, User};

const RULES: &str = "/moderation/rules";

fn rule(keys: &Value) -> Value {
    let mut rule = json!({ "name": "of the tests", "category": "spam", "action": "flag", "state": "live" });
    rule.as_object_mut().expect("an object").extend(keys.as_object().expect("an object").clone());
    rule
}

fn word(word: &str) -> Value {
    rule(&json!({ "kind": "terms", "terms": [word] }))
}

fn sentence(answer: &Answer) -> String {
    answer.fails_with(422);
    answer.json()["error_message"].as_str().expect("a sentence").to_owned()
}

/// Asserts that the answer asks for an admin's reason.
fn asks(answer: &Answer) -> String {
    let sentence = sentence(answer);
    assert!(sentence.contains("ordinary chat") || sentence.contains("this site"), "{sentence}");
    assert!(sentence.ends_with("An admin may override this with a reason."), "{sentence}");
    sentence
}

async fn put(chat: &Chat, id: i64, version: u32, rule: &Value) -> Answer {
    let (moderator, version) = (User::moderator(), format!("\"{version}\""));
    let headers = [
        ("authorization", &*moderator.bearer()),
        ("content-type", "application/json"),
        ("if-match", &version),
    ];
    chat.call("PUT", &format!("{RULES}/{id}"), &headers, &rule.to_string()).await
}

/// A rule that blocks goes live only where it blocks nothing that everybody writes.
#[tokio::test]
async fn what_everybody_writes_is_asked_about_in_many_languages_and_layouts() {
    let chat = Chat::serve().await;
    let words = [
        "lundi",
        "Wednesday",
        "January",
        "famille",
        "mari",
        "fils",
        "piscine",
        "annonce",
        "profil",
        "listing",
        "pictures",
        "rdv",
        "bisous",
        "cordialement",
        "cheers",
        "huur",
        "how are you",
        "comment allez-vous",
        "avec plaisir",
        "gute nacht",
        "dziękuję",
        "marţi",
    ];
    for word in words {
        let rule = rule(&json!({ "kind": "terms", "terms": [word], "match": "word", "action": "block" }));
        asks(&chat.moderate("POST", RULES, rule).await);
    }
    for pattern in [r"\n", r"\n\n", r"\s{2,}", "\u{a0}", "(?s)^.{500,}$"] {
        let rule =
            rule(&json!({ "kind": "pattern", "pattern": pattern, "view": "original", "action": "block" }));
        asks(&chat.moderate("POST", RULES, rule).await);
    }
    for domain in ["fr", "youtube.com", "maps.google.com", "booking.com"] {
        let rule = rule(&json!({ "kind": "links", "domains": [domain], "action": "block" }));
        asks(&chat.moderate("POST", RULES, rule).await);
    }
}

#[tokio::test]
async fn a_reason_that_shows_nothing_overrides_nothing() {
    let chat = Chat::serve().await;
    for blank in ["%20", "%E2%80%8B", "%00", "%C2%AD", "%E2%A0%80", "%E3%85%A4"] {
        let path = format!("{RULES}?override_reason={blank}");
        let refused = chat.administer("POST", &path, word("merci")).await;
        assert!(sentence(&refused).contains("override_reason"), "{blank}: {refused:?}");
    }
    let report = json!({ "room_id": 1, "message_id": 1, "reason": "\u{200b}\u{ad}" });
    assert!(sentence(&chat.post(&User::new(), "/reports", report).await).contains("reason"));
    let mut unnamed = word("zeppelin");
    unnamed["name"] = json!("\u{2800}");
    assert!(sentence(&chat.moderate("POST", RULES, unnamed).await).contains("name"));
}

#[tokio::test]
async fn everyday_words_and_what_matches_nearly_everything_are_asked_about() {
    let chat = Chat::serve().await;
    for everyday in ["apartment", "appartement", "merci beaucoup", "gracias", "ok", "bonjour", "x"] {
        asks(&chat.moderate("POST", RULES, word(everyday)).await);
    }
    for keys in [
        json!({ "kind": "terms", "terms": ["ppart"], "match": "substring" }),
        json!({ "kind": "pattern", "pattern": "." }),
        json!({ "kind": "pattern", "pattern": r"\w" }),
        json!({ "kind": "links", "domains": ["*"] }),
        json!({ "kind": "contact" }),
        json!({ "kind": "classifier", "head": "hate", "threshold": 0.01 }),
        json!({ "kind": "repetition", "limit": { "same_text": 2, "window_seconds": 3600 } }),
        json!({ "kind": "pattern", "pattern": ".+", "action": "allow" }),
        json!({ "kind": "pattern", "pattern": r"\w+", "action": "allow" }),
    ] {
        let refused = asks(&chat.moderate("POST", RULES, rule(&keys)).await);
        assert!(refused.contains('"'), "it shows examples: {refused}");
    }
    assert_eq!(chat.moderated("GET", RULES, Value::Null).await, json!([]));
    let forced = format!("{RULES}?override_reason=a%20drill");
    chat.moderate("POST", &forced, word("gracias")).await.fails_with(403);
    assert_eq!(chat.administer("POST", &forced, word("gracias")).await.status, 200);
}

#[tokio::test]
async fn a_limit_below_what_is_sane_is_refused_whatever_the_state() {
    let chat = Chat::serve().await;
    for (state, limit, problem) in [
        ("live", json!({ "same_text": 1, "window_seconds": 60 }), "`limit.same_text` must be from 2 to 15"),
        ("draft", json!({ "same_text": 1, "window_seconds": 60 }), "`limit.same_text` must be from 2 to 15"),
        ("shadow", json!({ "same_text": 2, "window_seconds": 1 }), "`limit.window_seconds` must be from 5"),
    ] {
        let limit = rule(&json!({ "kind": "repetition", "limit": limit, "state": state }));
        let forced = chat.administer("POST", &format!("{RULES}?override_reason=no"), limit.clone()).await;
        for refused in [chat.moderate("POST", RULES, limit).await, forced] {
            assert!(sentence(&refused).starts_with(problem), "{refused:?}");
        }
    }
    let sane = json!({ "kind": "repetition", "limit": { "same_text": 3, "window_seconds": 60 } });
    assert_eq!(chat.moderate("POST", RULES, rule(&sane)).await.status, 200);
}

#[tokio::test]
async fn every_way_into_force_passes_the_gate() {
    let chat = Chat::serve().await;
    let mut draft = word("appartement");
    draft["state"] = json!("draft");
    let id = chat.moderated("POST", RULES, draft.clone()).await["id"].as_i64().expect("an id");
    let mut shadow = draft.clone();
    shadow["state"] = json!("shadow");
    assert_eq!(put(&chat, id, 1, &shadow).await.status, 200);
    asks(&put(&chat, id, 2, &word("appartement")).await);

    // A version that an admin put in force is asked about when it comes back.
    let forced = format!("{RULES}?override_reason=a%20drill");
    let forced = chat.administer("POST", &forced, word("merci")).await.data()["id"].as_i64().expect("an id");
    assert_eq!(put(&chat, forced, 1, &word("snark")).await.status, 200);
    let restore = format!("{RULES}/{forced}/restore");
    asks(&chat.moderate("POST", &restore, json!({ "version": 1 })).await);
    chat.moderated("DELETE", &format!("{RULES}/{forced}"), Value::Null).await;
    asks(&chat.moderate("POST", &restore, json!({ "version": 1 })).await);

    for import in [format!("{RULES}/import"), format!("{RULES}/import?dry_run=true")] {
        let document = json!({ "rules": [word("snark"), word("merci")] });
        asks(&chat.administer("POST", &import, document).await);
    }
    assert_eq!(chat.moderated("GET", RULES, Value::Null).await[0]["state"], "shadow");
}

#[tokio::test]
async fn a_rule_is_tried_on_what_was_delivered_on_this_site() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut ws = chat.connect(&alice).await;
    for turn in 0..8 {
        ws.say(room, &format!("The zeppelin leaves at {turn}"), &format!("t{turn}")).await;
        ws.say(room, &format!("The jubjub costs {turn}"), &format!("u{turn}")).await;
    }
    let refused = asks(&chat.moderate("POST", RULES, word("zeppelin")).await);
    assert!(refused.contains("8 of 16 messages that were delivered on this site"), "{refused}");
    assert!(refused.contains("\"The zeppelin leaves at 0\""), "{refused}");
    assert_eq!(chat.moderate("POST", RULES, word("boojum")).await.status, 200);

    // What a refusal quotes is audited before it is shown, and of a dry run too.
    let dry_run = format!("{RULES}/import?dry_run=true");
    asks(&chat.administer("POST", &dry_run, json!({ "rules": [word("zeppelin")] })).await);
    asks(&chat.moderate("POST", RULES, word("merci")).await);
    let log = chat.moderated("GET", "/moderation/audit?action=rule.try", Value::Null).await;
    let tried: Vec<&Value> = log.as_array().expect("a list").iter().map(|entry| &entry["detail"]).collect();
    let detail = |rule: i64| json!({ "rule": rule, "name": "of the tests", "messages": 5 });
    assert_eq!(tried, [&detail(2), &detail(1)], "everyday words are nobody's messages");

    // What somebody reported is not ordinary.
    for message in chat.messages(&bob, room).await {
        if message["message"].as_str().is_some_and(|text| text.contains("jubjub")) {
            let report = json!({ "room_id": room, "message_id": message["id"], "reason": "a scam" });
            assert_eq!(chat.post(&bob, "/reports", report).await.status, 200);
        }
    }
    assert_eq!(chat.moderate("POST", RULES, word("jubjub")).await.status, 200);
}

#[tokio::test]
async fn a_rule_that_allows_does_not_go_while_it_spares_ordinary_chat() {
    let chat = Chat::serve().await;
    let mut allow = word("gracias");
    allow["action"] = json!("allow");
    let id = chat.moderated("POST", RULES, allow).await["id"].as_i64().expect("an id");
    assert_eq!(chat.moderate("POST", RULES, word("gracias")).await.status, 200, "it is lifted");
    asks(&chat.moderate("DELETE", &format!("{RULES}/{id}"), Value::Null).await);
    let mut narrow = word("snark");
    narrow["action"] = json!("allow");
    asks(&put(&chat, id, 1, &narrow).await);
    let forced = format!("{RULES}/{id}?override_reason=a%20drill");
    chat.moderate("DELETE", &forced, Value::Null).await.fails_with(403);
    assert_eq!(chat.administer("DELETE", &forced, Value::Null).await.status, 200);
}
