//! CONTRACT section 2: who receives a message, in which order, and what makes a resent one the same.

use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use crate::harness::{Chat, Door, Frame, Socket, User, confirmation, message_received, send_message};

/// An id that is no counter: it keeps a message the same for 24 hours.
fn long_id() -> String {
    Uuid::new_v4().to_string()
}

#[tokio::test]
async fn everybody_in_the_room_receives_a_message_but_the_connection_that_sent_it() {
    let chat = Chat::serve().await;
    let (alice, bob, carol, stranger) = (User::new(), User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob, &carol]).await;
    let mut ws = chat.connect(&alice).await;
    let mut others = [chat.connect(&bob).await, chat.connect(&carol).await];
    let mut outside = chat.connect(&stranger).await;
    ws.say(room, "hello", "t1").await;
    for other in &mut others {
        other.received(room, alice.id, "hello").await;
    }
    // A second message proves that nothing lies behind the first.
    others[0].say(room, "hello yourself", "t1").await;
    ws.received(room, bob.id, "hello yourself").await;
    others[1].received(room, bob.id, "hello yourself").await;
    for quiet in others.iter_mut().chain([&mut ws, &mut outside]) {
        quiet.nothing_came().await;
    }
}

#[tokio::test]
async fn the_senders_other_device_receives_the_message() {
    let chat = Chat::with(&[("PLIC_CONNECTIONS_PER_USER", "2")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let (mut computer, mut telephone) = (chat.connect(&alice).await, chat.connect(&alice).await);
    computer.say(room, "from the computer", "t1").await;
    telephone.received(room, alice.id, "from the computer").await;
    telephone.say(room, "from the telephone", "t2").await;
    computer.received(room, alice.id, "from the telephone").await;
    computer.nothing_came().await;
    telephone.nothing_came().await;
}

#[tokio::test]
async fn a_message_to_one_room_is_not_heard_in_another() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let (ours, theirs) = (chat.room(&alice, &[&bob]).await, chat.room(&alice, &[&carol]).await);
    let mut ws = chat.connect(&alice).await;
    let (mut with_bob, mut with_carol) = (chat.connect(&bob).await, chat.connect(&carol).await);
    ws.say(ours, "to Bob", "t1").await;
    ws.say(theirs, "to Carol", "t2").await;
    with_bob.received(ours, alice.id, "to Bob").await;
    with_carol.received(theirs, alice.id, "to Carol").await;
    with_bob.nothing_came().await;
    with_carol.nothing_came().await;
}

/// Who speaks at the same time in one room, and how often each.
const SENDERS: usize = 4;
const EACH: usize = 60;

/// Sends numbered messages to these rooms in turn; answers what the other senders were heard to say.
async fn speak(mut ws: Socket, sender: Uuid, rooms: &[i64]) -> (Uuid, Vec<String>) {
    for (n, room) in (0..EACH).zip(rooms.iter().cycle()) {
        ws.send_message(*room, &format!("{sender} {n}"), &long_id()).await;
    }
    let (mut heard, mut confirmed) = (Vec::new(), 0);
    while confirmed < EACH || heard.len() < (SENDERS - 1) * EACH {
        let text = ws.next_text().await;
        if text.contains("MessageReceived") {
            heard.push(text);
        } else {
            assert!(text.contains(r#""confirmed":true"#), "{text}");
            confirmed += 1;
        }
    }
    (sender, heard)
}

/// The frame that brings a message of a room's history.
fn frame_of(message: &Value) -> String {
    let room = message["room_id"].as_i64().expect("an id");
    let sender = message["sender_id"].as_str().expect("a uuid").parse().expect("a uuid");
    message_received(room, sender, message["message"].as_str().expect("a text"))
}

/// The next so many frames.
async fn listen(mut ws: Socket, frames: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < frames {
        heard.push(ws.next_text().await);
    }
    heard
}

#[tokio::test]
async fn all_recipients_see_one_order_and_it_is_the_order_of_ids() {
    let chat = Chat::serve().await;
    let senders: Vec<_> = (0..SENDERS).map(|_| User::new()).collect();
    let listeners: Vec<_> = (0..3).map(|_| User::new()).collect();
    let owner = User::new();
    let everybody: Vec<_> = senders.iter().chain(&listeners).collect();
    let room = chat.room(&owner, &everybody).await;
    let ears = join_all(listeners.iter().map(|user| chat.connect(user))).await;
    let mouths = join_all(senders.iter().map(|user| chat.connect(user))).await;

    let speaking = mouths
        .into_iter()
        .zip(&senders)
        .map(|(ws, sender)| speak(ws, sender.id, std::slice::from_ref(&room)));
    let listening = ears.into_iter().map(|ws| listen(ws, SENDERS * EACH));
    let (spoken, heard) = tokio::join!(join_all(speaking), join_all(listening));

    let messages = chat.messages(&owner, room).await;
    let ids: Vec<_> = messages.iter().map(|message| message["id"].as_i64().expect("an id")).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let order: Vec<_> = messages.iter().map(frame_of).collect();
    for heard in heard {
        assert_eq!(heard, order);
    }
    for (sender, heard) in spoken {
        let sender = sender.to_string();
        let others = order.iter().filter(|frame| !frame.contains(&format!(r#""sender_id":"{sender}""#)));
        assert!(heard.iter().eq(others), "a sender hears the others in the same order");
        let own = messages.iter().filter(|message| message["sender_id"] == *sender);
        let own: Vec<_> = own.map(|message| message["message"].as_str().expect("a text")).collect();
        let sent: Vec<_> = (0..EACH).map(|n| format!("{sender} {n}")).collect();
        assert_eq!(own, sent, "what one connection sends is stored in the order in which it was sent");
    }
}

#[tokio::test]
async fn who_is_in_many_rooms_hears_each_in_its_order_and_never_their_own() {
    let chat = Chat::serve().await;
    let people: Vec<_> = (0..SENDERS).map(|_| User::new()).collect();
    let everybody: Vec<_> = people.iter().collect();
    let owner = User::new();
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(chat.room(&owner, &everybody).await);
    }
    let sockets = join_all(people.iter().map(|user| chat.connect(user))).await;
    let speaking = sockets.into_iter().zip(&people).map(|(ws, user)| speak(ws, user.id, &rooms));
    let spoken = join_all(speaking).await;
    for room in rooms {
        let order: Vec<_> = chat.messages(&owner, room).await.iter().map(frame_of).collect();
        assert_eq!(order.len(), SENDERS * EACH / 3);
        for (sender, heard) in &spoken {
            let own = format!(r#""sender_id":"{sender}""#);
            let here = format!(r#""room_id":{room},"#);
            let heard = heard.iter().filter(|frame| frame.contains(&here));
            assert!(heard.eq(order.iter().filter(|frame| !frame.contains(&own))));
        }
    }
}

#[tokio::test]
async fn a_removed_participant_gets_nothing_after_the_change_was_answered() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob, &carol]).await;
    let side = chat.room(&alice, &[&bob]).await;
    let mut ws = chat.connect(&alice).await;
    let (mut removed, mut witness) = (chat.connect(&bob).await, chat.connect(&carol).await);
    for n in 0..20 {
        assert_eq!(chat.change(&alice, room, &[], &[&bob]).await.status, 200);
        ws.say(room, "without Bob", &long_id()).await;
        witness.received(room, alice.id, "without Bob").await;
        // What Bob hears next is from the other room: the message before it never came.
        ws.say(side, &format!("between us {n}"), &long_id()).await;
        removed.received(side, alice.id, &format!("between us {n}")).await;
        assert_eq!(chat.change(&alice, room, &[&bob], &[]).await.status, 200);
        ws.say(room, "with Bob", &long_id()).await;
        removed.received(room, alice.id, "with Bob").await;
        witness.received(room, alice.id, "with Bob").await;
    }
}

#[tokio::test]
async fn a_removal_in_the_middle_of_a_stream_cuts_it_once_and_for_good() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob, &carol]).await;
    let side = chat.room(&alice, &[&bob]).await;
    let Socket { mut reader, mut writer, .. } = chat.connect(&alice).await;
    let (mut removed, mut witness) = (chat.connect(&bob).await, chat.connect(&carol).await);
    let frames = |range: std::ops::Range<usize>| {
        range.map(|n| send_message(room, &format!("{n}"), &long_id())).collect::<Vec<_>>()
    };
    let before = async {
        for text in frames(0..300) {
            writer.frame(crate::harness::TEXT, text.as_bytes()).await;
        }
    };
    let confirmations = async {
        for _ in 0..300 {
            assert!(
                matches!(reader.frame().await, Frame::Text(text) if text.contains(r#""confirmed":true"#))
            );
        }
    };
    let change = async {
        witness.next_text().await;
        assert_eq!(chat.change(&alice, room, &[], &[&bob]).await.status, 200);
        chat.texts(&carol, room).await.len()
    };
    let ((), (), stored_when_answered) = tokio::join!(before, confirmations, change);
    writer.frame(crate::harness::TEXT, send_message(side, "the end", &long_id()).as_bytes()).await;
    let mut heard = Vec::new();
    loop {
        let text = removed.next_text().await;
        if text == message_received(side, alice.id, "the end") {
            break;
        }
        heard.push(text);
    }
    let order = chat.texts(&carol, room).await;
    let expected: Vec<_> =
        order.iter().take(heard.len()).map(|text| message_received(room, alice.id, text)).collect();
    assert_eq!(heard, expected, "what a participant heard is the beginning of the room, without a gap");
    assert!(heard.len() <= stored_when_answered, "{} heard, {stored_when_answered} stored", heard.len());
}

#[tokio::test]
async fn a_resent_message_is_confirmed_again_and_neither_stored_nor_delivered_twice() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut other = chat.connect(&bob).await;
    let ids = [long_id(), "1".to_owned(), "123456789012345".to_owned(), "1234567890123456".to_owned()];
    for id in &ids {
        let mut ws = chat.connect(&alice).await;
        ws.say(room, "hello", id).await;
        ws.say(room, "hello", id).await;
        drop(ws);
        let mut ws = chat.connect(&alice).await;
        ws.say(room, "hello", id).await;
        other.received(room, alice.id, "hello").await;
        other.nothing_came().await;
    }
    assert_eq!(chat.texts(&alice, room).await, vec!["hello"; ids.len()]);
}

/// Sends one text under each of these ids; every one is confirmed, in order.
async fn send_once(ws: &mut Socket, room: i64, ids: &[String]) {
    for id in ids {
        ws.send_message(room, "once", id).await;
    }
    let mut confirmed = Vec::new();
    while confirmed.len() < ids.len() {
        let text = ws.next_text().await;
        if !text.contains("MessageReceived") {
            confirmed.push(text);
        }
    }
    let expected: Vec<_> = ids.iter().map(|id| confirmation("", id)).collect();
    assert_eq!(confirmed, expected);
}

#[tokio::test]
async fn resends_at_the_same_moment_are_one_message() {
    let chat = Chat::with(&[("PLIC_CONNECTIONS_PER_USER", "4")]).await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut other = chat.connect(&bob).await;
    let mut devices = join_all((0..4).map(|_| chat.connect(&alice))).await;
    let ids: Vec<_> = (0..10).map(|_| long_id()).collect();
    join_all(devices.iter_mut().map(|ws| send_once(ws, room, &ids))).await;
    for _ in &ids {
        other.received(room, alice.id, "once").await;
    }
    other.nothing_came().await;
    assert_eq!(chat.texts(&alice, room).await.len(), ids.len());
}

#[tokio::test]
async fn another_text_another_room_or_another_sender_makes_another_message() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let (room, second) = (chat.room(&alice, &[&bob]).await, chat.room(&alice, &[]).await);
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    let id = long_id();
    ws.say(room, "hello", &id).await;
    ws.say(room, "Hello", &id).await;
    ws.say(second, "hello", &id).await;
    for text in ["hello", "Hello"] {
        other.received(room, alice.id, text).await;
    }
    other.say(room, "hello", &id).await;
    ws.received(room, bob.id, "hello").await;
    assert_eq!(chat.texts(&alice, room).await, ["hello", "Hello", "hello"]);
    assert_eq!(chat.texts(&alice, second).await, ["hello"]);
}

#[tokio::test]
async fn a_message_resent_after_its_sender_left_the_room_is_confirmed_again() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let (room, gone) = (chat.room(&alice, &[&bob]).await, chat.room(&alice, &[&bob]).await);
    let mut ws = chat.connect(&bob).await;
    let (one, two) = (long_id(), long_id());
    ws.say(room, "one", &one).await;
    ws.say(gone, "two", &two).await;
    assert_eq!(chat.change(&alice, room, &[], &[&bob]).await.status, 200);
    assert_eq!(chat.delete(&alice, &format!("/rooms/{gone}")).await.status, 200);
    ws.say(room, "one", &one).await;
    ws.say(gone, "two", &two).await;
    ws.send_message(room, "another", &one).await;
    ws.unconfirmed("UnAuthorizedAction", &one).await;
    ws.disconnected(4012).await;
    assert_eq!(chat.texts(&alice, room).await, ["one"]);
}

