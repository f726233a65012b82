//! Who comes and goes.

use plic_pipeline::{id::RoomId, room::RoomError, store::StoreError};

use super::{is_not_found, is_not_owner, participants, room_of, say, texts, user, users};
use crate::engine::Engine;

pub(crate) async fn the_owner_adds_and_removes(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2, 3]).await;
    store.change_room(room, user(1), &users(&[4, 5, 4, 3]), &users(&[2, 9])).await.expect("changes");
    assert_eq!(participants(&*store, room).await, users(&[1, 3, 4, 5]));
    store.change_room(room, user(1), &[], &[]).await.expect("nothing to do");
    assert_eq!(participants(&*store, room).await, users(&[1, 3, 4, 5]));
}

pub(crate) async fn who_joins_again_stands_last(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2, 3]).await;
    for _ in 0..3 {
        store.change_room(room, user(2), &[], &[user(2)]).await.expect("leaves");
        store.change_room(room, user(1), &[user(2)], &[]).await.expect("adds");
        assert_eq!(participants(&*store, room).await, users(&[1, 3, 2]));
        assert_eq!(store.rooms_of(user(2), None, 10).await.expect("answers").items.len(), 1);
    }
}

pub(crate) async fn a_participant_leaves_and_no_more(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2, 3]).await;
    assert!(is_not_owner(&store.change_room(room, user(2), &[user(4)], &[]).await));
    assert!(is_not_owner(&store.change_room(room, user(2), &[], &users(&[2, 3])).await));
    assert!(is_not_owner(&store.change_room(room, user(2), &[user(4)], &[user(2)]).await));
    assert_eq!(participants(&*store, room).await, users(&[1, 2, 3]));
    store.change_room(room, user(2), &[], &[user(2)]).await.expect("leaves");
    assert_eq!(participants(&*store, room).await, users(&[1, 3]));
    assert!(is_not_found(&store.change_room(room, user(2), &[], &[user(2)]).await));
}

pub(crate) async fn a_stranger_cannot_tell_a_room_from_none(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    for room in [room, RoomId(room.0 + 100)] {
        assert!(is_not_found(&store.change_room(room, user(9), &[user(9)], &[]).await));
        assert!(is_not_found(&store.change_room(room, user(9), &[], &[user(1)]).await));
        assert!(is_not_found(&store.delete_room(room, user(9), false).await));
    }
}

pub(crate) async fn a_refused_change_changes_nothing(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2, 3]).await;
    let both = store.change_room(room, user(1), &users(&[4, 5]), &users(&[2, 5])).await;
    assert!(matches!(both, Err(RoomError::AddedAndRemoved)));
    let crowd: Vec<_> = (100..1098).map(user).collect();
    let many = store.change_room(room, user(1), &crowd, &[]).await;
    assert!(matches!(many, Err(RoomError::TooManyParticipants)));
    assert_eq!(participants(&*store, room).await, users(&[1, 2, 3]));
}

pub(crate) async fn whoever_joined_first_inherits(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2, 3]).await;
    store.change_room(room, user(2), &[], &[user(2)]).await.expect("leaves");
    store.change_room(room, user(1), &[user(2)], &[]).await.expect("adds again");
    store.change_room(room, user(1), &[], &[user(1)]).await.expect("the owner leaves");
    assert_eq!(store.room(room).await.expect("answers").expect("there").owner, user(3));
    store.change_room(room, user(3), &[user(8)], &users(&[2, 3])).await.expect("hands over");
    let left = store.room(room).await.expect("answers").expect("there");
    assert_eq!((left.owner, left.participants.clone(), left.deleted_at), (user(8), users(&[8]), None));
}

pub(crate) async fn when_the_last_one_leaves_the_room_is_deleted(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    say(&*store, 2, room, "hello").await.expect("stores");
    store.change_room(room, user(1), &[], &users(&[1, 2])).await.expect("all leave");
    let kept = store.room(room).await.expect("answers").expect("kept");
    assert!(kept.deleted_at.is_some());
    assert_eq!(kept.participants, []);
    assert_eq!(texts(&*store, room).await, ["hello"]);
    assert!(is_not_found(&store.change_room(room, user(1), &[user(1)], &[]).await));
    assert!(matches!(say(&*store, 1, room, "again").await, Err(StoreError::NotParticipant)));
}

pub(crate) async fn messages_reach_those_who_are_in_the_room_now(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    let recipients = || engine.bus().messages().last().expect("published").participants.to_vec();
    say(&*store, 1, room, "one").await.expect("stores");
    assert_eq!(recipients(), users(&[1, 2]));
    store.change_room(room, user(1), &[user(3)], &[user(2)]).await.expect("changes");
    say(&*store, 3, room, "two").await.expect("stores");
    assert_eq!(recipients(), users(&[1, 3]));
    assert!(matches!(say(&*store, 2, room, "three").await, Err(StoreError::NotParticipant)));
}
