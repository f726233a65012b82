//! The messages of a room.

use plic_pipeline::id::{MessageId, RoomId};

use super::{room_of, say, texts};
use crate::engine::Engine;

pub(crate) async fn a_page_is_the_newest_messages_oldest_first(engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1]).await;
    let empty = store.messages(room, None, 10).await.expect("answers");
    assert_eq!((empty.items.len(), empty.more), (0, false));
    for text in ["a", "b", "c"] {
        say(&*store, 1, room, text).await.expect("stores");
    }
    let page = store.messages(room, None, 2).await.expect("answers");
    assert_eq!(page.items.iter().map(|message| &*message.text).collect::<Vec<_>>(), ["b", "c"]);
    assert!(page.more);
    let page = store.messages(room, None, 3).await.expect("answers");
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
            let page = store.messages(room, before, limit).await.expect("answers");
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
        let page = store.messages(room, Some(elsewhere), 100).await.expect("answers");
        assert_eq!(page.items.into_iter().map(|message| message.id).collect::<Vec<_>>(), sent);
    }
    for (cursor, found) in [(i64::MIN, 0), (0, 0), (1, 0), (i64::MAX, 9)] {
        let page = store.messages(room, Some(MessageId(cursor)), 100).await.expect("answers");
        assert_eq!(page.items.len(), found, "before {cursor}");
    }
    let third = store.messages(room, Some(MessageId(sent[3].0 - 1)), 100).await.expect("answers");
    assert_eq!(third.items.len(), 3);
}

pub(crate) async fn a_room_that_is_not_there_has_no_messages(engine: impl Engine) {
    let store = engine.store();
    for before in [None, Some(MessageId(5))] {
        let page = store.messages(RoomId(12345), before, 10).await.expect("answers");
        assert_eq!((page.items.len(), page.more), (0, false));
    }
}
