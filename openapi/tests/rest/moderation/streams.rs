//! What happens, as it happens; and that the document's examples are true.

use std::time::Duration;

use plic_pipeline::{
    id::RuleId,
    moderation::{Authority, Notice, records::Disconnect},
};
use poem::{Request, http::Method};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::{fake::user, harness::Rest};

async fn listen(rest: &Rest, token: &str) -> poem::Response {
    let request =
        Request::builder().uri_str("/moderation/events").header("authorization", format!("Bearer {token}"));
    rest.open(request.finish()).await
}

/// The text of a stream up to the moment where nothing more comes.
async fn heard(body: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read) = tokio::time::timeout(Duration::from_millis(100), body.read(&mut buffer)).await {
        match read.expect("no error in a stream") {
            0 => break,
            count => text.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8(text).expect("text")
}

#[tokio::test(start_paused = true)]
async fn moderators_hear_what_happens_and_a_heartbeat() {
    let rest = Rest::new();
    let response = listen(&rest, "moderator-9").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.content_type(), Some("text/event-stream"));
    let mut body = response.into_body().into_async_read();
    rest.notices.tell(Notice::RuleDeleted(RuleId(7)));
    rest.notices.tell(Notice::BanLifted(user(2)));
    assert_eq!(
        heard(&mut body).await,
        "event: rule_deleted\ndata: {\"rule_id\":7}\n\n\
         event: ban_lifted\ndata: {\"user_id\":\"00000000-0000-0000-0000-000000000002\"}\n\n"
    );
    tokio::time::advance(Duration::from_secs(15)).await;
    assert_eq!(heard(&mut body).await, ":\n\n");
    for _ in 0..300 {
        rest.notices.tell(Notice::PolicyChanged);
    }
    let text = heard(&mut body).await;
    assert!(text.starts_with("event: missed\ndata: {\"count\":44}\n\nevent: policy\ndata: {}\n\n"), "{text}");
}

#[tokio::test]
async fn a_rule_that_is_written_is_heard_of() {
    let rest = Rest::new();
    let mut body = listen(&rest, "moderator-9").await.into_body().into_async_read();
    let written =
        rest.post("moderator-8", "/moderation/rules", &super::rule("A", "mandat cash")).await.json();
    let text = heard(&mut body).await;
    let data = text.strip_prefix("event: rule\ndata: ").expect("a rule").trim_end();
    let heard: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(heard["rule_id"], written["data"]["id"]);
    for key in ["version", "name", "state", "updated_by"] {
        assert_eq!(heard[key], written["data"][key], "{key}");
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops_and_when_its_moderator_is_banned() {
    let rest = Rest::new();
    let mut body = listen(&rest, "moderator-8").await.into_body().into_async_read();
    let ban = json!({ "user_id": user(8).0, "reason": "Left the team" });
    assert_eq!(rest.post("admin-9", "/moderation/bans", &ban).await.status, 200);
    let mut text = String::new();
    body.read_to_string(&mut text).await.expect("ends");
    assert!(text.starts_with("event: ban\n"), "{text}");
    listen(&rest, "moderator-8").await.into_body().into_string().await.expect("403 has a body");

    let mut body = listen(&rest, "moderator-6").await.into_body().into_async_read();
    let mut other = listen(&rest, "moderator-5").await.into_body().into_async_read();
    let path = format!("/moderation/users/{}/disconnect", user(6).0);
    assert_eq!(rest.post("admin-9", &path, &json!({ "reason": "A grudge" })).await.status, 200);
    let mut text = String::new();
    body.read_to_string(&mut text).await.expect("ends");
    assert!(text.starts_with("event: disconnect\n"), "{text}");
    assert!(heard(&mut other).await.contains("disconnect"), "the stream of another goes on");
    // An admin whom a moderator's decision does not bind listens on.
    let mut admin = listen(&rest, "admin-4").await.into_body().into_async_read();
    rest.notices.tell(Notice::Disconnected(Disconnect { user: user(4), authority: Authority::Moderator }));
    rest.notices.tell(Notice::PolicyChanged);
    assert!(heard(&mut admin).await.contains("policy"));

    let mut body = listen(&rest, "moderator-7").await.into_body().into_async_read();
    rest.stopping.cancel();
    let mut text = String::new();
    body.read_to_string(&mut text).await.expect("ends");
    assert_eq!(text, "");
}

#[tokio::test]
async fn a_moderator_listens_five_times_at_once() {
    let rest = Rest::new();
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(listen(&rest, "moderator-9").await);
    }
    let refused = rest.get("moderator-9", "/moderation/events").await;
    refused.assert_failure(429);
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(listen(&rest, "moderator-8").await.status(), 200);
    open.pop();
    assert_eq!(listen(&rest, "moderator-9").await.status(), 200);
}

/// A path with the ids of what the test has put there.
fn real(path: &str) -> String {
    path.replace("{id}", "1").replace("{user_id}", &user(2).0.to_string())
}

#[tokio::test]
async fn every_example_of_a_request_is_accepted() {
    let document: Value = serde_json::from_str(&plic_openapi::spec()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let mut sent = 0;
    for (path, methods) in paths.iter().filter(|(path, _)| !path.starts_with("/rooms")) {
        for (method, operation) in methods.as_object().expect("methods") {
            let examples = operation["requestBody"]["content"]["application/json"]["examples"].as_object();
            for (name, example) in examples.into_iter().flatten() {
                let body = &example["value"];
                let rest = with_everything().await;
                if path.ends_with("/reopen") {
                    let decision = real(&path.replace("/reopen", "/decision"));
                    rest.post("admin-9", &decision, &json!({ "decision": "uphold" })).await;
                }
                let request = Request::builder()
                    .method(Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"))
                    .uri_str(real(path))
                    .header("authorization", "Bearer admin-9")
                    .header("if-match", "1")
                    .content_type("application/json");
                let body = body.to_string().replace("\"room_id\":7", "\"room_id\":1");
                let body = body.replace("\"message_id\":311", "\"message_id\":1");
                let answer = rest.send(request.body(body)).await;
                assert_eq!(answer.status, 200, "{method} {path} {name}: {}", answer.body);
                sent += 1;
            }
        }
    }
    assert!(sent > 15, "{sent}");
}

/// A room with a message of user 2, of which there is a held one too, and a rule; user 9 is in the room.
async fn with_everything() -> Rest {
    let rest = Rest::new();
    let room = json!({ "users": [user(2).0, user(9).0], "apartment_id": null });
    rest.post("user-1", "/rooms", &room).await;
    rest.store.say(1, 2, "mandat cash");
    rest.records.open(plic_pipeline::moderation::IncidentKind::Hold, 2, 1, "mandat cash");
    rest.post("moderator-9", "/moderation/rules", &super::rule("A", "mandat cash")).await;
    rest
}
