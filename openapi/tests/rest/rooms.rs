//! The five routes: shapes to the byte, and who may do what.

use plic_pipeline::store::Store;
use poem::http::Method;
use serde_json::json;

use crate::{
    fake::user,
    harness::{Answer, Rest},
};

const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";
const DONE: &str = r#"{"error_message":null,"data":null}"#;

async fn change(rest: &Rest, token: &str, room: i64, add: &[u128], remove: &[u128]) -> Answer {
    let uuids = |users: &[u128]| users.iter().map(|number| user(*number).0).collect::<Vec<_>>();
    let body = json!({ "room_id": room, "users_to_add": uuids(add), "users_to_remove": uuids(remove) });
    rest.ask(token, Method::PUT, "/rooms", &body.to_string()).await
}

async fn status(rest: &Rest, token: &str, method: Method, path: &str) -> u16 {
    rest.ask(token, method, path, "").await.status.as_u16()
}

#[tokio::test]
async fn answers_have_the_contracts_shape_to_the_byte() {
    let rest = Rest::new();
    let body = format!(r#"{{"users":["{TWO}","{TWO}"],"apartment_id":null,"extra":1}}"#);
    let created = rest.ask("user-1", Method::POST, "/rooms", &body).await;
    assert_eq!(created.body, r#"{"error_message":null,"data":1}"#);
    let empty = rest.ask("user-2", Method::GET, "/rooms", "").await;
    assert_eq!(
        empty.body,
        format!(
            r#"{{"error_message":null,"data":[{{"room_id":1,"participants_id":["{ONE}","{TWO}"],"apartment_id":null,"is_owner":false,"last_message":null}}]}}"#
        )
    );
    rest.store.say(1, 2, "Hi");
    let listed = rest.ask("user-1", Method::GET, "/rooms", "").await;
    assert_eq!(
        listed.body,
        format!(
            r#"{{"error_message":null,"data":[{{"room_id":1,"participants_id":["{ONE}","{TWO}"],"apartment_id":null,"is_owner":true,"last_message":{{"room_id":1,"message":"Hi","sender_id":"{TWO}","created_at":"2026-01-31T12:00:00.000001Z"}}}}]}}"#
        )
    );
    let detail = rest.ask("user-1", Method::GET, "/rooms/1", "").await;
    assert_eq!(
        detail.body,
        format!(
            r#"{{"apartment_id":null,"created_at":"2026-01-31T12:00:00.000000Z","messages":[{{"id":1,"room_id":1,"message":"Hi","sender_id":"{TWO}","created_at":"2026-01-31T12:00:00.000001Z"}}],"owner_id":"{ONE}","participants_id":["{ONE}","{TWO}"],"room_id":1}}"#
        )
    );
    assert_eq!(change(&rest, "user-1", 1, &[3], &[2]).await.body, DONE);
    assert_eq!(rest.ask("user-1", Method::DELETE, "/rooms/1", "").await.body, DONE);
}

#[tokio::test]
async fn an_apartment_is_an_integer_up_to_2_53_null_or_left_out() {
    let rest = Rest::new();
    for good in ["0", "12", "12.0", "9007199254740991", "null"] {
        let body = format!(r#"{{"users":[],"apartment_id":{good}}}"#);
        assert_eq!(rest.ask("user-1", Method::POST, "/rooms", &body).await.status, 200, "{good}");
    }
    assert_eq!(rest.ask("user-1", Method::POST, "/rooms", r#"{"users":[]}"#).await.status, 200);
    for bad in [
        "-1",
        "9007199254740992",
        "9007199254740992.0",
        "9007199254740990.9999999999999999",
        "0.99999999999999999999",
        "1e-400",
        "1e300",
        "1.5",
        r#""12""#,
        "true",
        "[]",
    ] {
        let body = format!(r#"{{"users":[],"apartment_id":{bad}}}"#);
        rest.ask("user-1", Method::POST, "/rooms", &body).await.assert_failure(422);
    }
}

#[tokio::test]
async fn what_is_no_json_is_400_and_what_does_not_fit_is_422() {
    let rest = Rest::new();
    for body in ["", "{", "users", "{\"users\":[]} x", "\u{feff}{\"users\":[]}"] {
        rest.ask("user-1", Method::POST, "/rooms", body).await.assert_failure(400);
    }
    for body in [
        "null",
        "[]",
        "{}",
        r#"{"users":null}"#,
        r#"{"users":[1]}"#,
        r#"{"users":["x"]}"#,
        r#"{"users":[],"users":[]}"#,
    ] {
        rest.ask("user-1", Method::POST, "/rooms", body).await.assert_failure(422);
    }
    for body in [
        r#"{"users_to_add":[],"users_to_remove":[]}"#,
        r#"{"room_id":"1","users_to_add":[],"users_to_remove":[]}"#,
        r#"{"room_id":0,"users_to_add":[],"users_to_remove":[]}"#,
        r#"{"room_id":1,"users_to_remove":[]}"#,
        r#"{"room_id":1,"users_to_add":[]}"#,
        r#"{"room_id":1,"room_id":1,"users_to_add":[],"users_to_remove":[]}"#,
        r#"{"room_id":1,"users_to_add":[],"users_to_remove":[],"users_to_\u0061dd":[]}"#,
    ] {
        rest.ask("user-1", Method::PUT, "/rooms", body).await.assert_failure(422);
    }
    for query in ["limit=0", "limit=501", "limit=", "limit=x", "limit=-1", "after=0", "after=1.5"] {
        rest.ask("user-1", Method::GET, &format!("/rooms?{query}"), "").await.assert_failure(422);
    }
    for query in ["limit=501", "before=0", "before=9007199254740992"] {
        rest.ask("user-1", Method::GET, &format!("/rooms/1?{query}"), "").await.assert_failure(422);
    }
}

#[tokio::test]
async fn a_request_names_a_thousand_users_and_a_room_holds_a_thousand() {
    let rest = Rest::new();
    let room = rest.room().await;
    let users = |count: u128| (100..100 + count).collect::<Vec<_>>();
    let create = async |count| {
        let named: Vec<_> = users(count).into_iter().map(|number| user(number).0).collect();
        rest.ask("user-1", Method::POST, "/rooms", &json!({ "users": named }).to_string()).await
    };
    assert_eq!(create(999).await.status, 200);
    create(1000).await.assert_failure(422);
    create(1001).await.assert_failure(422);
    change(&rest, "user-1", room, &users(500), &users(501)).await.assert_failure(422);
    change(&rest, "user-1", room, &users(998), &[]).await.assert_failure(422);
    assert_eq!(change(&rest, "user-1", room, &users(997), &[]).await.status, 200);
}

#[tokio::test]
async fn strangers_see_404_participants_403_and_moderators_everything() {
    let rest = Rest::new();
    let room = rest.room().await;
    let path = format!("/rooms/{room}");
    for unknown in [path.as_str(), "/rooms/99", "/rooms/abc", "/rooms/0", "/rooms/9007199254740992"] {
        let answer = rest.ask("user-9", Method::GET, unknown, "").await;
        answer.assert_failure(404);
        assert_eq!(answer.body, rest.ask("user-9", Method::DELETE, unknown, "").await.body);
    }
    change(&rest, "user-9", room, &[9], &[]).await.assert_failure(404);
    change(&rest, "moderator-9", room, &[9], &[]).await.assert_failure(404);
    assert_eq!(status(&rest, "user-2", Method::GET, &path).await, 200);
    rest.ask("user-2", Method::DELETE, &path, "").await.assert_failure(403);
    change(&rest, "user-2", room, &[9], &[]).await.assert_failure(403);
    change(&rest, "user-2", room, &[], &[3]).await.assert_failure(403);
    change(&rest, "user-1", room, &[2], &[2]).await.assert_failure(422);

    assert_eq!(status(&rest, "moderator-9", Method::GET, &path).await, 200);
    assert_eq!(status(&rest, "moderator-9", Method::DELETE, &path).await, 200);
    assert_eq!(status(&rest, "user-1", Method::GET, &path).await, 404);
    assert_eq!(status(&rest, "moderator-9", Method::GET, &path).await, 200);
    assert_eq!(status(&rest, "moderator-9", Method::DELETE, &path).await, 404);
}

#[tokio::test]
async fn participants_leave_and_the_first_to_have_joined_inherits() {
    let rest = Rest::new();
    let room = rest.room().await;
    assert_eq!(change(&rest, "user-1", room, &[], &[1]).await.body, DONE);
    let detail = rest.ask("user-2", Method::GET, &format!("/rooms/{room}"), "").await.json();
    assert_eq!(detail["owner_id"], TWO);
    assert_eq!(change(&rest, "user-3", room, &[], &[3]).await.status, 200);
    assert_eq!(change(&rest, "user-2", room, &[], &[2]).await.status, 200);
    assert_eq!(status(&rest, "user-2", Method::GET, &format!("/rooms/{room}")).await, 404);
}

#[tokio::test]
async fn links_lead_through_every_message_and_end() {
    let rest = Rest::new();
    let room = rest.room().await;
    for number in 0..5 {
        rest.store.say(room, 2, &number.to_string());
    }
    let mut path = format!("/rooms/{room}?limit=2");
    let mut pages = Vec::new();
    loop {
        let answer = rest.ask("user-1", Method::GET, &path, "").await;
        let messages = answer.json()["messages"].as_array().expect("messages").clone();
        pages.push(messages.iter().map(|message| message["id"].as_i64().expect("an id")).collect::<Vec<_>>());
        let Some(link) = answer.header("link") else { break };
        path = target(link, "prev");
    }
    assert_eq!(pages, [vec![4, 5], vec![2, 3], vec![1]]);
    assert_eq!(path, format!("/rooms/{room}?limit=2&before=2"));
}

#[tokio::test]
async fn links_lead_through_every_room_the_newest_activity_first() {
    let rest = Rest::new();
    for _ in 0..3 {
        rest.room().await;
    }
    rest.store.say(1, 1, "newest");
    let answer = rest.ask("user-1", Method::GET, "/rooms?limit=2", "").await;
    let ids = |answer: &Answer| {
        let json = answer.json();
        let rooms = json["data"].as_array().expect("rooms").iter();
        rooms.map(|room| room["room_id"].as_i64().expect("an id")).collect::<Vec<_>>()
    };
    assert_eq!(ids(&answer), [1, 3]);
    assert_eq!(
        answer.header("link"),
        Some(r#"</rooms?limit=2&after=0000000000000300000000000003>; rel="next""#)
    );
    // The room at the end of the page moves, and then the caller leaves it: the link still leads on.
    rest.store.say(3, 1, "moves up");
    assert_eq!(change(&rest, "user-1", 3, &[], &[1]).await.body, DONE);
    let answer =
        rest.ask("user-1", Method::GET, &target(answer.header("link").expect("more"), "next"), "").await;
    assert_eq!(ids(&answer), [2]);
    assert_eq!(answer.header("link"), None);
    assert_eq!(ids(&rest.ask("user-1", Method::GET, "/rooms?after=1", "").await), [2]);
    rest.ask("user-9", Method::GET, "/rooms?after=1", "").await.assert_failure(422);
    assert!(rest.store.ping().await.is_ok());
}

fn target(link: &str, relation: &str) -> String {
    let rest = link.strip_suffix(&format!(r#">; rel="{relation}""#)).expect("the relation");
    rest.strip_prefix('<').expect("a link").to_owned()
}
