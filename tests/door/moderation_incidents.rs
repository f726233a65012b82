//! What rules stop, hold and flag, what participants report, and what moderators decide about it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Chat, Door, User};

const INCIDENTS: &str = "/moderation/incidents";

async fn incidents(chat: &Chat, query: &str) -> Vec<Value> {
    let list = chat.moderated("GET", &format!("{INCIDENTS}{query}"), Value::Null).await;
    list.as_array().expect("a list").clone()
}

async fn decide(chat: &Chat, incident: &Value, decision: &str) -> Value {
    let path = format!("{INCIDENTS}/{}/decision", incident["id"]);
    chat.moderated("POST", &path, json!({ "decision": decision, "note": "seen" })).await
}

fn temp_id() -> String {
    Uuid::new_v4().to_string()
}

#[tokio::test]
async fn a_blocked_message_is_an_incident_that_says_where_and_why() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let rule = chat.rule("snark", "block").await;
    let mut other = chat.connect(&bob).await;
    for place in 0..12 {
        other.say(room, &format!("before {place}"), &format!("t{place}")).await;
    }
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "🦈 a Snark!", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    ws.disconnected(4011).await;
    other.say(room, "after", "t99").await;

    let found =
        incidents(&chat, &format!("?action=block&rule_id={rule}&user_id={}&room_id={room}", alice.id)).await;
    let [incident] = &found[..] else { panic!("{found:?}") };
    assert_eq!(incident["status"], "open");
    assert_eq!(incident["message"], "🦈 a Snark!");
    assert_eq!((&incident["message_id"], &incident["decided_by"]), (&Value::Null, &Value::Null));
    let hit = &incident["matches"][0];
    // As JavaScript counts, the shark is two.
    assert_eq!((&hit["start"], &hit["end"], &hit["text"]), (&json!(5), &json!(10), &json!("Snark")));
    assert_eq!((&hit["rule_id"], &hit["rule_version"]), (&json!(rule), &json!(1)));

    let whole = chat.moderated("GET", &format!("{INCIDENTS}/{}", incident["id"]), Value::Null).await;
    let texts = |side: &str| -> Vec<&str> {
        let side = whole["context"][side].as_array().expect("a list");
        side.iter().filter_map(|message| message["message"].as_str()).collect()
    };
    assert_eq!(texts("before").len(), 10);
    assert_eq!((texts("before")[9], texts("after")), ("before 11", vec!["after"]));
    for none in ["?action=hold", "?status=upheld", "?category=hate", "?rule_id=999"] {
        assert_eq!(incidents(&chat, none).await, Vec::<Value>::new(), "{none}");
    }
}

#[tokio::test]
async fn five_blocks_ban_for_a_day_and_a_dismissal_takes_the_strike_and_the_ban_back() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "block").await;
    for strike in 1..=5 {
        let mut ws = chat.connect(&alice).await;
        ws.send_message(room, &format!("snark {strike}"), "t1").await;
        ws.unconfirmed("HatefullSpeach", "t1").await;
        // The last one is closed for what it said, like the others; the ban shows from then on.
        ws.disconnected(4011).await;
    }
    chat.connect(&alice).await.disconnected(4005).await;
    chat.get(&alice, "/rooms").await.fails_with(403);
    let user = chat.moderated("GET", &format!("/moderation/users/{}", alice.id), Value::Null).await;
    assert_eq!((&user["strikes_counted"], &user["connected"]), (&json!(5), &json!(false)));
    assert_eq!(user["bans"][0]["created_by"], Value::Null);
    assert!(user["bans"][0]["expires_at"].is_string(), "{user}");

    let blocked = incidents(&chat, "").await;
    assert_eq!(blocked.len(), 5);
    let decided = decide(&chat, &blocked[2], "dismiss").await;
    assert_eq!((&decided["status"], &decided["note"]), (&json!("dismissed"), &json!("seen")));
    assert_eq!(chat.get(&alice, "/rooms").await.status, 200);
    chat.connect(&alice).await.say(room, "sorry", "t2").await;
    let user = chat.moderated("GET", &format!("/moderation/users/{}", alice.id), Value::Null).await;
    assert_eq!(user["strikes_counted"], 4);
    assert_eq!(user["notes"][0]["text"], "seen");
}