#[tokio::test]
async fn a_message_resent_after_a_rule_forbade_it_is_confirmed_again() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let id = long_id();
    ws.say(room, "a snark", &id).await;
    chat.rule("snark", "block").await;
    ws.say(room, "a snark", &id).await;
    ws.send_message(room, "another snark", &id).await;
    ws.unconfirmed("HatefullSpeach", &id).await;
    ws.disconnected(4011).await;
    assert_eq!(chat.texts(&alice, room).await, ["a snark"]);
}

#[tokio::test]
async fn a_message_confirmed_before_a_kill_is_there_after_it_and_is_the_same_when_resent() {
    let mut chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let (long, short) = (long_id(), "7".to_owned());
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "long", &long).await;
    ws.say(room, "short", &short).await;
    chat.process.kill().await;
    chat.start_again().await;
    assert_eq!(chat.texts(&alice, room).await, ["long", "short"]);
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "long", &long).await;
    ws.say(room, "short", &short).await;
    assert_eq!(chat.texts(&alice, room).await, ["long", "short"]);
}

#[tokio::test]
async fn a_counter_names_another_message_after_a_minute() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let long = long_id();
    ws.say(room, "short", "123456789012345").await;
    ws.say(room, "long", &long).await;
    tokio::time::sleep(std::time::Duration::from_secs(62)).await;
    ws.say(room, "short", "123456789012345").await;
    ws.say(room, "long", &long).await;
    assert_eq!(chat.texts(&alice, room).await, ["short", "long", "short"]);
}
