//! Every paged list, walked by the server's own links while what it lists is added to, removed and reordered: the walk
//! meets no error, no element twice, and every element that was there all along and kept its position.

use std::{collections::HashSet, time::Duration};

use http::{Method, StatusCode};
use plic_pipeline::{
    id::{RoomId, UserId},
    moderation::{IncidentKind, Policy},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{refuse, room_of, say, user};
use crate::{
    engine::{Engine, Kept},
    rest::Rest,
};

/// Walks of each list.
const CASES: u64 = 6;
const MODERATOR: u128 = 0x0dd;

/// A generator of numbers that a failed test can be repeated with (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// Takes one of `items` out at random.
    fn take<T>(&mut self, items: &mut Vec<T>) -> Option<T> {
        let place = self.roll(items.len().max(1) as u64);
        (!items.is_empty()).then(|| items.swap_remove(usize::try_from(place).expect("small")))
    }

    /// Divides elements into those that are left alone and those that are not.
    fn divide<T>(&mut self, items: Vec<T>) -> (Vec<T>, Vec<T>) {
        items.into_iter().partition(|_| self.roll(2) == 0)
    }
}

/// Where the elements of a page and their ids are.
struct List {
    items: &'static str,
    id: &'static str,
}

/// Follows the links from `path` on; `meanwhile` is done while each page is read, and again after it. Returns the ids in the
/// order in which they came.
async fn walk(
    rest: &Rest,
    reader: UserId,
    path: String,
    list: &List,
    mut meanwhile: impl AsyncFnMut(&[i64]),
) -> Vec<i64> {
    let (mut seen, mut next) = (Vec::new(), Some(path));
    while let Some(path) = next {
        let page = rest.ask(reader, Method::GET, &path, Value::Null);
        let (page, ()) = tokio::join!(page, meanwhile(&[]));
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.json);
        let items = page.json[list.items].as_array().expect("a list");
        let ids: Vec<i64> = items.iter().map(|item| number(&item[list.id])).collect();
        meanwhile(&ids).await;
        seen.extend(ids);
        next = page.next;
    }
    seen
}

/// An id: a number, or a user of the tests.
fn number(id: &Value) -> i64 {
    let of_user = || id.as_str().and_then(|id| id.parse::<Uuid>().ok()).map(|id| id.as_u64_pair().1);
    id.as_i64().or_else(|| of_user().map(u64::cast_signed)).expect("an id")
}

#[track_caller]
fn is_whole(seen: &[i64], steady: &[i64], case: u64) {
    let distinct: HashSet<i64> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "case {case} repeats: {seen:?}");
    let missing: Vec<_> = steady.iter().filter(|id| !distinct.contains(id)).collect();
    assert!(missing.is_empty(), "case {case} leaves out {missing:?}: {seen:?}");
}

async fn done(rest: &Rest, method: Method, path: &str, body: Value) -> Value {
    let answer = rest.ask(user(MODERATOR), method, path, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json);
    answer.json["data"].clone()
}

pub(crate) async fn rooms_are_walked_without_repeat_or_gap_while_they_move(engine: impl Engine) {
    let (rest, store) = (Rest::over(&engine), engine.store());
    for case in 1..=CASES {
        let mut dice = Dice(case);
        let (me, other) = (u128::from(case) * 1000, u128::from(case) * 1000 + 1);
        let mut rooms = Vec::new();
        for _ in 0..14 {
            rooms.push(room_of(&*store, &[me, other]).await);
        }
        for turn in 0..7 {
            let room = rooms[usize::try_from(dice.roll(14)).expect("small")];
            say(&*store, other, room, &format!("before {turn}")).await.expect("stores");
        }
        let (steady, mut volatile) = dice.divide(rooms);
        let mut turn = 0;
        let path = format!("/rooms?limit={}", 1 + dice.roll(4));
        let seen = walk(&rest, user(me), path, &List { items: "data", id: "room_id" }, async |page| {
            // What stands at the end of the page is what the next link is made from.
            let last = page.last().and_then(|last| volatile.iter().position(|room| room.0 == *last));
            let room = match last {
                Some(place) => Some(volatile.swap_remove(place)),
                None => dice.take(&mut volatile),
            };
            let Some(room) = room else { return };
            turn += 1;
            match dice.roll(4) {
                0 => store.delete_room(room, user(me), false).await.expect("deletes"),
                1 => store.change_room(room, user(me), &[], &[user(me)]).await.expect("leaves"),
                _ => {
                    say(&*store, other, room, &format!("meanwhile {turn}")).await.expect("stores");
                    volatile.push(room);
                }
            }
            if dice.roll(3) == 0 {
                volatile.push(room_of(&*store, &[me, other]).await);
            }
        })
        .await;
        is_whole(&seen, &numbers(&steady), case);
    }
}

