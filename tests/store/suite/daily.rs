//! Limits of a day.

use std::time::Duration;

use plic_pipeline::{daily::DailyLimits, id::RoomId, room::RoomError, token::Role};

use super::{participants, room_of, user, users};
use crate::engine::Engine;

const LIMITS: DailyLimits = DailyLimits { rooms: 3, people: 8 };

#[track_caller]
fn waits<T: std::fmt::Debug>(answer: &Result<T, RoomError>) {
    let Err(RoomError::TooManyRoomsToday(wait) | RoomError::TooManyPeopleToday(wait)) = answer else {
        panic!("{answer:?} is no limit of a day")
    };
    assert!(!wait.is_zero() && *wait <= Duration::from_hours(25), "{wait:?}");
}

pub(crate) async fn a_user_starts_so_many_rooms_a_day_and_what_becomes_of_them_changes_nothing(
    mut engine: impl Engine,
) {
    engine.limit(LIMITS).await;
    let store = engine.store();
    let rooms = [room_of(&*store, &[1]).await, room_of(&*store, &[1, 2]).await, room_of(&*store, &[1]).await];
    let refused = store.create_room(user(1), &[], None).await;
    assert!(matches!(refused, Err(RoomError::TooManyRoomsToday(_))), "{refused:?}");
    store.delete_room(rooms[0], user(1), false).await.expect("deletes");
    store.change_room(rooms[1], user(1), &[], &[user(1)]).await.expect("leaves");
    waits(&store.create_room(user(1), &[], None).await);
    assert_eq!(store.rooms_of(user(1), None, 10).await.expect("answers").items.len(), 1, "nothing is kept");
    room_of(&*store, &[2, 1]).await;

    engine.reopen().await;
    let store = engine.store();
    waits(&store.create_room(user(1), &[], None).await);
    engine.age(Duration::from_hours(12)).await;
    waits(&store.create_room(user(1), &[], None).await);
    engine.age(Duration::from_hours(13)).await;
    store.create_room(user(1), &[], None).await.expect("a day is over");
}

pub(crate) async fn a_user_brings_so_many_people_into_rooms_a_day(mut engine: impl Engine) {
    engine.limit(LIMITS).await;
    let store = engine.store();
    let room = room_of(&*store, &[1, 2, 3, 4, 4, 1]).await;
    let add = async |room: RoomId, by: u128, add: &[u128], remove: &[u128]| {
        store.change_room(room, user(by), &users(add), &users(remove)).await
    };
    add(room, 1, &[5, 6, 7, 8], &[]).await.expect("seven are brought");
    waits(&add(room, 1, &[9, 10], &[2]).await);
    assert_eq!(participants(&*store, room).await, users(&[1, 2, 3, 4, 5, 6, 7, 8]), "nothing is changed");
    add(room, 1, &[3, 4], &[]).await.expect("they are there already");
    add(room, 1, &[9], &[]).await.expect("eight are brought");
    add(room, 1, &[], &[9]).await.expect("removing brings nobody");
    waits(&add(room, 1, &[9], &[]).await);
    waits(&store.create_room(user(1), &users(&[2]), None).await);
    store.create_room(user(1), &users(&[1]), None).await.expect("alone");
    room_of(&*store, &[2, 1, 3]).await;
    engine.age(Duration::from_hours(25)).await;
    add(room, 1, &[9], &[]).await.expect("a day is over");
}

pub(crate) async fn limits_of_a_day_are_for_users_alone(mut engine: impl Engine) {
    engine.limit(LIMITS).await;
    let (store, records) = (engine.store(), engine.records());
    for role in [Role::Moderator, Role::Admin] {
        records.note_role(user(1), role).await.expect("notes");
        for _ in 0..5 {
            let room = store.create_room(user(1), &users(&[2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), None).await;
            store.change_room(room.expect("starts"), user(1), &users(&[12]), &[]).await.expect("adds");
        }
    }
    // What they did counts where they are none any more.
    records.note_role(user(1), Role::User).await.expect("notes");
    waits(&store.create_room(user(1), &[], None).await);
}

pub(crate) async fn more_people_than_a_day_allows_are_never_brought(mut engine: impl Engine) {
    engine.limit(LIMITS).await;
    let store = engine.store();
    let nine = users(&[2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let created = store.create_room(user(1), &nine, None).await;
    assert!(matches!(created, Err(RoomError::MorePeopleThanADayAllows(8))), "{created:?}");
    let room = room_of(&*store, &[1]).await;
    let changed = store.change_room(room, user(1), &nine, &[]).await;
    assert!(matches!(changed, Err(RoomError::MorePeopleThanADayAllows(8))), "{changed:?}");
    store.change_room(room, user(1), &nine[..8], &[]).await.expect("as many as a day allows");
}

pub(crate) async fn many_at_once_are_counted_one_by_one(mut engine: impl Engine) {
    engine.limit(LIMITS).await;
    let store = engine.store();
    let creations = (0..20).map(|_| store.create_room(user(1), &[], None));
    let done = futures_util::future::join_all(creations).await;
    assert_eq!(done.iter().filter(|created| created.is_ok()).count(), 3);
}
