//! What the policy wants done in time.

use plic_pipeline::{
    event::Event,
    id::{MessageId, RoomId},
    moderation::{
        Authority, Decision, IncidentKind, IncidentStatus, Policy, policy::HeldThen, records::RecordsError,
    },
    store::{Ban, Reader, Store, StoreError},
    timestamp::Timestamp,
};

use super::{DAY, MINUTE, all_incidents, hold, message, refuse, room_of, say, texts, user};
use crate::engine::{Engine, Kept};

/// Keeps house until there is nothing more to do; answers how often it was called.
async fn keep_house(records: &dyn Kept, policy: &Policy) -> usize {
    let mut calls = 1;
    while records.keep_house(policy).await.expect("keeps house") {
        calls += 1;
        assert!(calls < 100, "it never ends");
    }
    calls
}

async fn fill(store: &dyn Store, room: RoomId, count: usize) {
    futures_util::future::join_all((0..count).map(|n| store.append(message(user(1), room, &n.to_string()))))
        .await
        .into_iter()
        .for_each(|answer| _ = answer.expect("stores"));
}

pub(crate) async fn nothing_to_do_leaves_no_entry(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1]).await;
    say(&*store, 1, room, "said").await.expect("stores");
    hold(&*records, 1, room, "held").await;
    assert_eq!(keep_house(&*records, &Policy::default()).await, 1);
    assert_eq!(records.audit_head().await.expect("answers").0, 0);
    assert_eq!(texts(&*store, room).await, ["said"]);
}

