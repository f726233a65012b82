//! Trying a rule: on a text, on what was said, and while nobody but the classifier is sure.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::harness::{Chat, Door, User, connect, eventually, within};

fn draft(word: &str, action: &str) -> Value {
    json!({
        "name": "a draft", "kind": "terms", "category": "scam", "action": action, "state": "draft", "terms": [word],
    })
}

#[tokio::test]
async fn check_says_what_would_happen_and_why_and_nothing_happens() {
    let chat = Chat::serve().await;
    chat.rule("snark", "block").await;
    chat.rule("boojum", "mask").await;
    let check = async |body: Value| chat.moderated("POST", "/moderation/check", body).await;

    let passed = check(json!({ "message": "Bonjour" })).await;
    assert_eq!((&passed["action"], &passed["code"]), (&json!("pass"), &Value::Null));
    assert_eq!((&passed["delivered"], &passed["matches"]), (&json!("Bonjour"), &json!([])));
    assert!(passed["micros"].is_number() && passed["scores"]["hate"].is_number(), "{passed}");

    let blocked = check(json!({ "message": "🦈 snark, boojum" })).await;
    assert_eq!((&blocked["action"], &blocked["code"]), (&json!("block"), &json!(4011)));
    assert_eq!(blocked["delivered"], Value::Null);
    assert_eq!((&blocked["matches"][0]["start"], &blocked["matches"][0]["end"]), (&json!(3), &json!(8)));

    let masked = check(json!({ "message": "a boojum", "room_id": 7 })).await;
    assert_eq!((&masked["action"], &masked["delivered"]), (&json!("mask"), &json!("a ******")));

    let tried = check(json!({ "message": "a jubjub", "draft": draft("jubjub", "reject") })).await;
    assert_eq!((&tried["action"], &tried["code"]), (&json!("reject"), &Value::Null));
    assert_eq!(check(json!({ "message": "a jubjub" })).await["action"], "pass");
    let bad = json!({ "message": "x", "draft": draft("", "reject") });
    let refused = chat.moderate("POST", "/moderation/check", bad).await;
    refused.fails_with(422);
    let sentence = refused.json()["error_message"].as_str().expect("a sentence").to_owned();
    assert!(sentence.starts_with("`terms[0]` has no letter") && !sentence.contains("(rule 0"), "{sentence}");
    chat.moderate("POST", "/moderation/check", json!({ "draft": null })).await.fails_with(422);
    assert_eq!(chat.moderated("GET", "/moderation/incidents", Value::Null).await, json!([]));
}

#[tokio::test]
async fn a_back_test_says_whom_a_rule_would_have_hit_and_whom_a_change_would_release() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let (one, two) = (chat.room(&alice, &[]).await, chat.room(&alice, &[]).await);
    let mut ws = chat.connect(&alice).await;
    for (room, text) in
        [(one, "a snark"), (one, "a boojum"), (two, "a snark, too"), (two, "nothing"), (one, "Snark!")]
    {
        ws.say(room, text, &format!("{room}-{text}")).await;
    }
    let back_test = async |body: Value| chat.moderated("POST", "/moderation/backtest", body).await;
    let report = back_test(json!({ "draft": draft("snark", "hold") })).await;
    assert_eq!(
        (&report["scanned"], &report["matched"], &report["newly_caught"], &report["released"]),
        (&json!(5), &json!(3), &json!(3), &json!(0))
    );
    assert_eq!(report["by_room"], json!([{ "room_id": one, "count": 2 }, { "room_id": two, "count": 1 }]));
    assert_eq!(report["samples"].as_array().map(Vec::len), Some(3));
    assert!(report["micros_per_message"].is_number());

    let id = chat.rule("snark", "flag").await;
    let mut weaker = draft("boojum", "flag");
    weaker["id"] = json!(id);
    let report = back_test(json!({ "draft": weaker })).await;
    assert_eq!(
        (&report["matched"], &report["newly_caught"], &report["released"]),
        (&json!(1), &json!(1), &json!(3))
    );
    let report = back_test(json!({ "draft": draft("snark", "hold"), "limit": 2 })).await;
    assert_eq!((&report["scanned"], &report["matched"]), (&json!(2), &json!(1)));
    let report = back_test(json!({ "draft": draft("snark", "hold"), "since": "2099-01-01T00:00:00Z" })).await;
    assert_eq!(report["scanned"], 0);
    let bad = json!({ "draft": draft("snark", "hold"), "since": "yesterday" });
    chat.moderate("POST", "/moderation/backtest", bad).await.fails_with(422);
    assert_eq!(chat.moderated("GET", "/moderation/incidents", Value::Null).await, json!([]));
}

