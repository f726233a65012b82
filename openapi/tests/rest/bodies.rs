//! How much the server holds of request bodies at once.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use poem::{Body, Request, http::Method};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::{Answer, Rest};

const PIECE: usize = 3 << 20;

/// A body whose first part has arrived, and the rest never does.
fn unfinished() -> Body {
    let first = stream::once(async { Ok::<_, std::io::Error>(Bytes::from(vec![b' '; PIECE])) });
    Body::from_bytes_stream(first.chain(stream::pending()))
}

fn check(token: &str, body: Body) -> Request {
    Request::builder()
        .method(Method::POST)
        .uri_str("/moderation/check")
        .header("authorization", format!("Bearer {token}"))
        .content_type("application/json")
        .body(body)
}

/// Sends unfinished bodies of these moderators, which wait for their rest.
async fn hold(rest: &'static Rest, moderators: impl Iterator<Item = u32>) -> Vec<JoinHandle<Answer>> {
    let mut held = Vec::new();
    for moderator in moderators {
        let request = check(&format!("moderator-{moderator}"), unfinished());
        held.push(tokio::spawn(rest.send(request)));
    }
    // Everything that can be done without waiting for a body.
    tokio::time::sleep(Duration::from_millis(50)).await;
    held
}

fn rest() -> &'static Rest {
    Box::leak(Box::new(Rest::new()))
}

#[tokio::test]
async fn bodies_in_flight_are_bounded_over_all_requests_and_leave_room_for_small_ones() {
    let rest = rest();
    // 16 bodies of 3 MiB are what large ones may have.
    let held = hold(rest, (0..16).map(|turn| 10 + turn / 4)).await;
    assert!(held.iter().all(|request| !request.is_finished()));
    let refused = rest.send(check("moderator-30", unfinished())).await;
    refused.assert_failure(503);
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(rest.ask("user-1", Method::POST, "/rooms", r#"{"users":[]}"#).await.status, 200);
    rest.send(check("nonsense", unfinished())).await.assert_failure(401);

    for request in held {
        request.abort();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let padded = json!({ "message": "hello", "padding": " ".repeat(PIECE) }).to_string();
    let answer = rest.send(check("moderator-30", padded.into())).await;
    assert_eq!(answer.status, 200, "what was held is given back: {answer:?}");
}

#[tokio::test]
async fn a_user_has_as_much_in_flight_as_four_of_the_largest_bodies() {
    let rest = rest();
    let held = hold(rest, [9; 5].into_iter()).await;
    assert!(held.iter().all(|request| !request.is_finished()));
    let refused = rest.send(check("moderator-9", unfinished())).await;
    refused.assert_failure(429);
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(
        rest.ask("moderator-8", Method::POST, "/moderation/check", r#"{"message":"x"}"#).await.status,
        200
    );
    held.iter().for_each(JoinHandle::abort);
}