#[tokio::test]
async fn an_incident_is_decided_once() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "reject").await;
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    let incident = &incidents(&chat, "?status=open").await[0];
    let path = format!("{INCIDENTS}/{}/decision", incident["id"]);
    let refused = json!({ "decision": "release", "note": null });
    chat.moderate("POST", &path, refused).await.fails_with(409);
    chat.moderate("POST", &path, json!({ "decision": "perhaps" })).await.fails_with(422);
    decide(&chat, incident, "uphold").await;
    let second = chat.administer("POST", &path, json!({ "decision": "dismiss" })).await;
    second.fails_with(409);
    let decided = &incidents(&chat, "").await[0];
    let by = decided["decided_by"].as_str().expect("a moderator");
    assert!(second.body.contains(by) && second.body.contains("upheld"), "{second:?}");
    chat.moderate("POST", &format!("{INCIDENTS}/999/decision"), json!({ "decision": "dismiss" }))
        .await
        .fails_with(404);
    let stats = chat.moderated("GET", "/moderation/stats", Value::Null).await;
    assert_eq!(
        (&stats["precision"][0]["right"], &stats["precision"][0]["precision"]),
        (&json!(1), &json!(1.0))
    );
}

#[tokio::test]
async fn a_held_message_is_delivered_and_confirmed_once_a_moderator_releases_it() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    chat.rule("snark", "hold").await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    let (first, second) = (temp_id(), temp_id());
    for (text, id) in
        [("the first snark", &first), ("the second snark", &second), ("the first snark", &first)]
    {
        ws.send_message(room, text, id).await;
        ws.unconfirmed("HeldForReview", id).await;
    }
    ws.say(room, "still here", "t3").await;
    other.received(room, alice.id, "still here").await;
    let held = incidents(&chat, "?action=hold").await;
    assert_eq!(held.len(), 2, "what is resent opens no second incident: {held:?}");

    // They come in the order of release, with ids that grow.
    for (incident, text, id) in
        [(&held[0], "the second snark", &second), (&held[1], "the first snark", &first)]
    {
        let released = decide(&chat, incident, "release").await;
        assert_eq!(released["status"], "released");
        assert!(released["message_id"].is_i64(), "{released}");
        ws.confirmed(id).await;
        other.received(room, alice.id, text).await;
    }
    ws.nothing_came().await;
    assert_eq!(chat.texts(&bob, room).await, ["still here", "the second snark", "the first snark"]);
    // Resent once more, it is the message that was released, also under stricter rules.
    chat.rule("first snark", "block").await;
    ws.say(room, "the first snark", &first).await;
    other.nothing_came().await;
}

