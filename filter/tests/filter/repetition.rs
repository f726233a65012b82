//! One text again and again, as `Recall` remembers it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plic_filter::id::{RoomId, UserId};
use plic_filter::{Recall, RuleSet, Said, check_bounds, rules_from_json};

use crate::set::{rule, set};
use serde_json::json;
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
    recall.remember(SENDER, ROOM, &[command; 32], verdict.trace.clone(), now);
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
fn memory_is_bounded_in_messages_and_works_for_many_senders() {
    let (set, recall) = (limit(), Recall::new());
    for at in 0..200 {
        assert!(!is_over(&set, &recall, &format!("message {at}"), at, 0));
    }
    let trace = set.check("x").trace;
    for sender in 0..20_000 {
        recall.remember(UserId(Uuid::from_u128(sender)), ROOM, &[1; 32], trace.clone(), start());
    }
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
    ] {
        let rules = json!([rule(1, "repetition", json!({"limit": limit}))]).to_string();
        let error = RuleSet::from_json(rules.as_bytes()).expect_err("is refused").to_string();
        assert!(error.contains(problem), "{error}");
    }
}
