//! Rules over REST, and what they do to who is connected meanwhile.

use serde_json::{Value, json};

use crate::harness::{Answer, Chat, Door, User};

const RULES: &str = "/moderation/rules";

fn rule(word: &str, action: &str, state: &str) -> Value {
    json!({
        "name": format!("the word {word}"), "kind": "terms", "category": "scam", "action": action, "state": state,
        "terms": [word], "match": "word",
    })
}

/// A request with a version in `If-Match`.
async fn put_at(chat: &Chat, id: i64, version: &str, rule: &Value) -> Answer {
    let moderator = User::moderator();
    let headers = [
        ("authorization", &*moderator.bearer()),
        ("content-type", "application/json"),
        ("if-match", version),
    ];
    chat.call("PUT", &format!("{RULES}/{id}"), &headers, &rule.to_string()).await
}

#[tokio::test]
async fn a_rule_acts_on_open_connections_as_soon_as_it_is_published_and_stops_with_its_deletion() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "a snark", "t1").await;
    let id = chat.rule("snark", "reject").await;
    ws.send_message(room, "another snark", "t2").await;
    ws.unconfirmed("HatefullSpeach", "t2").await;
    chat.moderated("DELETE", &format!("{RULES}/{id}"), Value::Null).await;
    ws.say(room, "a third snark", "t3").await;
    chat.moderate("GET", &format!("{RULES}/{id}"), Value::Null).await.fails_with(404);
}

#[tokio::test]
async fn drafts_do_nothing_and_shadows_are_counted_alone() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    chat.moderated("POST", RULES, rule("snark", "block", "draft")).await;
    let shadow = chat.moderated("POST", RULES, rule("boojum", "block", "shadow")).await;
    ws.say(room, "a snark and a boojum", "t1").await;
    let stats = chat.moderated("GET", "/moderation/stats", Value::Null).await;
    let hits = stats["hits"].as_array().expect("hits");
    assert_eq!(hits.len(), 1, "{stats}");
    assert_eq!((&hits[0]["rule_id"], &hits[0]["shadow"]), (&shadow["id"], &json!(true)));
    assert_eq!((&hits[0]["action"], &hits[0]["count"]), (&json!("block"), &json!(1)));
    let incidents = chat.moderated("GET", "/moderation/incidents", Value::Null).await;
    assert_eq!(incidents, json!([]));
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_read_and_loses_nothing_when_it_is_stale() {
    let chat = Chat::serve().await;
    let id = chat.rule("snark", "reject").await;
    let changed = rule("boojum", "reject", "live");
    chat.moderate("PUT", &format!("{RULES}/{id}"), changed.clone()).await.fails_with(428);
    put_at(&chat, id, "\"one\"", &changed).await.fails_with(400);
    for version in ["\"1\"", "2", "W/\"3\""] {
        let answer = put_at(&chat, id, version, &changed).await;
        assert_eq!(answer.status, 200, "{version}: {answer:?}");
    }
    let stale = put_at(&chat, id, "\"1\"", &rule("jubjub", "reject", "live")).await;
    stale.fails_with(409);
    assert!(stale.body.contains('4'), "it says which version there is: {stale:?}");
    put_at(&chat, 999, "\"1\"", &changed).await.fails_with(404);

    let read = chat.moderate("GET", &format!("{RULES}/{id}"), Value::Null).await;
    assert_eq!((read.header("etag"), &read.data()["version"]), ("\"4\"", &json!(4)));
    let versions = chat.moderated("GET", &format!("{RULES}/{id}/versions?limit=2"), Value::Null).await;
    let versions: Vec<i64> =
        versions.as_array().expect("a list").iter().filter_map(|rule| rule["version"].as_i64()).collect();
    assert_eq!(versions, [4, 3]);
}

