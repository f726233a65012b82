//! CONTRACT section 1: the order of both lists, and paging through them by `Link`.

use serde_json::Value;

use crate::harness::{Answer, Chat, Door, Socket, User, confirmation, send_message};

/// Sends many messages without waiting for each confirmation.
async fn send_many(ws: &mut Socket, room: i64, texts: &[String]) {
    for text in texts {
        ws.send(&send_message(room, text, text)).await;
    }
    for text in texts {
        assert_eq!(ws.next_text().await, confirmation("", text));
    }
}

fn texts(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    let messages = json["messages"].as_array().expect("messages");
    messages.iter().map(|message| message["message"].as_str().expect("a text").to_owned()).collect()
}

fn ids(answer: &Answer) -> Vec<i64> {
    let data = answer.data();
    data.as_array().expect("rooms").iter().map(|room| room["room_id"].as_i64().expect("an id")).collect()
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("message {n}")).collect()
}

#[tokio::test]
async fn a_room_answers_its_newest_hundred_messages_oldest_first_and_links_to_those_before() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    send_many(&mut ws, room, &numbered(0..100)).await;
    let all = chat.get(&alice, &format!("/rooms/{room}")).await;
    assert_eq!(texts(&all), numbered(0..100));
    assert_eq!(all.link(), None, "there is no more");

    send_many(&mut ws, room, &numbered(100..105)).await;
    let newest = chat.get(&alice, &format!("/rooms/{room}")).await;
    assert_eq!(texts(&newest), numbered(5..105));
    let (before, rel) = newest.link().expect("there is more");
    assert_eq!(rel, "prev");
    let oldest = chat.get(&alice, &before).await;
    assert_eq!(texts(&oldest), numbered(0..5));
    assert_eq!(oldest.link(), None);
}

#[tokio::test]
async fn limit_and_before_page_back_without_gap_or_repeat() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    send_many(&mut ws, room, &numbered(0..7)).await;

    let mut pages = Vec::new();
    let mut next = Some(format!("/rooms/{room}?limit=3"));
    while let Some(path) = next {
        let page = chat.get(&alice, &path).await;
        pages.push(texts(&page));
        next = page.link().map(|(path, _)| path);
    }
    assert_eq!(pages, [numbered(4..7), numbered(1..4), numbered(0..1)]);

    // `before` names the first message that is not wanted, and new messages do not move the pages.
    let newest = chat.get(&alice, &format!("/rooms/{room}")).await.json();
    let id = |n: usize| newest["messages"][n]["id"].as_i64().expect("an id");
    ws.say(room, "later", "later").await;
    let page = chat.get(&alice, &format!("/rooms/{room}?limit=2&before={}", id(5))).await;
    assert_eq!(texts(&page), numbered(3..5));
    let page = chat.get(&alice, &format!("/rooms/{room}?before={}", id(0))).await;
    assert!(texts(&page).is_empty());
    assert_eq!(page.link(), None);
}

#[tokio::test]
async fn an_exactly_full_page_promises_no_more() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    send_many(&mut chat.connect(&alice).await, room, &numbered(0..3)).await;
    let page = chat.get(&alice, &format!("/rooms/{room}?limit=3")).await;
    assert_eq!(texts(&page), numbered(0..3));
    assert_eq!(page.link(), None);
    let rooms = chat.get(&alice, "/rooms?limit=1").await;
    assert_eq!(ids(&rooms), [room]);
    assert_eq!(rooms.link(), None);
}

#[tokio::test]
async fn a_limit_is_1_to_500() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    for path in [format!("/rooms/{room}"), "/rooms".to_owned()] {
        for limit in ["1", "500"] {
            assert_eq!(chat.get(&alice, &format!("{path}?limit={limit}")).await.status, 200);
        }
        for limit in ["0", "501", "-1", "many", "99999999999999999999"] {
            let answer = chat.get(&alice, &format!("{path}?limit={limit}")).await;
            assert!([400, 422].contains(&answer.status), "{path} limit={limit}: {answer:?}");
            answer.is_envelope_of_failure();
        }
    }
    let answer = chat.get(&alice, &format!("/rooms/{room}?before=yesterday")).await;
    assert!([400, 422].contains(&answer.status), "{answer:?}");
    answer.is_envelope_of_failure();
}

