//! CONTRACT section 1: any failure, on every route and for every cause, answers the envelope with a fitting status.

use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use crate::harness::{Chat, Door, ROUTES, User, claims, connect, database_in, eventually, sign};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Holds the database's one write lock until dropped, as a backup or a stuck program would.
async fn write_lock(chat: &Chat) -> SqliteConnection {
    let mut lock = SqliteConnection::connect(&database_in(chat.folder())).await.expect("the database opens");
    sqlx::query("PRAGMA busy_timeout = 20000").execute(&mut lock).await.expect("a pragma");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.expect("the write lock");
    lock
}

#[tokio::test]
async fn no_token_or_a_bad_one_is_401_on_every_route() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let expired = User::with(|claims| claims["exp"] = json!(1_700_000_000));
    let (basic, expired) = (format!("Basic {}", alice.token), expired.bearer());
    for (method, path) in ROUTES {
        chat.call(method, path, &[], "").await.fails_with(401);
        for authorization in ["", "Bearer", "Bearer ", "Bearer nonsense", &alice.token, &basic, &expired] {
            chat.call(method, path, &[("authorization", authorization)], "").await.fails_with(401);
        }
        // The token's place is the header: a URL of a REST request is logged by every proxy.
        chat.call(method, &format!("{path}?token={}", alice.token), &[], "").await.fails_with(401);
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_400() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let headers = [("authorization", &*alice.bearer()), JSON];
    for method in ["POST", "PUT"] {
        for body in ["", "{", "users", "{\"users\":[}", "{\"users\":[]} {}", "\u{feff}{}", "{'users':[]}"] {
            let answer = chat.call(method, "/rooms", &headers, body).await;
            assert_eq!(answer.status, 400, "{method} {body:?}: {answer:?}");
            answer.is_envelope_of_failure();
        }
    }
}

#[tokio::test]
async fn an_unknown_route_is_404() {
    let chat = Chat::serve().await;
    let alice = User::new();
    for path in ["/nowhere", "/rooms/7/messages", "/Rooms", "/%00"] {
        let answer = chat.get(&alice, path).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        answer.is_envelope_of_failure();
        chat.call("GET", path, &[], "").await.is_envelope_of_failure();
    }
    for path in ["/rooms/seven", "/rooms/7.5", "/rooms/99999999999999999999"] {
        let answer = chat.get(&alice, path).await;
        assert!([400, 404, 422].contains(&answer.status), "{path}: {answer:?}");
        answer.is_envelope_of_failure();
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_which_are_allowed() {
    let chat = Chat::serve().await;
    let alice = User::new();
    for (path, wrong, allowed) in [
        ("/rooms", ["DELETE", "PATCH", "BREW"], &["GET", "POST", "PUT"][..]),
        ("/rooms/7", ["POST", "PUT", "PATCH"], &["GET", "DELETE"]),
    ] {
        for method in wrong {
            let answer = chat.rest(&alice, method, path, json!(null)).await;
            assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
            answer.is_envelope_of_failure();
            let allow: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            assert!(allowed.iter().all(|method| allow.contains(method)), "{path}: {allow:?}");
            assert!(!allow.contains(&method));
        }
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_415() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let body = r#"{"users":[],"apartment_id":null}"#;
    for kind in ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "application/jsonp", "json"]
    {
        let headers = [("authorization", &*alice.bearer()), ("content-type", kind)];
        let answer = chat.call("POST", "/rooms", &headers, body).await;
        assert_eq!(answer.status, 415, "{kind}: {answer:?}");
        answer.is_envelope_of_failure();
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let headers = [("authorization", &*alice.bearer()), ("content-type", kind)];
        let answer = chat.call("POST", "/rooms", &headers, body).await;
        assert_eq!(answer.status, 200, "{kind}: {answer:?}");
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_503_with_retry_after() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[]).await;
    let lock = write_lock(&chat).await;
    let path = format!("/rooms/{room}");
    let add = [&bob];
    let (created, changed, deleted) = tokio::join!(
        chat.post(&alice, "/rooms", json!({ "users": [], "apartment_id": null })),
        chat.change(&alice, room, &add, &[]),
        chat.delete(&bob, &path),
    );
    for answer in [created, changed] {
        answer.fails_with(503);
        assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
    }
    assert!([404, 503].contains(&deleted.status), "{deleted:?}");
    lock.close().await.expect("the lock is let go");
    eventually("the server to recover", async || chat.change(&alice, room, &[&bob], &[]).await.status == 200)
        .await;
}

#[tokio::test]
async fn a_message_that_cannot_be_stored_is_unconfirmed_and_closes_with_4006() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let lock = write_lock(&chat).await;
    ws.send_message(room, "lost?", "0123456789abcdef").await;
    ws.unconfirmed("ServerError", "0123456789abcdef").await;
    ws.disconnected(4006).await;
    lock.close().await.expect("the lock is let go");
    // The client reconnects and resends: whatever became of the first attempt, the message is there once.
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "lost?", "0123456789abcdef").await;
    assert_eq!(chat.texts(&alice, room).await, ["lost?"]);
}

