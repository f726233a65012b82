//! One text again and again, as `Recall` remembers it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plic_filter::id::{RoomId, UserId};
use plic_filter::{Recall, Remembered, RuleSet, Said, check_bounds, rules_from_json};

use crate::set::{rule, set};
use serde_json::{Value, json};
use uuid::Uuid;

const SENDER: UserId = UserId(Uuid::from_u128(1));
const ROOM: RoomId = RoomId(1);
fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn limit() -> RuleSet {
    set(&[rule(1, "repetition", json!({"limit": {"same_text": 2, "window_seconds": 60}, "unless": ["ok"]}))])
}

/// Whether the text is over the limit; it is remembered in any case, as a command of its own number.
fn is_over(set: &RuleSet, recall: &Recall, text: &str, command: u8, second: u64) -> bool {
    let now = start() + Duration::from_secs(second);
    let earlier = recall.earlier(SENDER, ROOM, now);
    let verdict = set.judge(&Said { text, room: Some(ROOM), earlier: &earlier });
    recall.remember(SENDER, ROOM, Remembered { id: command.into(), at: now, trace: verdict.trace.clone() });
    !verdict.matches.is_empty()
}

#[test]
fn once_more_than_the_limit_matches_however_it_is_written() {
    let (set, recall) = (limit(), Recall::new());
    let texts =
        ["Visit my flat!", "visit  MY flat", "v\u{200b}isit my flát...", "Visit my house", "visit my flat"];
    let over: Vec<_> =
        (0..).zip(texts).map(|(at, text)| is_over(&set, &recall, text, at, at.into())).collect();
    assert_eq!(over, [false, false, true, false, true]);
}

#[test]
fn what_was_said_before_the_window_does_not_count() {
    let (set, recall) = (limit(), Recall::new());
    let over: Vec<_> = [(1, 0), (2, 30), (3, 70), (4, 80)]
        .map(|(command, second)| is_over(&set, &recall, "Hello there", command, second))
        .to_vec();
    assert_eq!(over, [false, false, false, true]);
}

#[test]
fn the_same_command_again_is_no_repetition() {
    let (set, recall) = (limit(), Recall::new());
    assert!((0..5).all(|second| !is_over(&set, &recall, "Hello there", 1, second)));
}

#[test]
fn unless_lifts_it_and_blank_texts_are_nobodys() {
    let (set, recall) = (limit(), Recall::new());
    assert!((0..5).all(|at| !is_over(&set, &recall, "OK!", at, at.into())));
    assert!((5..9).all(|at| !is_over(&set, &recall, " \u{200b}", at, at.into())));
}

#[test]
fn signs_alone_are_told_apart() {
    let (set, recall) = (limit(), Recall::new());
    let over: Vec<_> = (0..)
        .zip(["👍", "!!!", "👍", "👍"])
        .map(|(at, text)| is_over(&set, &recall, text, at, at.into()))
        .collect();
    assert_eq!(over, [false, false, false, true]);
}

#[test]
fn what_is_said_beyond_sixteen_messages_is_forgotten() {
    let (set, recall) = (limit(), Recall::new());
    for at in 0..2 {
        assert!(!is_over(&set, &recall, "Hello there", at, 0));
    }
    for at in 2..17 {
        assert!(!is_over(&set, &recall, &format!("message {at}"), at, 0));
    }
    assert!(!is_over(&set, &recall, "Hello there", 17, 0), "one of two is forgotten");
}

/// The rooms in which a sender's text is over the limit, of those that they send it to, a minute apart.
fn rooms_over(limit: &Value, texts: impl IntoIterator<Item = String>) -> Vec<i64> {
    let (set, recall) = (set(&[rule(1, "repetition", json!({"limit": limit}))]), Recall::new());
    let over = (1..).zip(texts).filter_map(|(number, text)| {
        let (room, at) = (RoomId(number), start() + Duration::from_secs(60 * number.unsigned_abs()));
        let earlier = recall.earlier(SENDER, room, at);
        let verdict = set.judge(&Said { text: &text, room: Some(room), earlier: &earlier });
        recall.remember(SENDER, room, Remembered { id: number, at, trace: verdict.trace.clone() });
        (!verdict.matches.is_empty()).then_some(number)
    });
    over.collect()
}

fn enquiry(host: i32) -> String {
    format!(
        "Dear host {host}, we are a family of four from Lyon and love your flat. Is it free in week {host}?"
    )
}

#[test]
fn one_text_to_many_people_is_found_though_the_name_in_it_changes() {
    let limit = json!({"similar_in_rooms": 3, "window_seconds": 3600});
    assert_eq!(rooms_over(&limit, (0..6).map(enquiry)), [4, 5, 6]);
    assert_eq!(
        rooms_over(&limit, std::iter::repeat_n("Bonjour, toujours libre ?".to_owned(), 9)),
        [0_i64; 0]
    );
    let within_two_minutes = json!({"similar_in_rooms": 3, "window_seconds": 120});
    assert_eq!(rooms_over(&within_two_minutes, (0..6).map(enquiry)), [0_i64; 0]);
}

