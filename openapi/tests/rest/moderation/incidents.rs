//! Incidents, decisions, reports and redactions.

use plic_pipeline::moderation::IncidentKind;
use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Rest};

const MODERATOR: &str = "moderator-9";
const TWO: &str = "00000000-0000-0000-0000-000000000002";
const NINE: &str = "00000000-0000-0000-0000-000000000009";

fn ids(answer: &Answer) -> Vec<i64> {
    let json = answer.json();
    let incidents = json["data"].as_array().expect("incidents").iter();
    incidents.map(|incident| incident["id"].as_i64().expect("an id")).collect()
}

#[tokio::test]
async fn an_incident_has_every_key_and_what_was_said_around_it() {
    let rest = Rest::new();
    let room = rest.room().await;
    rest.store.say(room, 1, "Hello");
    let id = rest.records.open(IncidentKind::Block, 2, room, "mandat cash");
    let read = rest.get(MODERATOR, &format!("/moderation/incidents/{id}")).await.json();
    let incident = read["data"].as_object().expect("an incident");
    let keys: Vec<&str> = incident.keys().map(String::as_str).collect();
    let expected = "id status action category user_id room_id message_id message matches report reports report_count created_at decided_by decided_at note further_count reopened_at reopened_by context further viewers history";
    assert_eq!(keys, expected.split(' ').collect::<Vec<_>>());
    assert_eq!((&incident["status"], &incident["action"]), (&json!("open"), &json!("block")));
    assert_eq!((&incident["user_id"], &incident["decided_by"]), (&json!(TWO), &Value::Null));
    assert_eq!(incident["matches"][0]["score"], json!(0.97));
    let context = &incident["context"];
    assert!(context["before"].is_array() && context["after"][0]["message"] == "Hello");
}

