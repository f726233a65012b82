//! Storing messages.

use std::collections::HashMap;

use futures_util::future::join_all;
use plic_pipeline::{
    id::{ConnectionId, RoomId},
    store::StoreError,
};

use super::{history, message, room_of, say, texts, user, users};
use crate::engine::Engine;

const PEOPLE: [u128; 64] = {
    let mut people = [0; 64];
    let mut n = 0;
    while n < people.len() {
        people[n] = n as u128 + 1;
        n += 1;
    }
    people
};

pub(crate) async fn each_room_counts_without_a_gap_under_64_concurrent_senders(engine: impl Engine) {
    let store = engine.store();
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(room_of(&*store, &PEOPLE).await);
    }
    let senders = PEOPLE.map(|sender| {
        let (store, rooms) = (engine.store(), rooms.clone());
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0..6 {
                for room in &rooms {
                    let id =
                        say(&*store, sender, *room, &format!("{sender} says {n}")).await.expect("stores");
                    acknowledged.push(id);
                }
            }
            acknowledged
        })
    });
    let mut acknowledged = Vec::new();
    for sender in senders {
        let ids = sender.await.expect("does not panic");
        assert!(ids.is_sorted_by(|a, b| a < b), "who waits for the answer sees ids grow");
        acknowledged.extend(ids);
    }
    let published = engine.bus().messages();
    assert_eq!(published.len(), 3 * 6 * PEOPLE.len());
    let mut seqs: HashMap<RoomId, i64> = HashMap::new();
    let mut ids: HashMap<RoomId, i64> = HashMap::new();
    for message in &published {
        let seq = seqs.entry(message.room).or_insert(0);
        assert_eq!(message.seq, *seq + 1, "published in the order of the room, without a gap");
        *seq = message.seq;
        let id = ids.entry(message.room).or_insert(0);
        assert!(message.id.0 > *id, "ids grow with the place in the room");
        *id = message.id.0;
    }
    acknowledged.sort();
    let mut published: Vec<_> = published.iter().map(|message| message.id).collect();
    published.sort();
    assert_eq!(acknowledged, published);
}

pub(crate) async fn what_is_published_is_what_is_stored_with_those_who_are_in_the_room(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[3, 1, 2]).await;
    let mut sent = message(user(1), room, "hello");
    sent.origin = ConnectionId(42);
    let id = store.append(sent).await.expect("stores");

    let published = engine.bus().messages();
    let [committed] = published.as_slice() else { panic!("one message, not {published:?}") };
    assert_eq!((committed.id, committed.room, committed.seq), (id, room, 1));
    assert_eq!((committed.sender, committed.origin), (user(1), ConnectionId(42)));
    assert_eq!(committed.text, "hello");
    assert_eq!(*committed.participants, *users(&[3, 1, 2]));

    let page = history(&*store, room, None, 10).await;
    let [stored] = page.items.as_slice() else { panic!("one message, not {page:?}") };
    assert_eq!((stored.id, stored.room, stored.sender), (id, room, user(1)));
    assert_eq!(stored.text, "hello");
}

pub(crate) async fn a_message_is_published_before_it_is_acknowledged(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1]).await;
    for n in 0..20 {
        let id = say(&*store, 1, room, &n.to_string()).await.expect("stores");
        assert_eq!(engine.bus().messages().last().expect("published").id, id);
    }
}

pub(crate) async fn who_may_not_write_is_refused_and_their_neighbours_are_not(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    let gone = room_of(&*store, &[1, 2]).await;
    store.delete_room(gone, user(1), false).await.expect("deletes");
    store.change_room(room, user(2), &[], &[user(2)]).await.expect("leaves");

    // At once, so that they share a batch.
    let (text, store) = (|n: i32| format!("text {n}"), &*store);
    let answers = join_all((0..40).map(|n| async move {
        match n % 5 {
            0 => say(store, 1, room, &text(n)).await,
            1 => say(store, 2, room, &text(n)).await,
            2 => say(store, 9, room, &text(n)).await,
            3 => say(store, 1, gone, &text(n)).await,
            _ => say(store, 1, RoomId(room.0 + 1_000_000), &text(n)).await,
        }
    }))
    .await;
    for (n, answer) in answers.iter().enumerate() {
        match n % 5 {
            0 => assert!(answer.is_ok(), "{n}: {answer:?}"),
            _ => assert!(matches!(answer, Err(StoreError::NotParticipant)), "{n}: {answer:?}"),
        }
    }
    assert_eq!(texts(store, room).await, (0..8).map(|n| text(n * 5)).collect::<Vec<_>>());
    assert_eq!(texts(store, gone).await, Vec::<String>::new());
    let seqs: Vec<i64> = engine.bus().messages().iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=8).collect::<Vec<_>>());
}

pub(crate) async fn callers_that_go_away_lose_and_reorder_nothing(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &PEOPLE).await;
    for round in 0..8 {
        let senders = PEOPLE.map(|sender| {
            let store = engine.store();
            tokio::spawn(async move { say(&*store, sender, room, &format!("{sender} {round}")).await })
        });
        for (n, sender) in senders.iter().enumerate() {
            if n % 3 == round % 3 {
                tokio::task::yield_now().await;
                sender.abort();
            }
        }
        for sender in senders {
            // An error is a sender that was aborted.
            if let Ok(answer) = sender.await {
                answer.expect("stores");
            }
        }
    }
    // Whatever is still in the queue stands before this one.
    say(&*store, 1, room, "the last one").await.expect("stores");

    let published = engine.bus().messages();
    let seqs: Vec<i64> = published.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=i64::try_from(published.len()).expect("few")).collect::<Vec<_>>());
    let published: Vec<_> = published.iter().map(|message| message.text.clone()).collect();
    assert_eq!(texts(&*store, room).await, published);
}

pub(crate) async fn any_text_comes_back_as_it_was(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1]).await;
    let long = "\u{1f600}".repeat(4000);
    let said = ["'; DROP TABLE messages; --", "a\0b", "\u{202e}\u{fffd}", "  \n", "123", long.as_str()];
    for text in said {
        say(&*store, 1, room, text).await.expect("stores");
    }
    assert_eq!(texts(&*store, room).await, said);
}
