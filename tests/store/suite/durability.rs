//! What is still there afterwards.

use futures_util::future::join_all;
use plic_pipeline::{moderation::Authority, store::Ban};

use super::{message, participants, room_of, say, texts, user, users};
use crate::engine::Engine;

pub(crate) async fn everything_acknowledged_is_there_after_opening_again(mut engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2, 3]).await;
    let deleted = room_of(&*store, &[1]).await;
    let first = say(&*store, 1, room, "one").await.expect("stores");
    store.change_room(room, user(1), &[user(4)], &[user(2)]).await.expect("changes");
    store.delete_room(deleted, user(1), false).await.expect("deletes");
    let ban = Ban { user: user(9), reason: "spam".into(), expires_at: None, authority: Authority::Moderator };
    engine.records().ban(ban.clone(), None).await.expect("bans");
    engine.reopen().await;

    let store = engine.store();
    store.ping().await.expect("answers");
    assert_eq!(texts(&*store, room).await, ["one"]);
    assert_eq!(participants(&*store, room).await, users(&[1, 3, 4]));
    assert!(store.room(deleted).await.expect("answers").expect("kept").deleted_at.is_some());
    assert_eq!(store.ban_of(user(9)).await.expect("answers"), Some(ban));
    assert_eq!(say(&*store, 1, room, "one").await.expect("confirms"), first);
    let second = say(&*store, 1, room, "two").await.expect("stores");
    assert!(second > first);
    assert_eq!(engine.bus().messages().last().expect("published").seq, 2);
    assert!(room_of(&*store, &[1]).await > deleted);
}

pub(crate) async fn what_waits_when_the_store_closes_is_still_stored(mut engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1]).await;
    let appends = join_all((0..600).map(|n| store.append(message(user(1), room, &format!("{n}")))));
    let (answers, ()) = tokio::join!(biased; appends, engine.reopen());
    for answer in answers {
        answer.expect("stored");
    }
    assert_eq!(texts(&*engine.store(), room).await.len(), 600);
    assert_eq!(engine.bus().messages().len(), 600);
}
