//! Pages of other origins.

use poem::{Request, Route, http::Method};

use crate::harness::{Answer, Rest};

async fn from(rest: &Rest, origin: &str, method: Method, asked: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri_str("/rooms").header("origin", origin);
    if let Some(asked) = asked {
        request = request
            .header("access-control-request-method", asked)
            .header("access-control-request-headers", "authorization,content-type");
    }
    rest.send(request.finish()).await
}

#[tokio::test]
async fn a_preflight_needs_no_token_and_answers_204_without_a_body() {
    let rest = Rest::new();
    let answer = from(&rest, "https://app.example", Method::OPTIONS, Some("PUT")).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    for name in ["GET", "POST", "PUT", "DELETE"] {
        assert!(answer.header("access-control-allow-methods").is_some_and(|list| list.contains(name)));
    }
    for name in ["Authorization", "Content-Type"] {
        assert!(answer.header("access-control-allow-headers").is_some_and(|list| list.contains(name)));
    }
    assert_eq!(answer.header("access-control-max-age"), Some("7200"));
}

#[tokio::test]
async fn a_plain_options_answers_204_with_allow() {
    let rest = Rest::new();
    let answer = rest.send(Request::builder().method(Method::OPTIONS).uri_str("/rooms/7").finish()).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("allow"), Some("GET, HEAD, DELETE, OPTIONS"));
}

#[tokio::test]
async fn refusals_can_be_read_by_pages_and_link_and_retry_after_are_exposed() {
    let rest = Rest::new();
    let answer = from(&rest, "https://app.example", Method::GET, None).await;
    answer.assert_failure(401);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-expose-headers"), Some("Link, Retry-After"));
}

#[tokio::test]
async fn where_origins_are_named_only_these_are_allowed_exactly() {
    let rest = Rest::with(Route::new(), Some(vec!["https://app.example".to_owned()]), 1000);
    for (method, asked) in [(Method::GET, None), (Method::OPTIONS, Some("PUT"))] {
        let allowed = from(&rest, "https://app.example", method.clone(), asked).await;
        assert_eq!(allowed.header("access-control-allow-origin"), Some("https://app.example"));
        assert_eq!(allowed.header("vary"), Some("Origin"));
        for other in ["https://app.example.evil", "http://app.example", "https://app.example:444", "null"] {
            let refused = from(&rest, other, method.clone(), asked).await;
            assert_eq!(refused.header("access-control-allow-origin"), None, "{other}");
            assert_eq!(refused.header("vary"), Some("Origin"));
        }
    }
}
