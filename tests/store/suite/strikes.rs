//! Strikes and the policy's bans.

use std::time::Duration;

use plic_pipeline::{
    id::{RoomId, UserId},
    moderation::{Authority, Decision, IncidentKind, IncidentStatus, Policy},
    store::{Ban, Recorded},
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{DAY, all_incidents, refuse, refused, user};
use crate::engine::{Engine, Kept};

async fn block(records: &dyn Kept, text: &str) -> Recorded {
    refuse(records, IncidentKind::Block, 1, RoomId(1), text).await
}

/// The first four strikes, and the fifth that bans.
async fn banned(engine: &impl Engine) -> Recorded {
    let records = engine.records();
    for n in 0..4 {
        assert_eq!(block(&*records, &n.to_string()).await, Recorded::default());
        assert_eq!(engine.store().ban_of(user(1)).await.expect("answers"), None);
    }
    block(&*records, "4").await
}

pub(crate) async fn the_last_strike_bans_and_the_same_strikes_never_ban_again(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let ban = banned(&engine).await.banned.expect("bans");
    assert_eq!((ban.ban.user, ban.created_by, ban.lifted_at), (user(1), None, None));
    assert_eq!(ban.ban.reason, "5 messages were blocked within 24 hours.");
    assert_eq!(ban.ban.expires_at, Some(ban.created_at.after(DAY)));
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(ban.ban));
    assert_eq!(store.ban_of(user(2)).await.expect("answers"), None);

    assert!(records.lift_ban(user(1), Some(user(9)), Authority::Moderator).await.expect("lifts"));
    for n in 0..4 {
        // The same text again: its strike counts, and opens no incident.
        assert_eq!(block(&*records, "0").await, Recorded::default(), "{n}");
    }
    assert!(block(&*records, "0").await.banned.is_some());
    assert_eq!(all_incidents(&*records).await.len(), 5);
}

pub(crate) async fn only_blocks_strike_and_old_ones_do_not_count(engine: impl Engine) {
    let records = engine.records();
    for n in 0..10 {
        let recorded = refuse(&*records, IncidentKind::Reject, 1, RoomId(1), &format!("{n}")).await;
        assert_eq!(recorded, Recorded::default());
    }
    for n in 0..4 {
        block(&*records, &format!("block {n}")).await;
    }
    engine.age(DAY).await;
    assert_eq!(block(&*records, "later").await, Recorded::default());
    let dossier = records.dossier(user(1), &Policy::default()).await.expect("answers");
    assert_eq!((dossier.strikes_counted, dossier.strikes.len()), (1, 5));
}

pub(crate) async fn dismissing_takes_the_strike_and_the_ban_back(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    assert!(banned(&engine).await.banned.is_some());
    assert!(store.ban_of(user(1)).await.expect("answers").is_some());
    let incidents = all_incidents(&*records).await;
    let upheld = records.decide(incidents[1].id, Decision::Uphold, None, user(9)).await.expect("decides");
    assert_eq!(upheld.lifted, None);
    let dismissed = records.decide(incidents[2].id, Decision::Dismiss, None, user(9)).await.expect("decides");
    assert_eq!(dismissed.lifted, Some(user(1)));
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
    let record = &records.bans(true, None, 10).await.expect("answers").items[0];
    assert!(record.lifted_at.is_some() && record.lifted_by.is_none());
    // Four are left and count.
    assert!(block(&*records, "another").await.banned.is_some());
    // A strike more than it takes: one may go.
    assert_eq!(block(&*records, "while banned").await, Recorded::default());
    let dismissed = records.decide(incidents[0].id, Decision::Dismiss, None, user(9)).await.expect("decides");
    assert_eq!(dismissed.lifted, None);
    assert!(store.ban_of(user(1)).await.expect("answers").is_some());
}

