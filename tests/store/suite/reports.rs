//! Reports of participants.

use plic_filter::Category;
use plic_pipeline::{
    event::Event,
    id::{MessageId, RoomId, UserId},
    moderation::{
        Decision, Incident, IncidentFilter, IncidentKind, IncidentStatus, Notice, records::RecordsError,
    },
    store::Flag,
};

use super::{MINUTE, all_incidents, finding, message, room_of, say, user};
use crate::engine::Engine;

pub(crate) async fn every_report_of_a_message_is_counted_once_in_its_one_incident(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2, 3]).await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    let first = records.report(user(2), room, said, "rude".into()).await.expect("reports");
    assert_eq!(records.report(user(2), room, said, "again".into()).await.expect("answers"), first);
    assert_eq!(records.report(user(3), room, said, "mean".into()).await.expect("reports"), first);
    let [incident] = &all_incidents(&*records).await[..] else { panic!("one incident") };
    assert_eq!(
        (incident.id, incident.kind, incident.category),
        (first, IncidentKind::Report, Category::Other)
    );
    assert_eq!((incident.user, incident.message, incident.text.as_str()), (user(1), Some(said), "said"));
    assert_eq!((incident.report_count, reasons(incident)), (2, vec![(user(2), "rude"), (user(3), "mean")]));
    assert!(incident.reports.is_sorted_by_key(|report| report.created_at));
    let found = records.incident(first).await.expect("answers").expect("there");
    assert_eq!(found.incident, *incident);
    let events = engine.bus().events();
    let [_, Event::Notice(Notice::Incident(_)), Event::Notice(Notice::Reported(told))] = &events[..] else {
        panic!("a message, its incident and its second report, not {events:?}")
    };
    assert_eq!(**told, *incident);
}

fn reasons(incident: &Incident) -> Vec<(UserId, &str)> {
    incident.reports.iter().map(|report| (report.reporter, report.reason.as_str())).collect()
}

pub(crate) async fn a_report_joins_the_incident_of_a_flagged_message(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let mut flagged = message(user(1), room, "flagged");
    flagged.flag =
        Some(Box::new(Flag { finding: finding(IncidentKind::Flag, "flagged"), text: "flagged".into() }));
    let said = store.append(flagged).await.expect("stores");
    let other = say(&*store, 1, room, "other").await.expect("stores");
    let joined = records.report(user(2), room, said, "rude".into()).await.expect("reports");
    let opened = records.report(user(2), room, other, "rude".into()).await.expect("reports");
    let [second, first] = &all_incidents(&*records).await[..] else { panic!("two incidents") };
    assert_eq!((first.id, first.kind, first.report_count), (joined, IncidentKind::Flag, 1));
    assert_eq!((second.id, second.kind, second.report_count), (opened, IncidentKind::Report, 1));
    assert_eq!(reasons(first), [(user(2), "rude")]);
    let reported = IncidentFilter { kind: Some(IncidentKind::Report), ..IncidentFilter::default() };
    let found = records.incidents(&reported, None, 10).await.expect("answers").items;
    assert_eq!(found.iter().map(|incident| incident.id).collect::<Vec<_>>(), [opened, joined]);
}

pub(crate) async fn another_report_reopens_what_was_decided_unless_it_was_removed(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2, 3, 4]).await;
    for (decision, reopens) in
        [(Decision::Dismiss, true), (Decision::Uphold, true), (Decision::Remove, false)]
    {
        let said = say(&*store, 1, room, decision.status().as_str()).await.expect("stores");
        let id = records.report(user(2), room, said, "rude".into()).await.expect("reports");
        records.decide(id, decision, Some("seen".into()), user(9)).await.expect("decides");
        assert_eq!(records.report(user(2), room, said, "again".into()).await.expect("answers"), id);
        let decided = records.incident(id).await.expect("answers").expect("there").incident;
        assert_eq!(decided.status, decision.status(), "the same reporter reopens nothing");
        assert_eq!(records.report(user(3), room, said, "mean".into()).await.expect("reports"), id);
        let found = records.incident(id).await.expect("answers").expect("there");
        let status = if reopens { IncidentStatus::Open } else { decision.status() };
        assert_eq!((found.incident.status, found.incident.report_count), (status, 2), "{decision:?}");
        assert_eq!(found.incident.reopened.map(|reopened| reopened.by), reopens.then_some(None));
        let steps: Vec<_> =
            found.history.iter().map(|step| (step.status, step.by, step.note.as_deref())).collect();
        if reopens {
            let decided = (decision.status(), Some(user(9)), Some("seen"));
            assert_eq!(steps, [decided, (IncidentStatus::Open, None, None)]);
            assert!(matches!(engine.bus().events().last(), Some(Event::Notice(Notice::Reopened(_)))));
        } else {
            assert_eq!(steps, []);
        }
    }
    assert_eq!(all_incidents(&*records).await.len(), 3);
}

