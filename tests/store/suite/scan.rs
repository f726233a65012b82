//! Reading through all messages.

use plic_pipeline::{id::MessageId, moderation::Decision, timestamp::Timestamp};

use super::{DAY, room_of, say, user};
use crate::engine::Engine;

pub(crate) async fn messages_come_in_order_without_redacted_ones(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let (a, b) = (room_of(&*store, &[1]).await, room_of(&*store, &[1]).await);
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(say(&*store, 1, if n % 2 == 0 { a } else { b }, &n.to_string()).await.expect("stores"));
    }
    records.redact(ids[4], user(9)).await.expect("redacts");
    let (mut after, mut texts) = (MessageId(0), Vec::new());
    loop {
        let messages = records.scan(after, 4).await.expect("answers");
        let Some(last) = messages.last() else { break };
        assert!(messages.len() <= 4);
        after = last.id;
        texts.extend(messages.into_iter().map(|message| message.text));
    }
    assert_eq!(texts, ["0", "1", "2", "3", "5", "6", "7", "8", "9"]);
}

pub(crate) async fn it_begins_where_it_is_asked_to(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    assert_eq!(records.scan_from(None, Some(5)).await.expect("answers").1, 0);
    let room = room_of(&*store, &[1]).await;
    for n in 0..10 {
        if n == 6 {
            engine.age(DAY).await;
        }
        say(&*store, 1, room, &n.to_string()).await.expect("stores");
    }
    let hour_ago = Some(Timestamp::now().before(DAY / 24));
    let years_ago = Some(Timestamp(0));
    let soon = Some(Timestamp::now().after(DAY));
    for (since, limit, count) in [
        (None, None, 10),
        (years_ago, None, 10),
        (hour_ago, None, 4),
        (soon, None, 0),
        (None, Some(3), 3),
        (None, Some(100), 10),
        (hour_ago, Some(3), 3),
        (hour_ago, Some(7), 4),
        (None, Some(0), 0),
        (None, Some(u64::MAX), 10),
    ] {
        let (after, about) = records.scan_from(since, limit).await.expect("answers");
        let texts: Vec<String> = records
            .scan(after, 100)
            .await
            .expect("answers")
            .into_iter()
            .map(|message| message.text)
            .collect();
        assert_eq!(
            texts,
            (10 - count..10).map(|n: u64| n.to_string()).collect::<Vec<_>>(),
            "{since:?} {limit:?}"
        );
        assert_eq!(about, count, "{since:?} {limit:?}");
    }
}

pub(crate) async fn messages_that_moderators_mind_are_not_ordinary(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(say(&*store, 1, room, &n.to_string()).await.expect("stores"));
    }
    records.redact(ids[0], user(9)).await.expect("redacts");
    for (place, decision) in [(1, None), (2, Some(Decision::Dismiss)), (3, Some(Decision::Uphold))] {
        let incident = records.report(user(2), room, ids[place], "rude".into()).await.expect("reports");
        if let Some(decision) = decision {
            records.decide(incident, decision, None, user(9)).await.expect("decides");
        }
    }
    let texts = async |after, limit| -> Vec<String> {
        let messages = records.ordinary(after, limit).await.expect("answers");
        messages.into_iter().map(|message| message.text).collect()
    };
    assert_eq!(texts(MessageId(0), 10).await, ["2", "4"]);
    assert_eq!(texts(MessageId(0), 1).await, ["2"]);
    assert_eq!(texts(ids[2], 10).await, ["4"]);
}
