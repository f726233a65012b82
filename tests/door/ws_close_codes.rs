//! CONTRACT section 2: every close code, reached the way a client meets it. `disconnected` asserts the order:
//! `Disconnection` byte for byte, right behind it the close frame with the same code and the constant's name.
//! The limits that close (4003, 4009, flood) and the shutdown (4007) are in [`crate::ws_limits`] and
//! [`crate::ws_shutdown`], a database that is away (4006) in [`crate::rest_failures`].

use std::time::Duration;

use serde_json::json;

use crate::harness::{
    CLOSE, Chat, Door, Frame, PING, TEXT, User, close_payload, confirmation, eventually, frame, golden,
    message_received, now, send_message,
};

#[tokio::test]
async fn no_token_or_an_empty_one_gets_4001_after_the_handshake() {
    let chat = Chat::serve().await;
    for target in ["/", "/?", "/?token=", "/?token", "/?Token=x", "/?other=1"] {
        chat.open(target, &[]).await.disconnected(4001).await;
    }
}

#[tokio::test]
async fn a_token_that_does_not_verify_gets_4002_after_the_handshake() {
    let chat = Chat::serve().await;
    let expired = User::with(|claims| claims["exp"] = json!(now() - 3600));
    for target in ["/?token=nonsense", "/?token=%00", "/?token=a.b.c", &expired.target()] {
        chat.open(target, &[]).await.disconnected(4002).await;
    }
}

#[tokio::test]
async fn a_token_that_runs_out_while_connected_gets_4002() {
    let chat = Chat::serve().await;
    let alice = User::with(|claims| claims["exp"] = json!(now() + 2));
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "in time", "t1").await;
    ws.disconnected(4002).await;
    chat.connect(&alice).await.disconnected(4002).await;
}

#[tokio::test]
async fn a_user_whom_an_administrator_disconnects_gets_4004_and_may_come_back() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    chat.disconnect(alice.id).await;
    ws.disconnected(4004).await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "back", "t1").await;
    other.received(room, alice.id, "back").await;
}

#[tokio::test]
async fn banned_user_gets_4005_and_nothing_is_stored() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let (mut live, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    chat.ban(alice.id).await;
    _ = live.writer.try_bytes(&frame(TEXT, send_message(room, "too late", "t1").as_bytes())).await;
    // Whether the live connection hears of the ban first or of its command, it ends with 4005.
    let first = live.next_text().await;
    if first == confirmation("UnAuthorizedAction", "t1") {
        live.disconnected(4005).await;
    } else {
        assert_eq!(first, golden("disconnection_4005"));
        live.closed(4005, "CloseBanned").await;
    }
    chat.connect(&alice).await.disconnected(4005).await;
    other.nothing_came().await;
    chat.lift_ban(alice.id).await;
    assert!(chat.texts(&alice, room).await.is_empty());
    chat.connect(&alice).await.say(room, "sorry", "t2").await;
}

#[tokio::test]
async fn a_ban_that_has_run_out_lifts_itself() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.ban_for(alice.id, Duration::from_secs(2)).await;
    chat.connect(&alice).await.disconnected(4005).await;
    eventually("the ban to run out", async || chat.get(&alice, "/rooms").await.status == 200).await;
    chat.connect(&alice).await.say(room, "sorry", "t1").await;
}

#[tokio::test]
async fn a_new_device_closes_the_older_with_4008_and_stays() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let (mut older, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    let mut newer = chat.connect(&alice).await;
    older.disconnected(4008).await;
    newer.say(room, "from my telephone", "t1").await;
    other.received(room, alice.id, "from my telephone").await;
    other.say(room, "hello", "t2").await;
    newer.received(room, bob.id, "hello").await;
}

#[tokio::test]
async fn of_devices_that_come_one_after_the_other_the_last_stays() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let mut older = chat.connect(&alice).await;
    for _ in 0..50 {
        // The older one is connected, as far as it can know: the newer one must never be taken for the older.
        let mut newer = chat.connect(&alice).await;
        older.disconnected(4008).await;
        newer.nothing_came().await;
        older = newer;
    }
}

#[tokio::test]
async fn a_device_that_went_at_once_does_not_push_out_the_one_that_came_after_it() {
    let chat = Chat::serve().await;
    let alice = User::new();
    for _ in 0..50 {
        drop(chat.connect(&alice).await);
        let mut newer = chat.connect(&alice).await;
        newer.nothing_came().await;
        newer.nothing_came().await;
    }
}

#[tokio::test]
async fn of_many_devices_at_the_same_moment_one_stays() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let opening = (0..12).map(|_| chat.connect(&alice));
    let sockets = futures_util::future::join_all(opening).await;
    let mut other = chat.connect(&bob).await;
    // Everybody in the room hears this: the eleven that are cut, and the one that stays.
    other.say(room, "who is there?", "t1").await;
    let mut staying = 0;
    for mut ws in sockets {
        match ws.next_text().await {
            text if text == golden("disconnection_4008") => ws.closed(4008, "CloseNewDevice").await,
            text => {
                assert_eq!(text, message_received(room, bob.id, "who is there?"));
                ws.nothing_came().await;
                staying += 1;
            }
        }
    }
    assert_eq!(staying, 1);
}