#[tokio::test]
async fn a_released_message_is_confirmed_with_half_a_surrogate_pair_in_its_temp_id() {
    let mut chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "hold").await;
    let sent = format!(
        r#"{{"type":"SendMessage","data":{{"room_id":{room},"message":"a snark","message_temp_id":"a long enough id \ud83d"}}}}"#
    );
    let given = r#""message_id":"a long enough id \ud83d""#;
    let mut ws = chat.connect(&alice).await;
    ws.send(&sent).await;
    let held = ws.next_text().await;
    assert!(held.contains("HeldForReview") && held.contains(given), "{held}");
    chat.process.kill().await;
    chat.start_again().await;
    let mut ws = chat.connect(&alice).await;
    decide(&chat, &incidents(&chat, "?status=open").await[0], "release").await;
    ws.received(room, alice.id, "a snark").await;
    let confirmed = ws.next_text().await;
    assert!(confirmed.contains(r#""confirmed":true"#) && confirmed.contains(given), "{confirmed}");
}

#[tokio::test]
async fn held_messages_survive_a_crash_and_confirm_to_whoever_the_sender_is_by_then() {
    let mut chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    chat.rule("snark", "hold").await;
    let id = temp_id();
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", &id).await;
    ws.unconfirmed("HeldForReview", &id).await;
    chat.process.kill().await;
    chat.start_again().await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    ws.send_message(room, "a snark", &id).await;
    ws.unconfirmed("HeldForReview", &id).await;
    decide(&chat, &incidents(&chat, "?status=open").await[0], "release").await;
    // This connection did not send it: it is told both.
    ws.received(room, alice.id, "a snark").await;
    ws.confirmed(&id).await;
    other.received(room, alice.id, "a snark").await;
}

#[tokio::test]
async fn a_held_message_of_somebody_who_left_cannot_be_released_and_one_that_is_dropped_stays_held() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    chat.rule("snark", "hold").await;
    let mut ws = chat.connect(&bob).await;
    let (gone, dropped) = (temp_id(), temp_id());
    for (text, id) in [("a snark", &gone), ("two: snark", &dropped)] {
        ws.send_message(room, text, id).await;
        ws.unconfirmed("HeldForReview", id).await;
    }
    let held = incidents(&chat, "?status=open").await;
    decide(&chat, &held[0], "remove").await;
    ws.send_message(room, "two: snark", &dropped).await;
    ws.unconfirmed("HeldForReview", &dropped).await;
    assert_eq!(chat.change(&alice, room, &[], &[&bob]).await.status, 200);
    let path = format!("{INCIDENTS}/{}/decision", held[1]["id"]);
    chat.moderate("POST", &path, json!({ "decision": "release" })).await.fails_with(409);
    assert_eq!(decide(&chat, &held[1], "dismiss").await["status"], "dismissed");
    assert!(chat.texts(&alice, room).await.is_empty());
}

#[tokio::test]
async fn a_masked_message_arrives_and_is_kept_with_stars() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    chat.rule("bête noire", "mask").await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    ws.say(room, "ma bête noire 🦈", "t1").await;
    other.received(room, alice.id, "ma ********** 🦈").await;
    assert_eq!(chat.texts(&bob, room).await, ["ma ********** 🦈"]);
    // The same message again is the same message, though other words were stored.
    ws.say(room, "ma bête noire 🦈", "t1").await;
    other.nothing_came().await;
    assert!(incidents(&chat, "").await.is_empty());
}

#[tokio::test]
async fn a_flagged_message_is_delivered_and_removed_from_its_room_and_kept_as_evidence() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    chat.rule("snark", "flag").await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    ws.say(room, "a snark", "t1").await;
    other.received(room, alice.id, "a snark").await;
    let incident = &incidents(&chat, "?action=flag").await[0];
    let message = &chat.messages(&bob, room).await[0];
    assert_eq!(incident["message_id"], message["id"]);
    let removed = decide(&chat, incident, "remove").await;
    assert_eq!(removed["status"], "removed");
    let after = &chat.messages(&bob, room).await[0];
    assert_eq!((&after["id"], &after["created_at"]), (&message["id"], &message["created_at"]));
    for everywhere in [after.to_string(), chat.get(&bob, "/rooms").await.body] {
        assert!(!everywhere.contains("a snark"), "{everywhere}");
    }
    let path = format!("{INCIDENTS}/{}", incident["id"]);
    let evidence = chat.moderated("GET", &path, Value::Null).await;
    assert_eq!((&evidence["message"], &evidence["matches"][0]["text"]), (&json!("a snark"), &json!("snark")));
    // For good only by a redaction, once it is decided.
    chat.moderated("DELETE", &format!("/moderation/messages/{}", message["id"]), Value::Null).await;
    let gone = chat.moderated("GET", &path, Value::Null).await.to_string();
    assert!(!gone.contains("a snark"), "{gone}");
    ws.say(room, "and on", "t2").await;
    other.received(room, alice.id, "and on").await;
}

