//! Who may moderate, asked before the body is read.

use plic_pipeline::{moderation::Records as _, token::Role};
use poem::{Request, Route, http::Method};
use serde_json::json;

use super::rule;
use crate::{
    fake::user,
    harness::{Rest, endless},
};

const USER: &str = "/moderation/users/00000000-0000-0000-0000-000000000001";

/// Every route of moderators.
const ROUTES: [(Method, &str); 29] = [
    (Method::GET, "/moderation/rules"),
    (Method::POST, "/moderation/rules"),
    (Method::GET, "/moderation/rules/1"),
    (Method::PUT, "/moderation/rules/1"),
    (Method::DELETE, "/moderation/rules/1"),
    (Method::GET, "/moderation/rules/1/versions"),
    (Method::POST, "/moderation/rules/1/restore"),
    (Method::GET, "/moderation/rules/export"),
    (Method::POST, "/moderation/rules/import"),
    (Method::POST, "/moderation/check"),
    (Method::POST, "/moderation/backtest"),
    (Method::POST, "/moderation/calibrate"),
    (Method::GET, "/moderation/incidents"),
    (Method::GET, "/moderation/incidents/1"),
    (Method::POST, "/moderation/incidents/1/decision"),
    (Method::POST, "/moderation/incidents/1/reopen"),
    (Method::PUT, "/moderation/incidents/1/viewing"),
    (Method::DELETE, "/moderation/incidents/1/viewing"),
    (Method::GET, "/moderation/bans"),
    (Method::POST, "/moderation/bans"),
    (Method::DELETE, "/moderation/bans/00000000-0000-0000-0000-000000000001"),
    (Method::GET, USER),
    (Method::POST, "/moderation/users/00000000-0000-0000-0000-000000000001/disconnect"),
    (Method::DELETE, "/moderation/messages/1"),
    (Method::GET, "/moderation/policy"),
    (Method::PUT, "/moderation/policy"),
    (Method::GET, "/moderation/audit"),
    (Method::GET, "/moderation/stats"),
    (Method::GET, "/moderation/events"),
];

/// A request whose body never ends and is no JSON either.
fn with_endless_body(token: &str, method: &Method, path: &str) -> Request {
    Request::builder()
        .method(method.clone())
        .uri_str(path)
        .header("authorization", format!("Bearer {token}"))
        .content_type("text/html")
        .body(endless(b"{"))
}

