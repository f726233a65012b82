//! Bans, records of users, the policy, the audit log and the numbers.

use plic_filter::Action;
use plic_pipeline::{
    id::RuleId,
    moderation::{IncidentKind, stats::Hits},
};
use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::Rest;

const MODERATOR: &str = "moderator-9";
const TWO: &str = "00000000-0000-0000-0000-000000000002";
const NINE: &str = "00000000-0000-0000-0000-000000000009";

#[tokio::test]
async fn a_ban_keeps_out_until_it_is_lifted() {
    let rest = Rest::new();
    let body = json!({ "user_id": TWO, "reason": "Scam", "expires_at": "2099-01-01T01:00:00+01:00" });
    let ban = rest.post(MODERATOR, "/moderation/bans", &body).await.json()["data"].clone();
    let keys: Vec<&str> = ban.as_object().expect("a ban").keys().map(String::as_str).collect();
    let expected = "id user_id reason created_at created_by authority expires_at lifted_at lifted_by";
    assert_eq!(keys, expected.split(' ').collect::<Vec<_>>());
    assert_eq!(ban["expires_at"], "2099-01-01T00:00:00.000000Z");
    assert_eq!((&ban["created_by"], &ban["lifted_at"]), (&json!(NINE), &Value::Null));
    rest.get("user-2", "/rooms").await.assert_failure(403);
    assert_eq!(rest.get(MODERATOR, "/moderation/bans").await.json()["data"][0], ban);

    let path = format!("/moderation/bans/{TWO}");
    let lifted = rest.ask(MODERATOR, Method::DELETE, &path, "").await;
    assert_eq!(lifted.body, r#"{"error_message":null,"data":null}"#);
    assert_eq!(rest.get("user-2", "/rooms").await.status, 200);
    rest.ask(MODERATOR, Method::DELETE, &path, "").await.assert_failure(404);
    rest.ask(MODERATOR, Method::DELETE, "/moderation/bans/x", "").await.assert_failure(404);
    assert_eq!(rest.get(MODERATOR, "/moderation/bans").await.json()["data"], json!([]));
    let all = rest.get(MODERATOR, "/moderation/bans?all=true").await.json();
    assert_eq!(all["data"][0]["lifted_by"], NINE);

    rest.post(MODERATOR, "/moderation/bans", &json!({ "user_id": TWO, "reason": "" })).await;
    let page = rest.get(MODERATOR, "/moderation/bans?all=true&limit=1").await;
    assert_eq!(page.json()["data"][0]["expires_at"], Value::Null);
    assert_eq!(page.header("link"), Some(r#"</moderation/bans?all=true&limit=1&before=2>; rel="next""#));
}

#[tokio::test]
async fn a_moderator_neither_binds_an_admin_nor_lifts_an_admins_ban() {
    let rest = Rest::new();
    let ban = json!({ "user_id": TWO, "reason": "A grudge", "expires_at": null });
    // Not known to be an admin yet: the ban is on record, and keeps out tokens of lower roles alone.
    let set = rest.post(MODERATOR, "/moderation/bans", &ban).await.json()["data"].clone();
    assert_eq!(set["authority"], "moderator");
    rest.get("user-2", "/rooms").await.assert_failure(403);
    rest.get("moderator-2", "/moderation/bans").await.assert_failure(403);
    assert_eq!(rest.get("admin-2", "/rooms").await.status, 200);
    let path = format!("/moderation/bans/{TWO}");
    rest.ask("admin-2", Method::DELETE, &path, "").await.assert_failure(403);

    // From here on it is known.
    for (path, body) in [
        ("/moderation/bans".to_owned(), ban.clone()),
        (format!("/moderation/users/{TWO}/disconnect"), json!({ "reason": "A grudge" })),
    ] {
        rest.post(MODERATOR, &path, &body).await.assert_failure(403);
        assert_eq!(rest.post("admin-9", &path, &body).await.status, 200, "{path}");
    }
    rest.get("admin-2", "/rooms").await.assert_failure(403);
    rest.ask(MODERATOR, Method::DELETE, &path, "").await.assert_failure(403);
    assert_eq!(rest.ask("admin-9", Method::DELETE, &path, "").await.status, 200);
    assert_eq!(rest.get("admin-2", "/rooms").await.status, 200);
}

#[tokio::test]
async fn a_moderator_who_reads_a_room_of_others_leaves_one_entry() {
    let rest = Rest::new();
    let room = rest.room().await;
    for path in [format!("/rooms/{room}"), format!("/rooms/{room}?limit=1"), format!("/rooms/{room}")] {
        assert_eq!(rest.get(MODERATOR, &path).await.status, 200);
        assert_eq!(rest.get("moderator-1", &path).await.status, 200, "a participant");
    }
    rest.get(MODERATOR, "/rooms/999").await.assert_failure(404);
    let log = rest.get(MODERATOR, "/moderation/audit?action=room.read").await.json();
    assert_eq!(log["data"].as_array().map(Vec::len), Some(1), "{log}");
    assert_eq!(
        (&log["data"][0]["actor"], &log["data"][0]["detail"]["room_id"]),
        (&json!(NINE), &json!(room))
    );
}

#[tokio::test]
async fn a_ban_that_cannot_be_is_refused_with_its_key() {
    let rest = Rest::new();
    for (key, value) in [
        ("user_id", json!("x")),
        ("user_id", json!(NINE)),
        ("user_id", json!("00000000000000000000000000000002")),
        ("reason", Value::Null),
        ("reason", json!("x".repeat(2_001))),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("expires_at", json!("tomorrow")),
        ("expires_at", json!(4_102_444_800_i64)),
    ] {
        let mut body = json!({ "user_id": TWO, "reason": "Scam", "expires_at": null });
        body[key] = value;
        let answer = rest.post(MODERATOR, "/moderation/bans", &body).await;
        answer.assert_failure(422);
        assert!(answer.body.contains(&format!("`{key}`")), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_record_tells_of_a_user_and_of_nobody_nothing() {
    let rest = Rest::new();
    rest.records.open(IncidentKind::Block, 2, 7, "text");
    let record = rest.get(MODERATOR, &format!("/moderation/users/{TWO}")).await.json()["data"].clone();
    let keys: Vec<&str> = record.as_object().expect("a record").keys().map(String::as_str).collect();
    let expected = "user_id connected strikes_counted strikes bans incidents notes";
    assert_eq!(keys, expected.split(' ').collect::<Vec<_>>());
    assert_eq!((&record["connected"], &record["incidents"][0]["id"]), (&json!(true), &json!(1)));
    let nobody = rest.get(MODERATOR, &format!("/moderation/users/{NINE}")).await.json();
    assert_eq!((&nobody["data"]["connected"], &nobody["data"]["bans"]), (&json!(false), &json!([])));

    let path = format!("/moderation/users/{TWO}/disconnect");
    let gone = rest.post(MODERATOR, &path, &json!({ "reason": "Calm down" })).await;
    assert_eq!(gone.body, r#"{"error_message":null,"data":{"was_connected":true}}"#);
    rest.post(MODERATOR, &path, &json!({})).await.assert_failure(422);
}

#[tokio::test]
async fn the_policy_is_changed_whole() {
    let rest = Rest::new();
    let path = "/moderation/policy";
    let policy = rest.get(MODERATOR, path).await.json()["data"].clone();
    let usual = json!({
        "strikes_to_ban": 5, "strike_window_seconds": 86_400, "ban_seconds": 86_400, "held_then": "keep",
        "held_seconds": 259_200, "deleted_room_days": 90, "incident_days": 365, "message_days": null,
    });
    assert_eq!(policy, usual);
    let put = |policy: &Value| {
        let (rest, body) = (&rest, policy.to_string());
        async move { rest.ask("admin-9", Method::PUT, path, &body).await }
    };
    let mut stricter = usual.clone();
    stricter["strikes_to_ban"] = Value::Null;
    stricter["held_then"] = "drop".into();
    assert_eq!(put(&stricter).await.json()["data"], stricter);
    assert_eq!(rest.get(MODERATOR, path).await.json()["data"], stricter);
    for key in usual.as_object().expect("a policy").keys() {
        let (mut without, mut wrong) = (usual.clone(), usual.clone());
        without.as_object_mut().expect("a policy").shift_remove(key);
        wrong[key] = json!("x");
        for bad in [without, wrong] {
            let answer = put(&bad).await;
            answer.assert_failure(422);
            assert!(answer.body.contains(&format!("`{key}`")), "{}", answer.body);
        }
    }
    for (key, value) in [("strikes_to_ban", json!(1_001)), ("held_seconds", Value::Null)] {
        let mut bad = usual.clone();
        bad[key] = value;
        put(&bad).await.assert_failure(422);
    }
}

#[tokio::test]
async fn the_audit_log_names_who_did_what() {
    let rest = Rest::new();
    for reason in ["a", "b"] {
        let path = format!("/moderation/users/{TWO}/disconnect");
        rest.post(MODERATOR, &path, &json!({ "reason": reason })).await;
    }
    let page = rest.get(MODERATOR, "/moderation/audit?limit=1").await;
    assert_eq!(page.header("link"), Some(r#"</moderation/audit?limit=1&before=2>; rel="next""#));
    let entry = page.json()["data"][0].clone();
    assert_eq!((&entry["seq"], &entry["actor"]), (&json!(2), &json!(NINE)));
    assert_eq!((&entry["action"], &entry["detail"]["reason"]), (&json!("user.disconnect"), &json!("b")));
    let query = format!(
        "action=user&actor={NINE}&since=2026-01-01T00:00:00.000000Z&until=2999-01-01T00:00:00.000000Z"
    );
    let page = rest.get(MODERATOR, &format!("/moderation/audit?limit=1&{query}")).await;
    let next = format!("/moderation/audit?{query}&limit=1&before=2");
    assert_eq!(page.header("link"), Some(format!(r#"<{next}>; rel="next""#).as_str()));
    assert_eq!(rest.get(MODERATOR, &next).await.json()["data"][0]["seq"], 1);
    let refused = rest.get(MODERATOR, "/moderation/audit?action=rule.*").await;
    assert!(refused.body.contains("an action such as `rule.update`"), "{}", refused.body);
    let hash = entry["hash"].as_str().expect("a hash");
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
}

#[tokio::test]
async fn numbers_have_days_and_shares() {
    let rest = Rest::new();
    rest.records.count(Hits { rule: RuleId(1), action: Action::Block, shadow: false, day: 20_484, count: 3 });
    let answer = rest.get(MODERATOR, "/moderation/stats?since=2026-01-01T00:00:00Z").await;
    let stats = answer.json()["data"].clone();
    assert_eq!(
        stats["hits"],
        json!([{ "rule_id": 1, "action": "block", "shadow": false, "day": "2026-01-31", "count": 3 }])
    );
    assert_eq!(
        stats["precision"][0],
        json!({ "rule_id": 1, "right": 2, "wrong": 1, "open": 3, "precision": 0.6667 })
    );
    assert_eq!(stats["precision"][1]["precision"], Value::Null);
    assert_eq!(
        stats["decisions"],
        json!([
            { "rule_id": null, "day": "2026-01-31", "status": "dismissed", "count": 1 },
            { "rule_id": 1, "day": "2026-01-31", "status": "dismissed", "count": 2 },
        ])
    );
    assert_eq!(stats["decided"], json!([{ "day": "2026-01-31", "status": "dismissed", "count": 3 }]));
    assert_eq!(stats["bans"], 0);
    assert_eq!(stats["bans_by_day"], json!([{ "day": "2026-01-30", "count": 4 }]));
    assert_eq!(stats["latency"]["judged"], 0);
    assert_eq!(rest.get(MODERATOR, "/moderation/stats").await.status, 200);
}