#[tokio::test]
async fn a_participant_reports_a_message_and_nobody_else_can() {
    let chat = Chat::serve().await;
    let (alice, bob, eve) = (User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let elsewhere = chat.room(&eve, &[]).await;
    chat.connect(&alice).await.say(room, "pay me first", "t1").await;
    let message = chat.messages(&bob, room).await[0]["id"].as_i64().expect("an id");
    let report = |room: i64, message: i64, reason: &str| json!({ "room_id": room, "message_id": message, "reason": reason });
    let first = chat.post(&bob, "/reports", report(room, message, "a scam")).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(chat.post(&bob, "/reports", report(room, message, "again")).await.data(), first.data());
    chat.post(&eve, "/reports", report(room, message, "nosy")).await.fails_with(404);
    chat.post(&eve, "/reports", report(elsewhere, message, "nosy")).await.fails_with(404);
    chat.post(&bob, "/reports", report(room, 999, "none")).await.fails_with(404);
    chat.post(&bob, "/reports", report(room, message, " ")).await.fails_with(422);
    chat.post(&bob, "/reports", json!({ "room_id": room })).await.fails_with(422);

    let reported = incidents(&chat, "?action=report").await;
    let [incident] = &reported[..] else { panic!("{reported:?}") };
    assert_eq!((&incident["user_id"], &incident["message"]), (&json!(alice.id), &json!("pay me first")));
    assert_eq!(incident["report"], json!({ "reporter_id": bob.id, "reason": "a scam" }));
    assert_eq!(incident["report_count"], 1);
}

#[tokio::test]
async fn every_report_of_a_message_joins_its_one_incident_and_reopens_what_was_decided() {
    let chat = Chat::serve().await;
    let (alice, bob, carol, dave) = (User::new(), User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob, &carol, &dave]).await;
    chat.rule("snark", "flag").await;
    chat.connect(&alice).await.say(room, "a snark", "t1").await;
    let message = chat.messages(&bob, room).await[0]["id"].clone();
    let report = async |who: &User, reason: &str| {
        let body = json!({ "room_id": room, "message_id": message, "reason": reason });
        chat.post(who, "/reports", body).await.data()
    };
    let flagged = incidents(&chat, "?action=flag").await[0]["id"].clone();
    for (who, reason) in [(&bob, "rude"), (&carol, "mean"), (&bob, "again")] {
        assert_eq!(report(who, reason).await, flagged);
    }
    let found = incidents(&chat, "?status=open&action=report").await;
    let [incident] = &found[..] else { panic!("one incident, not {found:?}") };
    assert_eq!((&incident["action"], &incident["report_count"]), (&json!("flag"), &json!(2)));
    let reports: Vec<(&Value, &Value)> = incident["reports"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|report| (&report["user_id"], &report["reason"]))
        .collect();
    assert_eq!(reports, [(&json!(bob.id), &json!("rude")), (&json!(carol.id), &json!("mean"))]);
    assert!(incident["reports"][0]["created_at"].is_string());

    decide(&chat, incident, "dismiss").await;
    report(&carol, "still").await;
    assert_eq!(
        incidents(&chat, "?status=open").await,
        Vec::<Value>::new(),
        "who has reported it has no second voice"
    );
    assert_eq!(report(&dave, "me too").await, flagged);
    let reopened = &incidents(&chat, "?status=open").await[0];
    assert_eq!((&reopened["report_count"], &reopened["reopened_by"]), (&json!(3), &Value::Null));
    let path = format!("{INCIDENTS}/{flagged}");
    let history = chat.moderated("GET", &path, Value::Null).await["history"].clone();
    assert_eq!((&history[0]["status"], &history[1]["status"]), (&json!("dismissed"), &json!("open")));
    decide(&chat, reopened, "remove").await;
    let evidence = chat.moderated("GET", &path, Value::Null).await;
    assert_eq!((&evidence["status"], &evidence["message"]), (&json!("removed"), &json!("a snark")));
    assert_eq!(incidents(&chat, "").await.len(), 1);
}