fn numbers(rooms: &[RoomId]) -> Vec<i64> {
    rooms.iter().map(|room| room.0).collect()
}

pub(crate) async fn messages_are_walked_without_repeat_or_gap_while_others_come_and_go(engine: impl Engine) {
    let (rest, store, records) = (Rest::over(&engine), engine.store(), engine.records());
    let room = room_of(&*store, &[MODERATOR, 2]).await;
    let forgets = Policy { message_days: Some(1), ..Policy::default() };
    for case in 1..=CASES {
        let mut dice = Dice(case);
        for turn in 0..9 {
            say(&*store, 2, room, &format!("old {case} {turn}")).await.expect("stores");
        }
        engine.age(Duration::from_hours(48)).await;
        let mut young = Vec::new();
        for turn in 0..9 {
            young.push(say(&*store, 2, room, &format!("young {case} {turn}")).await.expect("stores").0);
        }
        let mut turn = 0;
        let path = format!("/rooms/{}?limit={}", room.0, 1 + dice.roll(5));
        let list = List { items: "messages", id: "id" };
        let seen = walk(&rest, user(MODERATOR), path, &list, async |page| {
            turn += 1;
            match dice.roll(6) {
                // Retention takes what is old, at times the very message that the next link names.
                0 | 1 if turn > 3 => while records.keep_house(&forgets).await.expect("deletes") {},
                2 => {
                    let text = format!("meanwhile {case} {turn}");
                    say(&*store, 2, room, &text).await.expect("stores");
                }
                3 => {
                    if let Some(id) = page.first() {
                        let path = format!("/moderation/messages/{id}");
                        rest.ask(user(MODERATOR), Method::DELETE, &path, Value::Null).await;
                    }
                }
                _ => {}
            }
        })
        .await;
        is_whole(&seen, &young, case);
    }
}

pub(crate) async fn incidents_are_walked_without_repeat_or_gap_while_others_are_decided(engine: impl Engine) {
    let (rest, records) = (Rest::over(&engine), engine.records());
    for case in 1..=CASES {
        let mut dice = Dice(case);
        let mut open = Vec::new();
        for turn in 0..12 {
            open.push(incident(&rest, &*records, &format!("{case} {turn}")).await);
        }
        let (steady, mut volatile) = dice.divide(open);
        let filter = ["", "status=open&", "action=reject&", "category=scam&status=open&"]
            [usize::try_from(case % 4).expect("small")];
        let path = format!("/moderation/incidents?{filter}limit={}", 1 + dice.roll(4));
        let mut turn = 0;
        let seen = walk(&rest, user(MODERATOR), path, &List { items: "data", id: "id" }, async |_| {
            turn += 1;
            if dice.roll(2) == 0 {
                incident(&rest, &*records, &format!("{case} meanwhile {turn}")).await;
            }
            if let Some(id) = dice.take(&mut volatile) {
                let path = format!("/moderation/incidents/{id}/decision");
                done(&rest, Method::POST, &path, json!({ "decision": "dismiss", "note": null })).await;
            }
        })
        .await;
        is_whole(&seen, &steady, case);
    }
}

