//! What rules did, in numbers.

use plic_filter::Action;
use plic_pipeline::{
    id::{RoomId, RuleId},
    moderation::{
        Authority, Decision, Finding, IncidentKind, IncidentStatus, Policy,
        incident::RefusedMessage,
        stats::{BansOfDay, Decisions, Hits, JudgedDay, Precision, RuleDecisions, Stats, day_of},
    },
    store::Ban,
    timestamp::Timestamp,
};

use super::{DAY, all_incidents, refuse, refused, room_of, say, user};
use crate::engine::Engine;

fn hits(rule: i64, action: Action, day: i64, count: u64) -> Hits {
    Hits { rule: RuleId(rule), action, shadow: rule == 2, day, count }
}

pub(crate) async fn hits_add_up_by_rule_action_and_day(mut engine: impl Engine) {
    let records = engine.records();
    let today = day_of(Timestamp::now());
    assert_eq!(records.stats(Timestamp(0)).await.expect("answers"), Stats::default());
    records.add_hits(Vec::new(), None).await.expect("adds nothing");
    let first = vec![
        hits(1, Action::Block, today, 2),
        hits(2, Action::Block, today, 5),
        hits(1, Action::Flag, today, 1),
    ];
    records.add_hits(first, None).await.expect("adds");
    records
        .add_hits(vec![hits(1, Action::Block, today, 3), hits(1, Action::Block, today - 2, 7)], None)
        .await
        .expect("adds");
    engine.reopen().await;
    let records = engine.records();
    let mut found = records.stats(Timestamp(0)).await.expect("answers").hits;
    assert!(found.is_sorted_by_key(|hits| -hits.day));
    found.sort_by_key(|hits| (hits.day, hits.rule.0, hits.action));
    assert_eq!(
        found,
        [
            hits(1, Action::Block, today - 2, 7),
            hits(1, Action::Flag, today, 1),
            hits(1, Action::Block, today, 5),
            hits(2, Action::Block, today, 5),
        ]
    );
    let since = records.stats(Timestamp::now().before(DAY)).await.expect("answers");
    assert_eq!(since.hits.len(), 3);
}

pub(crate) async fn judged_messages_add_up_by_day(mut engine: impl Engine) {
    let day = |day, judged, stopped| JudgedDay { day, judged, stopped };
    let records = engine.records();
    for of in [day(100, 7, 1), day(101, 5, 5), day(99, 1, 0), day(100, 3, 2)] {
        records.add_hits(Vec::new(), Some(of)).await.expect("adds");
    }
    engine.reopen().await;
    let records = engine.records();
    let found = records.judged_days(100, 101).await.expect("answers");
    assert_eq!(found, [day(100, 10, 3), day(101, 5, 5)]);
    assert_eq!(records.judged_days(102, 130).await.expect("answers"), []);
}

pub(crate) async fn precision_is_learnt_from_decisions(engine: impl Engine) {
    let records = engine.records();
    for n in 0..6 {
        refuse(&*records, IncidentKind::Reject, 1, RoomId(1), &n.to_string()).await;
    }
    let incidents = all_incidents(&*records).await;
    for (incident, decision) in incidents.iter().zip([Decision::Uphold, Decision::Uphold, Decision::Dismiss])
    {
        records.decide(incident.id, decision, None, user(9)).await.expect("decides");
    }
    records
        .ban(
            Ban { user: user(1), reason: "spam".into(), expires_at: None, authority: Authority::Moderator },
            None,
        )
        .await
        .expect("bans");
    let stats = records.stats(Timestamp::now().before(DAY)).await.expect("answers");
    // The rule in the shadow caused no incident.
    assert_eq!(stats.precision, [Precision { rule: RuleId(1), right: 2, wrong: 1, open: 3 }]);
    assert_eq!(stats.bans, 1);
    let later = records.stats(Timestamp::now().after(DAY)).await.expect("answers");
    assert_eq!((later.precision.len(), later.bans), (0, 0));
}