pub(crate) async fn of_many_reports_the_first_twenty_are_listed_and_all_are_counted(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let people: Vec<u128> = (1..=26).collect();
    let room = room_of(&*store, &people).await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    for reporter in 2..=26 {
        records.report(user(reporter), room, said, format!("{reporter}")).await.expect("reports");
    }
    let [incident] = &all_incidents(&*records).await[..] else { panic!("one incident") };
    assert_eq!((incident.reports.len(), incident.report_count), (20, 25));
    assert_eq!(incident.reports.last().map(|report| report.reporter), Some(user(21)));
}

pub(crate) async fn pages_end_early_once_their_reports_are_much(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let people: Vec<u128> = (1..=22).collect();
    let room = room_of(&*store, &people).await;
    let reason = "\u{1f600}".repeat(2_000);
    for n in 0..40 {
        let said = say(&*store, 1, room, &format!("{n}")).await.expect("stores");
        for reporter in 2..=21 {
            records.report(user(reporter), room, said, reason.clone()).await.expect("reports");
        }
    }
    let (mut found, mut before, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = records.incidents(&IncidentFilter::default(), before, 40).await.expect("answers");
        let bytes: usize =
            page.items.iter().flat_map(|incident| &incident.reports).map(|report| report.reason.len()).sum();
        assert!(bytes <= 5 << 20, "{bytes}");
        before = page.items.last().map(|incident| incident.id);
        found.extend(page.items.into_iter().map(|incident| incident.report_count));
        pages += 1;
        if !page.more {
            break;
        }
    }
    assert_eq!(found, [20; 40]);
    assert!(pages > 1, "{pages}");
}

pub(crate) async fn who_is_not_there_reports_nothing(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let other = room_of(&*store, &[1, 2]).await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    store.change_room(room, user(2), &[], &[user(2)]).await.expect("leaves");
    engine.age(MINUTE).await;
    let after = say(&*store, 1, room, "after").await.expect("stores");
    for (reporter, room, message) in [
        (2, room, after),
        (5, room, said),
        (1, other, said),
        (1, room, MessageId(999)),
        (1, RoomId(999), said),
    ] {
        let refused = records.report(user(reporter), room, message, "why".into()).await;
        assert!(matches!(refused, Err(RecordsError::NotFound)), "{refused:?}");
    }
    assert_eq!(all_incidents(&*records).await, []);
}

pub(crate) async fn who_was_there_reports_whatever_became_of_them_or_the_room(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2, 3]).await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    engine.age(MINUTE).await;
    store.change_room(room, user(1), &[user(4)], &[user(2)]).await.expect("changes");
    records.report(user(2), room, said, "removed".into()).await.expect("reports");
    records.report(user(4), room, said, "reads what was said before".into()).await.expect("reports");
    let after = say(&*store, 1, room, "after").await.expect("stores");
    store.change_room(room, user(1), &[], &[user(4)]).await.expect("removes");
    store.change_room(room, user(1), &[user(5)], &[]).await.expect("adds");
    store.delete_room(room, user(1), false).await.expect("deletes");
    records.report(user(3), room, said, "the room is gone".into()).await.expect("reports");
    records.report(user(3), room, after, "the room is gone".into()).await.expect("reports");
    for (reporter, message) in [(5, said), (6, said)] {
        let refused = records.report(user(reporter), room, message, "why".into()).await;
        assert!(matches!(refused, Err(RecordsError::NotFound)), "{reporter}: {refused:?}");
    }
    let counts: Vec<u32> =
        all_incidents(&*records).await.iter().map(|incident| incident.report_count).collect();
    assert_eq!(counts, [1, 3]);
}
