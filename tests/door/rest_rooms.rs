//! CONTRACT section 1: rooms, their shapes byte for byte, and who may change them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Chat, Door, User};

/// The largest integer that JavaScript holds exactly.
const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

fn uuids(count: usize) -> Vec<Uuid> {
    std::iter::repeat_with(Uuid::new_v4).take(count).collect()
}

/// A moment of the answer, which the test cannot know; asserts its form.
fn rfc_3339(value: &Value) -> &str {
    let text = value.as_str().expect("a moment is a string");
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let seconds = form.strip_prefix("0000-00-00T00:00:00").unwrap_or_else(|| panic!("{text}"));
    let zone = seconds.strip_prefix('.').map_or(seconds, |fraction| fraction.trim_start_matches('0'));
    assert!(["Z", "+00:00"].contains(&zone), "{text}");
    text
}

async fn detail(chat: &Chat, user: &User, room: i64) -> Value {
    let answer = chat.get(user, &format!("/rooms/{room}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn participants(chat: &Chat, user: &User, room: i64) -> Vec<Value> {
    detail(chat, user, room).await["participants_id"].as_array().expect("a list").clone()
}

async fn room_ids(chat: &Chat, user: &User) -> Vec<i64> {
    let rooms = chat.get(user, "/rooms").await.data();
    let rooms = rooms.as_array().expect("a list");
    rooms.iter().map(|room| room["room_id"].as_i64().expect("an id")).collect()
}

/// What an answer tells an onlooker, apart from the moment.
fn look(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "date");
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    (answer.status, headers, answer.body.clone())
}

#[tokio::test]
async fn creating_a_room_answers_its_id_in_the_envelope() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let answer = chat.post(&alice, "/rooms", json!({ "users": [], "apartment_id": 12 })).await;
    let id = answer.data().as_i64().expect("an integer");
    assert!((1..=MAX_SAFE_INTEGER).contains(&id));
    assert_eq!(answer.body, format!(r#"{{"error_message":null,"data":{id}}}"#));
    assert!(answer.header("content-type").starts_with("application/json"), "{answer:?}");
}

#[tokio::test]
async fn the_room_list_is_the_contracts_shape_byte_for_byte() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    assert_eq!(chat.get(&alice, "/rooms").await.body, r#"{"error_message":null,"data":[]}"#);

    let quiet = chat.post(&alice, "/rooms", json!({ "users": [bob.id], "apartment_id": 12 })).await.data();
    let loud = chat.room(&bob, &[&alice]).await;
    chat.connect(&bob).await.say(loud, "Bonjour \"é\" 😀", "t1").await;

    let answer = chat.get(&alice, "/rooms").await;
    let said_at = answer.json()["data"][0]["last_message"]["created_at"].clone();
    let said_at = rfc_3339(&said_at);
    let (alice, bob) = (alice.id, bob.id);
    assert_eq!(
        answer.body,
        format!(
            r#"{{"error_message":null,"data":[{{"room_id":{loud},"participants_id":["{bob}","{alice}"],"apartment_id":null,"is_owner":false,"last_message":{{"room_id":{loud},"message":"Bonjour \"é\" 😀","sender_id":"{bob}","created_at":"{said_at}"}}}},{{"room_id":{quiet},"participants_id":["{alice}","{bob}"],"apartment_id":12,"is_owner":true,"last_message":null}}]}}"#
        )
    );
}

#[tokio::test]
async fn a_room_is_the_contracts_shape_byte_for_byte_without_an_envelope() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let empty = chat.get(&bob, &format!("/rooms/{room}")).await;
    let created_at = empty.json()["created_at"].clone();
    let created_at = rfc_3339(&created_at);
    assert_eq!(empty.status, 200);
    assert_eq!(
        empty.body,
        format!(
            r#"{{"apartment_id":null,"created_at":"{created_at}","messages":[],"owner_id":"{}","participants_id":["{}","{}"],"room_id":{room}}}"#,
            alice.id, alice.id, bob.id
        )
    );

    let mut ws = chat.connect(&alice).await;
    ws.say(room, "one", "t1").await;
    ws.say(room, "two", "t2").await;
    let full = chat.get(&alice, &format!("/rooms/{room}")).await;
    let json = full.json();
    let messages = json["messages"].as_array().expect("messages");
    let rendered: Vec<_> = ["one", "two"]
        .iter()
        .zip(messages)
        .map(|(text, message)| {
            let (id, at) = (message["id"].as_i64().expect("an id"), rfc_3339(&message["created_at"]));
            assert!((1..=MAX_SAFE_INTEGER).contains(&id));
            format!(
                r#"{{"id":{id},"room_id":{room},"message":"{text}","sender_id":"{}","created_at":"{at}"}}"#,
                alice.id
            )
        })
        .collect();
    assert_eq!(
        full.body,
        format!(
            r#"{{"apartment_id":null,"created_at":"{created_at}","messages":[{}],"owner_id":"{}","participants_id":["{}","{}"],"room_id":{room}}}"#,
            rendered.join(","),
            alice.id,
            alice.id,
            bob.id
        )
    );
}

#[tokio::test]
async fn changing_and_deleting_a_room_answer_an_envelope_without_data() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[]).await;
    let changed = chat.change(&alice, room, &[&bob], &[]).await;
    assert_eq!((changed.status, &*changed.body), (200, r#"{"error_message":null,"data":null}"#));
    let deleted = chat.delete(&alice, &format!("/rooms/{room}")).await;
    assert_eq!((deleted.status, &*deleted.body), (200, r#"{"error_message":null,"data":null}"#));
}

#[tokio::test]
async fn whoever_creates_a_room_owns_it_and_is_in_it_once_whether_named_or_not() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    for users in [json!([bob.id]), json!([alice.id, bob.id]), json!([bob.id, alice.id])] {
        let room = chat.post(&alice, "/rooms", json!({ "users": users, "apartment_id": null })).await.data();
        let room = detail(&chat, &alice, room.as_i64().expect("an id")).await;
        assert_eq!(room["owner_id"], json!(alice.id));
        assert_eq!(room["participants_id"], json!([alice.id, bob.id]), "named: {users}");
    }
}

#[tokio::test]
async fn repeated_uuids_count_once_however_they_are_written() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let shouted = bob.id.to_string().to_uppercase();
    let body = json!({ "users": [bob.id, shouted, bob.id], "apartment_id": null });
    let room = chat.post(&alice, "/rooms", body).await.data().as_i64().expect("an id");
    assert_eq!(participants(&chat, &alice, room).await, [json!(alice.id), json!(bob.id)]);
    assert_eq!(chat.change(&alice, room, &[&carol, &carol, &bob], &[]).await.status, 200);
    assert_eq!(participants(&chat, &alice, room).await, [json!(alice.id), json!(bob.id), json!(carol.id)]);
    assert_eq!(chat.change(&alice, room, &[], &[&carol, &carol]).await.status, 200);
    assert_eq!(participants(&chat, &alice, room).await, [json!(alice.id), json!(bob.id)]);
}

#[tokio::test]
async fn an_apartment_is_an_integer_that_javascript_holds_exactly_or_null() {
    let chat = Chat::serve().await;
    let alice = User::new();
    for apartment in [json!(null), json!(0), json!(MAX_SAFE_INTEGER)] {
        let body = json!({ "users": [], "apartment_id": apartment });
        let room = chat.post(&alice, "/rooms", body).await.data().as_i64().expect("an id");
        assert_eq!(detail(&chat, &alice, room).await["apartment_id"], apartment);
    }
    for apartment in ["-1", "9007199254740992", "99999999999999999999", "1.5", "\"12\"", "true", "[]"] {
        let body = format!(r#"{{"users":[],"apartment_id":{apartment}}}"#);
        let headers = [("authorization", &*alice.bearer()), ("content-type", "application/json")];
        let answer = chat.call("POST", "/rooms", &headers, &body).await;
        assert_eq!(answer.status, 422, "{apartment}: {answer:?}");
        answer.is_envelope_of_failure();
    }
}

#[tokio::test]
async fn unknown_extra_keys_are_ignored() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let body = json!({ "users": [], "apartment_id": null, "name": "Kitchen", "error_message": [1] });
    let room = chat.post(&alice, "/rooms", body).await.data();
    let body =
        json!({ "room_id": room, "users_to_add": [bob.id], "users_to_remove": [], "why": { "not": 1 } });
    assert_eq!(chat.put(&alice, "/rooms", body).await.status, 200);
}

#[tokio::test]
async fn values_of_the_wrong_kind_are_422() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    for body in [
        json!({ "users": ["bob"], "apartment_id": null }),
        json!({ "users": [7], "apartment_id": null }),
        json!({ "users": "bob", "apartment_id": null }),
        json!({ "users": null, "apartment_id": null }),
        json!({ "apartment_id": null }),
        json!([]),
        json!("users"),
    ] {
        let answer = chat.post(&alice, "/rooms", body.clone()).await;
        assert_eq!(answer.status, 422, "{body}: {answer:?}");
        answer.is_envelope_of_failure();
    }
    for body in [
        json!({ "room_id": "7", "users_to_add": [], "users_to_remove": [] }),
        json!({ "users_to_add": [], "users_to_remove": [] }),
        json!({ "room_id": room, "users_to_add": ["bob"], "users_to_remove": [] }),
        json!({ "room_id": room, "users_to_add": [], "users_to_remove": {} }),
    ] {
        let answer = chat.put(&alice, "/rooms", body.clone()).await;
        assert_eq!(answer.status, 422, "{body}: {answer:?}");
        answer.is_envelope_of_failure();
    }
    assert_eq!(room_ids(&chat, &alice).await, [room]);
}