#[tokio::test]
async fn an_earlier_version_is_restored_as_the_next_also_of_a_deleted_rule() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let id = chat.rule("snark", "reject").await;
    assert_eq!(put_at(&chat, id, "1", &rule("boojum", "reject", "live")).await.status, 200);
    chat.moderated("DELETE", &format!("{RULES}/{id}"), Value::Null).await;
    let restored = chat.moderated("POST", &format!("{RULES}/{id}/restore"), json!({ "version": 1 })).await;
    assert_eq!((&restored["id"], &restored["version"]), (&json!(id), &json!(3)));
    assert_eq!(restored["terms"], json!(["snark"]));
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    chat.moderate("POST", &format!("{RULES}/{id}/restore"), json!({ "version": 9 })).await.fails_with(404);
    chat.moderate("POST", &format!("{RULES}/77/restore"), json!({ "version": 1 })).await.fails_with(404);
}

#[tokio::test]
async fn what_a_rule_is_read_as_is_what_was_written_for_every_kind() {
    let chat = Chat::serve().await;
    let kinds = [
        json!({"kind": "terms", "terms": ["mandat cash"], "match": "substring"}),
        json!({"kind": "pattern", "pattern": "key ?bunkers?"}),
        json!({"kind": "concepts", "concepts": {"at_least": 2, "of": ["untraceable_payment", "deposit"], "within_words": 30}}),
        json!({"kind": "links", "domains": ["*.example"], "allow_domains": ["good.example"]}),
        json!({"kind": "contact"}),
        json!({"kind": "classifier", "head": "hate", "threshold": 0.92}),
        json!({"kind": "repetition", "must_not_match": [], "limit": {"same_text": 3, "window_seconds": 60}}),
    ];
    for keys in kinds {
        let mut rule = json!({
            "name": "of the tests", "category": "scam", "action": "hold", "state": "shadow", "languages": ["fr", "en"],
            "rooms": [7], "unless": ["ne payez jamais"], "note": "why", "must_match": [], "must_not_match": ["Bonjour"],
            // What the server says itself is ignored.
            "id": 4711, "version": 9, "updated_by": "nobody", "updated_at": "never",
        });
        rule.as_object_mut().expect("an object").extend(keys.as_object().expect("an object").clone());
        let written = chat.moderate("POST", RULES, rule.clone()).await;
        let written = written.data();
        assert_eq!(written["version"], 1);
        let id = written["id"].as_i64().expect("an id");
        assert_ne!(id, 4711);
        let read = chat.moderated("GET", &format!("{RULES}/{id}"), Value::Null).await;
        assert_eq!(read, written);
        for (key, value) in rule.as_object().expect("an object") {
            if !["id", "version", "updated_by", "updated_at"].contains(&key.as_str()) {
                assert_eq!(&read[key], value, "{key} of {keys}");
            }
        }
    }
}

