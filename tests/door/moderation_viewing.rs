//! Who looks at which incident now.

use serde_json::{Value, json};

use crate::harness::{Chat, Door, User, connect, request, within};

/// An incident to look at: its path.
async fn incident(chat: &Chat) -> String {
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.rule("snark", "flag").await;
    chat.connect(&alice).await.say(room, "a snark", "t1").await;
    let incidents = chat.moderated("GET", "/moderation/incidents", Value::Null).await;
    format!("/moderation/incidents/{}", incidents[0]["id"])
}

async fn viewers(chat: &Chat, path: &str) -> Vec<Value> {
    let detail = chat.moderated("GET", path, Value::Null).await;
    detail["viewers"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn who_looks_at_an_incident_is_named_and_told_each_time_until_they_leave() {
    let chat = Chat::serve().await;
    let path = incident(&chat).await;
    let (one, other) = (User::moderator(), User::admin());
    let (mut events, mut writer) = connect(chat.address()).await;
    let bearer = other.bearer();
    writer.bytes(request("GET", "/moderation/events", &[("authorization", &bearer)], "").as_bytes()).await;
    assert_eq!(events.head().await.status, 200);

    assert_eq!(viewers(&chat, &path).await, Vec::<Value>::new());
    let viewing = format!("{path}/viewing");
    for who in [&one, &other, &one] {
        let answer = chat.rest(who, "PUT", &viewing, Value::Null).await;
        assert_eq!((answer.status, answer.data()), (200, Value::Null), "{answer:?}");
    }
    let both = viewers(&chat, &path).await;
    assert_eq!(both.len(), 2, "whoever says it again is still one: {both:?}");
    assert_eq!((&both[0]["user_id"], &both[1]["user_id"]), (&json!(one.id), &json!(other.id)));
    assert!(both[0]["until"].as_str() > both[1]["until"].as_str(), "{both:?}");

    for _ in 0..2 {
        assert_eq!(chat.rest(&one, "DELETE", &viewing, Value::Null).await.status, 200);
    }
    let left = viewers(&chat, &path).await;
    assert_eq!(left.iter().map(|viewer| &viewer["user_id"]).collect::<Vec<_>>(), [&json!(other.id)]);

    let mut told = String::new();
    within("the events", async {
        while !told.split("null").nth(1).is_some_and(|rest| rest.contains("\n\n")) {
            told.push_str(&events.some().await);
        }
    })
    .await;
    let id: i64 = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
    let told: Vec<Value> = told
        .split("event: viewing")
        .skip(1)
        .map(|event| {
            let data = event.split("data: ").nth(1).and_then(|data| data.lines().next());
            serde_json::from_str(data.expect("data")).expect("JSON")
        })
        .collect();
    let who: Vec<&Value> = told.iter().map(|event| &event["user_id"]).collect();
    assert_eq!(who, [&json!(one.id), &json!(other.id), &json!(one.id), &json!(one.id)]);
    assert!(told.iter().all(|event| event["incident_id"] == json!(id)), "{told:?}");
    assert_eq!((&told[2]["until"], &told[3]["until"]), (&both[0]["until"], &Value::Null));
    // Nothing of it is on record.
    let audit = chat.moderate("GET", "/moderation/audit", Value::Null).await;
    assert!(!audit.body.contains("view"), "{audit:?}");
}

#[tokio::test]
async fn nobody_looks_at_an_incident_that_is_not_there() {
    let chat = Chat::serve().await;
    incident(&chat).await;
    for id in ["999", "9007199254740991", "0", "x"] {
        for method in ["PUT", "DELETE"] {
            let path = format!("/moderation/incidents/{id}/viewing");
            chat.moderate(method, &path, Value::Null).await.fails_with(404);
        }
    }
}
