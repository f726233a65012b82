//! CONTRACT section 1: how large a request may be, and how many there may be.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Chat, Door, User, connect, eventually, request, within};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_body_over_64_kib_is_413() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let headers = [("authorization", &*alice.bearer()), JSON];
    let body_of = |bytes: usize| {
        let frame = r#"{"users":[],"apartment_id":null,"padding":""}"#;
        frame.replace(r#""""#, &format!(r#""{}""#, "x".repeat(bytes - frame.len())))
    };
    let fits = chat.call("POST", "/rooms", &headers, &body_of(64 * 1024)).await;
    assert_eq!(fits.status, 200, "{fits:?}");
    chat.call("POST", "/rooms", &headers, &body_of(64 * 1024 + 1)).await.fails_with(413);
    chat.call("PUT", "/rooms", &headers, &body_of(64 * 1024 + 1)).await.fails_with(413);

    // The same without a length that announces it.
    let (mut reader, mut writer) = connect(chat.address()).await;
    let body = body_of(64 * 1024 + 1);
    let head = request("POST", "/rooms", &[headers[0], JSON, ("transfer-encoding", "chunked")], "");
    writer.bytes(format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes()).await;
    reader.answer().await.fails_with(413);
}

#[tokio::test]
async fn too_many_requests_of_a_user_are_429_and_say_when_to_come_back() {
    let chat = Chat::with(&[("PLIC_REST_LIMIT_PER_SECOND", "1")]).await;
    let (alice, bob) = (User::new(), User::new());
    let mut limited = 0;
    for _ in 0..20 {
        let answer = chat.get(&alice, "/rooms").await;
        if answer.status == 429 {
            limited += 1;
            answer.is_envelope_of_failure();
            let seconds: u64 = answer.header("retry-after").parse().expect("whole seconds");
            assert!((1..=60).contains(&seconds), "{seconds}");
        } else {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
    assert!(limited > 0, "20 requests at once pass a limit of 1 with a burst of 3");
    assert_eq!(chat.get(&bob, "/rooms").await.status, 200, "the limit is each user's own");
    eventually("the limit to lift", async || chat.get(&alice, "/rooms").await.status == 200).await;
}

#[tokio::test]
async fn too_many_requests_of_an_address_without_a_valid_token_are_429() {
    let chat = Chat::with(&[("PLIC_ADDRESS_LIMIT_PER_SECOND", "1")]).await;
    let alice = User::new();
    assert_eq!(chat.get(&alice, "/rooms").await.status, 200);
    let mut seen = Vec::new();
    for _ in 0..30 {
        let answer = chat.call("GET", "/rooms", &[("authorization", "Bearer nonsense")], "").await;
        answer.is_envelope_of_failure();
        if answer.status == 429 {
            assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
        }
        seen.push(answer.status);
    }
    assert_eq!(seen[0], 401);
    assert!(seen.contains(&429), "{seen:?}");
    assert_eq!(chat.get(&alice, "/rooms").await.status, 200, "a known token goes on");
}

/// Asks without a token, through a proxy, until the limit of 1 a second is met or clearly never will be: 10 at once are
/// within it.
async fn is_limited(chat: &Chat, forwarded: impl Fn(usize) -> String) -> bool {
    for n in 0..30 {
        let answer = chat.call("GET", "/rooms", &[("x-forwarded-for", &forwarded(n))], "").await;
        if answer.status == 429 {
            return true;
        }
        answer.fails_with(401);
    }
    false
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_rightmost_untrusted_address_is_limited() {
    let settings =
        [("PLIC_ADDRESS_LIMIT_PER_SECOND", "1"), ("PLIC_TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8")];
    let chat = Chat::with(&settings).await;
    assert!(!is_limited(&chat, |n| format!("203.0.113.{n}")).await, "each address has its own limit");
    // What stands further left is what the client itself wrote.
    assert!(is_limited(&chat, |n| format!("198.51.100.{n}, 192.0.2.1, 10.0.0.{n}")).await);
}

#[tokio::test]
async fn without_a_trusted_proxy_a_forwarded_address_counts_for_nothing() {
    let chat = Chat::with(&[("PLIC_ADDRESS_LIMIT_PER_SECOND", "1")]).await;
    assert!(is_limited(&chat, |n| format!("203.0.113.{n}")).await);
}

#[tokio::test]
async fn a_client_that_sends_three_mebibytes_still_sees_why_they_are_refused() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let body = "x".repeat(3 * 1024 * 1024);
    for (authorization, status) in [("Bearer nonsense".to_owned(), 401), (alice.bearer(), 413)] {
        let answer = chat.call("POST", "/rooms", &[("authorization", &authorization), JSON], &body).await;
        answer.fails_with(status);
    }
}

#[tokio::test]
async fn a_refused_body_without_end_is_cut_off() {
    let chat = Chat::serve().await;
    let (mut reader, mut writer) = connect(chat.address()).await;
    let head = request("POST", "/rooms", &[JSON, ("transfer-encoding", "chunked")], "");
    writer.bytes(head.as_bytes()).await;
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    within("the server to close", async {
        while writer.try_bytes(chunk.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    reader.rest().await;
}

#[tokio::test]
async fn a_token_of_eight_kibibytes_works_everywhere() {
    let chat = Chat::serve().await;
    let alice = User::with_token_of(8 * 1024);
    let room = chat.room(&alice, &[]).await;
    chat.connect(&alice).await.say(room, "by parameter", "t1").await;
    let bearer = alice.bearer();
    let mut ws = chat.open("/", &[("authorization", &bearer)]).await;
    ws.say(room, "by header", "t2").await;
    assert_eq!(chat.texts(&alice, room).await, ["by parameter", "by header"]);
}

#[tokio::test]
async fn a_head_of_almost_32_kib_is_read() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let pad = "x".repeat(15 * 1024);
    let headers = [("authorization", &*alice.bearer()), ("x-a", &*pad), ("x-b", &*pad)];
    let answer = chat.call("GET", "/rooms", &headers, "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a_head_that_is_too_large_still_gets_an_envelope() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let pad = "x".repeat(100 * 1024);
    let answer = chat.call("GET", "/rooms", &[("authorization", &alice.bearer()), ("x-pad", &pad)], "").await;
    assert!([400, 413, 431].contains(&answer.status), "{answer:?}");
    answer.is_envelope_of_failure();
    let answer = chat.call("GET", &format!("/?token={pad}"), &[], "").await;
    assert!([400, 413, 414, 431].contains(&answer.status), "{answer:?}");
    answer.is_envelope_of_failure();
}

/// A room of so many people that nobody knows.
fn crowd(count: usize) -> Value {
    let users: Vec<Uuid> = (0..count).map(|_| Uuid::new_v4()).collect();
    json!({ "users": users, "apartment_id": null })
}

/// Asserts 429 in the envelope, with a time to wait of `seconds`.
#[track_caller]
fn waits(answer: &Answer, seconds: std::ops::RangeInclusive<u64>) {
    assert_eq!(answer.status, 429, "{answer:?}");
    answer.is_envelope_of_failure();
    let wait = answer.header("retry-after").parse().expect("whole seconds");
    assert!(seconds.contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_user_starts_so_many_rooms_a_day_also_after_a_restart() {
    let mut chat = Chat::with(&[("PLIC_NEW_ROOMS_PER_DAY", "3")]).await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    for _ in 0..2 {
        let room = chat.room(&alice, &[]).await;
        assert_eq!(chat.delete(&alice, &format!("/rooms/{room}")).await.status, 200);
    }
    waits(&chat.post(&alice, "/rooms", crowd(1)).await, 1..=90_000);
    chat.process.kill().await;
    chat.start_again().await;
    waits(&chat.post(&alice, "/rooms", crowd(1)).await, 1..=90_000);
    assert_eq!(
        chat.change(&alice, room, &[&User::new()], &[&bob]).await.status,
        200,
        "changing is no new room"
    );
    chat.room(&bob, &[&alice]).await;
}

#[tokio::test]
async fn a_user_brings_so_many_people_into_rooms_a_day() {
    let chat = Chat::with(&[("PLIC_PEOPLE_ADDED_PER_DAY", "10")]).await;
    let (alice, bob) = (User::new(), User::new());
    assert_eq!(chat.post(&alice, "/rooms", crowd(8)).await.status, 200);
    waits(&chat.post(&alice, "/rooms", crowd(3)).await, 1..=90_000);
    let room = chat.room(&alice, &[&bob]).await;
    let (carol, dave) = (User::new(), User::new());
    waits(&chat.change(&alice, room, &[&carol, &dave], &[]).await, 1..=90_000);
    assert_eq!(chat.change(&alice, room, &[&carol], &[]).await.status, 200);
    waits(&chat.change(&alice, room, &[&dave], &[]).await, 1..=90_000);
    assert_eq!(chat.post(&bob, "/rooms", crowd(10)).await.status, 200, "the limit is each user's own");
}

#[tokio::test]
async fn more_people_than_a_day_allows_are_refused_for_good_and_moderators_have_no_limits_of_a_day() {
    let limits = [("PLIC_PEOPLE_ADDED_PER_DAY", "10"), ("PLIC_NEW_ROOMS_PER_DAY", "1")];
    let chat = Chat::with(&limits).await;
    let alice = User::new();
    let refused = chat.post(&alice, "/rooms", crowd(11)).await;
    refused.fails_with(422);
    assert_eq!(refused.header("retry-after"), "", "it never fits");
    assert!(refused.body.contains("at most 10 people"), "{refused:?}");
    assert_eq!(chat.post(&alice, "/rooms", crowd(10)).await.status, 200);
    for moderator in [User::moderator(), User::admin()] {
        for _ in 0..3 {
            assert_eq!(chat.post(&moderator, "/rooms", crowd(11)).await.status, 200);
        }
    }
}

#[tokio::test]
async fn requests_are_charged_by_the_people_whom_they_name_and_list() {
    let chat = Chat::with(&[("PLIC_REST_LIMIT_PER_SECOND", "2")]).await;
    let (alice, bob) = (User::new(), User::new());
    let mut large = crowd(900);
    large["users"][0] = json!(bob.id);
    assert_eq!(
        chat.post(&alice, "/rooms", large).await.status,
        200,
        "nothing is too large to be asked for once"
    );
    waits(&chat.post(&alice, "/rooms", crowd(0)).await, 1..=5);
    waits(&chat.get(&alice, "/rooms").await, 1..=5);
    // Who is listed the room waits afterwards.
    let listed = chat.get(&bob, "/rooms").await;
    assert_eq!(listed.data()[0]["participants_id"].as_array().map(Vec::len), Some(901));
    waits(&chat.get(&bob, "/rooms").await, 1..=5);
    eventually("the limit to lift", async || chat.get(&bob, "/rooms").await.status == 200).await;
}
