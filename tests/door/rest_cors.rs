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
async fn a_preflight_allows_every_header_that_a_page_asks_for() {
    let chat = Chat::with(&[("PLIC_ALLOWED_ORIGINS", "https://app.example")]).await;
    let asked = "apikey,baggage,cache-control,pragma,sentry-trace,traceparent,tracestate,x-client-info,\
                 x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id,\
                 x-supabase-api-version,authorization,content-type";
    let preflight = async |asked: &str| {
        let headers = [
            ("origin", "https://app.example"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", asked),
        ];
        let answer = chat.call("OPTIONS", "/rooms", &headers, "").await;
        assert_eq!((answer.status, &*answer.body), (204, ""), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
        let allowed = answer.header("access-control-allow-headers").to_lowercase();
        allowed.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    };
    let allowed = preflight(asked).await;
    for name in asked.split(',') {
        assert!(allowed.iter().any(|allowed| allowed == name), "{name}: {allowed:?}");
    }
    // What is no name is not repeated, and neither is what is too much.
    let odd = preflight("x-fine,a b,(),x:y").await;
    assert!(odd.contains(&"x-fine".to_owned()), "{odd:?}");
    assert!(odd.iter().all(|name| !name.contains([' ', '(', ':'])), "{odd:?}");
    let many = (0..3000).map(|n| format!("x-{n}")).collect::<Vec<_>>().join(",");
    assert!(preflight(&many).await.concat().len() < 4096);
}

#[tokio::test]
async fn origins_of_apps_and_files_are_named_as_they_are_sent_for_both_doors() {
    let named = "null,file://,capacitor://localhost,tauri://localhost,app://";
    let chat = Chat::with(&[("PLIC_ALLOWED_ORIGINS", named)]).await;
    let alice = User::new();
    for origin in named.split(',') {
        let headers = [("origin", origin), ("authorization", &*alice.bearer())];
        let answer = chat.call("GET", "/rooms", &headers, "").await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, origin),
            "{answer:?}"
        );
        chat.open("/", &headers).await.nothing_came().await;
    }
    for origin in
        ["https://app.example", "capacitor://localhost:1", "tauri://localhos", "file:///", "app://x", "Null"]
    {
        let headers = [("origin", origin), ("authorization", &*alice.bearer())];
        let answer = chat.call("GET", "/rooms", &headers, "").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{answer:?}");
        chat.open("/", &headers).await.disconnected(4012).await;
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