#[tokio::test]
async fn a_room_has_at_most_a_thousand_participants_and_a_request_as_many_users() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let create = |count| json!({ "users": uuids(count), "apartment_id": null });
    chat.post(&alice, "/rooms", create(1000)).await.fails_with(422);
    chat.post(&alice, "/rooms", create(1001)).await.fails_with(422);
    let room = chat.post(&alice, "/rooms", create(999)).await.data().as_i64().expect("an id");
    assert_eq!(participants(&chat, &alice, room).await.len(), 1000);

    let small = chat.room(&alice, &[]).await;
    for count in [1000, 1001] {
        let body = json!({ "room_id": small, "users_to_add": uuids(count), "users_to_remove": [] });
        chat.put(&alice, "/rooms", body).await.fails_with(422);
    }
    assert_eq!(participants(&chat, &alice, small).await, [json!(alice.id)]);
    let body = json!({ "room_id": small, "users_to_add": uuids(999), "users_to_remove": [] });
    assert_eq!(chat.put(&alice, "/rooms", body).await.status, 200);
    assert_eq!(participants(&chat, &alice, small).await.len(), 1000);
}

#[tokio::test]
async fn the_owner_adds_and_removes() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    assert_eq!(chat.change(&alice, room, &[&carol], &[&bob]).await.status, 200);
    assert_eq!(participants(&chat, &alice, room).await, [json!(alice.id), json!(carol.id)]);
    assert_eq!(room_ids(&chat, &carol).await, [room]);
    assert!(room_ids(&chat, &bob).await.is_empty());
    chat.get(&bob, &format!("/rooms/{room}")).await.fails_with(404);
}

