//! CONTRACT section 2: every frame byte for byte, as the files in `golden/` pin them. They hold a room 7 and a sender
//! that is always the same; nothing else of them is replaced.

use serde_json::json;
use uuid::{Uuid, uuid};

use crate::harness::{CLOSE_CODES, Chat, Door, User, claims, confirmation, golden, message_received, sign};

const SENDER: Uuid = uuid!("7d444840-9dc0-11d1-b245-5ffdce74fad2");

/// A frame of the contract with this room in place of room 7.
fn golden_in(room: i64, name: &str) -> String {
    golden(name).replace(r#""room_id":7,"#, &format!(r#""room_id":{room},"#))
}

fn sender() -> User {
    User { id: SENDER, token: sign(&claims(SENDER)) }
}

#[tokio::test]
async fn message_received_and_confirmation_are_the_contracts_bytes() {
    let chat = Chat::serve().await;
    let (alice, bob) = (sender(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    ws.send_message(room, "Bonjour", "t1").await;
    assert_eq!(ws.next_text().await, golden("confirmed"));
    assert_eq!(other.next_text().await, golden_in(room, "message_received"));
}

#[tokio::test]
async fn signs_that_json_escapes_are_escaped_and_no_others() {
    let chat = Chat::serve().await;
    let (alice, bob) = (sender(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    ws.send_message(room, "\"é\\\n\t\u{1}/</b> 😀", "\"é\\\n😀").await;
    assert_eq!(ws.next_text().await, golden("confirmed_escaped_id"));
    assert_eq!(other.next_text().await, golden_in(room, "message_received_escaped"));
}

#[tokio::test]
async fn a_bad_structure_is_unconfirmed_with_the_id_where_one_can_be_read() {
    let chat = Chat::serve().await;
    let mut ws = chat.connect(&User::new()).await;
    ws.send(r#"{"type":"SendMessage","data":{"message_temp_id":"t1"}}"#).await;
    assert_eq!(ws.next_text().await, golden("unconfirmed_bad_message_structure"));
    ws.disconnected(4010).await;

    let mut ws = chat.connect(&User::new()).await;
    ws.send("not json").await;
    assert_eq!(ws.next_text().await, golden("unconfirmed_without_id"));
    ws.disconnected(4010).await;
}

#[tokio::test]
async fn a_message_to_a_room_of_others_is_unconfirmed_as_unauthorized() {
    let chat = Chat::serve().await;
    let room = chat.room(&User::new(), &[]).await;
    let mut ws = chat.connect(&User::new()).await;
    ws.send_message(room, "let me in", "t1").await;
    assert_eq!(ws.next_text().await, golden("unconfirmed_un_authorized_action"));
    ws.disconnected(4012).await;
}

#[tokio::test]
async fn a_message_over_the_rate_is_unconfirmed_as_rate_limited() {
    let chat = Chat::with(&[("PLIC_RATE_LIMIT_PER_SECOND", "1"), ("PLIC_RATE_LIMIT_BURST", "1")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        ws.send_message(room, &Uuid::new_v4().to_string(), "t1").await;
        answers.push(ws.next_text().await);
    }
    assert_eq!(answers[0], golden("confirmed"));
    assert!(answers.contains(&golden("unconfirmed_rate_limited")), "{answers:?}");
}

#[tokio::test]
async fn a_refused_text_is_unconfirmed_as_hateful() {
    let chat = Chat::serve().await;
    chat.rule("snark", "block").await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "t1").await;
    assert_eq!(ws.next_text().await, golden("unconfirmed_hatefull_speach"));
    ws.disconnected(4011).await;
}

/// The server's own rendering is reached in the tests above and in [`crate::ws_close_codes`]; the renderings that the
/// other tests compare with are held to the same files here.
#[test]
fn the_harness_expects_what_the_golden_files_say() {
    assert_eq!(message_received(7, SENDER, "Bonjour"), golden("message_received"));
    assert_eq!(message_received(7, SENDER, "\"é\\\n\t\u{1}/</b> 😀"), golden("message_received_escaped"));
    assert_eq!(confirmation("", "t1"), golden("confirmed"));
    assert_eq!(confirmation("BadMessageStructure", ""), golden("unconfirmed_without_id"));
    for (reason, name) in [
        ("BadMessageStructure", "bad_message_structure"),
        ("HatefullSpeach", "hatefull_speach"),
        ("UnAuthorizedAction", "un_authorized_action"),
        ("RateLimited", "rate_limited"),
        ("HeldForReview", "held_for_review"),
        ("ServerError", "server_error"),
    ] {
        assert_eq!(confirmation(reason, "t1"), golden(&format!("unconfirmed_{name}")));
    }
    for (code, _) in CLOSE_CODES {
        let frame: serde_json::Value =
            serde_json::from_str(&golden(&format!("disconnection_{code}"))).expect("JSON");
        assert_eq!((&frame["type"], &frame["data"]["code"]), (&json!("Disconnection"), &json!(code)));
    }
}
