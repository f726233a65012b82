//! The messages of a room.

use plic_pipeline::{
    id::{MessageId, RoomId},
    store::Reader,
};

use super::{history, room_of, say, texts, user, users};
use crate::engine::Engine;

pub(crate) async fn a_page_is_the_newest_messages_oldest_first(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1]).await;
    let empty = history(&*store, room, None, 10).await;
    assert_eq!((empty.items.len(), empty.more), (0, false));
    for text in ["a", "b", "c"] {
        say(&*store, 1, room, text).await.expect("stores");
    }
    let page = history(&*store, room, None, 2).await;
    assert_eq!(page.items.iter().map(|message| &*message.text).collect::<Vec<_>>(), ["b", "c"]);
    assert!(page.more);
    let page = history(&*store, room, None, 3).await;
    assert_eq!((page.items.len(), page.more), (3, false));
    assert_eq!(texts(&*store, room).await, ["a", "b", "c"]);
}

pub(crate) async fn pages_back_are_complete_without_repeats(engine: impl Engine) {
    let store = engine.store();
    let (room, other) = (room_of(&*store, &[1]).await, room_of(&*store, &[1]).await);
    let mut sent = Vec::new();
    for n in 0..23 {
        sent.push(say(&*store, 1, room, &format!("{n}")).await.expect("stores"));
        say(&*store, 1, other, &format!("{n}")).await.expect("stores");
    }
    for limit in [1, 4, 22, 23, 100] {
        let (mut before, mut pages) = (None, Vec::new());
        loop {
            let page = history(&*store, room, before, limit).await;
            before = page.items.first().map(|message| message.id);
            pages.push(page.items.into_iter().map(|message| message.id).collect::<Vec<_>>());
            if !page.more {
                break;
            }
        }
        pages.reverse();
        assert_eq!(pages.concat(), sent, "pages of {limit}");
    }
}

pub(crate) async fn a_cursor_from_elsewhere_still_divides_by_id(engine: impl Engine) {
    let store = engine.store();
    let (room, other) = (room_of(&*store, &[1]).await, room_of(&*store, &[1]).await);
    let mut sent = Vec::new();
    for n in 0..9 {
        sent.push(say(&*store, 1, room, &format!("{n}")).await.expect("stores"));
        let elsewhere = say(&*store, 1, other, &format!("{n}")).await.expect("stores");
        let page = history(&*store, room, Some(elsewhere), 100).await;
        assert_eq!(page.items.into_iter().map(|message| message.id).collect::<Vec<_>>(), sent);
    }
    for (cursor, found) in [(i64::MIN, 0), (0, 0), (1, 0), (i64::MAX, 9)] {
        let page = history(&*store, room, Some(MessageId(cursor)), 100).await;
        assert_eq!(page.items.len(), found, "before {cursor}");
    }
    let third = history(&*store, room, Some(MessageId(sent[3].0 - 1)), 100).await;
    assert_eq!(third.items.len(), 3);
}

pub(crate) async fn a_room_that_is_not_there_is_not_read(engine: impl Engine) {
    let store = engine.store();
    for reader in [Reader::Moderator, Reader::Participant(user(1))] {
        for before in [None, Some(MessageId(5))] {
            let found = store.read_room(RoomId(12345), reader, before, 10).await.expect("answers");
            assert_eq!(found, None);
        }
    }
}

pub(crate) async fn a_room_is_read_by_its_participants_and_by_moderators(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    say(&*store, 1, room, "hello").await.expect("stores");
    let reads = async |reader| store.read_room(room, reader, None, 10).await.expect("answers");
    let participant = |n| Reader::Participant(user(n));
    let found = reads(participant(2)).await.expect("a participant reads");
    assert_eq!((found.room.participants, found.messages.items.len()), (users(&[1, 2]), 1));
    assert_eq!(reads(participant(3)).await, None);

    store.change_room(room, user(1), &[], &users(&[2])).await.expect("removes");
    assert_eq!(reads(participant(2)).await, None);
    assert!(reads(participant(1)).await.is_some());

    store.delete_room(room, user(1), false).await.expect("deletes");
    assert_eq!(reads(participant(1)).await, None);
    assert!(reads(Reader::Moderator).await.is_some_and(|found| found.room.deleted_at.is_some()));
}