#[tokio::test]
async fn who_has_lost_a_rank_is_known_as_a_user_at_the_next_token() {
    let rest = Rest::new();
    // On another node.
    rest.records.note_role(user(9), Role::Admin).await.expect("notes");
    rest.records.note_role(user(2), Role::User).await.expect("notes");
    rest.get("user-8", "/moderation/rules").await.assert_failure(403);
    rest.get("user-9", "/moderation/rules").await.assert_failure(403);
    for _ in 0..1_000 {
        if rest.records.role_of(user(9)).await.expect("answers") == Some(Role::User) {
            assert_eq!(
                rest.records.role_of(user(8)).await.expect("answers"),
                None,
                "no user is written down"
            );
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the role is not noted");
}

#[tokio::test]
async fn what_moderators_read_is_charged_by_its_size_and_what_they_decide_is_not() {
    let rest = Rest::with(Route::new(), None, 1);
    let moderator = |number| format!("moderator-{number}");
    // A hundred units a second: three seconds ahead after 300 KiB.
    for name in 0..80 {
        let mut long = rule(&format!("rule {name}"), "mandat cash");
        long["note"] = "x".repeat(4_000).into();
        rest.post(&moderator(10 + name), "/moderation/rules", &long).await;
    }
    assert_eq!(rest.get("moderator-9", "/moderation/rules?limit=500").await.status, 200);
    let refused = rest.get("moderator-9", "/moderation/rules?limit=500").await;
    refused.assert_failure(429);
    assert!(refused.header("retry-after").is_some());
    let ban = json!({ "user_id": user(2).0, "reason": "Scam" });
    assert_eq!(rest.post("moderator-9", "/moderation/bans", &ban).await.status, 200);
    assert_eq!(rest.get("moderator-8", "/moderation/stats").await.status, 200);
}

#[tokio::test]
async fn who_is_ahead_of_their_allowance_reports_later() {
    let rest = Rest::with(Route::new(), None, 1);
    let report = json!({ "room_id": 1, "message_id": 1, "reason": "Scam" });
    rest.post("user-1", "/reports", &report).await.assert_failure(404);
    let crowd: Vec<_> = (2..900).map(|number| user(number).0).collect();
    let crowd = json!({ "users": crowd, "apartment_id": null });
    assert_eq!(rest.post("user-1", "/rooms", &crowd).await.status, 200);
    rest.post("user-1", "/reports", &report).await.assert_failure(429);
}

#[tokio::test]
async fn a_user_is_no_moderator_and_a_stranger_nobody_before_the_body_is_read() {
    let rest = Rest::new();
    for (method, path) in ROUTES {
        rest.send(with_endless_body("forged", &method, path)).await.assert_failure(401);
        let answer = rest.send(with_endless_body("user-1", &method, path)).await;
        answer.assert_failure(403);
        assert!(answer.body.contains("Only moderators"), "{path}");
    }
}

#[tokio::test]
async fn import_and_policy_are_for_admins_before_the_body_is_read() {
    let rest = Rest::new();
    for (method, path) in [
        (Method::POST, "/moderation/rules/import"),
        (Method::POST, "/moderation/calibrate"),
        (Method::PUT, "/moderation/policy"),
    ] {
        rest.send(with_endless_body("moderator-9", &method, path)).await.assert_failure(403);
        rest.send(with_endless_body("admin-9", &method, path)).await.assert_failure(415);
    }
    assert_eq!(rest.get("moderator-9", "/moderation/policy").await.status, 200);
}

#[tokio::test]
async fn what_is_no_id_names_nothing_and_what_is_no_route_is_none() {
    let rest = Rest::new();
    for (path, thing) in [
        ("/moderation/rules/x", "rule"),
        ("/moderation/rules/1", "rule"),
        ("/moderation/rules/0/versions", "rule"),
        ("/moderation/incidents/x", "incident"),
        ("/moderation/incidents/9", "incident"),
        ("/moderation/users/x", "user"),
    ] {
        let answer = rest.get("moderator-9", path).await;
        answer.assert_failure(404);
        assert!(answer.body.contains(&format!("no such {thing}")), "{}", answer.body);
    }
    for path in ["/moderation", "/moderation/", "/moderation/nope", "/moderation/rules/1/nope"] {
        rest.get("moderator-9", path).await.assert_failure(404);
    }
    let answer = rest.ask("moderator-9", Method::PATCH, "/moderation/rules/1", "").await;
    answer.assert_failure(405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, DELETE, OPTIONS"));
    rest.ask("moderator-9", Method::PUT, "/moderation/rules/export", "").await.assert_failure(405);
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_named() {
    let rest = Rest::new();
    for (path, name) in [
        ("/moderation/rules?limit=0", "limit"),
        ("/moderation/audit?limit=501", "limit"),
        ("/moderation/bans?before=x", "before"),
        ("/moderation/bans?all=perhaps", "all"),
        ("/moderation/incidents?status=lost", "status"),
        ("/moderation/incidents?action=mask", "action"),
        ("/moderation/incidents?category=x", "category"),
        ("/moderation/incidents?rule_id=x", "rule_id"),
        ("/moderation/incidents?user_id=x", "user_id"),
        ("/moderation/incidents?room_id=0", "room_id"),
        ("/moderation/audit?action=Rule", "action"),
        ("/moderation/audit?actor=me", "actor"),
        ("/moderation/audit?since=yesterday", "since"),
        ("/moderation/audit?until=2026-01-31", "until"),
        ("/moderation/stats?since=yesterday", "since"),
        ("/moderation/stats?since=2026-01-31", "since"),
    ] {
        let answer = rest.get("moderator-9", path).await;
        answer.assert_failure(422);
        assert!(answer.body.contains(&format!("`{name}` must be")), "{path}: {}", answer.body);
    }
    rest.store.set_away(true);
    rest.get("moderator-9", "/moderation/rules").await.assert_failure(503);
}
