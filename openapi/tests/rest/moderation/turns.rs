//! What takes a processor for long: bounded, and others are told when to ask again.

use std::time::Duration;

use futures_util::future::join_all;
use poem::{Request, Response, http::Method};
use serde_json::{Value, json};

use super::rule;
use crate::harness::{Answer, Rest};

/// Asserts that at least so many of the answers were carried out, and the others refused as too many; there are some.
#[track_caller]
fn some_are_refused(answers: &[Answer], carried_out: usize) {
    let (refused, done): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.status == 429);
    assert!(done.iter().all(|answer| answer.status == 200), "{done:?}");
    assert!(done.len() >= carried_out && !refused.is_empty(), "{} and {}", done.len(), refused.len());
    for answer in refused {
        answer.assert_failure(429);
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
}

#[tokio::test]
async fn texts_are_checked_two_at_once_and_more_than_may_wait_are_refused() {
    let rest = Rest::new();
    let text = json!({ "message": "a word ".repeat(9_000) });
    let plain = join_all((0..60).map(|_| rest.post("moderator-9", "/moderation/check", &text))).await;
    some_are_refused(&plain, 34);
    let mut draft = rule("A", "mandat cash");
    draft["terms"] = (0..3000).map(|term| format!("term{term}")).collect();
    let drafted = json!({ "message": "a word", "draft": draft });
    let drafts = join_all((0..60).map(|_| rest.post("moderator-9", "/moderation/check", &drafted))).await;
    some_are_refused(&drafts, 18);
    assert_eq!(rest.post("moderator-9", "/moderation/check", &text).await.status, 200);
}

#[tokio::test]
async fn rules_are_changed_one_at_a_time_and_more_than_may_wait_are_refused() {
    let rest = Rest::new();
    let live = rule("A", "mandat cash");
    let created = join_all((0..20).map(|_| rest.post("moderator-9", "/moderation/rules", &live))).await;
    some_are_refused(&created, 9);
    let document = json!({ "rules": [rule("B", "mandat cash")] });
    for (query, count, carried_out) in [("?dry_run=true", 30, 18), ("", 20, 9)] {
        let path = format!("/moderation/rules/import{query}");
        let imports = join_all((0..count).map(|_| rest.post("admin-9", &path, &document))).await;
        some_are_refused(&imports, carried_out);
    }
}

#[tokio::test]
async fn a_text_to_check_has_at_most_65_536_characters() {
    let rest = Rest::new();
    let check = async |message: String| {
        rest.post("moderator-9", "/moderation/check", &json!({ "message": message })).await
    };
    for character in ["x", "\u{e9}"] {
        assert_eq!(check(character.repeat(64 << 10)).await.status, 200);
    }
    for long in ["x".repeat((64 << 10) + 1), "\u{e9}".repeat((64 << 10) + 1)] {
        let answer = check(long).await;
        answer.assert_failure(422);
        assert_eq!(answer.json()["error_message"], "`message` is longer than 65536 characters.");
    }
}

/// Begins a back-test whose lines nobody reads yet.
async fn unread(rest: &Rest) -> Response {
    let body = json!({ "draft": rule("A", "mandat cash") }).to_string();
    let request = Request::builder()
        .method(Method::POST)
        .uri_str("/moderation/backtest")
        .header("authorization", "Bearer moderator-9")
        .header("accept", "application/x-ndjson")
        .content_type("application/json");
    rest.open(request.body(body)).await
}

#[tokio::test(start_paused = true)]
async fn back_tests_that_nobody_reads_end_after_a_minute_and_give_their_places_back() {
    let rest = Rest::new();
    let room = rest.room().await;
    for turn in 0..4000 {
        rest.store.say(room, 2, &format!("message {turn}"));
    }
    let stalled = [unread(&rest).await, unread(&rest).await];
    assert!(stalled.iter().all(|response| response.status() == 200));
    assert_eq!(unread(&rest).await.status(), 429);
    tokio::time::sleep(Duration::from_secs(90)).await;
    let response = unread(&rest).await;
    assert_eq!(response.status(), 200);
    let lines = response.into_body().into_string().await.expect("a text");
    let last: Value = serde_json::from_str(lines.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["scanned"], 4000);
    for stalled in stalled {
        // What was sent before it ended, without a report.
        let lines = stalled.into_body().into_string().await.expect("a text");
        assert!(lines.lines().count() < 16, "{lines}");
    }
}
