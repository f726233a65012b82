//! The list of a user's rooms.

use std::sync::Arc;

use plic_pipeline::{id::RoomId, room::RoomError, store::Store};

use super::{room_of, say, user};
use crate::engine::Engine;

/// Ids of the rooms of user 1, by pages of `limit`.
async fn paged(store: &dyn Store, limit: usize) -> Vec<RoomId> {
    let mut rooms = Vec::new();
    loop {
        let page = store.rooms_of(user(1), rooms.last().copied(), limit).await.expect("answers");
        assert!(page.items.len() <= limit);
        rooms.extend(page.items.iter().map(|item| item.room.id));
        if !page.more {
            return rooms;
        }
        assert_eq!(page.items.len(), limit, "a page before the last one is full");
    }
}

pub(crate) async fn the_newest_activity_is_first_with_its_last_message(engine: impl Engine) {
    let store = engine.store();
    assert_eq!(store.rooms_of(user(1), None, 10).await.expect("answers").items, []);
    let (a, b, c) =
        (room_of(&*store, &[1, 2]).await, room_of(&*store, &[2, 1]).await, room_of(&*store, &[1]).await);
    room_of(&*store, &[2, 3]).await;
    say(&*store, 1, a, "old").await.expect("stores");
    let last = say(&*store, 2, a, "new").await.expect("stores");

    let page = store.rooms_of(user(1), None, 10).await.expect("answers");
    assert!(!page.more);
    let listed: Vec<RoomId> = page.items.iter().map(|item| item.room.id).collect();
    assert_eq!(listed, [a, c, b]);
    for item in &page.items {
        assert_eq!(Some(Arc::clone(&item.room)), store.room(item.room.id).await.expect("answers"));
    }
    let message = page.items[0].last_message.as_ref().expect("has one");
    assert_eq!((message.id, message.room, message.sender), (last, a, user(2)));
    assert_eq!(message.text, "new");
    assert_eq!(page.items[1].last_message, None);

    say(&*store, 1, b, "moves up").await.expect("stores");
    assert_eq!(paged(&*store, 10).await, [b, a, c]);
}

pub(crate) async fn pages_are_complete_without_repeats(engine: impl Engine) {
    let store = engine.store();
    let mut rooms = Vec::new();
    for n in 0..17 {
        rooms.push(room_of(&*store, &[1, 2]).await);
        room_of(&*store, &[2, 3]).await;
        // Activity is not the order of creation.
        if n % 3 == 0 {
            say(&*store, 2, rooms[n / 3], &format!("{n}")).await.expect("stores");
        }
    }
    let all = paged(&*store, 100).await;
    for limit in [1, 2, 5, 16, 17] {
        assert_eq!(paged(&*store, limit).await, all, "pages of {limit}");
    }
    let mut sorted = all;
    sorted.sort();
    assert_eq!(sorted, rooms);
}

pub(crate) async fn deleted_rooms_and_those_one_has_left_are_not_listed(engine: impl Engine) {
    let store = engine.store();
    let kept = room_of(&*store, &[2, 1]).await;
    let left = room_of(&*store, &[2, 1]).await;
    let deleted = room_of(&*store, &[2, 1]).await;
    let emptied = room_of(&*store, &[1]).await;
    store.change_room(left, user(1), &[], &[user(1)]).await.expect("leaves");
    store.delete_room(deleted, user(2), false).await.expect("deletes");
    store.change_room(emptied, user(1), &[], &[user(1)]).await.expect("leaves");
    assert_eq!(paged(&*store, 10).await, [kept]);
    assert_eq!(store.rooms_of(user(2), None, 10).await.expect("answers").items.len(), 2);
}

pub(crate) async fn a_cursor_is_a_room_of_ones_own(engine: impl Engine) {
    let store = engine.store();
    let own = room_of(&*store, &[1]).await;
    let foreign = room_of(&*store, &[2]).await;
    let left = room_of(&*store, &[2, 1]).await;
    store.change_room(left, user(1), &[], &[user(1)]).await.expect("leaves");
    let deleted = room_of(&*store, &[1]).await;
    store.delete_room(deleted, user(1), false).await.expect("deletes");
    for cursor in [foreign, left, deleted, RoomId(0), RoomId(deleted.0 + 1)] {
        let answer = store.rooms_of(user(1), Some(cursor), 10).await;
        assert!(matches!(answer, Err(RoomError::UnknownCursor)), "{cursor}: {answer:?}");
    }
    assert_eq!(store.rooms_of(user(1), Some(own), 10).await.expect("answers").items, []);
}
