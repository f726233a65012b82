//! What takes a processor for long: bounded, and others are told when to ask again.

use std::{sync::mpsc, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use poem::{Request, Response, http::Method};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::rule;
use crate::harness::Rest;

/// Sends a request sixty times at once while the only thread for long work is occupied, and frees it when all but
/// `carried_out` of them were answered. Asserts that those were refused as too many, and the rest carried out.
#[track_caller]
fn all_but(carried_out: usize, token: &str, path: &str, body: &Value) {
    const SENT: usize = 60;
    let runtime =
        Builder::new_current_thread().enable_all().max_blocking_threads(1).build().expect("a runtime");
    let (free, occupied) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || occupied.recv());
    runtime.block_on(async {
        let rest = Rest::new();
        let mut answers: FuturesUnordered<_> = (0..SENT).map(|_| rest.post(token, path, body)).collect();
        for _ in carried_out..SENT {
            let refused = answers.next().await.expect("an answer");
            refused.assert_failure(429);
            assert_eq!(refused.header("retry-after"), Some("5"));
        }
        drop(free);
        while let Some(done) = answers.next().await {
            assert_eq!(done.status, 200, "{done:?}");
        }
    });
}

#[test]
fn texts_are_checked_two_at_once_and_more_than_may_wait_are_refused() {
    all_but(2 + 32, "moderator-9", "/moderation/check", &json!({ "message": "a word" }));
    let drafted = json!({ "message": "a word", "draft": rule("A", "mandat cash") });
    all_but(2 + 16, "moderator-9", "/moderation/check", &drafted);
}

#[test]
fn rules_are_changed_one_at_a_time_and_more_than_may_wait_are_refused() {
    all_but(1 + 8, "moderator-9", "/moderation/rules", &rule("A", "mandat cash"));
    let document = json!({ "rules": [rule("B", "mandat cash")] });
    all_but(1 + 8, "admin-9", "/moderation/rules/import", &document);
    all_but(2 + 16, "admin-9", "/moderation/rules/import?dry_run=true", &document);
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
