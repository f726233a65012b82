//! The list of a user's rooms.

use std::sync::Arc;

use plic_pipeline::{
    id::RoomId,
    room::RoomError,
    store::{RoomsAfter, Store},
};

use super::{room_of, say, user};
use crate::engine::Engine;

/// Ids of the rooms of user 1, by pages of `limit`.
async fn paged(store: &dyn Store, limit: usize) -> Vec<RoomId> {
    let (mut rooms, mut after) = (Vec::new(), None);
    loop {
        let page = store.rooms_of(user(1), after, limit).await.expect("answers");
        assert!(page.items.len() <= limit);
        let by_room = rooms.last().copied().map(RoomsAfter::Room);
        if by_room.is_some() {
            assert_eq!(store.rooms_of(user(1), by_room, limit).await.expect("answers"), page);
        }
        rooms.extend(page.items.iter().map(|item| item.room.id));
        after = page.items.last().map(|item| RoomsAfter::Position(item.position()));
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
        let answer = store.rooms_of(user(1), Some(RoomsAfter::Room(cursor)), 10).await;
        assert!(matches!(answer, Err(RoomError::UnknownCursor)), "{cursor}: {answer:?}");
    }
    assert_eq!(store.rooms_of(user(1), Some(RoomsAfter::Room(own)), 10).await.expect("answers").items, []);
}

pub(crate) async fn a_position_outlives_the_room_that_had_it(engine: impl Engine) {
    let store = engine.store();
    let mut rooms = Vec::new();
    for _ in 0..4 {
        rooms.insert(0, room_of(&*store, &[1, 2]).await);
    }
    let first = store.rooms_of(user(1), None, 2).await.expect("answers");
    let after = first.items.last().map(|item| RoomsAfter::Position(item.position()));
    let rest = async || {
        let page = store.rooms_of(user(1), after, 10).await.expect("answers");
        page.items.iter().map(|item| item.room.id).collect::<Vec<_>>()
    };
    assert_eq!(rest().await, rooms[2..]);
    say(&*store, 2, rooms[1], "moves up").await.expect("stores");
    assert_eq!(rest().await, rooms[2..]);
    store.change_room(rooms[1], user(1), &[], &[user(1)]).await.expect("leaves");
    assert_eq!(rest().await, rooms[2..]);
    store.delete_room(rooms[1], user(2), false).await.expect("deletes");
    assert_eq!(rest().await, rooms[2..]);
}

pub(crate) async fn a_page_of_many_large_rooms_ends_early(engine: impl Engine) {
    let store = engine.store();
    let crowd: Vec<u128> = (1..=1000).collect();
    let mut rooms = Vec::new();
    for _ in 0..16 {
        rooms.insert(0, room_of(&*store, &crowd).await);
    }
    let page = store.rooms_of(user(1), None, 500).await.expect("answers");
    // 39 bytes a uuid: fourteen thousand are more than 512 KiB.
    assert_eq!((page.items.len(), page.more), (14, true));
    let after = page.items.last().map(|item| RoomsAfter::Position(item.position()));
    let rest = store.rooms_of(user(1), after, 500).await.expect("answers");
    assert_eq!((rest.items.len(), rest.more), (2, false));
    let listed: Vec<RoomId> = page.items.iter().chain(&rest.items).map(|item| item.room.id).collect();
    assert_eq!(listed, rooms);
}