#[tokio::test]
async fn a_participant_may_leave_and_no_more() {
    let chat = Chat::serve().await;
    let (alice, bob, carol, dave) = (User::new(), User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob, &carol]).await;
    let everybody = [json!(alice.id), json!(bob.id), json!(carol.id)];
    chat.change(&bob, room, &[&dave], &[]).await.fails_with(403);
    chat.change(&bob, room, &[], &[&carol]).await.fails_with(403);
    chat.change(&bob, room, &[], &[&alice]).await.fails_with(403);
    chat.change(&bob, room, &[&dave], &[&bob]).await.fails_with(403);
    chat.change(&bob, room, &[], &[&bob, &carol]).await.fails_with(403);
    assert_eq!(participants(&chat, &alice, room).await, everybody);
    assert_eq!(chat.change(&bob, room, &[], &[&bob]).await.status, 200);
    assert_eq!(participants(&chat, &alice, room).await, [json!(alice.id), json!(carol.id)]);
    assert!(room_ids(&chat, &bob).await.is_empty());
}

#[tokio::test]
async fn a_change_is_all_or_nothing() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    chat.change(&alice, room, &[&carol, &bob], &[&bob]).await.fails_with(422);
    let body = json!({ "room_id": room, "users_to_add": uuids(999), "users_to_remove": [carol.id] });
    chat.put(&alice, "/rooms", body).await.fails_with(422);
    let body = json!({ "room_id": room, "users_to_add": [carol.id], "users_to_remove": [bob.id, "nobody"] });
    chat.put(&alice, "/rooms", body).await.fails_with(422);
    assert_eq!(participants(&chat, &alice, room).await, [json!(alice.id), json!(bob.id)]);
    assert!(room_ids(&chat, &carol).await.is_empty());
}

#[tokio::test]
async fn when_the_owner_leaves_whoever_joined_first_owns() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob, &carol]).await;
    // Bob leaves and comes back: now Carol is the one who joined first.
    assert_eq!(chat.change(&bob, room, &[], &[&bob]).await.status, 200);
    assert_eq!(chat.change(&alice, room, &[&bob], &[]).await.status, 200);
    assert_eq!(chat.change(&alice, room, &[], &[&alice]).await.status, 200);
    assert_eq!(detail(&chat, &bob, room).await["owner_id"], json!(carol.id));
    let rooms = chat.get(&carol, "/rooms").await.data();
    assert_eq!(rooms[0]["is_owner"], json!(true));
    chat.change(&bob, room, &[&alice], &[]).await.fails_with(403);
    assert_eq!(chat.change(&carol, room, &[&alice], &[]).await.status, 200);
}

