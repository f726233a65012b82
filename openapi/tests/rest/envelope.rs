//! No failure without the envelope.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use plic_openapi::only;
use poem::{
    Body, IntoResponse, Request, Route,
    endpoint::make_sync,
    http::{Method, StatusCode},
};

use crate::harness::{Answer, Rest, endless};

async fn post(rest: &Rest, content_type: Option<&str>, body: Body) -> Answer {
    let mut request =
        Request::builder().method(Method::POST).uri_str("/rooms").header("authorization", "Bearer user-1");
    if let Some(content_type) = content_type {
        request = request.content_type(content_type);
    }
    rest.send(request.body(body)).await
}

#[tokio::test]
async fn unknown_paths_are_404_and_unknown_methods_405_with_allow_token_or_not() {
    let rest = Rest::new();
    for path in ["/", "/nope", "/rooms/", "/rooms/1/", "/rooms/1/messages", "/docs/nope", "/openapi.yaml"] {
        rest.ask("user-1", Method::GET, path, "").await.assert_failure(404);
    }
    for (path, allowed) in [
        ("/rooms", "GET, HEAD, POST, PUT, OPTIONS"),
        ("/rooms/7", "GET, HEAD, DELETE, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
    ] {
        let answer = rest.send(Request::builder().method(Method::PATCH).uri_str(path).finish()).await;
        answer.assert_failure(405);
        assert_eq!(answer.header("allow"), Some(allowed));
    }
}

#[tokio::test]
async fn a_body_is_json_of_at_most_64_kib() {
    let rest = Rest::new();
    let json = || Body::from(r#"{"users":[]}"#);
    for good in
        [Some("application/json"), Some("Application/JSON; charset=utf-8"), Some("application/x+json"), None]
    {
        assert_eq!(post(&rest, good, json()).await.status, 200, "{good:?}");
    }
    for bad in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"] {
        post(&rest, Some(bad), json()).await.assert_failure(415);
    }
    let padded = |length: usize| Body::from(r#"{"users":[]}"#.to_owned() + &" ".repeat(length - 12));
    assert_eq!(post(&rest, None, padded(65_536)).await.status, 200);
    post(&rest, None, padded(65_537)).await.assert_failure(413);
    post(&rest, None, endless(b"          ")).await.assert_failure(413);
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_413_before_a_byte_is_read() {
    let rest = Rest::new();
    let request = Request::builder()
        .method(Method::POST)
        .uri_str("/rooms")
        .header("authorization", "Bearer user-1")
        .header("content-length", "65537");
    let silent = Body::from_bytes_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    rest.send(request.body(silent)).await.assert_failure(413);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_408_after_ten_seconds() {
    let rest = Rest::new();
    let trickle = stream::repeat(()).then(|()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, std::io::Error>(" ")
    });
    let before = tokio::time::Instant::now();
    post(&rest, None, Body::from_bytes_stream(trickle)).await.assert_failure(408);
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn routes_of_the_server_stand_within_the_same_layers() {
    let own = Route::new()
        .at("/", only(&[Method::GET], make_sync(|_| "landing")))
        .at("/panics", make_sync(|_| -> &'static str { panic!("secret detail") }))
        .at("/text", make_sync(|_| "no".with_status(StatusCode::BAD_GATEWAY)))
        .at("/empty", make_sync(|_| StatusCode::GONE.into_response()));
    let rest = Rest::with(own, None, 1000);
    assert_eq!(rest.ask("", Method::GET, "/", "").await.body, "landing");
    rest.ask("", Method::POST, "/", "").await.assert_failure(405);
    let answer = rest.ask("", Method::GET, "/panics", "").await;
    answer.assert_failure(500);
    assert!(!answer.body.contains("secret"));
    rest.ask("", Method::GET, "/text", "").await.assert_failure(502);
    rest.ask("", Method::GET, "/empty", "").await.assert_failure(410);
}

#[tokio::test]
async fn the_documentation_is_a_page_without_inline_scripts_under_a_strict_policy() {
    let rest = Rest::new();
    for path in ["/docs", "/docs/"] {
        let page = rest.ask("", Method::GET, path, "").await;
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self';"),
            "{policy}"
        );
        assert!(!page.body.contains("<script>") && !page.body.contains("style="));
        for source in page.body.split('"').filter(|part| part.starts_with("/docs/")) {
            let file = rest.ask("", Method::GET, source, "").await;
            assert_eq!(file.status, 200, "{source}");
            assert!(!file.body.is_empty() && file.header("content-type").is_some());
        }
    }
    let document = rest.ask("", Method::GET, "/openapi.json", "").await;
    assert_eq!(document.header("content-type"), Some("application/json"));
    assert_eq!(document.body, plic_openapi::spec());
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status_and_no_path_makes_a_label() {
    let rest = Rest::new();
    for path in ["/rooms", "/rooms/7007007", "/secret-path", "/rooms?token=secret"] {
        rest.ask("user-1", Method::GET, path, "").await;
    }
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &rest.registry).expect("renders");
    assert!(
        text.contains(r#"plic_rest_requests_total{route="/rooms",method="GET",status="200"} 2"#),
        "{text}"
    );
    assert!(text.contains(r#"plic_rest_requests_total{route="/rooms/:id",method="GET",status="404"} 1"#));
    assert!(!text.contains("secret") && !text.contains("7007007"));
}
