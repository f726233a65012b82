//! Who gets in.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::Ordering,
};

use plic_openapi::ClientAddress;
use plic_pipeline::{moderation::Authority, store::Ban, timestamp::Timestamp};
use poem::{Request, Route, http::Method};

use crate::{
    fake::user,
    harness::{ADDRESS_BURST, Rest, endless},
};

const ROUTES: [(Method, &str); 5] = [
    (Method::GET, "/rooms"),
    (Method::POST, "/rooms"),
    (Method::PUT, "/rooms"),
    (Method::GET, "/rooms/1"),
    (Method::DELETE, "/rooms/1"),
];

#[tokio::test]
async fn without_a_good_token_every_route_answers_401_and_says_how_to_authenticate() {
    let rest = Rest::new();
    for (method, path) in ROUTES {
        let answer = rest.send(Request::builder().method(method.clone()).uri_str(path).finish()).await;
        answer.assert_failure(401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let answer = rest.ask("forged", method, path, "").await;
        answer.assert_failure(401);
        assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
    }
}

#[tokio::test]
async fn token_and_ban_are_checked_before_the_body_is_read() {
    let rest = Rest::new();
    let ban = Ban { user: user(4), reason: String::new(), expires_at: None, authority: Authority::Moderator };
    rest.store.ban(ban);
    // Reading one of these to its end never ends.
    for (token, status) in [("forged", 401), ("user-4", 403)] {
        let request = Request::builder()
            .method(Method::POST)
            .uri_str("/rooms")
            .header("authorization", format!("Bearer {token}"))
            .content_type("text/html");
        rest.send(request.body(endless(b"{"))).await.assert_failure(status);
    }
}

#[tokio::test]
async fn a_ban_keeps_out_while_it_holds_and_no_longer() {
    let rest = Rest::new();
    let until = |expires_at| Ban {
        user: user(1),
        reason: "spam".to_owned(),
        expires_at,
        authority: Authority::Moderator,
    };
    rest.store.ban(until(Some(Timestamp(i64::MAX))));
    let answer = rest.ask("user-1", Method::GET, "/rooms", "").await;
    answer.assert_failure(403);
    assert!(!answer.body.contains("spam"));
    rest.store.ban(until(Some(Timestamp(1))));
    assert_eq!(rest.ask("user-1", Method::GET, "/rooms", "").await.status, 200);
}

#[tokio::test]
async fn without_keys_or_database_the_answer_is_503_with_retry_after() {
    let rest = Rest::new();
    let answer = rest.ask("no-keys", Method::GET, "/rooms", "").await;
    answer.assert_failure(503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    rest.store.set_away(true);
    let answer = rest.ask("user-1", Method::GET, "/rooms", "").await;
    answer.assert_failure(503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(!answer.body.contains("away"));
}

#[tokio::test]
async fn each_user_and_each_address_without_a_token_has_an_allowance_of_its_own() {
    let rest = Rest::with(Route::new(), None, 1);
    for _ in 0..3 {
        assert_eq!(rest.ask("user-1", Method::GET, "/rooms", "").await.status, 200);
    }
    let answer = rest.ask("user-1", Method::GET, "/rooms", "").await;
    answer.assert_failure(429);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(rest.ask("user-2", Method::GET, "/rooms", "").await.status, 200);

    let from = |last| {
        let mut request = Request::builder().uri_str("/rooms").finish();
        request.set_data(ClientAddress(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))));
        rest.send(request)
    };
    for _ in 0..ADDRESS_BURST.get() {
        from(1).await.assert_failure(401);
    }
    from(1).await.assert_failure(429);
    from(2).await.assert_failure(401);
}

#[tokio::test]
async fn an_address_is_charged_before_a_signature_is_verified() {
    let rest = Rest::with(Route::new(), None, 1);
    let mut refused = 0;
    for attempt in 0..100 {
        let answer = rest.ask("forged", Method::GET, "/rooms", "").await;
        if answer.status == 401 {
            refused += 1;
        } else {
            answer.assert_failure(429);
            assert!(attempt >= ADDRESS_BURST.get() && answer.header("retry-after").is_some());
        }
    }
    let verified = rest.tokens.verified.load(Ordering::Relaxed);
    assert_eq!(verified, refused, "a token that was looked at is answered for what it is");
    // The allowance refills once a second, and a busy machine may need some.
    assert!(
        (10..50).contains(&verified) && ADDRESS_BURST.get() == 10,
        "{verified} signatures of 100 were verified"
    );
    assert_eq!(rest.ask("forged", Method::GET, "/rooms", "").await.status, 429);
}

#[tokio::test]
async fn tokens_that_hold_cost_their_address_nothing() {
    let rest = Rest::with(Route::new(), None, 1);
    for number in 1..100 {
        let answer = rest.ask(&format!("user-{number}"), Method::GET, "/rooms", "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}