#[tokio::test]
async fn a_banned_user_is_403_on_every_route_before_the_body_is_read() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.ban(alice.id).await;
    for (method, path) in ROUTES {
        let path = path.replace('7', &room.to_string());
        chat.rest(&alice, method, &path, json!(null)).await.fails_with(403);
    }
    let headers = [("authorization", &*alice.bearer()), JSON];
    chat.call("POST", "/rooms", &headers, "not json").await.fails_with(403);
    chat.lift_ban(alice.id).await;
    assert_eq!(chat.get(&alice, &format!("/rooms/{room}")).await.status, 200);
}

#[tokio::test]
async fn the_token_is_checked_before_the_body_is_read() {
    let chat = Chat::serve().await;
    for body in ["not json", &"x".repeat(100_000)] {
        chat.call("POST", "/rooms", &[JSON], body).await.fails_with(401);
        chat.call("PUT", "/rooms", &[("content-type", "text/plain")], body).await.fails_with(401);
    }
    // A body that is announced and never sent.
    let (mut reader, mut writer) = connect(chat.address()).await;
    let head = "POST /rooms HTTP/1.1\r\nHost: chat.test\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n";
    writer.bytes(head.as_bytes()).await;
    reader.answer().await.fails_with(401);
}

#[tokio::test]
async fn what_is_not_http_is_400_with_an_envelope() {
    let chat = Chat::serve().await;
    for garbage in ["hello\r\n\r\n", "GET /rooms\r\n\r\n", "GET /rooms HTTP/1.1\r\nno colon\r\n\r\n"] {
        let (mut reader, mut writer) = connect(chat.address()).await;
        writer.bytes(garbage.as_bytes()).await;
        let answer = reader.answer().await;
        assert_eq!(answer.status, 400, "{garbage:?}: {answer:?}");
        answer.is_envelope_of_failure();
    }
}

#[tokio::test]
async fn a_handshake_that_is_none_gets_an_envelope() {
    let chat = Chat::serve().await;
    let target = User::new().target();
    let upgrade = [("connection", "Upgrade"), ("upgrade", "websocket")];
    let (version, key) = (("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="));
    for headers in [
        vec![upgrade[0], upgrade[1], version],
        vec![upgrade[0], upgrade[1], key],
        vec![upgrade[0], upgrade[1], key, ("sec-websocket-version", "8")],
        vec![upgrade[0], upgrade[1], version, ("sec-websocket-key", "short")],
    ] {
        let answer = chat.call("GET", &target, &headers, "").await;
        assert!([400, 426].contains(&answer.status), "{headers:?}: {answer:?}");
        answer.is_envelope_of_failure();
    }
    let answer =
        chat.call("GET", &format!("/nowhere{target}"), &[upgrade[0], upgrade[1], version, key], "").await;
    answer.fails_with(404);
}

