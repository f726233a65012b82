//! CONTRACT section 1: what a browser on another origin is told, and may read.

use crate::harness::{Chat, Door, ROUTES, User};

#[tokio::test]
async fn a_preflight_needs_no_token_and_answers_204_without_a_body() {
    let chat = Chat::serve().await;
    for (method, path) in ROUTES {
        let headers = [
            ("origin", "https://app.example"),
            ("access-control-request-method", method),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let answer = chat.call("OPTIONS", path, &headers, "").await;
        assert_eq!((answer.status, &*answer.body), (204, ""), "{answer:?}");
        let allows = |name: &str, value: &str| {
            let allowed = answer.header(name).to_lowercase();
            assert!(allowed.contains(&value.to_lowercase()) || allowed == "*", "{name}: {answer:?}");
        };
        allows("access-control-allow-origin", "https://app.example");
        allows("access-control-allow-methods", method);
        // A `*` does not cover `Authorization`: it must be named.
        assert!(answer.header("access-control-allow-headers").to_lowercase().contains("authorization"));
        allows("access-control-allow-headers", "content-type");
    }
}

#[tokio::test]
async fn link_and_retry_after_can_be_read_by_a_browser_on_success_and_on_failure() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let origin = ("origin", "https://app.example");
    let bearer = alice.bearer();
    let success = chat.call("GET", "/rooms", &[origin, ("authorization", &bearer)], "").await;
    assert_eq!(success.status, 200);
    let failure = chat.call("GET", "/rooms", &[origin], "").await;
    failure.fails_with(401);
    let unknown = chat.call("GET", "/nowhere", &[origin, ("authorization", &bearer)], "").await;
    unknown.fails_with(404);
    for answer in [success, failure, unknown] {
        let exposed = answer.header("access-control-expose-headers").to_lowercase();
        assert!(exposed.contains("link") && exposed.contains("retry-after"), "{answer:?}");
        assert!(["*", "https://app.example"].contains(&answer.header("access-control-allow-origin")));
    }
}

#[tokio::test]
async fn only_allowed_origins_may_read_answers() {
    let chat = Chat::with(&[("PLIC_ALLOWED_ORIGINS", "https://app.example,https://admin.example")]).await;
    let bearer = User::new().bearer();
    for (origin, allowed) in [
        ("https://app.example", true),
        ("https://admin.example", true),
        ("https://evil.example", false),
        ("https://app.example.evil.example", false),
        ("http://app.example", false),
        ("null", false),
    ] {
        let answer = chat.call("GET", "/rooms", &[("origin", origin), ("authorization", &bearer)], "").await;
        let may_read = answer.header("access-control-allow-origin");
        assert_eq!(may_read, if allowed { origin } else { "" }, "{answer:?}");
    }
}