pub(crate) async fn a_stronger_ban_stands_and_a_moderators_ban_is_not_lifted(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let for_good =
        Ban { user: user(1), reason: "fraud".into(), expires_at: None, authority: Authority::Moderator };
    records.ban(for_good.clone(), Some(user(9))).await.expect("bans");
    for n in 0..6 {
        assert_eq!(block(&*records, &n.to_string()).await, Recorded::default());
    }
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(for_good.clone()));
    let short = Ban { expires_at: Some(Timestamp::now().after(Duration::from_mins(1))), ..for_good.clone() };
    records.ban(short, Some(user(9))).await.expect("bans");
    assert!(block(&*records, "7").await.banned.is_some(), "a day is more than a minute");
    records.ban(for_good.clone(), Some(user(9))).await.expect("bans");
    for incident in all_incidents(&*records).await {
        let decided = records.decide(incident.id, Decision::Dismiss, None, user(9)).await.expect("decides");
        assert_eq!(decided.lifted, None);
    }
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(for_good));
}

pub(crate) async fn without_a_number_nobody_is_banned(engine: impl Engine) {
    let records = engine.records();
    let never = Policy { strikes_to_ban: None, ..Policy::default() };
    let at_once = Policy { strikes_to_ban: Some(1), ban_seconds: None, ..Policy::default() };
    let refused = |text: &str| refused(IncidentKind::Block, 1, RoomId(1), text, 0);
    for n in 0..10 {
        let recorded = records.record_refused(refused(&n.to_string()), &never).await.expect("records");
        assert_eq!(recorded, Recorded::default());
    }
    let ban = records.record_refused(refused("last"), &at_once).await.expect("records").banned.expect("bans");
    assert_eq!(ban.ban.expires_at, None);
}

pub(crate) async fn users_are_found_by_the_beginning_of_their_ids(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let id = |first: u128, rest: u128| UserId(Uuid::from_u128((first << 96) | rest));
    let (owner, other, banned, moderator) = (id(0xAB, 1), id(0xAB, 9), id(0xAB, 5), id(0xAB, 7));
    let found = async |first: UserId, last: UserId, limit| {
        records.users_between(first, last, limit).await.expect("answers")
    };
    let (first, last) = (id(0xAB, 0), id(0xAB, (1 << 96) - 1));
    assert_eq!(found(first, last, 10).await, []);
    for _ in 0..3 {
        store.create_room(owner, &[other, id(0xAC, 0)], None).await.expect("creates");
    }
    let authority = Authority::Moderator;
    let ban = Ban { user: banned, reason: "fraud".into(), expires_at: None, authority };
    records.ban(ban, Some(moderator)).await.expect("bans");
    assert_eq!(found(first, last, 10).await, [owner, banned, moderator, other]);
    assert_eq!(found(first, last, 2).await, [owner, banned], "the first ones, by their ids");
    assert_eq!(found(banned, moderator, 10).await, [banned, moderator], "both ends are in it");
    assert_eq!(found(last, first, 10).await, [], "nothing is between them");
    let all = id(u128::from(u32::MAX), (1 << 96) - 1);
    assert_eq!(found(id(0, 0), all, 10).await.len(), 5);
}

pub(crate) async fn the_dossier_has_it_all(mut engine: impl Engine) {
    banned(&engine).await;
    let records = engine.records();
    let incidents = all_incidents(&*records).await;
    let note = Some("a joke".to_owned());
    records.decide(incidents[0].id, Decision::Dismiss, note, user(9)).await.expect("decides");
    refuse(&*records, IncidentKind::Block, 2, RoomId(1), "another's").await;
    engine.reopen().await;
    let dossier = engine.records().dossier(user(1), &Policy::default()).await.expect("answers");
    assert_eq!((dossier.strikes_counted, dossier.strikes.len(), dossier.incidents.len()), (4, 5, 5));
    assert_eq!(dossier.strikes.iter().filter(|strike| strike.taken_back).count(), 1);
    assert!(dossier.strikes[0].taken_back && dossier.strikes[0].incident == incidents[0].id);
    assert_eq!((dossier.bans.len(), dossier.notes.len()), (1, 1));
    let note = &dossier.notes[0];
    assert_eq!((note.incident, note.by, note.text.as_str()), (incidents[0].id, Some(user(9)), "a joke"));
    let unknown = engine.records().dossier(user(7), &Policy::default()).await.expect("answers");
    assert_eq!(unknown, plic_pipeline::moderation::Dossier::default());
}

