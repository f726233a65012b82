//! Sending the same message again.

use std::time::Duration;

use futures_util::future::join_all;
use plic_pipeline::store::{Before, StoreError};

use super::{DAY, MINUTE, message, room_of, say, texts, user};
use crate::engine::Engine;

pub(crate) async fn the_same_key_is_the_same_message(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    let sent = message(user(1), room, "hello");
    assert_eq!(store.already_sent(&sent.key).await.expect("answers"), None);
    let first = store.append(sent.clone()).await.expect("stores");
    say(&*store, 2, room, "in between").await.expect("stores");
    assert_eq!(store.append(sent.clone()).await.expect("confirms"), first);
    assert_eq!(store.already_sent(&sent.key).await.expect("answers"), Some(Before::Sent(first)));
    assert_eq!(texts(&*store, room).await, ["hello", "in between"]);
    assert_eq!(engine.bus().messages().len(), 2);
}

pub(crate) async fn the_same_key_many_times_at_once_is_one_message(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    let sent = message(user(1), room, "hello");
    let answers = join_all((0..100).map(|_| store.append(sent.clone()))).await;
    let first = engine.bus().messages()[0].id;
    for answer in answers {
        assert_eq!(answer.expect("confirms"), first);
    }
    assert_eq!(texts(&*store, room).await, ["hello"]);
    assert_eq!(engine.bus().messages().len(), 1);
}

pub(crate) async fn another_text_sender_or_room_is_another_message(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    let elsewhere = room_of(&*store, &[1, 2]).await;
    let mut ids = vec![
        say(&*store, 1, room, "hello").await.expect("stores"),
        say(&*store, 1, room, "hello!").await.expect("stores"),
        say(&*store, 2, room, "hello").await.expect("stores"),
        say(&*store, 1, elsewhere, "hello").await.expect("stores"),
    ];
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert_eq!(texts(&*store, room).await, ["hello", "hello!", "hello"]);
    assert_eq!(texts(&*store, elsewhere).await, ["hello"]);
}

pub(crate) async fn after_its_window_a_key_is_a_new_message(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1]).await;
    for (window, text) in [(MINUTE, "minute"), (DAY, "day")] {
        let mut sent = message(user(1), room, text);
        sent.key.window = window;
        let first = store.append(sent.clone()).await.expect("stores");
        let almost = window.checked_sub(Duration::from_secs(30)).expect("a window is longer");
        engine.age_sent(almost).await;
        assert_eq!(store.append(sent.clone()).await.expect("confirms"), first);
        // From the first time: that it was confirmed just now does not matter.
        engine.age_sent(Duration::from_secs(30)).await;
        assert_eq!(store.already_sent(&sent.key).await.expect("answers"), None);
        let second = store.append(sent.clone()).await.expect("stores");
        assert!(second > first);
        assert_eq!(store.append(sent.clone()).await.expect("confirms"), second);
        assert_eq!(store.already_sent(&sent.key).await.expect("answers"), Some(Before::Sent(second)));
    }
    assert_eq!(texts(&*store, room).await, ["minute", "minute", "day", "day"]);
    assert_eq!(engine.bus().messages().len(), 4);
}

pub(crate) async fn a_stored_message_is_confirmed_again_to_who_has_left(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    let sent = message(user(2), room, "hello");
    let first = store.append(sent.clone()).await.expect("stores");
    store.change_room(room, user(2), &[], &[user(2)]).await.expect("leaves");
    assert_eq!(store.append(sent.clone()).await.expect("confirms"), first);
    store.delete_room(room, user(1), false).await.expect("deletes");
    assert_eq!(store.append(sent.clone()).await.expect("confirms"), first);
    assert_eq!(store.already_sent(&sent.key).await.expect("answers"), Some(Before::Sent(first)));
    assert_eq!(engine.bus().messages().len(), 1);
}

pub(crate) async fn a_refused_message_is_not_remembered(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1]).await;
    let sent = message(user(2), room, "hello");
    assert!(matches!(store.append(sent.clone()).await, Err(StoreError::NotParticipant)));
    assert_eq!(store.already_sent(&sent.key).await.expect("answers"), None);
    store.change_room(room, user(1), &[user(2)], &[]).await.expect("adds");
    store.append(sent).await.expect("stores");
    assert_eq!(texts(&*store, room).await, ["hello"]);
}
