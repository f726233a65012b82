//! Rules: versions, bodies, export and import, check and back-test.

use poem::{Body, Request, http::Method};
use serde_json::{Value, json};

use super::rule;
use crate::harness::{Answer, Rest};

const MODERATOR: &str = "moderator-9";
const NINE: &str = "00000000-0000-0000-0000-000000000009";

fn etag(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status.as_u16(), answer.header("etag"))
}

#[tokio::test]
async fn a_rule_is_written_in_versions_and_brought_back() {
    let rest = Rest::new();
    let created = rest.post(MODERATOR, "/moderation/rules", &rule("A", "mandat cash")).await;
    assert_eq!(etag(&created), (200, Some("\"1\"")));
    assert_eq!(created.header("access-control-expose-headers"), Some("Link, Retry-After, ETag"));
    let made = created.json();
    assert_eq!(made["error_message"], Value::Null);
    assert_eq!((&made["data"]["id"], &made["data"]["version"]), (&json!(1), &json!(1)));
    assert_eq!(made["data"]["updated_by"], NINE);
    assert!(made["data"]["updated_at"].as_str().is_some_and(|at| at.ends_with('Z')));

    // As it was read, with another name.
    let mut changed = made["data"].clone();
    changed["name"] = "B".into();
    let changed = changed.to_string();
    let updated = rest.put_rule(1, Some("\"1\""), &changed).await;
    assert_eq!(etag(&updated), (200, Some("\"2\"")));
    assert_eq!(rest.get(MODERATOR, "/moderation/rules/1").await.json()["data"]["name"], "B");
    rest.put_rule(1, Some("1"), &changed).await.assert_failure(409);
    let stale = rest.put_rule(1, Some("W/\"1\""), &changed).await;
    stale.assert_failure(409);
    assert!(stale.body.contains("version 2"), "{}", stale.body);
    assert_eq!(etag(&rest.put_rule(1, Some("W/\"2\""), &changed).await), (200, Some("\"3\"")));

    let gone = rest.ask(MODERATOR, Method::DELETE, "/moderation/rules/1", "").await;
    assert_eq!(gone.body, r#"{"error_message":null,"data":null}"#);
    rest.get(MODERATOR, "/moderation/rules/1").await.assert_failure(404);
    rest.ask(MODERATOR, Method::DELETE, "/moderation/rules/1", "").await.assert_failure(404);
    let restore = "/moderation/rules/1/restore";
    let restored = rest.post(MODERATOR, restore, &json!({ "version": 1 })).await;
    assert_eq!(etag(&restored), (200, Some("\"4\"")));
    assert_eq!(restored.json()["data"]["name"], "A");
    rest.post(MODERATOR, restore, &json!({ "version": 9 })).await.assert_failure(404);
    for bad in [json!({}), json!({ "version": "1" }), json!({ "version": 0 }), json!([])] {
        rest.post(MODERATOR, restore, &bad).await.assert_failure(422);
    }

    let page = rest.get(MODERATOR, "/moderation/rules/1/versions?limit=2").await;
    let versions = |answer: &Answer| {
        let json = answer.json();
        let items = json["data"].as_array().expect("versions").iter();
        items.map(|rule| rule["version"].as_i64().expect("a version")).collect::<Vec<_>>()
    };
    assert_eq!(versions(&page), [4, 3]);
    let next = r#"</moderation/rules/1/versions?limit=2&before=3>; rel="next""#;
    assert_eq!(page.header("link"), Some(next));
    let rest_of_them = rest.get(MODERATOR, "/moderation/rules/1/versions?limit=2&before=3").await;
    assert_eq!((versions(&rest_of_them), rest_of_them.header("link")), (vec![2, 1], None));
}

#[tokio::test]
async fn a_change_names_the_version_it_is_of_before_its_body_is_read() {
    let rest = Rest::new();
    rest.put_rule(1, None, "no JSON").await.assert_failure(428);
    for bad in ["", "*", "x", "W/1", "\"1\", \"2\"", "-1"] {
        rest.put_rule(1, Some(bad), "no JSON").await.assert_failure(400);
    }
    rest.put_rule(1, Some("\"1\""), "no JSON").await.assert_failure(400);
    rest.put_rule(1, Some("\"1\""), &rule("A", "x y").to_string()).await.assert_failure(404);
}

#[tokio::test]
async fn a_deletion_honours_the_version_that_it_names() {
    let rest = Rest::new();
    let made = rest.post(MODERATOR, "/moderation/rules", &rule("A", "mandat cash")).await.json();
    assert_eq!(rest.put_rule(1, Some("1"), &made["data"].to_string()).await.status.as_u16(), 200);
    rest.delete_rule(1, "\"1\"").await.assert_failure(409);
    rest.delete_rule(1, "x").await.assert_failure(400);
    assert_eq!(rest.delete_rule(1, "\"2\"").await.status.as_u16(), 200);
    rest.delete_rule(1, "\"2\"").await.assert_failure(404);
}

#[tokio::test]
async fn a_rule_that_is_written_while_its_versions_are_read_is_not_found() {
    let rest = Rest::new();
    rest.post(MODERATOR, "/moderation/rules", &rule("A", "mandat cash")).await;
    rest.records.read_versions_early();
    rest.post(MODERATOR, "/moderation/rules/1/restore", &json!({ "version": 1 })).await.assert_failure(404);
    rest.records.read_versions_early();
    rest.get(MODERATOR, "/moderation/rules/1/versions").await.assert_failure(404);
    assert_eq!(rest.get(MODERATOR, "/moderation/rules/1/versions?before=1").await.json()["data"], json!([]));
}

#[tokio::test]
async fn rooms_of_a_rule_are_ids_wherever_a_rule_is_written() {
    let rest = Rest::new();
    for bad in [json!([0]), json!([7, 9_007_199_254_740_992_i64]), json!([-1])] {
        let mut draft = rule("A", "mandat cash");
        draft["rooms"] = bad;
        for (path, body) in [
            ("/moderation/rules", draft.clone()),
            ("/moderation/check", json!({ "message": "Hello", "draft": draft })),
            ("/moderation/backtest", json!({ "draft": draft })),
        ] {
            rest.post(MODERATOR, path, &body).await.assert_failure(422);
        }
        rest.ask(
            "admin-9",
            Method::POST,
            "/moderation/rules/import",
            &json!({ "rules": [draft] }).to_string(),
        )
        .await
        .assert_failure(422);
    }
}

#[tokio::test]
async fn lists_lead_from_page_to_page_the_newest_first() {
    let rest = Rest::new();
    for name in ["A", "B", "C"] {
        rest.post(MODERATOR, "/moderation/rules", &rule(name, "mandat cash")).await;
    }
    let page = rest.get(MODERATOR, "/moderation/rules?limit=2").await;
    let names = |answer: &Answer| {
        let json = answer.json();
        let items = json["data"].as_array().expect("rules").iter();
        items.map(|rule| rule["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&page), ["C", "B"]);
    assert_eq!(page.header("link"), Some(r#"</moderation/rules?limit=2&before=2>; rel="next""#));
    let last = rest.get(MODERATOR, "/moderation/rules?limit=2&before=2").await;
    assert_eq!((names(&last), last.header("link")), (vec!["A".to_owned()], None));
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_said_with_its_key() {
    let rest = Rest::new();
    let with = |key: &str, value: Value| {
        let mut rule = rule("A", "mandat cash");
        rule[key] = value;
        rule.to_string()
    };
    let twice = rule("A", "x y").to_string().replacen('{', r#"{"note":"a","note":"b","#, 1);
    for (body, key) in [
        (with("name", 7.into()), "`name`"),
        (with("state", "alive".into()), "`state`"),
        (with("terms", json!([])), "`terms`"),
        (with("must_match", json!(["nothing of it"])), "`must_match[0]`"),
        (with("unles", json!([])), "`unles`"),
        (twice, "`note` is there twice"),
        ("{}".to_owned(), "is missing"),
        ("[]".to_owned(), "JSON object"),
    ] {
        let answer = rest.ask(MODERATOR, Method::POST, "/moderation/rules", &body).await;
        answer.assert_failure(422);
        assert!(answer.body.contains(key), "{key}: {}", answer.body);
    }
    rest.ask(MODERATOR, Method::POST, "/moderation/rules", "{").await.assert_failure(400);
}

#[tokio::test]
async fn an_override_is_an_admins_and_has_a_reason() {
    let rest = Rest::new();
    let path = "/moderation/rules?override_reason=needed%20now";
    rest.post(MODERATOR, path, &rule("A", "mandat cash")).await.assert_failure(403);
    assert_eq!(rest.post("admin-9", path, &rule("A", "mandat cash")).await.status, 200);
    let empty = rest.post("admin-9", "/moderation/rules?override_reason=%20", &rule("A", "x y")).await;
    empty.assert_failure(422);
    assert!(empty.body.contains("override_reason"));
    let audit = rest.get(MODERATOR, "/moderation/audit").await.json();
    assert_eq!(audit["data"][0]["detail"]["override_reason"], "needed now");
}

#[tokio::test]
async fn a_rule_has_four_mebibytes_an_import_sixteen_and_the_rest_64_kib() {
    let rest = Rest::new();
    let send = |method: Method, path: &'static str, length: usize| {
        let request = Request::builder()
            .method(method)
            .uri_str(path)
            .header("authorization", "Bearer admin-9")
            .header("if-match", "1")
            .content_type("application/json");
        rest.send(request.body(Body::from(" ".repeat(length))))
    };
    let mebibytes = 1 << 20;
    for (method, path, most) in [
        (Method::POST, "/moderation/rules", 4 * mebibytes),
        (Method::PUT, "/moderation/rules/1", 4 * mebibytes),
        (Method::POST, "/moderation/check", 4 * mebibytes),
        (Method::POST, "/moderation/backtest", 4 * mebibytes),
        (Method::POST, "/moderation/rules/import", 16 * mebibytes),
        (Method::POST, "/moderation/rules/1/restore", 65_536),
        (Method::POST, "/moderation/bans", 65_536),
        (Method::PUT, "/moderation/policy", 65_536),
        (Method::POST, "/reports", 65_536),
    ] {
        send(method.clone(), path, most).await.assert_failure(400);
        send(method, path, most + 1).await.assert_failure(413);
    }
    let terms: Vec<String> = (0..100_000).map(|number| format!("term number {number}")).collect();
    let mut large = rule("Large", "x y");
    large["state"] = "draft".into();
    large["terms"] = terms.into();
    let answer = rest.post(MODERATOR, "/moderation/rules", &large).await;
    assert_eq!(answer.json()["data"]["terms"].as_array().map(Vec::len), Some(100_000));
}

#[tokio::test]
async fn an_export_is_imported_again_and_a_dry_run_changes_nothing() {
    let rest = Rest::new();
    for name in ["A", "B"] {
        rest.post(MODERATOR, "/moderation/rules", &rule(name, "mandat cash")).await;
    }
    let exported = rest.get(MODERATOR, "/moderation/rules/export").await;
    let import = |path: &'static str, body: String| {
        let rest = &rest;
        async move { rest.ask("admin-9", Method::POST, path, &body).await }
    };
    let path = "/moderation/rules/import";
    let same = import(path, exported.json()["data"].to_string()).await.json();
    let nothing = json!({ "created": 0, "updated": 0, "unchanged": 2, "deleted": 0, "dry_run": false });
    assert_eq!(same["data"], nothing);

    let document = json!({ "rules": [exported.json()["data"]["rules"][0], rule("C", "pcs")] }).to_string();
    let report = json!({ "created": 1, "updated": 0, "unchanged": 1, "deleted": 1, "dry_run": true });
    let rehearsed = import("/moderation/rules/import?dry_run=true", document.clone()).await;
    assert_eq!(rehearsed.json()["data"], report);
    assert_eq!(rest.get(MODERATOR, "/moderation/rules").await.json()["data"][0]["name"], "B");
    assert_eq!(import(path, document).await.json()["data"]["dry_run"], false);
    assert_eq!(rest.get(MODERATOR, "/moderation/rules").await.json()["data"][0]["name"], "C");

    let bad = json!({ "rules": [rule("D", "x y"), { "name": "E" }] }).to_string();
    let refused = import(path, bad).await;
    refused.assert_failure(422);
    assert!(refused.body.contains("`rules[1]."), "{}", refused.body);
    import("/moderation/rules/import?dry_run=1", r#"{"rules":[]}"#.to_owned()).await.assert_failure(422);
    import(path, "[]".to_owned()).await.assert_failure(422);
}

#[tokio::test]
async fn a_check_explains_itself_and_a_draft_is_tried_with_it() {
    let rest = Rest::new();
    let text = "😀 par mandat cash";
    let passed = rest.post(MODERATOR, "/moderation/check", &json!({ "message": text })).await.json();
    let data = &passed["data"];
    assert_eq!((&data["action"], &data["delivered"]), (&json!("pass"), &json!(text)));
    assert_eq!(
        (&data["code"], &data["category"], &data["matches"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    for head in ["hate", "threat", "scam", "harassment"] {
        assert!(data["scores"][head].is_number());
    }
    assert!(data["micros"].is_number() && data["model"].is_string());

    let body = json!({ "message": text, "room_id": null, "draft": rule("A", "mandat cash") });
    let caught = rest.post(MODERATOR, "/moderation/check", &body).await.json();
    let data = &caught["data"];
    assert_eq!(
        (&data["action"], &data["code"], &data["category"]),
        (&json!("block"), &json!(4011), &json!("scam"))
    );
    assert_eq!(data["delivered"], Value::Null);
    let found = &data["matches"][0];
    // A smiley is two code units.
    assert_eq!(
        (&found["start"], &found["end"], &found["text"]),
        (&json!(7), &json!(18), &json!("mandat cash"))
    );
    assert_eq!((&found["score"], &found["rule"]), (&Value::Null, &json!("A")));

    let long = json!({ "message": "a ".repeat(30_000) });
    assert_eq!(rest.post(MODERATOR, "/moderation/check", &long).await.status, 200);
    for (body, key) in [
        (json!({}), "`message`"),
        (json!({ "message": 7 }), "`message`"),
        (json!({ "message": [1] }), "`message`"),
        (json!({ "message": "a", "room_id": "7" }), "`room_id`"),
        (json!({ "message": "a", "draft": [] }), "`draft`"),
        (json!({ "message": "a", "draft": {} }), "`draft."),
    ] {
        let answer = rest.post(MODERATOR, "/moderation/check", &body).await;
        answer.assert_failure(422);
        assert!(answer.body.contains(key), "{key}: {}", answer.body);
    }
    let twice = r#"{"message":"a","message":"b"}"#;
    let answer = rest.ask(MODERATOR, Method::POST, "/moderation/check", twice).await;
    answer.assert_failure(422);
    assert!(answer.body.contains("`message`"), "{}", answer.body);
    // Half a surrogate pair, and an integer with a fraction.
    let cut = r#"{"message":"cut \udc00","room_id":7.0,"\udc00":1e999}"#;
    let answer = rest.ask(MODERATOR, Method::POST, "/moderation/check", cut).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["data"]["delivered"]), (200, &json!("cut \u{fffd}")));
}

#[tokio::test]
async fn a_back_test_answers_once_or_in_lines() {
    let rest = Rest::new();
    let room = rest.room().await;
    for text in ["Hello", "par mandat cash", "Bye"] {
        rest.store.say(room, 2, text);
    }
    let body = json!({ "draft": rule("A", "mandat cash"), "since": "2026-01-01T00:00:00Z", "limit": 1000 });
    let once = rest.post(MODERATOR, "/moderation/backtest", &body).await.json();
    assert_eq!(once["error_message"], Value::Null);
    let report = &once["data"];
    assert_eq!(report["scanned"], 3);
    for key in ["matched", "newly_caught", "released", "micros_per_message"] {
        assert!(report[key].is_number(), "{key}");
    }
    assert!(report["by_room"].is_array() && report["samples"].is_array());

    let request = Request::builder()
        .method(Method::POST)
        .uri_str("/moderation/backtest")
        .header("authorization", "Bearer moderator-9")
        .header("accept", "application/x-ndjson, */*;q=0.1")
        .content_type("application/json");
    let lines = rest.send(request.body(body.to_string())).await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let parsed: Vec<Value> =
        lines.body.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let [progress, last] = &parsed[..] else { panic!("{parsed:?}") };
    assert_eq!((&progress["scanned"], &progress["total"]), (&json!(3), &json!(3)));
    assert!(last["samples"].is_array());

    for (body, key) in [
        (json!({}), "`draft` is missing"),
        (json!({ "draft": null }), "`draft` is missing"),
        (json!({ "draft": rule("A", "x y"), "since": "yesterday" }), "`since`"),
        (json!({ "draft": rule("A", "x y"), "limit": 0 }), "`limit`"),
    ] {
        let answer = rest.post(MODERATOR, "/moderation/backtest", &body).await;
        answer.assert_failure(422);
        assert!(answer.body.contains(key), "{key}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_back_test_that_nobody_waits_for_stops_and_makes_room() {
    let rest = Rest::new();
    let room = rest.room().await;
    for _ in 0..7_000 {
        rest.store.say(room, 2, "Hello");
    }
    let body = json!({ "draft": rule("A", "mandat cash") });
    let start = || {
        let request = Request::builder()
            .method(Method::POST)
            .uri_str("/moderation/backtest")
            .header("authorization", "Bearer moderator-9")
            .header("accept", "application/x-ndjson");
        rest.open(request.body(body.to_string()))
    };
    let running = [start().await, start().await];
    let refused = rest.post(MODERATOR, "/moderation/backtest", &body).await;
    refused.assert_failure(429);
    assert!(refused.header("retry-after").is_some());
    drop(running);
    let again = async {
        while rest.post(MODERATOR, "/moderation/backtest", &body).await.status != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), again).await.expect("there is room again");
}
