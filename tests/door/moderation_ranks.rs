//! Ranks: what a moderator cannot do to an admin, nor to themselves, and what they leave behind when they read a room.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Chat, Door, User, run};

const BANS: &str = "/moderation/bans";

fn ban_of(user: Uuid) -> Value {
    json!({ "user_id": user, "reason": "a grudge", "expires_at": null })
}

/// An account with this role, again.
fn with_role(user: &User, role: &str) -> User {
    let mut claims = crate::harness::claims(user.id);
    claims["app_metadata"]["role"] = json!(role);
    User { id: user.id, token: crate::harness::sign(&claims) }
}

async fn lift(chat: &Chat, who: &User, user: Uuid) -> Answer {
    chat.rest(who, "DELETE", &format!("{BANS}/{user}"), Value::Null).await
}

async fn actions(chat: &Chat, query: &str) -> Vec<Value> {
    let log = chat.moderated("GET", &format!("/moderation/audit?{query}"), Value::Null).await;
    log.as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_moderators_ban_does_not_bind_an_admin_on_either_door() {
    let chat = Chat::serve().await;
    let (moderator, admin) = (User::moderator(), User::admin());
    // The admin has never been seen: the ban exists, and does not bind.
    let set = chat.rest(&moderator, "POST", BANS, ban_of(admin.id)).await.data();
    assert_eq!(set["authority"], "moderator");
    assert_eq!(chat.get(&admin, "/moderation/bans").await.data(), json!([set]));
    let room = chat.room(&admin, &[]).await;
    chat.connect(&admin).await.say(room, "still here", "0123456789abcdef").await;
    // The same person with a token of a lower role is kept out.
    for role in ["moderator", "user"] {
        let demoted = with_role(&admin, role);
        chat.get(&demoted, "/rooms").await.fails_with(403);
        chat.connect(&demoted).await.disconnected(4005).await;
    }
}

#[tokio::test]
async fn a_moderator_who_would_ban_or_disconnect_an_admin_is_told_so() {
    let mut chat = Chat::serve().await;
    let (moderator, admin) = (User::moderator(), User::admin());
    let room = chat.room(&admin, &[]).await;
    let mut ws = chat.connect(&admin).await;
    let path = format!("/moderation/users/{}/disconnect", admin.id);
    let reason = json!({ "reason": "a grudge" });
    let refused = chat.rest(&moderator, "POST", BANS, ban_of(admin.id)).await;
    refused.fails_with(403);
    assert!(refused.body.contains("Only admins may ban an admin."), "{refused:?}");
    chat.rest(&moderator, "POST", &path, reason.clone()).await.fails_with(403);
    ws.say(room, "undisturbed", "0123456789abcdef").await;
    assert_eq!(actions(&chat, "action=ban").await, Vec::<Value>::new());
    // It is known after a restart too.
    chat.process.kill().await;
    chat.start_again().await;
    chat.rest(&moderator, "POST", BANS, ban_of(admin.id)).await.fails_with(403);
    // Another admin may.
    let mut ws = chat.connect(&admin).await;
    assert_eq!(chat.administer("POST", &path, reason).await.status, 200);
    ws.disconnected(4004).await;
    let mut ws = chat.connect(&admin).await;
    assert_eq!(chat.administer("POST", BANS, ban_of(admin.id)).await.status, 200);
    ws.disconnected(4005).await;
    chat.get(&admin, "/rooms").await.fails_with(403);
}

#[tokio::test]
async fn an_admin_is_known_by_any_route_that_a_token_was_shown_on() {
    let chat = Chat::serve().await;
    let (alice, moderator) = (User::new(), User::moderator());
    let room = chat.room(&alice, &[]).await;
    let room_path = format!("/rooms/{room}");
    let report = json!({ "room_id": room, "message_id": 1, "reason": "x" });
    for (method, path, body) in [
        ("GET", "/rooms", Value::Null),
        ("PUT", "/rooms", json!({ "room_id": 9999, "users_to_add": [], "users_to_remove": [] })),
        ("DELETE", "/rooms/9999", Value::Null),
        ("GET", "/rooms/9999", Value::Null),
        ("GET", &room_path, Value::Null),
        ("POST", "/reports", report),
        ("POST", "/rooms", json!("no body of the route")),
    ] {
        let admin = User::admin();
        chat.rest(&admin, method, path, body).await;
        let refused = chat.rest(&moderator, "POST", BANS, ban_of(admin.id)).await;
        refused.fails_with(403);
        assert!(refused.body.contains("Only admins may ban an admin."), "{method} {path}: {refused:?}");
    }
}

#[tokio::test]
async fn only_admins_lift_or_replace_an_admins_ban_and_nobody_lifts_their_own() {
    let chat = Chat::serve().await;
    let (moderator, admin, alice) = (User::moderator(), User::admin(), User::new());
    chat.rest(&admin, "POST", BANS, ban_of(alice.id)).await.data();
    lift(&chat, &moderator, alice.id).await.fails_with(403);
    let mut shorter = ban_of(alice.id);
    shorter["expires_at"] = json!("2999-01-01T00:00:00Z");
    chat.rest(&moderator, "POST", BANS, shorter).await.fails_with(403);
    chat.get(&alice, "/rooms").await.fails_with(403);
    assert_eq!(lift(&chat, &admin, alice.id).await.status, 200);
    assert_eq!(chat.get(&alice, "/rooms").await.status, 200);

    chat.rest(&admin, "POST", BANS, ban_of(admin.id)).await.fails_with(422);
    let other = User::admin();
    chat.rest(&moderator, "POST", BANS, ban_of(other.id)).await.data();
    lift(&chat, &other, other.id).await.fails_with(403);
    assert_eq!(lift(&chat, &moderator, other.id).await.status, 200);
}

#[tokio::test]
async fn an_operator_lifts_any_ban_offline_and_it_is_audited() {
    let mut chat = Chat::serve().await;
    let (admin, alice) = (User::admin(), User::new());
    chat.administer("POST", BANS, ban_of(admin.id)).await.data();
    chat.ban(alice.id).await;
    let unban = async |chat: &Chat, user: &str| run(chat.folder(), &["unban", user], &chat.settings()).await;
    let id = admin.id.to_string();
    let running = unban(&chat, &id).await;
    assert!(!running.status.success() && running.stderr.contains("stop it first"), "{running:?}");
    chat.process.kill().await;
    let lifted = unban(&chat, &id).await;
    assert!(lifted.status.success() && lifted.stdout.contains(&id), "{lifted:?}");
    let again = unban(&chat, &id).await;
    assert!(!again.status.success() && again.stderr.contains("is not banned"), "{again:?}");
    assert!(!unban(&chat, "alice").await.status.success());
    chat.start_again().await;
    assert_eq!(chat.get(&admin, "/rooms").await.status, 200);
    chat.get(&alice, "/rooms").await.fails_with(403);
    let lifts = actions(&chat, "action=ban.lift").await;
    assert_eq!((lifts.len(), &lifts[0]["actor"]), (1, &Value::Null));
    assert_eq!(
        (&lifts[0]["detail"]["user_id"], &lifts[0]["detail"]["on_the_command_line"]),
        (&json!(admin.id), &json!(true))
    );
}

#[tokio::test]
async fn reading_a_room_of_others_leaves_one_entry_and_ones_own_none() {
    let chat = Chat::serve().await;
    let (moderator, alice) = (User::moderator(), User::new());
    let (theirs, mine) = (chat.room(&alice, &[]).await, chat.room(&alice, &[&moderator]).await);
    chat.connect(&alice).await.say(theirs, "private", "0123456789abcdef").await;
    for path in [format!("/rooms/{theirs}"), format!("/rooms/{theirs}?limit=1"), format!("/rooms/{mine}")] {
        assert_eq!(chat.get(&moderator, &path).await.status, 200);
    }
    chat.get(&moderator, "/rooms/999").await.fails_with(404);
    let entries = actions(&chat, "action=room.read").await;
    let [entry] = &entries[..] else { panic!("one entry, not {entries:?}") };
    assert_eq!((&entry["actor"], &entry["detail"]), (&json!(moderator.id), &json!({ "room_id": theirs })));
}

#[tokio::test]
async fn a_moderator_does_not_destroy_the_evidence_against_themselves() {
    let chat = Chat::serve().await;
    let (moderator, bob) = (User::moderator(), User::new());
    let room = chat.room(&moderator, &[&bob]).await;
    chat.connect(&moderator).await.say(room, "pay me first", "0123456789abcdef").await;
    let message = chat.messages(&bob, room).await[0]["id"].clone();
    let report = json!({ "room_id": room, "message_id": message, "reason": "a scam" });
    let incident = chat.post(&bob, "/reports", report).await.data();
    let (own, about) =
        (format!("/moderation/messages/{message}"), format!("/moderation/incidents/{incident}"));
    chat.rest(&moderator, "DELETE", &own, Value::Null).await.fails_with(409);
    assert_eq!(chat.texts(&bob, room).await, ["pay me first"]);
    for (verb, body) in [("decision", json!({ "decision": "dismiss" })), ("reopen", json!({}))] {
        chat.rest(&moderator, "POST", &format!("{about}/{verb}"), body).await.fails_with(409);
    }
    // They see that they were reported, and not by whom.
    let seen = chat.get(&moderator, &about).await;
    assert!(!seen.body.contains("a scam") && !seen.body.contains(&bob.id.to_string()), "{seen:?}");

    // Another moderator may take the text from the room; it stays in the incident until that is decided, and after.
    chat.moderated("DELETE", &own, Value::Null).await;
    assert_ne!(chat.texts(&bob, room).await, ["pay me first"]);
    let text = async || chat.moderated("GET", &about, Value::Null).await["message"].clone();
    assert_eq!(text().await, "pay me first");
    chat.moderated("POST", &format!("{about}/decision"), json!({ "decision": "remove" })).await;
    chat.rest(&moderator, "DELETE", &own, Value::Null).await.data();
    assert_eq!(text().await, "pay me first");
}