#[tokio::test]
async fn an_owner_may_hand_the_room_over_in_one_request() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[]).await;
    assert_eq!(chat.change(&alice, room, &[&bob], &[&alice]).await.status, 200);
    let room = detail(&chat, &bob, room).await;
    assert_eq!((&room["owner_id"], &room["participants_id"]), (&json!(bob.id), &json!([bob.id])));
}

#[tokio::test]
async fn when_the_last_one_leaves_the_room_is_deleted() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    assert_eq!(chat.change(&alice, room, &[], &[&alice]).await.status, 200);
    assert_eq!(chat.change(&bob, room, &[], &[&bob]).await.status, 200);
    for user in [&alice, &bob] {
        assert!(room_ids(&chat, user).await.is_empty());
        chat.get(user, &format!("/rooms/{room}")).await.fails_with(404);
        chat.change(user, room, &[user], &[]).await.fails_with(404);
        chat.delete(user, &format!("/rooms/{room}")).await.fails_with(404);
    }
}

#[tokio::test]
async fn the_owner_alone_deletes_and_the_room_is_gone_at_once() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut ws = chat.connect(&bob).await;
    ws.say(room, "hello", "t1").await;
    let path = format!("/rooms/{room}");
    chat.delete(&bob, &path).await.fails_with(403);
    assert_eq!(chat.delete(&alice, &path).await.status, 200);
    for user in [&alice, &bob] {
        chat.get(user, &path).await.fails_with(404);
        chat.change(user, room, &[], &[user]).await.fails_with(404);
        chat.delete(user, &path).await.fails_with(404);
        assert!(room_ids(&chat, user).await.is_empty());
    }
    ws.send_message(room, "still there?", "t2").await;
    ws.unconfirmed("UnAuthorizedAction", "t2").await;
    ws.disconnected(4012).await;
}

#[tokio::test]
async fn a_room_of_others_and_one_that_does_not_exist_look_the_same() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let others = chat.room(&alice, &[]).await;
    let none = others + 1_000_000;
    let deleted = chat.room(&alice, &[&bob]).await;
    assert_eq!(chat.delete(&alice, &format!("/rooms/{deleted}")).await.status, 200);
    let mut looks = Vec::new();
    for room in [others, none, deleted, MAX_SAFE_INTEGER] {
        let path = format!("/rooms/{room}");
        let asked = [
            chat.get(&bob, &path).await,
            chat.delete(&bob, &path).await,
            chat.change(&bob, room, &[&bob], &[]).await,
            chat.change(&bob, room, &[], &[&alice]).await,
            chat.change(&bob, room, &[], &[&bob]).await,
        ];
        for answer in &asked {
            answer.fails_with(404);
        }
        looks.push(asked.iter().map(look).collect::<Vec<_>>());
    }
    assert!(looks.iter().all(|look| *look == looks[0]), "{looks:#?}");
}

#[tokio::test]
async fn a_moderator_reads_and_deletes_any_room_and_changes_none() {
    let chat = Chat::serve().await;
    let (alice, bob, moderator) = (User::new(), User::new(), User::moderator());
    let room = chat.room(&alice, &[&bob]).await;
    chat.connect(&alice).await.say(room, "hello", "t1").await;
    assert_eq!(chat.texts(&moderator, room).await, ["hello"]);
    assert!(room_ids(&chat, &moderator).await.is_empty());
    let changed = chat.change(&moderator, room, &[&moderator], &[&bob]).await;
    assert!([403, 404].contains(&changed.status), "{changed:?}");
    changed.is_envelope_of_failure();
    assert_eq!(participants(&chat, &alice, room).await, [json!(alice.id), json!(bob.id)]);
    chat.get(&moderator, &format!("/rooms/{}", room + 1)).await.fails_with(404);
    assert_eq!(chat.delete(&moderator, &format!("/rooms/{room}")).await.status, 200);
    chat.get(&alice, &format!("/rooms/{room}")).await.fails_with(404);
    // Its rows are kept for moderation.
    assert_eq!(chat.texts(&moderator, room).await, ["hello"]);
    chat.delete(&moderator, &format!("/rooms/{room}")).await.fails_with(404);
}

#[tokio::test]
async fn a_role_that_the_user_wrote_themselves_moderates_nothing() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mallory = User::with(|claims| {
        claims["user_metadata"] = json!({ "role": "moderator", "app_metadata": { "role": "moderator" } });
        claims["app_role"] = json!("moderator");
    });
    chat.get(&mallory, &format!("/rooms/{room}")).await.fails_with(404);
    chat.delete(&mallory, &format!("/rooms/{room}")).await.fails_with(404);
}