/// An incident in which two live rules acted, 1 and 3, beside the one in the shadow.
async fn refuse_by_two_rules(records: &dyn crate::engine::Kept, text: &str) {
    let RefusedMessage { key, text, finding } = refused(IncidentKind::Reject, 1, RoomId(1), text, 7);
    let Finding { kind, category, mut matches } = finding;
    let mut third = matches[0].clone();
    third.rule_id = RuleId(3);
    matches.push(third);
    let refused = RefusedMessage { key, text, finding: Finding { kind, category, matches } };
    records.record_refused(refused, &Policy::default()).await.expect("records");
}

pub(crate) async fn decisions_and_bans_are_counted_by_day(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    records.report(user(2), room, said, "rude".into()).await.expect("reports");
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "by one").await;
    refuse_by_two_rules(&*records, "by two").await;
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "undecided").await;
    let incidents = all_incidents(&*records).await;
    for (incident, decision) in
        incidents[1..].iter().zip([Decision::Uphold, Decision::Uphold, Decision::Dismiss])
    {
        records.decide(incident.id, decision, None, user(9)).await.expect("decides");
    }
    let ban = Ban { user: user(1), reason: "spam".into(), expires_at: None, authority: Authority::Moderator };
    records.ban(ban, None).await.expect("bans");
    engine.age(2 * DAY).await;
    records.decide(incidents[0].id, Decision::Uphold, None, user(9)).await.expect("decides");

    let today = day_of(Timestamp::now());
    let (upheld, dismissed) = (IncidentStatus::Upheld, IncidentStatus::Dismissed);
    let of_rule =
        |rule: Option<i64>, day, status, count| RuleDecisions { rule: rule.map(RuleId), day, status, count };
    let stats = records.stats(Timestamp::now().before(7 * DAY)).await.expect("answers");
    // What was opened the day before yesterday and decided today is of today.
    assert_eq!(
        stats.decisions,
        [
            of_rule(Some(1), today, upheld, 1),
            of_rule(None, today - 2, dismissed, 1),
            of_rule(Some(1), today - 2, upheld, 2),
            of_rule(Some(3), today - 2, upheld, 1),
        ]
    );
    // Once each, however many rules acted.
    let of_day = |day, status, count| Decisions { day, status, count };
    assert_eq!(
        stats.decided,
        [of_day(today, upheld, 1), of_day(today - 2, dismissed, 1), of_day(today - 2, upheld, 2)]
    );
    assert_eq!((stats.bans, stats.bans_by_day), (1, vec![BansOfDay { day: today - 2, count: 1 }]));
    let since = records.stats(Timestamp::now().before(DAY)).await.expect("answers");
    assert_eq!(since.decisions, [of_rule(Some(1), today, upheld, 1)]);
    assert_eq!((since.decided.len(), since.bans_by_day), (1, Vec::new()));
    let later = records.stats(Timestamp::now().after(DAY)).await.expect("answers");
    assert_eq!((later.decisions.len(), later.decided.len()), (0, 0));
}

pub(crate) async fn numbers_go_back_four_hundred_days(engine: impl Engine) {
    let records = engine.records();
    let today = day_of(Timestamp::now());
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "old").await;
    records
        .ban(
            Ban { user: user(1), reason: "spam".into(), expires_at: None, authority: Authority::Moderator },
            None,
        )
        .await
        .expect("bans");
    engine.age(401 * DAY).await;
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "new").await;
    let all = vec![hits(1, Action::Block, today - 402, 1), hits(1, Action::Block, today - 399, 2)];
    records.add_hits(all, None).await.expect("adds");
    for since in [Timestamp(0), Timestamp(i64::MIN), Timestamp::now().before(500 * DAY)] {
        let stats = records.stats(since).await.expect("answers");
        assert_eq!(stats.hits, [hits(1, Action::Block, today - 399, 2)]);
        assert_eq!((stats.precision[0].open, stats.bans), (1, 0));
    }
}
