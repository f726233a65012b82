//! Incidents and decisions.

use plic_filter::Category;
use plic_pipeline::{
    event::Event,
    id::{IncidentId, RoomId, RuleId},
    moderation::{
        Decision, IncidentFilter, IncidentKind, IncidentStatus, Notice, Policy, policy::HeldThen,
        records::RecordsError,
    },
    store::Flag,
};

use super::{DAY, all_incidents, finding, hold, message, refuse, room_of, say, user};
use crate::engine::Engine;

pub(crate) async fn what_was_found_comes_back_as_it_was(mut engine: impl Engine) {
    let records = engine.records();
    refuse(&*records, IncidentKind::Block, 1, RoomId(77), "été à \u{1f600}\0").await;
    let told = engine.bus().events();
    engine.reopen().await;
    let records = engine.records();
    let [incident] = &all_incidents(&*records).await[..] else { panic!("one incident") };
    assert_eq!((incident.status, incident.kind), (IncidentStatus::Open, IncidentKind::Block));
    assert_eq!((incident.user, incident.room, incident.message), (user(1), RoomId(77), None));
    assert_eq!(incident.text, "été à \u{1f600}\0");
    assert_eq!(incident.matches, finding(IncidentKind::Block, &incident.text).matches);
    let [Event::Notice(Notice::Incident(notice))] = &told[..] else { panic!("one notice, not {told:?}") };
    assert_eq!(**notice, *incident);
    let found = records.incident(incident.id).await.expect("answers").expect("there");
    assert_eq!((found.incident, found.before, found.after), (incident.clone(), vec![], vec![]));
    assert!(records.incident(IncidentId(incident.id.0 + 1)).await.expect("answers").is_none());
}

pub(crate) async fn the_same_text_is_opened_once_while_it_is_open(engine: impl Engine) {
    let records = engine.records();
    let refuse = |sender, room, text| refuse(&*records, IncidentKind::Reject, sender, RoomId(room), text);
    for (sender, room, text) in [(1, 1, "a"), (1, 1, "a"), (2, 1, "a"), (1, 2, "a"), (1, 1, "b"), (1, 1, "a")]
    {
        refuse(sender, room, text).await;
    }
    let open = all_incidents(&*records).await;
    assert_eq!(open.len(), 4);
    records.decide(open[3].id, Decision::Uphold, None, user(9)).await.expect("decides");
    refuse(1, 1, "a").await;
    assert_eq!(all_incidents(&*records).await.len(), 5, "what was decided cannot be decided again");
    engine.age(DAY / 24).await;
    refuse(2, 1, "a").await;
    assert_eq!(all_incidents(&*records).await.len(), 6);
}

pub(crate) async fn every_filter_finds_its_own_and_pages_are_complete(engine: impl Engine) {
    let records = engine.records();
    for n in 0..12 {
        let kind = if n % 2 == 0 { IncidentKind::Block } else { IncidentKind::Reject };
        refuse(&*records, kind, n % 3, RoomId(i64::try_from(n % 4).expect("small")), &format!("{n}")).await;
    }
    let all = all_incidents(&*records).await;
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    for incident in &all[..6] {
        records.decide(incident.id, Decision::Uphold, None, user(9)).await.expect("decides");
    }
    let (status, kind) = (Some(IncidentStatus::Upheld), Some(IncidentKind::Reject));
    let whole = IncidentFilter {
        status,
        kind,
        category: Some(Category::Scam),
        rule: Some(RuleId(2)),
        user: Some(user(1)),
        room: Some(RoomId(3)),
    };
    let any = IncidentFilter::default;
    let cases = [
        (any(), 12),
        (IncidentFilter { status, ..any() }, 6),
        (IncidentFilter { status: Some(IncidentStatus::Open), ..any() }, 6),
        (IncidentFilter { kind, ..any() }, 6),
        (IncidentFilter { category: whole.category, ..any() }, 12),
        (IncidentFilter { category: Some(Category::Hate), ..any() }, 0),
        (IncidentFilter { rule: Some(RuleId(1)), ..any() }, 12),
        (IncidentFilter { rule: Some(RuleId(3)), ..any() }, 0),
        (IncidentFilter { rule: whole.rule, status, ..any() }, 6),
        (IncidentFilter { user: whole.user, ..any() }, 4),
        (IncidentFilter { room: whole.room, ..any() }, 3),
        (IncidentFilter { user: whole.user, status, ..any() }, 2),
        (whole, 1),
    ];
    for (filter, count) in cases {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = records.incidents(&filter, before, 2).await.expect("answers");
            before = page.items.last().map(|incident| incident.id);
            found.extend(page.items);
            if !page.more {
                break;
            }
        }
        assert_eq!(found.len(), count, "{filter:?}");
        assert!(found.is_sorted_by(|a, b| a.id > b.id));
    }
}

