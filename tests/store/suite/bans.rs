//! Bans.

use std::time::Duration;

use plic_pipeline::{
    moderation::{Authority, records::RecordsError},
    store::{Ban, Held, StoreError},
    timestamp::Timestamp,
    token::Role,
};

use super::{all_incidents, room_of, say, to_hold, user};
use crate::engine::Engine;

fn ban(who: u128, reason: &str, expires_at: Option<Timestamp>) -> Ban {
    Ban { user: user(who), reason: reason.into(), expires_at, authority: Authority::Moderator }
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

    assert!(records.lift_ban(user(1), Some(user(9)), Authority::Moderator).await.expect("lifts"));
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
    assert!(!records.lift_ban(user(1), Some(user(9)), Authority::Moderator).await.expect("answers"));
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
    records.lift_ban(user(1), Some(user(9)), Authority::Moderator).await.expect("lifts");
    assert_eq!(store.hold(to_hold(1, room, "held")).await.expect("holds"), Held::Waiting);
}

pub(crate) async fn every_ban_stays_on_record(engine: impl Engine) {
    let records = engine.records();
    let first = records.ban(ban(1, "spam", None), Some(user(8))).await.expect("bans");
    let second = records.ban(ban(1, "worse", None), Some(user(9))).await.expect("bans");
    let other = records.ban(ban(2, "spam", None), Some(user(9))).await.expect("bans");
    assert!(first.id < second.id && second.id < other.id);
    assert!(records.lift_ban(user(1), Some(user(7)), Authority::Moderator).await.expect("lifts"));

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
    assert!(!records.lift_ban(user(1), Some(user(9)), Authority::Moderator).await.expect("answers"));
    assert_eq!(records.bans(false, None, 10).await.expect("answers").items, []);
    assert_eq!(records.bans(true, None, 10).await.expect("answers").items.len(), 1);
}

fn ranked(who: u128, authority: Authority, expires_at: Option<Timestamp>) -> Ban {
    Ban { authority, ..ban(who, "ranked", expires_at) }
}

pub(crate) async fn a_ban_binds_and_is_lifted_by_the_rank_that_set_it(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let (moderator, admin) = (Some(user(8)), Some(user(9)));
    for authority in Authority::ALL {
        let set = records.ban(ranked(1, authority, None), admin).await.expect("bans");
        assert_eq!(set.ban.authority, authority);
        let ban = store.ban_of(user(1)).await.expect("answers").expect("is banned");
        let now = Timestamp::now();
        assert!(ban.keeps_out(Role::User, now) && ban.keeps_out(Role::Moderator, now));
        assert_eq!(ban.keeps_out(Role::Admin, now), authority == Authority::Admin);
    }
    let head = records.audit_head().await.expect("answers").0;
    let lifted = records.lift_ban(user(1), moderator, Authority::Moderator).await;
    assert!(matches!(lifted, Err(RecordsError::Outranked)), "{lifted:?}");
    // A shorter ban in its place would lift it as well.
    let soon = Some(Timestamp::now().after(Duration::from_secs(1)));
    let replaced = records.ban(ranked(1, Authority::Moderator, soon), moderator).await;
    assert!(matches!(replaced, Err(RecordsError::Outranked)), "{replaced:?}");
    assert_eq!(records.audit_head().await.expect("answers").0, head, "a refusal is no deed");
    assert_eq!(
        records.bans(false, None, 10).await.expect("answers").items[0].ban.authority,
        Authority::Admin
    );
    assert!(records.lift_ban(user(1), admin, Authority::Admin).await.expect("lifts"));

    // Of one that is over, nothing is left to respect.
    records.ban(ranked(2, Authority::Admin, Some(Timestamp(1))), admin).await.expect("bans");
    records.ban(ranked(2, Authority::Moderator, None), moderator).await.expect("bans");
    assert!(records.lift_ban(user(2), moderator, Authority::Moderator).await.expect("lifts"));
}

pub(crate) async fn the_operator_lifts_any_ban_and_is_audited_as_the_command_line(engine: impl Engine) {
    let records = engine.records();
    records.ban(ranked(1, Authority::Admin, None), Some(user(9))).await.expect("bans");
    assert!(records.lift_ban(user(1), None, Authority::Admin).await.expect("lifts"));
    let entry = records.audit_after(1, 10).await.expect("answers").remove(0);
    assert_eq!((entry.actor, entry.action.as_str()), (None, "ban.lift"));
    assert!(entry.detail.contains(r#""on_the_command_line":true"#), "{}", entry.detail);
}

pub(crate) async fn a_role_is_known_for_a_day_after_its_token_was_seen(engine: impl Engine) {
    let records = engine.records();
    assert_eq!(records.role_of(user(1)).await.expect("answers"), None);
    for role in [Role::Moderator, Role::Admin, Role::User, Role::Admin] {
        records.note_role(user(1), role).await.expect("notes");
        assert_eq!(records.role_of(user(1)).await.expect("answers"), Some(role));
    }
    assert_eq!(records.role_of(user(2)).await.expect("answers"), None);
    engine.age(Duration::from_hours(24)).await;
    assert_eq!(records.role_of(user(1)).await.expect("answers"), None);
    assert_eq!(records.audit_head().await.expect("answers").0, 0);
}

pub(crate) async fn an_admin_goes_on_sending_under_a_moderators_ban(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    records.note_role(user(1), Role::Admin).await.expect("notes");
    records.ban(ban(1, "a grudge", None), Some(user(8))).await.expect("bans");
    say(&*store, 1, room, "said").await.expect("stores");
    store.hold(to_hold(1, room, "held")).await.expect("holds");
    records.ban(ranked(1, Authority::Admin, None), Some(user(9))).await.expect("bans");
    let held = store.hold(to_hold(1, room, "more")).await;
    assert!(matches!(held, Err(StoreError::Banned)), "{held:?}");
}

pub(crate) async fn who_was_an_admin_a_day_ago_is_bound_like_any_user(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    for (who, role) in [(1, Role::Admin), (2, Role::Moderator), (3, Role::User)] {
        records.note_role(user(who), role).await.expect("notes");
    }
    let mut ranked = records.ranked(10).await.expect("answers");
    ranked.sort_unstable_by_key(|user| user.0);
    assert_eq!(ranked, [user(1), user(2)]);
    assert_eq!(records.ranked(1).await.expect("answers").len(), 1);
    records.ban(ban(1, "a grudge", None), Some(user(8))).await.expect("bans");
    engine.age(Duration::from_hours(23)).await;
    say(&*store, 1, room, "said").await.expect("stores");
    store.hold(to_hold(1, room, "held")).await.expect("holds");

    engine.age(Duration::from_hours(1)).await;
    let held = store.hold(to_hold(1, room, "more to hold")).await;
    assert!(matches!(held, Err(StoreError::Banned)), "{held:?}");
    assert_eq!(records.ranked(10).await.expect("answers"), []);
    records.note_role(user(1), Role::Admin).await.expect("notes");
    say(&*store, 1, room, "again").await.expect("stores");
}
