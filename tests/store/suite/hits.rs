//! What rules did, in numbers.

use plic_pipeline::{
    filter::Action,
    id::{RoomId, RuleId},
    moderation::{
        Decision, IncidentKind,
        stats::{Hits, Precision, Stats, day_of},
    },
    store::Ban,
    timestamp::Timestamp,
};

use super::{DAY, all_incidents, refuse, user};
use crate::engine::Engine;

fn hits(rule: i64, action: Action, day: i64, count: u64) -> Hits {
    Hits { rule: RuleId(rule), action, shadow: rule == 2, day, count }
}

pub(crate) async fn hits_add_up_by_rule_action_and_day(mut engine: impl Engine) {
    let records = engine.records();
    let today = day_of(Timestamp::now());
    assert_eq!(records.stats(Timestamp(0)).await.expect("answers"), Stats::default());
    records.add_hits(Vec::new()).await.expect("adds nothing");
    let first = vec![
        hits(1, Action::Block, today, 2),
        hits(2, Action::Block, today, 5),
        hits(1, Action::Flag, today, 1),
    ];
    records.add_hits(first).await.expect("adds");
    records
        .add_hits(vec![hits(1, Action::Block, today, 3), hits(1, Action::Block, today - 2, 7)])
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
    records.ban(Ban { user: user(1), reason: "spam".into(), expires_at: None }, None).await.expect("bans");
    let stats = records.stats(Timestamp::now().before(DAY)).await.expect("answers");
    // The rule in the shadow caused no incident.
    assert_eq!(stats.precision, [Precision { rule: RuleId(1), right: 2, wrong: 1, open: 3 }]);
    assert_eq!(stats.bans, 1);
    let later = records.stats(Timestamp::now().after(DAY)).await.expect("answers");
    assert_eq!((later.precision.len(), later.bans), (0, 0));
}

pub(crate) async fn numbers_go_back_four_hundred_days(engine: impl Engine) {
    let records = engine.records();
    let today = day_of(Timestamp::now());
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "old").await;
    records.ban(Ban { user: user(1), reason: "spam".into(), expires_at: None }, None).await.expect("bans");
    engine.age(401 * DAY).await;
    refuse(&*records, IncidentKind::Reject, 1, RoomId(1), "new").await;
    let all = vec![hits(1, Action::Block, today - 402, 1), hits(1, Action::Block, today - 399, 2)];
    records.add_hits(all).await.expect("adds");
    for since in [Timestamp(0), Timestamp(i64::MIN), Timestamp::now().before(500 * DAY)] {
        let stats = records.stats(since).await.expect("answers");
        assert_eq!(stats.hits, [hits(1, Action::Block, today - 399, 2)]);
        assert_eq!((stats.precision[0].open, stats.bans), (1, 0));
    }
}