#[tokio::test]
async fn dismissing_a_held_message_delivers_it_and_a_mistake_is_taken_back() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    chat.rule("snark", "hold").await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    let (first, second) = (temp_id(), temp_id());
    for (text, id) in [("the first snark", &first), ("the second snark", &second)] {
        ws.send_message(room, text, id).await;
        ws.unconfirmed("HeldForReview", id).await;
    }
    let held = incidents(&chat, "?action=hold").await;
    let dismissed = decide(&chat, &held[1], "dismiss").await;
    assert_eq!(dismissed["status"], "released");
    assert!(dismissed["message_id"].is_i64(), "{dismissed}");
    ws.confirmed(&first).await;
    other.received(room, alice.id, "the first snark").await;

    decide(&chat, &held[0], "uphold").await;
    let path = format!("{INCIDENTS}/{}/reopen", held[0]["id"]);
    let note = json!({ "note": "I pressed the wrong key" });
    chat.rest(&User::moderator(), "POST", &path, note.clone()).await.fails_with(403);
    let reopened = chat.moderated("POST", &path, note.clone()).await;
    assert_eq!((&reopened["status"], &reopened["decided_by"]), (&json!("open"), &Value::Null));
    chat.moderate("POST", &path, note.clone()).await.fails_with(409);
    assert_eq!(decide(&chat, &held[0], "release").await["status"], "released");
    ws.confirmed(&second).await;
    other.received(room, alice.id, "the second snark").await;
    // An admin takes back what another decided; what was delivered stays delivered.
    assert_eq!(chat.administer("POST", &path, json!({})).await.status, 200);
    assert_eq!(chat.texts(&bob, room).await, ["the first snark", "the second snark"]);
    let log = chat.moderated("GET", "/moderation/audit?action=incident.reopen", Value::Null).await;
    assert_eq!(log.as_array().map(Vec::len), Some(2), "{log}");
    assert_eq!(log[1]["detail"]["was"], "upheld");
}

#[tokio::test]
async fn any_message_can_be_redacted_by_a_moderator() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "one", "t1").await;
    ws.say(room, "my secret", "t2").await;
    let message = chat.messages(&bob, room).await[1]["id"].as_i64().expect("an id");
    chat.moderated("DELETE", &format!("/moderation/messages/{message}"), Value::Null).await;
    let texts = chat.texts(&bob, room).await;
    assert_eq!((texts.len(), texts[0].as_str()), (2, "one"));
    assert!(!texts[1].contains("secret"), "{texts:?}");
    assert!(!chat.get(&bob, "/rooms").await.body.contains("secret"));
    chat.moderate("DELETE", "/moderation/messages/999", Value::Null).await.fails_with(404);
}

#[tokio::test]
async fn a_sender_who_is_refused_again_and_again_does_not_flood_the_queue() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "reject").await;
    let mut ws = chat.connect(&alice).await;
    for turn in 0..20 {
        let id = format!("t{turn}");
        ws.send_message(room, "the same snark", &id).await;
        ws.unconfirmed("HatefullSpeach", &id).await;
    }
    assert_eq!(incidents(&chat, "").await.len(), 1);
    for turn in 0..120 {
        let id = format!("u{turn}");
        ws.send_message(room, &format!("snark {turn}"), &id).await;
        ws.unconfirmed("HatefullSpeach", &id).await;
    }
    assert_eq!(incidents(&chat, "?limit=500").await.len(), 100);
}

#[tokio::test]
async fn incidents_are_paged_newest_first() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "flag").await;
    let mut ws = chat.connect(&alice).await;
    for turn in 0..5 {
        ws.say(room, &format!("snark {turn}"), &format!("t{turn}")).await;
    }
    let mut texts = Vec::new();
    let mut next = Some(format!("{INCIDENTS}?action=flag&limit=2"));
    while let Some(path) = next {
        let page = chat.moderate("GET", &path, Value::Null).await;
        let items = page.data();
        texts.extend(items.as_array().expect("a list").iter().map(|item| item["message"].to_string()));
        next = page.link().map(|(path, _)| path);
    }
    assert_eq!(texts, ["\"snark 4\"", "\"snark 3\"", "\"snark 2\"", "\"snark 1\"", "\"snark 0\""]);
}