/// Opens an incident; returns its id.
async fn incident(rest: &Rest, records: &dyn Kept, text: &str) -> i64 {
    // A sender each, of whom no more than a hundred are opened.
    let sender = 50_000 + text.bytes().fold(0, |sum: u128, byte| (sum * 31 + u128::from(byte)) % 1_000_000);
    refuse(records, IncidentKind::Reject, sender, RoomId(1), text).await;
    done(rest, Method::GET, &format!("/moderation/incidents?user_id={}&limit=1", user(sender)), Value::Null)
        .await[0]["id"]
        .as_i64()
        .expect("an id")
}

pub(crate) async fn bans_are_walked_without_repeat_or_gap_while_others_are_set_and_lifted(
    engine: impl Engine,
) {
    let rest = Rest::over(&engine);
    for case in 1..=CASES {
        let mut dice = Dice(case);
        let mut bans = Vec::new();
        for turn in 0..10 {
            bans.push(ban(&rest, u128::from(case) * 1000 + turn).await);
        }
        let (steady, mut volatile) = dice.divide(bans);
        // Of those in force, a ban that is replaced stands all the time; in the history both are listed.
        let (mut replaceable, is_history) = (Vec::new(), case % 2 == 0);
        if !is_history {
            replaceable.extend(steady.iter().map(|(banned, _)| *banned));
        }
        let (all, id) = if is_history { ("all=true&", "id") } else { ("", "user_id") };
        let path = format!("/moderation/bans?{all}limit={}", 1 + dice.roll(4));
        let mut next = u128::from(case) * 1000 + 500;
        let seen = walk(&rest, user(MODERATOR), path, &List { items: "data", id }, async |_| {
            next += 1;
            for _ in 0..2 {
                if !replaceable.is_empty() {
                    let place = dice.roll(replaceable.len() as u64);
                    ban(&rest, replaceable[usize::try_from(place).expect("small")]).await;
                }
            }
            match (dice.roll(3), dice.take(&mut volatile)) {
                (0, Some((banned, _))) => {
                    done(&rest, Method::DELETE, &format!("/moderation/bans/{}", user(banned)), Value::Null)
                        .await;
                }
                (1, Some((banned, _))) => volatile.push(ban(&rest, banned).await),
                (_, taken) => {
                    volatile.extend(taken);
                    ban(&rest, next).await;
                }
            }
        })
        .await;
        let banned = |banned: u128| number(&json!(user(banned).to_string()));
        let steady: Vec<i64> =
            steady.into_iter().map(|(number, id)| if is_history { id } else { banned(number) }).collect();
        is_whole(&seen, &steady, case);
    }
}

/// Bans a user; returns them and the ban's id.
async fn ban(rest: &Rest, number: u128) -> (u128, i64) {
    let body = json!({ "user_id": user(number).to_string(), "reason": "tests", "expires_at": null });
    let set = done(rest, Method::POST, "/moderation/bans", body).await;
    (number, set["id"].as_i64().expect("an id"))
}

pub(crate) async fn the_audit_log_is_walked_without_repeat_or_gap_while_it_grows(engine: impl Engine) {
    let rest = Rest::over(&engine);
    let mut next = 1000;
    for case in 1..=CASES {
        let mut dice = Dice(case);
        for _ in 0..9 {
            next += 1;
            ban(&rest, next).await;
        }
        let all = done(&rest, Method::GET, "/moderation/audit?limit=500", Value::Null).await;
        let all = all.as_array().expect("entries");
        let since = all[all.len() / 2]["at"].as_str().expect("a moment");
        let (filter, count) = match case % 4 {
            0 => (String::new(), all.len()),
            1 => ("action=ban&".to_owned(), all.len()),
            2 => (format!("since={since}&actor={}&", user(MODERATOR)), all.len() / 2 + 1),
            _ => (format!("action=ban.set&since={since}&until=2999-01-01T00:00:00Z&"), all.len() / 2 + 1),
        };
        let steady: Vec<i64> =
            all[..count].iter().map(|entry| entry["seq"].as_i64().expect("a number")).collect();
        let path = format!("/moderation/audit?{filter}limit={}", 2 + dice.roll(9));
        let seen = walk(&rest, user(MODERATOR), path, &List { items: "data", id: "seq" }, async |_| {
            if dice.roll(2) == 0 {
                next += 1;
                ban(&rest, next).await;
            }
        })
        .await;
        is_whole(&seen, &steady, case);
    }
}