#[tokio::test]
async fn what_stands_under_unknown_keys_of_a_body_does_not_matter() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let headers = [("authorization", &*alice.bearer()), JSON];
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for ignored in [r#""\ud83d""#, r#"{"\ud83d":"\ude00"}"#, "1e999", &deep] {
        let create = format!(r#"{{"x":{ignored},"\ud83d":{ignored},"users":[],"apartment_id":null}}"#);
        assert_eq!(chat.call("POST", "/rooms", &headers, &create).await.status, 200, "{ignored:.40}");
        let change = format!(r#"{{"room_id":{room},"users_to_add":[],"x":{ignored},"users_to_remove":[]}}"#);
        assert_eq!(chat.call("PUT", "/rooms", &headers, &change).await.status, 200, "{ignored:.40}");
    }
    for (key, value) in [("apartment_id", "1e999"), ("users", r#"["\ud83d"]"#), ("users", &deep)] {
        let body = format!(r#"{{"users":[],"apartment_id":null,"{key}":{value}}}"#);
        let answer = chat.call("POST", "/rooms", &headers, &body).await;
        answer.fails_with(422);
        assert!(answer.body.contains(key), "{answer:?}");
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_in_a_text_of_a_body_becomes_u_fffd() {
    let chat = Chat::serve().await;
    let (moderator, alice) = (User::moderator(), User::new());
    let room = chat.room(&alice, &[]).await;
    let headers = [("authorization", &*moderator.bearer()), JSON];
    let body = format!(r#"{{"user_id":"{}","reason":"cut \ud83d","expires_at":null}}"#, Uuid::new_v4());
    let answer = chat.call("POST", "/moderation/bans", &headers, &body).await;
    assert_eq!((answer.status, &answer.data()["reason"]), (200, &json!("cut \u{fffd}")), "{answer:?}");

    chat.connect(&alice).await.say(room, "hello", "t1").await;
    let message = &chat.messages(&alice, room).await[0]["id"];
    let headers = [("authorization", &*alice.bearer()), JSON];
    let report = format!(r#"{{"room_id":{room}.0,"message_id":{message}e0,"reason":"\ude00","\ud83d":1}}"#);
    let answer = chat.call("POST", "/reports", &headers, &report).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn no_body_harms_the_server() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let values = [
        "null",
        "true",
        "0",
        "-0",
        "1e999",
        "1e-999",
        "9007199254740993",
        "\"\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "[{}]",
        "\"00000000-0000-0000-0000-000000000000\"",
        "[\"00000000-0000-0000-0000-000000000000\"]",
        "[\"ffffffff-ffff-ffff-ffff-ffffffffffff\",0]",
    ];
    let headers = [("authorization", &*alice.bearer()), JSON];
    for first in values {
        for second in values {
            let create = format!(r#"{{"users":{first},"apartment_id":{second}}}"#);
            let change =
                format!(r#"{{"room_id":{second},"users_to_add":{first},"users_to_remove":{first}}}"#);
            for (method, body) in [("POST", create), ("PUT", change)] {
                let answer = chat.call(method, "/rooms", &headers, &body).await;
                assert!(answer.status < 500, "{body}: {answer:?}");
                if answer.status != 200 {
                    answer.is_envelope_of_failure();
                }
            }
        }
    }
}

#[tokio::test]
async fn no_answer_tells_of_the_insides() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let sub = sign(&{
        let mut claims = claims(alice.id);
        claims["sub"] = json!("' OR 1=1 --");
        claims
    });
    let headers = [("authorization", &*alice.bearer()), JSON];
    let answers = [
        chat.call("GET", "/rooms", &[("authorization", &format!("Bearer {sub}"))], "").await,
        chat.call("POST", "/rooms", &headers, r#"{"users":["'"],"apartment_id":{}}"#).await,
        chat.call("POST", "/rooms", &headers, &"[".repeat(60_000)).await,
        chat.call("GET", "/rooms/%27%20OR%201=1", &headers[..1], "").await,
    ];
    for answer in answers {
        answer.is_envelope_of_failure();
        assert!(answer.status < 500, "{answer:?}");
        let body = answer.body.to_lowercase();
        for word in ["panic", "sqlx", "serde", ".rs", "poem", "jsonwebtoken", "<html"] {
            assert!(!body.contains(word), "{answer:?}");
        }
    }
}
