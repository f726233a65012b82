//! Nobody drowns the review queue, nor hides behind its bounds.

use plic_pipeline::{
    command::TempId,
    id::RoomId,
    moderation::{Decision, IncidentKind, IncidentStatus, incident::HeldMessage, records::RecordsError},
    store::{Flag, Held, Recorded, StoreError},
};

use super::{DAY, all_incidents, finding, hold, message, refuse, room_of, say, to_hold, user};
use crate::engine::Engine;

pub(crate) async fn a_sender_opens_a_hundred_an_hour(engine: impl Engine) {
    let records = engine.records();
    for n in 0..105 {
        refuse(&*records, IncidentKind::Reject, 1, RoomId(1), &format!("{n}")).await;
    }
    let incidents = all_incidents(&*records).await;
    assert_eq!((incidents.len(), incidents[0].further), (100, 5));
    refuse(&*records, IncidentKind::Reject, 2, RoomId(1), "0").await;
    engine.age(DAY / 24).await;
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "0").await;
    assert_eq!(all_incidents(&*records).await.len(), 102);
}

pub(crate) async fn nobody_hides_behind_the_hundred(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    // What is held, and what others report, leaves the hundred as they are.
    for n in 0..60 {
        hold(&*records, 1, room, &format!("held {n}")).await;
    }
    let mut said = Vec::new();
    for n in 0..50 {
        said.push(say(&*store, 1, room, &format!("said {n}")).await.expect("stores"));
    }
    for message in said {
        records.report(user(2), room, message, "rude".into()).await.expect("reports");
    }
    for n in 0..100 {
        refuse(&*records, IncidentKind::Reject, 1, room, &format!("{n}")).await;
    }
    assert_eq!(all_incidents(&*records).await.len(), 210);

    // A strike beyond them belongs to one that can still be decided.
    let newest = all_incidents(&*records).await;
    records.decide(newest[0].id, Decision::Uphold, None, user(9)).await.expect("decides");
    refuse(&*records, IncidentKind::Block, 1, room, "blocked").await;
    let dossier =
        records.dossier(user(1), &plic_pipeline::moderation::Policy::default()).await.expect("answers");
    assert_eq!((dossier.strikes.len(), dossier.strikes[0].incident), (1, newest[1].id));

    // Where all are decided it is opened.
    for incident in &newest[1..100] {
        records.decide(incident.id, Decision::Dismiss, None, user(9)).await.expect("decides");
    }
    assert_eq!(refuse(&*records, IncidentKind::Block, 1, room, "blocked").await, Recorded::default());
    let incident = &all_incidents(&*records).await[0];
    assert_eq!((incident.status, incident.text.as_str()), (IncidentStatus::Open, "blocked"));
    refuse(&*records, IncidentKind::Block, 1, room, "blocked too").await;
    assert_eq!(all_incidents(&*records).await.len(), 211);
}

pub(crate) async fn a_sender_holds_a_hundred_undecided_an_hour(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    for n in 0..100 {
        hold(&*records, 1, room, &format!("{n}")).await;
    }
    let full = store.hold(to_hold(1, room, "one more")).await;
    assert!(matches!(full, Err(StoreError::QueueFull)), "{full:?}");
    assert_eq!(store.already_sent(&to_hold(1, room, "one more").key).await.expect("answers"), None);
    assert_eq!(store.hold(to_hold(1, room, "7")).await.expect("is held"), Held::Waiting);
    hold(&*records, 2, room, "another's").await;
    let oldest = all_incidents(&*records).await[100].id;
    records.decide(oldest, Decision::Uphold, None, user(9)).await.expect("decides");
    hold(&*records, 1, room, "one more").await;
    let full = store.hold(to_hold(1, room, "and another")).await;
    assert!(matches!(full, Err(StoreError::QueueFull)), "{full:?}");
    engine.age(DAY / 24).await;
    hold(&*records, 1, room, "and another").await;
    assert_eq!(all_incidents(&*records).await.len(), 103);
}