#[tokio::test]
async fn the_room_with_the_newest_activity_comes_first() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let (a, b) = (chat.room(&alice, &[&bob]).await, chat.room(&bob, &[&alice]).await);
    assert_eq!(ids(&chat.get(&alice, "/rooms").await), [b, a]);
    let mut ws = chat.connect(&bob).await;
    ws.say(a, "one", "t1").await;
    let rooms = chat.get(&alice, "/rooms").await;
    assert_eq!(ids(&rooms), [a, b]);
    assert_eq!(rooms.data()[0]["last_message"]["message"], Value::from("one"));
    let c = chat.room(&alice, &[]).await;
    assert_eq!(ids(&chat.get(&alice, "/rooms").await), [c, a, b]);
    ws.say(b, "two", "t2").await;
    ws.say(a, "three", "t3").await;
    let rooms = chat.get(&alice, "/rooms").await;
    assert_eq!(ids(&rooms), [a, b, c]);
    assert_eq!(rooms.data()[0]["last_message"]["message"], Value::from("three"));
}

#[tokio::test]
async fn limit_and_after_page_through_the_rooms() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.insert(0, chat.room(&alice, &[]).await);
    }
    let mut pages = Vec::new();
    let mut next = Some("/rooms?limit=2".to_owned());
    while let Some(path) = next {
        let page = chat.get(&alice, &path).await;
        pages.push(ids(&page));
        next = page.link().map(|(path, _)| path);
    }
    assert_eq!(pages, [&rooms[..2], &rooms[2..4], &rooms[4..]]);
    let page = chat.get(&alice, &format!("/rooms?limit=2&after={}", rooms[2])).await;
    assert_eq!(ids(&page), &rooms[3..]);
    assert_eq!(page.link(), None);
}

#[tokio::test]
async fn a_cursor_that_is_no_room_of_the_callers_is_refused() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let (mine, others) = (chat.room(&alice, &[]).await, chat.room(&bob, &[]).await);
    let mut looks = Vec::new();
    for after in [others, others + 1000] {
        let answer = chat.get(&alice, &format!("/rooms?after={after}")).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
        answer.is_envelope_of_failure();
        looks.push((answer.status, answer.body));
    }
    assert_eq!(looks[0], looks[1], "a cursor does not tell which rooms exist");
    assert_eq!(ids(&chat.get(&alice, "/rooms").await), [mine]);
}

#[tokio::test]
async fn the_next_link_of_rooms_neither_repeats_nor_fails_when_its_last_room_moves_or_is_left() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let mut rooms = Vec::new();
    for _ in 0..7 {
        rooms.insert(0, chat.room(&bob, &[&alice]).await);
    }
    let first = chat.get(&alice, "/rooms?limit=3").await;
    assert_eq!(ids(&first), &rooms[..3]);
    let (next, rel) = first.link().expect("there is more");
    assert_eq!(rel, "next");
    chat.connect(&bob).await.say(rooms[2], "moves to the top", "t1").await;
    let second = chat.get(&alice, &next).await;
    assert_eq!(ids(&second), &rooms[3..6]);
    chat.change(&bob, rooms[2], &[], &[&alice]).await;
    assert_eq!(ids(&chat.get(&alice, &next).await), &rooms[3..6]);
    let (last, _) = second.link().expect("there is more");
    assert_eq!(chat.delete(&bob, &format!("/rooms/{}", rooms[5])).await.status, 200);
    assert_eq!(ids(&chat.get(&alice, &last).await), &rooms[6..]);
}