#[test]
fn many_first_contacts_are_counted_and_later_messages_are_none() {
    let limit = json!({"first_contacts": 3, "window_seconds": 3600});
    assert_eq!(rooms_over(&limit, (0..5).map(|text| format!("text {text}"))), [4, 5]);
    let (set, recall) = (set(&[rule(1, "repetition", json!({"limit": limit}))]), Recall::new());
    for (id, room) in (0..).zip([1, 2, 3, 1, 2, 3]) {
        let said = Remembered { id, at: start(), trace: set.trace("Hello") };
        recall.remember(SENDER, RoomId(room), said);
    }
    let matches = |room| {
        let earlier = recall.earlier(SENDER, RoomId(room), start());
        set.judge(&Said { text: "Hello", room: Some(RoomId(room)), earlier: &earlier }).matches.len()
    };
    assert_eq!([matches(1), matches(4)], [0, 1]);
}

#[test]
fn a_limit_with_concepts_counts_texts_that_touch_one() {
    let limit = json!({
        "similar_in_rooms": 3, "window_seconds": 3600, "with_concepts": ["untraceable_payment", "third_party"],
    });
    assert_eq!(rooms_over(&limit, (0..6).map(enquiry)), [0_i64; 0]);
    let asks = |host| format!("{} You pay by Western Union.", enquiry(host));
    assert_eq!(rooms_over(&limit, (0..6).map(asks)), [4, 5, 6]);
    set(&[rule(
        1,
        "repetition",
        json!({"limit": limit, "must_match": ["You pay by Western Union"], "must_not_match": ["Hello"]}),
    )]);
}

#[test]
fn examples_are_judged_as_if_the_limit_was_reached() {
    set(&[rule(
        1,
        "repetition",
        json!({
            "limit": {"same_text": 2, "window_seconds": 60}, "unless": ["ok"],
            "must_match": ["Visit my flat"], "must_not_match": ["ok"],
        }),
    )]);
}

#[test]
fn a_limit_that_is_written_lets_a_text_be_sent_twice() {
    let bounds = |limit| {
        let rules = json!([rule(1, "repetition", json!({"limit": limit}))]).to_string();
        let rules = rules_from_json(rules.as_bytes()).expect("a rule");
        check_bounds(&rules[0]).map_err(|error| error.to_string())
    };
    for (same_text, window_seconds, problem) in [
        (1, 60, "limit.same_text: must be from 2 to 15"),
        (2, 4, "limit.window_seconds: must be from 5 to 86400"),
    ] {
        let refused = bounds(json!({"same_text": same_text, "window_seconds": window_seconds}))
            .expect_err("is refused");
        assert!(refused.contains(problem), "{refused}");
    }
    bounds(json!({"same_text": 2, "window_seconds": 5})).expect("is sane");
    for field in ["similar_in_rooms", "first_contacts"] {
        let refused = bounds(json!({field: 2, "window_seconds": 60})).expect_err("is refused");
        assert!(refused.contains(&format!("limit.{field}: must be from 3 to 63")), "{refused}");
    }
    // What an earlier release let through stays in force.
    set(&[rule(1, "repetition", json!({"limit": {"same_text": 1, "window_seconds": 60}}))]);
}

#[test]
fn limits_have_limits() {
    for (limit, problem) in [
        (json!({"same_text": 0, "window_seconds": 60}), "limit.same_text: is not from 1 to 15"),
        (json!({"same_text": 16, "window_seconds": 60}), "limit.same_text: is not from 1 to 15"),
        (json!({"same_text": 1, "window_seconds": 0}), "limit.window_seconds: is not from 1 to 86400"),
        (json!({"same_text": 1, "window_seconds": 86_401}), "limit.window_seconds: is not from 1 to 86400"),
        (json!({"window_seconds": 60}), "limit: is empty"),
        (
            json!({"similar_in_rooms": 64, "window_seconds": 60}),
            "limit.similar_in_rooms: is not from 1 to 63",
        ),
        (json!({"first_contacts": 0, "window_seconds": 60}), "limit.first_contacts: is not from 1 to 63"),
        (
            json!({"first_contacts": 9, "window_seconds": 3_601}),
            "limit.window_seconds: is not from 1 to 3600",
        ),
        (
            json!({"same_text": 3, "window_seconds": 60, "with_concepts": ["unheard_of"]}),
            "limit.with_concepts[0]",
        ),
    ] {
        let rules = json!([rule(1, "repetition", json!({"limit": limit}))]).to_string();
        let error = RuleSet::from_json(rules.as_bytes()).expect_err("is refused").to_string();
        assert!(error.contains(problem), "{error}");
    }
}