pub(crate) async fn what_was_said_around_is_shown(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let elsewhere = room_of(&*store, &[1, 2]).await;
    let mut ids = Vec::new();
    for n in 0..15 {
        ids.push(say(&*store, 1, room, &format!("{n}")).await.expect("stores"));
        say(&*store, 1, elsewhere, &format!("{n}")).await.expect("stores");
    }
    refuse(&*records, IncidentKind::Block, 1, room, "blocked").await;
    for n in 15..30 {
        say(&*store, 1, room, &format!("{n}")).await.expect("stores");
    }
    let report = records.report(user(2), room, ids[3], "why".into()).await.expect("reports");
    let texts = |range: std::ops::Range<i32>| range.map(|n| n.to_string()).collect::<Vec<_>>();
    let blocked = all_incidents(&*records).await[1].id;
    for (incident, before, after) in [(blocked, 5..15, 15..25), (report, 0..3, 4..14)] {
        let found = records.incident(incident).await.expect("answers").expect("there");
        assert_eq!(found.before.into_iter().map(|said| said.text).collect::<Vec<_>>(), texts(before));
        assert_eq!(found.after.into_iter().map(|said| said.text).collect::<Vec<_>>(), texts(after));
    }
}

pub(crate) async fn a_flagged_message_is_delivered_and_its_incident_follows(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let mut flagged = message(user(1), room, "*** masked");
    flagged.flag =
        Some(Box::new(Flag { finding: finding(IncidentKind::Flag, "bad"), text: "bad masked".into() }));
    let id = store.append(flagged.clone()).await.expect("stores");
    assert_eq!(store.append(flagged).await.expect("confirms"), id);
    let [incident] = &all_incidents(&*records).await[..] else { panic!("one incident") };
    assert_eq!((incident.kind, incident.message, incident.room), (IncidentKind::Flag, Some(id), room));
    assert_eq!(incident.text, "bad masked");
    let events = engine.bus().events();
    let [Event::Message(said), Event::Notice(Notice::Incident(told))] = &events[..] else {
        panic!("a message and its notice, not {events:?}")
    };
    assert_eq!((said.text.as_str(), &**told), ("*** masked", incident));
}

pub(crate) async fn a_decision_is_made_once(engine: impl Engine) {
    let records = engine.records();
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "a").await;
    let id = all_incidents(&*records).await[0].id;
    let note = Some("clearly".to_owned());
    let decided = records.decide(id, Decision::Uphold, note.clone(), user(9)).await.expect("decides");
    assert_eq!((decided.incident.status, decided.lifted), (IncidentStatus::Upheld, None));
    assert_eq!((decided.incident.decided_by, decided.incident.note.clone()), (Some(user(9)), note));
    assert!(decided.incident.decided_at >= Some(decided.incident.created_at));
    assert_eq!(all_incidents(&*records).await, vec![decided.incident.clone()]);
    let told = engine.bus().events();
    assert!(matches!(told.last(), Some(Event::Notice(Notice::Decided(told))) if **told == decided.incident));

    for decision in [Decision::Uphold, Decision::Dismiss, Decision::Release, Decision::Remove] {
        let again = records.decide(id, decision, None, user(8)).await;
        assert!(
            matches!(again, Err(RecordsError::Decided { by, status: IncidentStatus::Upheld, .. }) if by == Some(user(9))),
            "{again:?}"
        );
        let absent = records.decide(IncidentId(id.0 + 1), decision, None, user(8)).await;
        assert!(matches!(absent, Err(RecordsError::NotFound)), "{absent:?}");
    }
    assert_eq!(engine.bus().events().len(), told.len());
    assert_eq!(records.audit_head().await.expect("answers").0, 1);
}

pub(crate) async fn only_what_fits_is_decided(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1]).await;
    refuse(&*records, IncidentKind::Block, 1, room, "blocked").await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    records.report(user(1), room, said, "why".into()).await.expect("reports");
    let held = hold(&*records, 1, room, "held").await;
    let open = all_incidents(&*records).await;
    for (incident, decision) in
        [(&open[2], Decision::Release), (&open[2], Decision::Remove), (&open[1], Decision::Release)]
    {
        let refused = records.decide(incident.id, decision, None, user(9)).await;
        assert!(matches!(refused, Err(RecordsError::DoesNotFit)), "{refused:?}");
    }
    assert_eq!(all_incidents(&*records).await, open, "a refused decision leaves nothing");
    for (id, decision) in
        [(held, Decision::Release), (open[1].id, Decision::Remove), (open[2].id, Decision::Dismiss)]
    {
        let decided = records.decide(id, decision, None, user(9)).await.expect("decides");
        assert_eq!(decided.incident.status, decision.status());
    }
}