#[tokio::test]
async fn a_back_test_tells_how_far_it_is_and_can_be_abandoned() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    for turn in 0..2_500 {
        ws.say(room, &format!("snark {turn}"), &format!("t{turn}")).await;
    }
    let moderator = User::moderator();
    let headers = [
        ("authorization", &*moderator.bearer()),
        ("content-type", "application/json"),
        ("accept", "application/x-ndjson"),
    ];
    let body = json!({ "draft": draft("snark", "hold") }).to_string();
    let answer = chat.call("POST", "/moderation/backtest", &headers, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let lines: Vec<Value> =
        answer.body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let scanned: Vec<u64> = lines.iter().filter_map(|line| line["scanned"].as_u64()).collect();
    assert!(scanned.is_sorted() && scanned.len() == lines.len() && scanned.len() > 2, "{scanned:?}");
    assert_eq!((&lines[0]["total"], scanned.last()), (&json!(2500), Some(&2500)));
    assert_eq!(lines.last().map(|line| &line["samples"]).and_then(Value::as_array).map(Vec::len), Some(100));

    // Those that are abandoned make room for others.
    for _ in 0..10 {
        let (mut reader, mut writer) = connect(chat.address()).await;
        let head = format!(
            "POST /moderation/backtest HTTP/1.1\r\nHost: chat.test\r\nAuthorization: {}\r\nAccept: application/x-ndjson\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            moderator.bearer(),
            body.len()
        );
        writer.bytes(head.as_bytes()).await;
        let status = reader.head().await.status;
        assert!([200, 429].contains(&status), "{status}");
    }
    eventually("a back-test to be let in", async || {
        chat.call("POST", "/moderation/backtest", &headers[..2], &body).await.status == 200
    })
    .await;
}

/// Somebody who answers like a moderation service, and finds every text with a boojum in it harmful.
async fn second_opinion() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = String::new();
                let mut buffer = [0; 4096];
                while !request.contains("input") || !request.ends_with('}') {
                    let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
                    request.push_str(&String::from_utf8_lossy(&buffer[..count]));
                }
                assert!(request.to_lowercase().contains("authorization: bearer a key"), "{request}");
                let body = json!({ "results": [{ "flagged": request.contains("boojum") }] }).to_string();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://{address}/v1/moderations")
}

/// A rule that makes the classifier unsure of everything.
async fn doubt_everything(chat: &Chat) {
    let rule = json!({
        "name": "doubt", "kind": "classifier", "category": "hate", "action": "hold", "state": "live", "head": "hate",
        "threshold": 0.0,
    });
    let written = chat.administer("POST", "/moderation/rules?override_reason=tests", rule).await;
    assert_eq!(written.status, 200, "{written:?}");
}

#[tokio::test]
async fn a_second_opinion_decides_where_only_the_classifier_holds() {
    let url = second_opinion().await;
    let chat = Chat::with(&[("PLIC_SECOND_OPINION_URL", &url), ("PLIC_SECOND_OPINION_KEY", "a key")]).await;
    doubt_everything(&chat).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "a harmless word", "t1").await;
    ws.send_message(room, "a boojum", "t2").await;
    ws.unconfirmed("HatefullSpeach", "t2").await;
    let incidents = chat.moderated("GET", "/moderation/incidents", Value::Null).await;
    assert_eq!((&incidents[0]["action"], &incidents[1]["action"]), (&json!("reject"), &json!("flag")));
    assert!(incidents[0]["matches"][0]["score"].is_number());
}

#[tokio::test]
async fn while_nobody_gives_a_second_opinion_the_declared_answer_holds() {
    // Takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    for (declared, reason) in [("hold", "HeldForReview"), ("reject", "HatefullSpeach"), ("pass", "")] {
        let chat = Chat::with(&[
            ("PLIC_SECOND_OPINION_URL", &url),
            ("PLIC_SECOND_OPINION_MILLISECONDS", "50"),
            ("PLIC_SECOND_OPINION_WHEN_AWAY", declared),
        ])
        .await;
        doubt_everything(&chat).await;
        let alice = User::new();
        let room = chat.room(&alice, &[]).await;
        let mut ws = chat.connect(&alice).await;
        within("answers without an opinion", async {
            for turn in 0..8 {
                let id = format!("t{turn}");
                ws.send_message(room, "anything", &id).await;
                if reason.is_empty() {
                    ws.confirmed(&id).await;
                } else {
                    ws.unconfirmed(reason, &id).await;
                }
            }
        })
        .await;
    }
}