#[tokio::test]
async fn with_two_devices_allowed_a_third_closes_the_oldest() {
    let chat = Chat::with(&[("PLIC_CONNECTIONS_PER_USER", "2")]).await;
    let alice = User::new();
    let (mut first, mut second) = (chat.connect(&alice).await, chat.connect(&alice).await);
    first.nothing_came().await;
    let mut third = chat.connect(&alice).await;
    first.disconnected(4008).await;
    second.nothing_came().await;
    third.nothing_came().await;
}

#[tokio::test]
async fn a_text_that_a_blocking_rule_refuses_is_unconfirmed_then_closed_with_4011() {
    let chat = Chat::serve().await;
    chat.rule("snark", "block").await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    ws.send_message(room, "a snark", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    ws.disconnected(4011).await;
    other.nothing_came().await;
    assert!(chat.texts(&alice, room).await.is_empty());
}

#[tokio::test]
async fn a_rule_can_refuse_without_closing() {
    let chat = Chat::serve().await;
    chat.rule("snark", "reject").await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    ws.say(room, "a boojum", "t2").await;
    assert_eq!(chat.texts(&alice, room).await, ["a boojum"]);
}

#[tokio::test]
async fn a_refused_origin_gets_4012_after_the_handshake_and_a_client_without_one_passes() {
    let chat = Chat::with(&[("PLIC_ALLOWED_ORIGINS", "https://app.example,https://admin.example")]).await;
    let alice = User::new();
    for origin in ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"] {
        chat.open(&alice.target(), &[("origin", origin)]).await.disconnected(4012).await;
    }
    for origin in ["https://app.example", "https://admin.example"] {
        chat.open(&alice.target(), &[("origin", origin)]).await.nothing_came().await;
    }
    chat.connect(&alice).await.nothing_came().await;
}

#[tokio::test]
async fn by_default_any_origin_passes() {
    let chat = Chat::serve().await;
    chat.open(&User::new().target(), &[("origin", "https://anywhere.example")]).await.nothing_came().await;
}

#[tokio::test]
async fn a_message_to_a_room_of_others_or_to_none_is_unconfirmed_then_closed_with_4012() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&bob, &[]).await;
    for room in [room, room + 1000, 0, -1, i64::MAX] {
        let mut ws = chat.connect(&alice).await;
        ws.send_message(room, "let me in", "t1").await;
        ws.unconfirmed("UnAuthorizedAction", "t1").await;
        ws.disconnected(4012).await;
    }
    assert!(chat.texts(&bob, room).await.is_empty());
}

#[tokio::test]
async fn a_moderator_reads_a_room_and_does_not_speak_in_it() {
    let chat = Chat::serve().await;
    let (alice, moderator) = (User::new(), User::moderator());
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&moderator).await;
    ws.send_message(room, "watch your language", "t1").await;
    ws.unconfirmed("UnAuthorizedAction", "t1").await;
    ws.disconnected(4012).await;
}

#[tokio::test]
async fn commands_behind_the_one_that_closed_are_not_carried_out() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let frames = ["nonsense".to_owned(), send_message(room, "behind it", "t2")];
    let bytes: Vec<u8> = frames.iter().flat_map(|text| frame(TEXT, text.as_bytes())).collect();
    ws.writer.bytes(&bytes).await;
    ws.unconfirmed("BadMessageStructure", "").await;
    ws.disconnected(4010).await;
    assert!(chat.texts(&alice, room).await.is_empty());
}

#[tokio::test]
async fn a_client_that_closes_is_answered_with_its_own_code_and_no_disconnection() {
    let chat = Chat::serve().await;
    for code in [1000, 1001, 3000, 4999] {
        let mut ws = chat.connect(&User::new()).await;
        let payload = close_payload(code, b"bye");
        ws.writer.frame(CLOSE, &payload).await;
        let Frame::Close(answered, _) = ws.next().await else { panic!("no close frame") };
        assert_eq!(answered, code);
        assert_eq!(ws.next().await, Frame::End);
    }
    let mut ws = chat.connect(&User::new()).await;
    ws.writer.frame(CLOSE, b"").await;
    assert!(matches!(ws.next().await, Frame::Close(1000 | 1005, _)));
    assert_eq!(ws.next().await, Frame::End);
}

#[tokio::test]
async fn a_ping_is_answered_with_its_payload() {
    let chat = Chat::serve().await;
    let mut ws = chat.connect(&User::new()).await;
    for payload in [&b""[..], b"\0\xFF", &[b'x'; 125]] {
        ws.writer.frame(PING, payload).await;
        assert_eq!(ws.next().await, Frame::Pong(payload.to_vec()));
    }
}