fn draft(name: &str) -> Value {
    json!({ "name": name, "kind": "terms", "category": "other", "action": "flag", "state": "draft", "terms": [name] })
}

pub(crate) async fn rules_are_walked_without_repeat_or_gap_while_others_come_and_go(engine: impl Engine) {
    let rest = Rest::over(&engine);
    let create = async |name: &str| {
        done(&rest, Method::POST, "/moderation/rules", draft(name)).await["id"].as_i64().expect("an id")
    };
    for case in 1..=CASES {
        let mut dice = Dice(case);
        let mut rules = Vec::new();
        for turn in 0..8 {
            rules.push(create(&format!("rule{case}x{turn}")).await);
        }
        let (steady, mut volatile) = dice.divide(rules);
        let path = format!("/moderation/rules?limit={}", 1 + dice.roll(4));
        let mut deleted = Vec::new();
        let seen = walk(&rest, user(MODERATOR), path, &List { items: "data", id: "id" }, async |page| {
            // The rule that the next link names goes first.
            let last = page.last().and_then(|last| volatile.iter().position(|rule| rule == last));
            let gone = last.map(|place| volatile.swap_remove(place)).or_else(|| dice.take(&mut volatile));
            match (dice.roll(3), gone) {
                (0, Some(rule)) => {
                    done(&rest, Method::DELETE, &format!("/moderation/rules/{rule}"), Value::Null).await;
                    deleted.push(rule);
                }
                (1, taken) => {
                    volatile.extend(taken);
                    if let Some(rule) = deleted.pop() {
                        let path = format!("/moderation/rules/{rule}/restore");
                        done(&rest, Method::POST, &path, json!({ "version": 1 })).await;
                    }
                }
                (_, taken) => {
                    volatile.extend(taken);
                    create(&format!("meanwhile{case}x{}", page.len())).await;
                }
            }
        })
        .await;
        is_whole(&seen, &steady, case);
    }
}

pub(crate) async fn versions_of_a_rule_are_walked_without_repeat_or_gap_while_it_is_written_and_deleted(
    engine: impl Engine,
) {
    let rest = Rest::over(&engine);
    for case in 1..=CASES {
        let mut dice = Dice(case);
        let rule = done(&rest, Method::POST, "/moderation/rules", draft("first")).await["id"].clone();
        let path = format!("/moderation/rules/{rule}");
        let write = async |version: i64| {
            let body = draft(&format!("version{version}"));
            let answer = rest.ask_with(user(MODERATOR), Method::PUT, &path, body, Some(version)).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
        };
        for version in 1..9 {
            write(version).await;
        }
        let (mut newest, mut is_deleted) = (9, false);
        let list = List { items: "data", id: "version" };
        let start = format!("{path}/versions?limit={}", 1 + dice.roll(4));
        let seen = walk(&rest, user(MODERATOR), start, &list, async |_| match (dice.roll(3), is_deleted) {
            (0, false) => {
                done(&rest, Method::DELETE, &path, Value::Null).await;
                is_deleted = true;
            }
            (_, true) => {
                done(&rest, Method::POST, &format!("{path}/restore"), json!({ "version": 2 })).await;
                (newest, is_deleted) = (newest + 1, false);
            }
            (_, false) => {
                write(newest).await;
                newest += 1;
            }
        })
        .await;
        is_whole(&seen, &(1..=9).collect::<Vec<_>>(), case);
    }
}