pub(crate) async fn held_messages_are_released_or_dropped_in_time(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let policy = |held_then| Policy { held_then, held_seconds: 60, ..Policy::default() };
    for text in ["a", "b"] {
        hold(&*records, 1, room, text).await;
    }
    hold(&*records, 2, room, "left").await;
    store.change_room(room, user(2), &[], &[user(2)]).await.expect("leaves");
    assert_eq!(keep_house(&*records, &policy(HeldThen::Release)).await, 1);
    assert_eq!(engine.bus().messages().len(), 0, "it is not time");
    engine.age(MINUTE).await;
    keep_house(&*records, &policy(HeldThen::Keep)).await;
    assert_eq!(engine.bus().messages().len(), 0);
    keep_house(&*records, &policy(HeldThen::Release)).await;
    assert_eq!(texts(&*store, room).await, ["a", "b"]);
    let confirmed = |event: &Event| matches!(event, Event::Confirmed(told) if told.sender == user(1));
    assert_eq!(engine.bus().events().iter().filter(|event| confirmed(event)).count(), 2);

    hold(&*records, 1, room, "dropped").await;
    engine.age(MINUTE).await;
    keep_house(&*records, &policy(HeldThen::Drop)).await;
    let incidents = all_incidents(&*records).await;
    let statuses: Vec<IncidentStatus> = incidents.iter().map(|incident| incident.status).collect();
    assert_eq!(
        statuses,
        [
            IncidentStatus::Upheld,
            IncidentStatus::Dismissed,
            IncidentStatus::Released,
            IncidentStatus::Released
        ]
    );
    assert!(incidents.iter().all(|incident| incident.decided_by.is_none() && incident.decided_at.is_some()));
    assert!(matches!(say(&*store, 1, room, "dropped").await, Err(StoreError::Held)));
    let entries = records.audit_after(0, 10).await.expect("answers");
    assert_eq!(entries.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["retention.run"; 2]);
    assert!(entries[0].detail.contains(r#""held_released":2,"held_dropped":1"#), "{}", entries[0].detail);

    engine.age(DAY).await;
    assert_eq!(keep_house(&*records, &policy(HeldThen::Drop)).await, 1);
    say(&*store, 1, room, "dropped").await.expect("is a new message");
}

pub(crate) async fn deleted_rooms_go_with_all_they_have(mut engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let (kept, gone) = (room_of(&*store, &[1, 2]).await, room_of(&*store, &[1, 2]).await);
    say(&*store, 1, kept, "kept").await.expect("stores");
    fill(&*store, gone, 1200).await;
    store.change_room(gone, user(1), &[user(3)], &[user(2)]).await.expect("changes");
    store.delete_room(gone, user(1), false).await.expect("deletes");
    let policy = Policy { deleted_room_days: Some(2), ..Policy::default() };
    engine.age(DAY).await;
    assert_eq!(keep_house(&*records, &policy).await, 1);
    engine.age(DAY).await;
    assert!(keep_house(&*records, &Policy { deleted_room_days: None, ..policy.clone() }).await == 1);
    assert!(keep_house(&*records, &policy).await > 2, "a batch a transaction");
    engine.reopen().await;
    let store = engine.store();
    assert!(store.room(gone).await.expect("answers").is_none());
    assert_eq!(store.read_room(gone, Reader::Moderator, None, 10).await.expect("answers"), None);
    let left = engine.records().scan(MessageId(0), 10).await.expect("answers");
    assert_eq!(left.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["kept"]);
    assert_eq!(texts(&*store, kept).await, ["kept"]);
    let entries = engine.records().audit_after(0, 10).await.expect("answers");
    assert!(entries.last().expect("audited").detail.contains(r#""rooms_deleted":1"#));
    assert!(room_of(&*store, &[1]).await > gone);
}

pub(crate) async fn old_messages_go_and_the_room_goes_on(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let other = room_of(&*store, &[1, 2]).await;
    fill(&*store, room, 600).await;
    let newest = say(&*store, 1, other, "newest").await.expect("stores");
    engine.age(DAY).await;
    let policy = Policy { message_days: Some(1), ..Policy::default() };
    assert_eq!(keep_house(&*records, &policy).await, 2);
    assert_eq!(texts(&*store, room).await, Vec::<String>::new());
    let listed = store.rooms_of(user(2), None, 10).await.expect("answers").items;
    assert_eq!(listed.iter().map(|item| item.room.id).collect::<Vec<_>>(), [other, room]);
    assert!(listed.iter().all(|item| item.last_message.is_none()));
    assert!(say(&*store, 2, room, "on").await.expect("stores") > newest);
    assert_eq!(engine.bus().messages().last().expect("published").seq, 601);
    assert_eq!(keep_house(&*records, &policy).await, 1);
    assert_eq!(texts(&*store, room).await, ["on"]);
}

pub(crate) async fn decided_incidents_lose_their_text_and_what_was_said_about_it(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    for text in ["decided", "open"] {
        refuse(&*records, IncidentKind::Block, 1, RoomId(1), text).await;
    }
    let id = all_incidents(&*records).await[1].id;
    records.decide(id, Decision::Uphold, Some("note".into()), user(9)).await.expect("decides");
    let policy = Policy { incident_days: Some(1), ..Policy::default() };
    assert_eq!(keep_house(&*records, &policy).await, 1);
    engine.age(DAY).await;
    assert_eq!(keep_house(&*records, &policy).await, 1);
    let incidents = all_incidents(&*records).await;
    assert_eq!((incidents[0].text.as_str(), incidents[0].matches.len()), ("open", 2));
    assert_eq!((incidents[1].text.as_str(), incidents[1].matches.len()), ("[removed]", 0));
    assert_eq!(incidents[1].note, None);
    let entries = records.audit_head().await.expect("answers").0;
    keep_house(&*records, &policy).await;
    assert_eq!(records.audit_head().await.expect("answers").0, entries, "once");

    let room = room_of(&*store, &[1, 2]).await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    let report = records.report(user(2), room, said, "it says: said".into()).await.expect("reports");
    records.decide(report, Decision::Uphold, None, user(9)).await.expect("decides");
    engine.age(DAY).await;
    keep_house(&*records, &policy).await;
    let reports = records.incident(report).await.expect("answers").expect("there").incident.reports;
    assert_eq!((reports.len(), reports[0].reporter, reports[0].reason.as_str()), (1, user(2), ""));
    // Of what is reported again, the text is there again.
    store.change_room(room, user(1), &[user(3)], &[]).await.expect("adds");
    let again = records.report(user(3), room, said, "still there".into()).await.expect("reports");
    let incident = records.incident(again).await.expect("answers").expect("there").incident;
    assert_eq!((incident.status, incident.text.as_str()), (IncidentStatus::Open, "said"));
    keep_house(&*records, &policy).await;
    let incident = records.incident(again).await.expect("answers").expect("there").incident;
    assert_eq!(incident.text, "said");
}

pub(crate) async fn undecided_incidents_lose_their_text_later(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let held = hold(&*records, 1, room, "held").await;
    refuse(&*records, IncidentKind::Block, 1, room, "blocked").await;
    let policy = Policy { incident_days: Some(2), ..Policy::default() };
    engine.age(3 * DAY).await;
    keep_house(&*records, &policy).await;
    let texts =
        || async { all_incidents(&*records).await.into_iter().map(|found| found.text).collect::<Vec<_>>() };
    assert_eq!(texts().await, ["blocked", "held"]);
    engine.age(DAY).await;
    keep_house(&*records, &policy).await;
    assert_eq!(texts().await, ["[removed]", "[removed]"]);
    let gone = records.decide(held, Decision::Release, None, user(9)).await;
    assert!(matches!(gone, Err(RecordsError::Undeliverable)), "{gone:?}");
    // What is noted when it is decided after all goes in its own time.
    records.decide(held, Decision::Dismiss, Some("note".into()), user(9)).await.expect("decides");
    keep_house(&*records, &policy).await;
    let note = || async { records.incident(held).await.expect("answers").expect("there").incident.note };
    assert_eq!(note().await.as_deref(), Some("note"));
    engine.age(2 * DAY).await;
    keep_house(&*records, &policy).await;
    assert_eq!(note().await, None);
}

pub(crate) async fn time_releases_nothing_of_who_is_banned(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    hold(&*records, 1, room, "of who is banned").await;
    hold(&*records, 2, room, "of who was").await;
    for (banned, end) in [(1, None), (2, Some(Timestamp::now()))] {
        let ban = Ban {
            user: user(banned),
            reason: "spam".into(),
            expires_at: end,
            authority: Authority::Moderator,
        };
        records.ban(ban, Some(user(9))).await.expect("bans");
    }
    engine.age(MINUTE).await;
    let policy = Policy { held_then: HeldThen::Release, held_seconds: 60, ..Policy::default() };
    keep_house(&*records, &policy).await;
    assert_eq!(texts(&*store, room).await, ["of who was"]);
    let incidents = all_incidents(&*records).await;
    let statuses: Vec<IncidentStatus> = incidents.iter().map(|incident| incident.status).collect();
    assert_eq!(statuses, [IncidentStatus::Released, IncidentStatus::Dismissed]);
    assert_eq!(incidents[1].note.as_deref(), Some("Its sender was banned."));
}