pub(crate) async fn the_same_key_is_one_strike_within_its_window(mut engine: impl Engine) {
    let strike = |temp_id| refused(IncidentKind::Block, 1, RoomId(1), "blocked", temp_id);
    let policy = Policy::default();
    for _ in 0..9 {
        let recorded = engine.records().record_refused(strike(1), &policy).await.expect("records");
        assert_eq!(recorded, Recorded::default());
    }
    engine.reopen().await;
    let records = engine.records();
    let incident = all_incidents(&*records).await[0].id;
    records.decide(incident, Decision::Uphold, None, user(9)).await.expect("decides");
    records.record_refused(strike(1), &policy).await.expect("records");
    let strikes = || async { records.dossier(user(1), &policy).await.expect("answers").strikes.len() };
    assert_eq!(
        (strikes().await, all_incidents(&*records).await.len()),
        (1, 1),
        "decided, and still the same"
    );

    records.record_refused(strike(2), &policy).await.expect("records");
    assert_eq!(strikes().await, 2, "another temp id");
    let elsewhere = refused(IncidentKind::Block, 1, RoomId(2), "blocked", 1);
    records.record_refused(elsewhere, &policy).await.expect("records");
    assert_eq!(strikes().await, 3, "another room");
    engine.age(DAY).await;
    records.record_refused(strike(1), &policy).await.expect("records");
    assert_eq!(strikes().await, 4, "after its window");
    let rejected = |temp_id| refused(IncidentKind::Reject, 2, RoomId(1), "rejected", temp_id);
    for _ in 0..2 {
        records.record_refused(rejected(1), &policy).await.expect("records");
        let newest = all_incidents(&*records).await[0].clone();
        if newest.status == IncidentStatus::Open {
            records.decide(newest.id, Decision::Uphold, None, user(9)).await.expect("decides");
        }
    }
    let of_sender = all_incidents(&*records).await.into_iter().filter(|incident| incident.user == user(2));
    assert_eq!(of_sender.count(), 1, "also what is only refused");
}

pub(crate) async fn a_ban_stands_while_the_policys_strikes_are_left(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let never = Policy { strikes_to_ban: None, ..Policy::default() };
    let three = Policy { strikes_to_ban: Some(3), ..Policy::default() };
    for n in 0..4 {
        let strike = refused(IncidentKind::Block, 1, RoomId(1), &n.to_string(), n);
        assert_eq!(records.record_refused(strike, &never).await.expect("records"), Recorded::default());
    }
    let last = refused(IncidentKind::Block, 1, RoomId(1), "last", 9);
    let banned = records.record_refused(last, &three).await.expect("records").banned.expect("bans");
    assert_eq!(banned.ban.reason, "5 messages were blocked within 24 hours.");
    let incidents = all_incidents(&*records).await;
    let dismiss = |n: usize| records.decide(incidents[n].id, Decision::Dismiss, None, user(9));
    for n in 0..2 {
        assert_eq!(dismiss(n).await.expect("decides").lifted, None, "{n}");
    }
    assert!(store.ban_of(user(1)).await.expect("answers").is_some());
    assert_eq!(dismiss(2).await.expect("decides").lifted, Some(user(1)));
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
}

pub(crate) async fn an_admins_ban_is_not_replaced_by_the_policys(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let soon = Some(Timestamp::now().after(Duration::from_mins(1)));
    let admins = Ban { user: user(1), reason: "fraud".into(), expires_at: soon, authority: Authority::Admin };
    records.ban(admins.clone(), Some(user(9))).await.expect("bans");
    for n in 0..5 {
        assert_eq!(block(&*records, &n.to_string()).await, Recorded::default());
    }
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(admins));
}

pub(crate) async fn a_reopened_dismissal_gives_the_strike_back_and_not_the_ban(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    assert!(banned(&engine).await.banned.is_some());
    let incident = all_incidents(&*records).await[2].id;
    let dismissed = records.decide(incident, Decision::Dismiss, None, user(9)).await.expect("decides");
    assert_eq!(dismissed.lifted, Some(user(1)));
    records.reopen(incident, None, user(9), false).await.expect("reopens");
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
    let dossier = records.dossier(user(1), &Policy::default()).await.expect("answers");
    assert_eq!(dossier.strikes_counted, 5);
    assert!(block(&*records, "the next").await.banned.is_some());
}