#[tokio::test]
async fn incidents_are_found_by_what_they_are_and_links_keep_the_question() {
    let rest = Rest::new();
    for kind in [IncidentKind::Block, IncidentKind::Hold, IncidentKind::Block, IncidentKind::Block] {
        rest.records.open(kind, 2, 7, "text");
    }
    rest.records.open(IncidentKind::Flag, 3, 8, "text");
    let get = |query: &str| {
        let (rest, path) = (&rest, format!("/moderation/incidents{query}"));
        async move { rest.get(MODERATOR, &path).await }
    };
    assert_eq!(ids(&get("").await), [5, 4, 3, 2, 1]);
    assert_eq!(ids(&get("?action=hold").await), [2]);
    assert_eq!(ids(&get("?room_id=8&category=scam&rule_id=1&status=open").await), [5]);
    assert_eq!(ids(&get("?category=hate").await), [0_i64; 0]);
    let page = get(&format!("?action=block&user_id={TWO}&limit=2")).await;
    assert_eq!(ids(&page), [4, 3]);
    let next = format!("/moderation/incidents?action=block&user_id={TWO}&limit=2&before=3");
    assert_eq!(page.header("link"), Some(format!(r#"<{next}>; rel="next""#).as_str()));
    assert_eq!(ids(&rest.get(MODERATOR, &next).await), [1]);
}

#[tokio::test]
async fn an_incident_is_decided_once_and_fittingly() {
    let rest = Rest::new();
    let decide = |id: i64, body: Value| {
        let rest = &rest;
        async move { rest.post(MODERATOR, &format!("/moderation/incidents/{id}/decision"), &body).await }
    };
    rest.records.open(IncidentKind::Block, 2, 7, "text");
    rest.records.open(IncidentKind::Hold, 2, 7, "text");
    decide(1, json!({ "decision": "release" })).await.assert_failure(409);
    let decided = decide(1, json!({ "decision": "uphold", "note": "Clear." })).await.json();
    let incident = &decided["data"];
    assert_eq!((&incident["status"], &incident["note"]), (&json!("upheld"), &json!("Clear.")));
    assert_eq!(incident["decided_by"], NINE);
    assert!(incident["decided_at"].is_string());
    decide(1, json!({ "decision": "dismiss" })).await.assert_failure(409);
    assert_eq!(decide(2, json!({ "decision": "release", "note": null })).await.status, 200);
    decide(3, json!({ "decision": "dismiss" })).await.assert_failure(404);
    for bad in [
        json!({}),
        json!({ "decision": null }),
        json!({ "decision": "maybe" }),
        json!({ "decision": ["uphold"] }),
        json!({ "decision": "uphold", "note": 7 }),
        json!({ "decision": "uphold", "note": "x".repeat(2_001) }),
    ] {
        decide(1, bad).await.assert_failure(422);
    }
}

#[tokio::test]
async fn who_decided_and_an_admin_reopen_and_a_second_decision_says_who_decided() {
    let rest = Rest::new();
    rest.records.open(IncidentKind::Block, 2, 7, "text");
    let ask = |token: &'static str, verb: &'static str, body: Value| {
        let rest = &rest;
        async move { rest.post(token, &format!("/moderation/incidents/1/{verb}"), &body).await }
    };
    ask(MODERATOR, "reopen", json!({})).await.assert_failure(409);
    ask(MODERATOR, "decision", json!({ "decision": "uphold" })).await;
    let again = ask("moderator-8", "decision", json!({ "decision": "dismiss" })).await;
    again.assert_failure(409);
    assert!(again.body.contains(NINE) && again.body.contains("upheld"), "{}", again.body);
    ask("moderator-8", "reopen", json!({})).await.assert_failure(403);
    ask("user-8", "reopen", json!({})).await.assert_failure(403);
    for bad in [json!({ "note": 7 }), json!({ "note": "x".repeat(2_001) })] {
        ask(MODERATOR, "reopen", bad).await.assert_failure(422);
    }
    let reopened = ask(MODERATOR, "reopen", json!({ "note": "On reflection." })).await.json();
    let incident = &reopened["data"];
    assert_eq!((&incident["status"], &incident["reopened_by"]), (&json!("open"), &json!(NINE)));
    assert_eq!(ask(MODERATOR, "decision", json!({ "decision": "dismiss" })).await.status, 200);
    assert_eq!(ask("admin-7", "reopen", json!({})).await.status, 200);
}

#[tokio::test]
async fn reports_are_listed_and_the_author_does_not_learn_who_reported() {
    let rest = Rest::new();
    let room = rest.room().await;
    rest.store.say(room, 2, "mandat cash");
    for reporter in [1, 3] {
        let body = json!({ "room_id": room, "message_id": 1, "reason": format!("Says {reporter}") });
        assert_eq!(rest.post(&format!("user-{reporter}"), "/reports", &body).await.json()["data"], 1);
    }
    let incident = rest.get(MODERATOR, "/moderation/incidents/1").await.json()["data"].clone();
    assert_eq!((&incident["report_count"], &incident["reports"][1]["reason"]), (&json!(2), &json!("Says 3")));
    assert_eq!(incident["reports"][0]["user_id"], incident["report"]["reporter_id"]);
    for path in ["/moderation/incidents/1", "/moderation/incidents", &format!("/moderation/users/{TWO}")] {
        let own = rest.get("moderator-2", path).await;
        assert!(own.status == 200 && !own.body.contains("Says"), "{}", own.body);
        assert!(own.body.contains(r#""report_count":2"#), "{}", own.body);
    }
}

#[tokio::test]
async fn a_participant_reports_a_message_and_nobody_else() {
    let rest = Rest::new();
    let room = rest.room().await;
    rest.store.say(room, 2, "mandat cash");
    let body = json!({ "room_id": room, "message_id": 1, "reason": "Asks for money" });
    let reported = rest.post("user-1", "/reports", &body).await;
    assert_eq!(reported.body, r#"{"error_message":null,"data":1}"#);
    assert_eq!(rest.post("user-1", "/reports", &body).await.json()["data"], 1);
    rest.post("user-8", "/reports", &body).await.assert_failure(404);
    rest.post("forged", "/reports", &body).await.assert_failure(401);
    let incident = rest.get(MODERATOR, "/moderation/incidents/1").await.json()["data"].clone();
    assert_eq!(incident["report"]["reason"], "Asks for money");
    assert_eq!((&incident["action"], &incident["message_id"]), (&json!("report"), &json!(1)));
    for (key, value) in [("room_id", json!("1")), ("message_id", Value::Null), ("reason", json!("  "))] {
        let mut bad = body.clone();
        bad[key] = value;
        let answer = rest.post("user-1", "/reports", &bad).await;
        answer.assert_failure(422);
        assert!(answer.body.contains(key));
    }
}

#[tokio::test]
async fn a_redacted_message_keeps_its_place_and_not_its_text() {
    let rest = Rest::new();
    let room = rest.room().await;
    rest.store.say(room, 2, "mandat cash");
    let redacted = rest.ask(MODERATOR, Method::DELETE, "/moderation/messages/1", "").await;
    assert_eq!(redacted.body, r#"{"error_message":null,"data":null}"#);
    let read = rest.get("user-1", &format!("/rooms/{room}")).await.json();
    assert_eq!((&read["messages"][0]["id"], &read["messages"][0]["message"]), (&json!(1), &json!("")));
    rest.ask(MODERATOR, Method::DELETE, "/moderation/messages/9", "").await.assert_failure(404);
}

#[tokio::test]
async fn who_looks_at_an_incident_is_among_its_viewers_until_they_leave() {
    let rest = Rest::new();
    let id = rest.records.open(IncidentKind::Block, 2, 7, "mandat cash");
    let path = format!("/moderation/incidents/{id}");
    let viewing = format!("{path}/viewing");
    let viewers = async || rest.get(MODERATOR, &path).await.json()["data"]["viewers"].clone();
    assert_eq!(viewers().await, json!([]));
    let answer = rest.ask(MODERATOR, Method::PUT, &viewing, "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (200, json!({ "error_message": null, "data": null }))
    );
    assert_eq!(viewers().await[0]["user_id"], json!(NINE));
    rest.ask(MODERATOR, Method::DELETE, &viewing, "").await;
    assert_eq!(viewers().await, json!([]));
    rest.ask(MODERATOR, Method::PUT, "/moderation/incidents/99/viewing", "").await.assert_failure(404);
    rest.ask(MODERATOR, Method::POST, &viewing, "").await.assert_failure(405);
}
