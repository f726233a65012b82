//! Bans.

use std::time::Duration;

use plic_pipeline::{
    store::{Ban, Held, StoreError},
    timestamp::Timestamp,
};

use super::{all_incidents, room_of, to_hold, user};
use crate::engine::Engine;

fn ban(who: u128, reason: &str, expires_at: Option<Timestamp>) -> Ban {
    Ban { user: user(who), reason: reason.into(), expires_at }
}

pub(crate) async fn a_ban_holds_until_it_ends_or_is_lifted(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
    let end = Timestamp::now().after(Duration::from_hours(1));
    let ban = ban(1, "spam", Some(end));
    records.ban(ban.clone(), Some(user(9))).await.expect("bans");
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(ban.clone()));
    assert_eq!(store.ban_of(user(2)).await.expect("answers"), None);
    assert!(ban.holds_at(Timestamp(end.0 - 1)) && !ban.holds_at(end));

    assert!(records.lift_ban(user(1), user(9)).await.expect("lifts"));
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
    assert!(!records.lift_ban(user(1), user(9)).await.expect("answers"));
}

pub(crate) async fn a_second_ban_replaces_the_first(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let second = ban(1, "worse", None);
    records.ban(ban(1, "spam", Some(Timestamp(1))), None).await.expect("bans");
    store.ban_of(user(1)).await.expect("answers");
    records.ban(second.clone(), None).await.expect("bans");
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(second));
}

pub(crate) async fn a_banned_sender_has_nothing_held(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1]).await;
    records.ban(ban(1, "spam", None), None).await.expect("bans");
    let refused = store.hold(to_hold(1, room, "held")).await;
    assert!(matches!(refused, Err(StoreError::Banned)), "{refused:?}");
    assert!(all_incidents(&*records).await.is_empty());
    records.lift_ban(user(1), user(9)).await.expect("lifts");
    assert_eq!(store.hold(to_hold(1, room, "held")).await.expect("holds"), Held::Waiting);
}

pub(crate) async fn every_ban_stays_on_record(engine: impl Engine) {
    let records = engine.records();
    let first = records.ban(ban(1, "spam", None), Some(user(8))).await.expect("bans");
    let second = records.ban(ban(1, "worse", None), Some(user(9))).await.expect("bans");
    let other = records.ban(ban(2, "spam", None), Some(user(9))).await.expect("bans");
    assert!(first.id < second.id && second.id < other.id);
    assert!(records.lift_ban(user(1), user(7)).await.expect("lifts"));

    let all = records.bans(true, None, 10).await.expect("answers");
    assert_eq!(all.items.iter().map(|record| record.id).collect::<Vec<_>>(), [other.id, second.id, first.id]);
    assert_eq!(all.items[0], other);
    assert_eq!((all.items[1].lifted_by, all.items[2].lifted_by), (Some(user(7)), Some(user(9))));
    assert!(all.items[1].lifted_at >= Some(second.created_at));
    assert_eq!(records.bans(false, None, 10).await.expect("answers").items, vec![other.clone()]);
    let page = records.bans(true, Some(other.id), 1).await.expect("answers");
    assert_eq!((page.items[0].id, page.items.len(), page.more), (second.id, 1, true));
}

pub(crate) async fn an_expired_ban_is_not_lifted_and_not_listed(engine: impl Engine) {
    let records = engine.records();
    records.ban(ban(1, "spam", Some(Timestamp(1))), None).await.expect("bans");
    assert!(!records.lift_ban(user(1), user(9)).await.expect("answers"));
    assert_eq!(records.bans(false, None, 10).await.expect("answers").items, []);
    assert_eq!(records.bans(true, None, 10).await.expect("answers").items.len(), 1);
}