pub(crate) async fn nobody_decides_about_what_they_said_themselves(engine: impl Engine) {
    let records = engine.records();
    refuse(&*records, IncidentKind::Block, 9, RoomId(1), "mine").await;
    let id = all_incidents(&*records).await[0].id;
    for decision in [Decision::Uphold, Decision::Dismiss, Decision::Release, Decision::Remove] {
        let own = records.decide(id, decision, None, user(9)).await;
        assert!(matches!(own, Err(RecordsError::Own)), "{own:?}");
    }
    assert_eq!(records.audit_head().await.expect("answers").0, 0);
    records.decide(id, Decision::Dismiss, None, user(8)).await.expect("another decides");
    let own = records.decide(id, Decision::Uphold, None, user(9)).await;
    assert!(matches!(own, Err(RecordsError::Own)), "{own:?}");
}

pub(crate) async fn who_decided_or_an_admin_takes_a_decision_back(engine: impl Engine) {
    let records = engine.records();
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "a").await;
    let id = all_incidents(&*records).await[0].id;
    let reopen = |actor, is_admin| records.reopen(id, Some("on reflection".into()), user(actor), is_admin);
    assert!(matches!(reopen(9, true).await, Err(RecordsError::NotDecided)));
    let absent = records.reopen(IncidentId(id.0 + 1), None, user(9), true).await;
    assert!(matches!(absent, Err(RecordsError::NotFound)), "{absent:?}");
    records.decide(id, Decision::Uphold, Some("clearly".into()), user(8)).await.expect("decides");
    assert!(matches!(reopen(9, false).await, Err(RecordsError::NotYours)));
    assert!(matches!(reopen(1, true).await, Err(RecordsError::Own)));

    for (actor, is_admin) in [(8, false), (9, true)] {
        let reopened = reopen(actor, is_admin).await.expect("reopens");
        assert_eq!(
            (reopened.status, reopened.decided_by, reopened.decided_at),
            (IncidentStatus::Open, None, None)
        );
        assert_eq!(
            (reopened.note.clone(), reopened.reopened.map(|step| step.by)),
            (None, Some(Some(user(actor))))
        );
        let told = engine.bus().events();
        assert!(matches!(told.last(), Some(Event::Notice(Notice::Reopened(told))) if **told == reopened));
        records.decide(id, Decision::Dismiss, Some("not so".into()), user(8)).await.expect("decides again");
    }
    let found = records.incident(id).await.expect("answers").expect("there");
    assert_eq!(
        (found.incident.status, found.incident.note.as_deref()),
        (IncidentStatus::Dismissed, Some("not so"))
    );
    let steps: Vec<_> = found
        .history
        .iter()
        .map(|step| (step.status, step.by, step.note.as_deref().expect("a note")))
        .collect();
    assert_eq!(
        steps,
        [
            (IncidentStatus::Upheld, Some(user(8)), "clearly"),
            (IncidentStatus::Open, Some(user(8)), "on reflection"),
            (IncidentStatus::Dismissed, Some(user(8)), "not so"),
            (IncidentStatus::Open, Some(user(9)), "on reflection"),
        ]
    );
    let entries = records.audit_after(0, 10).await.expect("answers");
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    let (decide, reopen) = ("incident.decide", "incident.reopen");
    assert_eq!(actions, [decide, reopen, decide, reopen, decide]);
    assert!(entries[1].detail.contains(r#""was":"upheld""#), "{}", entries[1].detail);
}

pub(crate) async fn only_an_admin_takes_back_what_time_decided(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1]).await;
    let id = hold(&*records, 1, room, "held").await;
    engine.age(DAY).await;
    let policy = Policy { held_then: HeldThen::Drop, held_seconds: 60, ..Policy::default() };
    records.keep_house(&policy).await.expect("keeps house");
    assert!(matches!(records.reopen(id, None, user(9), false).await, Err(RecordsError::NotYours)));
    records.reopen(id, None, user(9), true).await.expect("reopens");
}

pub(crate) async fn what_retention_has_cleared_is_not_reopened(engine: impl Engine) {
    let records = engine.records();
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "a").await;
    let id = all_incidents(&*records).await[0].id;
    records.decide(id, Decision::Uphold, Some("first".into()), user(9)).await.expect("decides");
    records.reopen(id, Some("second".into()), user(9), false).await.expect("reopens");
    records.decide(id, Decision::Uphold, None, user(9)).await.expect("decides");
    engine.age(2 * DAY).await;
    let policy = Policy { incident_days: Some(1), ..Policy::default() };
    while records.keep_house(&policy).await.expect("keeps house") {}
    let found = records.incident(id).await.expect("answers").expect("there");
    assert!(found.history.len() == 2 && found.history.iter().all(|step| step.note.is_none()));
    assert!(matches!(records.reopen(id, None, user(9), false).await, Err(RecordsError::Cleared)));
}
