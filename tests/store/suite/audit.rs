//! The audit log.

use plic_pipeline::{
    id::RoomId,
    moderation::{
        ActionFilter, AuditFilter, Authority, Decision, Deed, IncidentKind, Policy, audit::Verifier,
        records::Disconnect,
    },
    store::Ban,
    timestamp::Timestamp,
};

use super::{all_incidents, refuse, room_of, say, user};
use crate::engine::{Engine, Kept};

async fn verified(records: &dyn Kept) -> Vec<String> {
    let mut verifier = Verifier::default();
    let entries = records.audit_after(0, 1000).await.expect("answers");
    for entry in &entries {
        verifier.next(entry).expect("continues the chain");
    }
    verifier.end(records.audit_head().await.expect("answers")).expect("is whole");
    entries.into_iter().map(|entry| entry.action).collect()
}

pub(crate) async fn every_write_leaves_its_entry_in_a_chain(mut engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    assert_eq!(verified(&*records).await, Vec::<String>::new());
    let room = room_of(&*store, &[1, 2]).await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    for n in 0..5 {
        refuse(&*records, IncidentKind::Block, 1, RoomId(1), &n.to_string()).await;
    }
    let incident = all_incidents(&*records).await[0].id;
    records.decide(incident, Decision::Dismiss, None, user(9)).await.expect("decides");
    let ban = Ban { user: user(2), reason: "spam".into(), expires_at: None, authority: Authority::Moderator };
    records.ban(ban, Some(user(9))).await.expect("bans");
    records.lift_ban(user(2), Some(user(9)), Authority::Moderator).await.expect("lifts");
    records.lift_ban(user(2), Some(user(9)), Authority::Moderator).await.expect("answers");
    records.redact(said, user(9)).await.expect("redacts");
    records.set_policy(&Policy::default(), user(9)).await.expect("sets");
    engine.reopen().await;
    let records = engine.records();
    let deed = Deed::new(Some(user(9)), "user.disconnect").with("user_id", "é").with("n", 3);
    records
        .note_deed(deed, Some(Disconnect { user: user(1), authority: Authority::Moderator }))
        .await
        .expect("notes");
    assert_eq!(
        verified(&*records).await,
        [
            "ban.set",
            "ban.lift",
            "incident.decide",
            "ban.set",
            "ban.lift",
            "message.redact",
            "policy.set",
            "user.disconnect",
        ]
    );
    let page = records.audit(&AuditFilter::default(), None, 1).await.expect("answers");
    assert_eq!((page.items[0].seq, page.items[0].actor, page.more), (8, Some(user(9)), true));
    assert_eq!(page.items[0].detail, r#"{"user_id":"é","n":3}"#);
    let first = &records.audit(&AuditFilter::default(), Some(2), 10).await.expect("answers").items[0];
    assert_eq!((first.seq, first.actor), (1, None), "the policy's ban is the server's deed");
}

pub(crate) async fn pages_go_back_and_forth(engine: impl Engine) {
    let records = engine.records();
    for _ in 0..7 {
        records.note_deed(Deed::new(None, "rules.import"), None).await.expect("notes");
    }
    let seqs = |entries: &[plic_pipeline::moderation::AuditEntry]| {
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    let page = records.audit(&AuditFilter::default(), Some(6), 3).await.expect("answers");
    assert_eq!((seqs(&page.items), page.more), (vec![5, 4, 3], true));
    let page = records.audit(&AuditFilter::default(), Some(3), 3).await.expect("answers");
    assert_eq!((seqs(&page.items), page.more), (vec![2, 1], false));
    assert_eq!(seqs(&records.audit_after(5, 10).await.expect("answers")), [6, 7]);
    assert_eq!(seqs(&records.audit_after(0, 2).await.expect("answers")), [1, 2]);
}

pub(crate) async fn every_filter_finds_its_own(engine: impl Engine) {
    let records = engine.records();
    let deeds = [
        (Some(1), "rule.create"),
        (Some(2), "rule.update"),
        (None, "rules.import"),
        (Some(1), "rule.update"),
        (Some(1), "ban.set"),
        (Some(2), "rule.delete"),
    ];
    for (actor, action) in deeds {
        records.note_deed(Deed::new(actor.map(user), action), None).await.expect("notes");
        // So that no two are of the same moment.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let all = records.audit_after(0, 10).await.expect("answers");
    let at = |seq: usize| Some(all[seq - 1].at);
    let action = |text| ActionFilter::parse(text);
    let none = AuditFilter::default();
    let cases = [
        (none.clone(), vec![6, 5, 4, 3, 2, 1]),
        (AuditFilter { action: action("rule.update"), ..none.clone() }, vec![4, 2]),
        (AuditFilter { action: action("rule"), ..none.clone() }, vec![6, 4, 2, 1]),
        (AuditFilter { action: action("rules"), ..none.clone() }, vec![3]),
        (AuditFilter { action: action("rul"), ..none.clone() }, vec![]),
        (AuditFilter { actor: Some(user(1)), ..none.clone() }, vec![5, 4, 1]),
        (AuditFilter { actor: Some(user(3)), ..none.clone() }, vec![]),
        (AuditFilter { since: at(5), ..none.clone() }, vec![6, 5]),
        (AuditFilter { until: at(3), ..none.clone() }, vec![2, 1]),
        (AuditFilter { since: at(2), until: at(5), ..none.clone() }, vec![4, 3, 2]),
        (AuditFilter { since: at(5), until: at(5), ..none.clone() }, vec![]),
        (AuditFilter { since: Some(Timestamp(i64::MAX)), ..none.clone() }, vec![]),
        (AuditFilter { until: Some(Timestamp(i64::MIN)), ..none.clone() }, vec![]),
        (AuditFilter { action: action("rule"), actor: Some(user(1)), since: at(2), until: at(6) }, vec![4]),
        (AuditFilter { action: action("rule.update"), since: at(3), ..none.clone() }, vec![4]),
    ];
    for (filter, wanted) in cases {
        // Page by page, an entry each.
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = records.audit(&filter, before, 1).await.expect("answers");
            found.extend(page.items.iter().map(|entry| entry.seq));
            before = found.last().copied();
            if !page.more {
                break;
            }
        }
        assert_eq!(found, wanted, "{filter:?}");
    }
}