#[tokio::test]
async fn a_bad_rule_is_422_with_its_field_named_and_the_rules_in_force_stay() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "reject").await;
    let bad = [
        ("terms", json!({"kind": "terms", "terms": []})),
        ("terms[0]", json!({"kind": "terms", "terms": [" "]})),
        ("terms", json!({"kind": "terms", "terms": "snark"})),
        ("must_match[0]", json!({"kind": "terms", "terms": ["snark"], "must_match": ["boojum"]})),
        ("must_not_match[0]", json!({"kind": "terms", "terms": ["snark"], "must_not_match": ["a snark"]})),
        ("pattern", json!({"kind": "pattern", "pattern": "(unclosed"})),
        ("pattern", json!({"kind": "pattern", "pattern": "x".repeat(1025)})),
        ("pattern", json!({"kind": "pattern", "pattern": "((a{100}){100}){100}"})),
        ("pattern", json!({"kind": "pattern", "pattern": r"(\w{1000}){1000}"})),
        ("pattern", json!({"kind": "pattern", "pattern": "(a|b)(?=c)"})),
        ("threshold", json!({"kind": "classifier", "head": "hate", "threshold": 1.5})),
        ("threshold", json!({"kind": "classifier", "head": "hate", "threshold": -0.1})),
        ("head", json!({"kind": "classifier", "head": "sarcasm", "threshold": 0.5})),
        (
            "concepts",
            json!({"kind": "concepts", "concepts": {"at_least": 3, "of": ["deposit"], "within_words": 30}}),
        ),
        (
            "concepts",
            json!({"kind": "concepts", "concepts": {"at_least": 1, "of": ["no_such"], "within_words": 30}}),
        ),
        ("limit", json!({"kind": "repetition", "limit": {"same_text": 0, "window_seconds": 60}})),
        ("limit", json!({"kind": "repetition", "limit": [3, 60]})),
        ("concepts", json!({"kind": "concepts", "concepts": [1, ["deposit"], 30]})),
        ("domains", json!({"kind": "links", "domains": ["not a domain"]})),
        ("kind", json!({"kind": "astrology"})),
        ("action", json!({"kind": "contact", "action": "explode"})),
        ("name", json!({"kind": "contact", "name": ""})),
        ("name", json!({"kind": "contact", "name": "x".repeat(300)})),
    ];
    for (field, keys) in bad {
        let mut rule = json!({"name": "bad", "category": "scam", "action": "block", "state": "live"});
        rule.as_object_mut().expect("an object").extend(keys.as_object().expect("an object").clone());
        let answer = chat.moderate("POST", RULES, rule).await;
        answer.fails_with(422);
        assert!(answer.body.contains(field), "{field} of {keys}: {answer:?}");
    }
    let lone = format!(
        r#"{{"name":"bad","kind":"terms","category":"scam","action":"block","state":"live","terms":["{}"]}}"#,
        r"\ud800"
    );
    let moderator = User::moderator();
    let headers = [("authorization", &*moderator.bearer()), ("content-type", "application/json")];
    let answer = chat.call("POST", RULES, &headers, &lone).await;
    assert!([400, 422].contains(&answer.status), "{answer:?}");

    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    let rules = chat.moderated("GET", RULES, Value::Null).await;
    assert_eq!(rules.as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn a_rule_that_hits_ordinary_chat_is_published_only_by_an_admin_with_a_reason() {
    let chat = Chat::serve().await;
    let everything = json!({
        "name": "everything", "kind": "pattern", "pattern": "[a-z]", "category": "other", "action": "flag",
        "state": "live",
    });
    let refused = chat.moderate("POST", RULES, everything.clone()).await;
    refused.fails_with(422);
    assert!(refused.body.contains("ordinary chat"), "{refused:?}");
    let forced = format!("{RULES}?override_reason=a%20drill");
    chat.moderate("POST", &forced, everything.clone()).await.fails_with(403);
    let written = chat.administer("POST", &forced, everything).await;
    assert_eq!(written.status, 200, "{written:?}");
    let audit = chat.moderated("GET", "/moderation/audit", Value::Null).await;
    let entry = audit.as_array().expect("a list").iter().find(|entry| entry["action"] == "rule.create");
    assert_eq!(entry.expect("an entry")["detail"]["override_reason"], "a drill");
}

#[tokio::test]
async fn rules_are_exported_and_imported_whole_or_not_at_all_by_admins() {
    let chat = Chat::serve().await;
    let kept = chat.rule("snark", "reject").await;
    chat.rule("boojum", "reject").await;
    let exported = chat.moderated("GET", &format!("{RULES}/export"), Value::Null).await;
    let mut rules = exported["rules"].as_array().expect("rules").clone();
    rules.retain(|rule| rule["id"] == kept);
    rules[0]["terms"] = json!(["snark", "snarks"]);
    rules.push(rule("jubjub", "reject", "live"));
    let document = json!({ "rules": rules });

    let import = format!("{RULES}/import");
    chat.moderate("POST", &import, document.clone()).await.fails_with(403);
    let rehearsed = chat.administer("POST", &format!("{import}?dry_run=true"), document.clone()).await.data();
    assert_eq!(
        (&rehearsed["created"], &rehearsed["updated"], &rehearsed["deleted"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(chat.moderated("GET", &format!("{RULES}/export"), Value::Null).await, exported);

    let mut half_bad = document.clone();
    half_bad["rules"][1]["terms"] = json!([]);
    let refused = chat.administer("POST", &import, half_bad).await;
    refused.fails_with(422);
    assert!(refused.body.contains("terms"), "{refused:?}");
    assert_eq!(chat.moderated("GET", &format!("{RULES}/export"), Value::Null).await, exported);

    assert_eq!(chat.administer("POST", &import, document).await.status, 200);
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "a boojum", "t1").await;
    for (text, id) in [("two snarks", "t2"), ("a jubjub", "t3")] {
        ws.send_message(room, text, id).await;
        ws.unconfirmed("HatefullSpeach", id).await;
    }

    let many = json!({ "rules": vec![json!({}); 10_001] });
    let refused = chat.administer("POST", &import, many).await;
    refused.fails_with(422);
    assert!(refused.body.contains("rules"), "{refused:?}");
}

#[tokio::test]
async fn messages_are_judged_by_one_whole_set_while_rules_are_swapped() {
    // One rule or the other is always in force, for they change places in one import.
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let document = |first: &str, second: &str| json!({ "rules": [rule("snark", "reject", first), rule("boojum", "reject", second)] });
    let import = format!("{RULES}/import");
    assert_eq!(chat.administer("POST", &import, document("live", "retired")).await.status, 200);
    let mut ws = chat.connect(&alice).await;
    let swapping = async {
        for turn in 0..20 {
            let (first, second) = if turn % 2 == 0 { ("retired", "live") } else { ("live", "retired") };
            assert_eq!(chat.administer("POST", &import, document(first, second)).await.status, 200);
        }
    };
    let sending = async {
        for turn in 0..300 {
            let id = format!("t{turn}");
            ws.send_message(room, "a snark, a boojum", &id).await;
            ws.unconfirmed("HatefullSpeach", &id).await;
        }
    };
    tokio::join!(swapping, sending);
}

#[tokio::test]
async fn a_word_of_a_rule_is_a_string_and_no_key_is_there_twice() {
    let chat = Chat::serve().await;
    let rule = r#"{"name":"a","kind":"terms","terms":["zeppelin"],"match":"word","category":"spam","action":"flag","state":"draft","rooms":[7.0]}"#;
    let moderator = User::moderator();
    let headers = [("authorization", &*moderator.bearer()), ("content-type", "application/json")];
    let post = async |path: &str, body: &str| chat.call("POST", path, &headers, body).await;
    assert_eq!(post("/moderation/rules", rule).await.json()["data"]["rooms"], json!([7]));
    let mut wrong: Vec<String> =
        [("match", "word"), ("category", "spam"), ("action", "flag"), ("state", "draft")]
            .iter()
            .map(|(key, word)| {
                rule.replace(&format!(r#""{key}":"{word}""#), &format!(r#""{key}":{{"{word}":null}}"#))
            })
            .collect();
    let kinds = [
        r#""kind":"pattern","pattern":"a","view":{"folded":null}"#,
        r#""kind":"classifier","head":{"hate":null},"threshold":0.9"#,
        r#""kind":"terms","lexicon":{"hate-en":null}"#,
        r#""kind":"repetition","limit":{"same_text":3,"same_text":3,"window_seconds":60}"#,
        r#""kind":"repetition","limit":{"same_text":2.99999999999999999999,"window_seconds":60}"#,
        r#""kind":"concepts","concepts":{"at_least":1,"of":["deposit"],"of":["deposit"]}"#,
    ];
    wrong.extend(
        kinds.map(|kind| rule.replace(r#""kind":"terms","terms":["zeppelin"],"match":"word""#, kind)),
    );
    wrong.push(rule.replace("7.0", "7.00000000000000000001"));
    wrong.push(rule.replace(r#""kind":"terms""#, r#""kind":"terms","kind":"terms""#));
    for body in wrong {
        assert_ne!(body, rule);
        post("/moderation/rules", &body).await.fails_with(422);
        post("/moderation/check", &format!(r#"{{"message":"hi","draft":{body}}}"#)).await.fails_with(422);
    }
}
