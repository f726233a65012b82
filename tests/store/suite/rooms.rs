//! Creating and deleting rooms.

use plic_pipeline::{
    id::RoomId,
    room::{MAX_APARTMENT_ID, MAX_PARTICIPANTS, RoomError},
    store::StoreError,
    timestamp::Timestamp,
};

use super::{is_not_found, is_not_owner, participants, room_of, say, texts, user, users};
use crate::engine::Engine;

pub(crate) async fn the_creator_owns_the_room_and_everybody_is_in_it_once(engine: impl Engine) {
    let store = engine.store();
    let before = Timestamp::now();
    let id = store.create_room(user(5), &users(&[3, 5, 4, 3]), None).await.expect("creates");
    let room = store.room(id).await.expect("answers").expect("there");
    assert_eq!((room.id, room.owner, room.deleted_at), (id, user(5), None));
    assert_eq!(room.participants, users(&[5, 3, 4]));
    assert!(before <= room.created_at && room.created_at <= Timestamp::now());
}

pub(crate) async fn the_apartment_comes_back(engine: impl Engine) {
    let store = engine.store();
    for apartment in [None, Some(0), Some(12), Some(MAX_APARTMENT_ID)] {
        let id = store.create_room(user(1), &[], apartment).await.expect("creates");
        assert_eq!(store.room(id).await.expect("answers").expect("there").apartment, apartment);
    }
}

pub(crate) async fn a_room_holds_a_thousand_and_no_more(engine: impl Engine) {
    let store = engine.store();
    let all: Vec<_> = (1..=MAX_PARTICIPANTS as u128).map(user).collect();
    let id = store.create_room(all[0], &all[1..], None).await.expect("creates");
    assert_eq!(participants(&*store, id).await, all);
    let full = store.change_room(id, all[0], &[user(5000)], &[]).await;
    assert!(matches!(full, Err(RoomError::TooManyParticipants)));
    let founded = store.create_room(user(5000), &all, None).await;
    assert!(matches!(founded, Err(RoomError::TooManyParticipants)));
    store.change_room(id, all[0], &[user(5000)], &all[1..]).await.expect("swaps");
    assert_eq!(participants(&*store, id).await, users(&[1, 5000]));
}

pub(crate) async fn ids_grow_and_are_not_those_of_other_rooms(engine: impl Engine) {
    let store = engine.store();
    let first = room_of(&*store, &[1]).await;
    assert!(first.0 >= 1);
    for absent in [RoomId(0), RoomId(-1), RoomId(first.0 + 1), RoomId(i64::MAX)] {
        assert_eq!(store.room(absent).await.expect("answers"), None, "{absent}");
    }
    let second = room_of(&*store, &[1]).await;
    assert!(second > first);
    // Also where it was asked for before it was there.
    assert!(store.room(second).await.expect("answers").is_some());
}

pub(crate) async fn the_owner_and_moderators_delete_and_nobody_else(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    assert!(is_not_owner(&store.delete_room(room, user(2), false).await));
    assert!(is_not_found(&store.delete_room(room, user(9), false).await));
    store.delete_room(room, user(1), false).await.expect("deletes");
    assert!(is_not_found(&store.delete_room(room, user(1), false).await));
    assert!(is_not_found(&store.delete_room(room, user(9), true).await));

    let room = room_of(&*store, &[1, 2]).await;
    store.delete_room(room, user(9), true).await.expect("a moderator deletes");
    assert!(store.room(room).await.expect("answers").expect("kept").deleted_at.is_some());
    assert!(is_not_found(&store.delete_room(RoomId(room.0 + 1), user(9), true).await));
}

pub(crate) async fn a_deleted_room_keeps_its_rows_and_takes_no_messages(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    say(&*store, 1, room, "hello").await.expect("stores");
    store.delete_room(room, user(1), false).await.expect("deletes");
    let kept = store.room(room).await.expect("answers").expect("kept");
    assert!(kept.deleted_at.is_some());
    assert_eq!(kept.participants, users(&[1, 2]));
    assert_eq!(texts(&*store, room).await, ["hello"]);
    assert!(matches!(say(&*store, 1, room, "again").await, Err(StoreError::NotParticipant)));
    assert!(is_not_found(&store.change_room(room, user(1), &[user(3)], &[]).await));
}

pub(crate) async fn a_moderators_deletion_is_audited(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let (own, foreign) = (room_of(&*store, &[9, 2]).await, room_of(&*store, &[1, 9]).await);
    store.delete_room(own, user(9), true).await.expect("deletes");
    assert!(is_not_owner(&store.delete_room(foreign, user(9), false).await));
    assert_eq!(records.audit_head().await.expect("answers").0, 0, "an owner's own room is no moderation");
    store.delete_room(foreign, user(9), true).await.expect("deletes");
    let [entry] = &records.audit_after(0, 10).await.expect("answers")[..] else { panic!("one entry") };
    assert_eq!((entry.action.as_str(), entry.actor), ("room.delete", Some(user(9))));
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).expect("is JSON");
    assert_eq!(detail, serde_json::json!({ "room_id": foreign.0, "owner": user(1).to_string() }));
}
