//! What a sender said lately.

use std::time::Duration;

use futures_util::future::join_all;
use plic_filter::recall::{MAX_IN_ROOM, MAX_OVER_ROOMS};
use plic_pipeline::{
    id::RoomId,
    said_lately::{LOOKED_THROUGH, SaidElsewhere, SaidLately},
    store::Store,
};

use super::{room_of, say, user, users};
use crate::engine::Engine;

const HOUR: Duration = Duration::from_hours(1);

/// The texts that a sender said in a room, oldest first.
async fn in_room(said: &dyn SaidLately, sender: u128, room: RoomId) -> Vec<String> {
    let mut messages = said.in_room(user(sender), room).await.expect("answers");
    assert!(messages.iter().all(|message| message.sender == user(sender) && message.room == room));
    messages.sort_by_key(|message| message.id);
    messages.into_iter().map(|message| message.text).collect()
}

/// What a sender said over rooms, oldest first, and whether it was their first there.
async fn over_rooms(said: &dyn SaidLately, sender: u128) -> Vec<(RoomId, String, bool)> {
    let mut messages = said.over_rooms(user(sender)).await.expect("answers");
    messages.sort_by_key(|said| said.message.id);
    let told = |SaidElsewhere { message, is_first }| (message.room, message.text, is_first);
    messages.into_iter().map(told).collect()
}

/// Says many things at once, so that they share transactions.
async fn say_many(store: &dyn Store, sender: u128, room: RoomId, number: usize) {
    let texts: Vec<String> = (0..number).map(|at| format!("{sender} says {at}")).collect();
    for said in join_all(texts.iter().map(|text| say(store, sender, room, text))).await {
        said.expect("stores");
    }
}

pub(crate) async fn what_a_sender_said_in_a_room_is_read_without_others_and_redacted_texts(
    engine: impl Engine,
) {
    let (store, said) = (engine.store(), engine.said());
    let (room, other) = (room_of(&*store, &[1, 2]).await, room_of(&*store, &[1, 2]).await);
    assert!(in_room(&*said, 1, room).await.is_empty());
    say(&*store, 1, room, "one").await.expect("stores");
    let redacted = say(&*store, 1, room, "two").await.expect("stores");
    say(&*store, 2, room, "three").await.expect("stores");
    say(&*store, 1, other, "four").await.expect("stores");
    engine.age(HOUR * 100).await;
    say(&*store, 1, room, "five\0").await.expect("stores");
    engine.records().redact(redacted, user(9)).await.expect("redacts");
    assert_eq!(in_room(&*said, 1, room).await, ["one", "five\0"]);
    assert!(in_room(&*said, 1, RoomId(9_999)).await.is_empty());
}

pub(crate) async fn the_newest_messages_of_a_room_are_looked_through_and_no_more(engine: impl Engine) {
    let (store, said) = (engine.store(), engine.said());
    let room = room_of(&*store, &[1, 2]).await;
    say_many(&*store, 1, room, 20).await;
    assert_eq!(in_room(&*said, 1, room).await.len(), MAX_IN_ROOM);
    say(&*store, 1, room, "the last").await.expect("stores");
    let most = usize::try_from(LOOKED_THROUGH).expect("a few");
    say_many(&*store, 2, room, most - 1).await;
    assert_eq!(in_room(&*said, 1, room).await, ["the last"]);
    say(&*store, 2, room, "one more").await.expect("stores");
    assert!(in_room(&*said, 1, room).await.is_empty());
}

pub(crate) async fn what_a_sender_said_over_rooms_is_of_the_last_hour_with_first_contacts(
    engine: impl Engine,
) {
    let (store, said) = (engine.store(), engine.said());
    assert!(over_rooms(&*said, 1).await.is_empty());
    let known = room_of(&*store, &[1, 2]).await;
    say(&*store, 1, known, "long ago").await.expect("stores");
    engine.age(HOUR * 2).await;
    let (fresh, left) = (room_of(&*store, &[1, 3]).await, room_of(&*store, &[1, 4]).await);
    for (room, text) in [(known, "a"), (fresh, "b"), (fresh, "c"), (left, "d")] {
        say(&*store, 1, room, text).await.expect("stores");
    }
    say(&*store, 3, fresh, "an answer").await.expect("stores");
    store.change_room(left, user(1), &[], &users(&[1])).await.expect("leaves");
    let told = over_rooms(&*said, 1).await;
    let told: Vec<_> = told.iter().map(|(room, text, is_first)| (*room, &**text, *is_first)).collect();
    assert_eq!(told, [(known, "a", false), (fresh, "b", true), (fresh, "c", false), (left, "d", true)]);
    engine.age(HOUR).await;
    assert!(over_rooms(&*said, 1).await.is_empty());
}

pub(crate) async fn many_rooms_are_read_up_to_a_bound(engine: impl Engine) {
    let (store, said) = (engine.store(), engine.said());
    let rooms = join_all((0..70).map(|_| room_of(&*store, &[1, 2]))).await;
    for said in join_all(rooms.iter().map(|&room| say(&*store, 1, room, "hello"))).await {
        said.expect("stores");
    }
    let told = over_rooms(&*said, 1).await;
    assert_eq!(told.len(), MAX_OVER_ROOMS);
    assert!(told.iter().all(|(_, _, is_first)| *is_first));
}