pub(crate) async fn a_temp_id_that_is_too_long_is_not_kept(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let held = |bytes: usize| {
        let temp_id = TempId::from("x".repeat(bytes).as_str());
        HeldMessage { temp_id, ..to_hold(1, room, &bytes.to_string()) }
    };
    let longest = HeldMessage::MAX_TEMP_ID_BYTES;
    let refused = store.hold(held(longest + 1)).await;
    assert!(matches!(refused, Err(StoreError::QueueFull)), "{refused:?}");
    assert_eq!(all_incidents(&*records).await, []);
    assert_eq!(store.hold(held(longest)).await.expect("holds"), Held::Waiting);
}

pub(crate) async fn beyond_a_hundred_flags_one_incident_stands_for_all_messages(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let flagged = |sender: u128, n: usize| {
        let text = format!("flagged {n}");
        let mut message = message(user(sender), room, &text);
        message.flag = Some(Box::new(Flag { finding: finding(IncidentKind::Flag, &text), text }));
        message
    };
    // Many in one transaction too.
    let all = futures_util::future::join_all((0..105).map(|n| store.append(flagged(1, n)))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let incidents = all_incidents(&*records).await;
    assert_eq!((incidents.len(), incidents[0].further), (101, 4));
    assert!(incidents[1..].iter().all(|incident| incident.further == 0));
    assert_eq!(engine.bus().messages().len(), 105);
    let further = records.incident(incidents[0].id).await.expect("answers").expect("is there").further;
    let texts: Vec<String> = further.iter().map(|message| message.text.clone()).collect();
    assert_eq!(texts, ["flagged 101", "flagged 102", "flagged 103", "flagged 104"]);
    // The open incident keeps what a message said that is redacted, or removed by another incident about it.
    let shown = async || {
        let found = records.incident(incidents[0].id).await.expect("answers").expect("is there");
        found.further.into_iter().map(|message| message.text).collect::<Vec<_>>()
    };
    records.redact(further[0].id, user(9)).await.expect("redacts");
    let report = records.report(user(2), room, further[1].id, "rude".to_owned()).await.expect("reports");
    records.decide(report, Decision::Remove, None, user(9)).await.expect("decides");
    assert_eq!(shown().await, texts);
    // Once it is decided, a redaction takes the text from it as well, and another one is opened.
    records.decide(incidents[0].id, Decision::Uphold, None, user(9)).await.expect("decides");
    assert_eq!(shown().await, texts);
    records.redact(further[0].id, user(9)).await.expect("redacts");
    let again = shown().await;
    assert!(again.len() == 4 && again[0] != "flagged 101" && again[1..] == texts[1..], "{again:?}");
    store.append(flagged(1, 105)).await.expect("stores");
    store.append(flagged(1, 106)).await.expect("stores");
    let incidents = all_incidents(&*records).await;
    // Between the two is the report.
    assert_eq!((incidents.len(), incidents[0].further, incidents[2].further), (103, 1, 4));
    store.append(flagged(2, 0)).await.expect("stores");
    engine.age(DAY / 24).await;
    store.append(flagged(1, 107)).await.expect("stores");
    let incidents = all_incidents(&*records).await;
    assert_eq!((incidents.len(), incidents[0].further), (105, 0));
}

pub(crate) async fn a_reporter_reports_fifty_an_hour(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2, 3]).await;
    let mut said = Vec::new();
    for n in 0..52 {
        said.push(say(&*store, 1, room, &format!("{n}")).await.expect("stores"));
    }
    let report = |reporter, n: usize| records.report(user(reporter), room, said[n], "rude".into());
    let first = report(2, 0).await.expect("reports");
    for n in 1..50 {
        report(2, n).await.expect("reports");
    }
    let refused = report(2, 50).await;
    assert!(matches!(refused, Err(RecordsError::TooMany)), "{refused:?}");
    assert_eq!(report(2, 0).await.expect("is known"), first);
    report(3, 50).await.expect("another reports");
    engine.age(DAY / 24).await;
    report(2, 50).await.expect("reports");
    let incidents = all_incidents(&*records).await;
    assert_eq!((incidents.len(), incidents[0].report_count), (51, 2));
}
