//! Bans.

use std::time::Duration;

use plic_pipeline::{store::Ban, timestamp::Timestamp};

use super::user;
use crate::engine::Engine;

pub(crate) async fn a_ban_holds_until_it_ends_or_is_lifted(engine: impl Engine) {
    let store = engine.store();
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
    let end = Timestamp::now().after(Duration::from_hours(1));
    let ban = Ban { user: user(1), reason: "spam".into(), expires_at: Some(end) };
    store.ban(ban.clone()).await.expect("bans");
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(ban.clone()));
    assert_eq!(store.ban_of(user(2)).await.expect("answers"), None);
    assert!(ban.holds_at(Timestamp(end.0 - 1)) && !ban.holds_at(end));

    assert!(store.lift_ban(user(1)).await.expect("lifts"));
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
    assert!(!store.lift_ban(user(1)).await.expect("answers"));
}

pub(crate) async fn a_second_ban_replaces_the_first(engine: impl Engine) {
    let store = engine.store();
    let first = Ban { user: user(1), reason: "spam".into(), expires_at: Some(Timestamp(1)) };
    let second = Ban { user: user(1), reason: "worse".into(), expires_at: None };
    store.ban(first).await.expect("bans");
    store.ban_of(user(1)).await.expect("answers");
    store.ban(second.clone()).await.expect("bans");
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(second));
}
