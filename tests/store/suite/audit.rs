//! The audit log.

use plic_pipeline::{
    id::RoomId,
    moderation::{Decision, Deed, IncidentKind, Policy, audit::Verifier},
    store::Ban,
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
    let ban = Ban { user: user(2), reason: "spam".into(), expires_at: None };
    records.ban(ban, Some(user(9))).await.expect("bans");
    records.lift_ban(user(2), user(9)).await.expect("lifts");
    records.lift_ban(user(2), user(9)).await.expect("answers");
    records.redact(said, user(9)).await.expect("redacts");
    records.set_policy(&Policy::default(), user(9)).await.expect("sets");
    engine.reopen().await;
    let records = engine.records();
    let deed = Deed::new(Some(user(9)), "user.disconnect").with("user_id", "é").with("n", 3);
    records.note_deed(deed, Some(user(1))).await.expect("notes");
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
    let page = records.audit(None, 1).await.expect("answers");
    assert_eq!((page.items[0].seq, page.items[0].actor, page.more), (8, Some(user(9)), true));
    assert_eq!(page.items[0].detail, r#"{"user_id":"é","n":3}"#);
    let first = &records.audit(Some(2), 10).await.expect("answers").items[0];
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
    let page = records.audit(Some(6), 3).await.expect("answers");
    assert_eq!((seqs(&page.items), page.more), (vec![5, 4, 3], true));
    let page = records.audit(Some(3), 3).await.expect("answers");
    assert_eq!((seqs(&page.items), page.more), (vec![2, 1], false));
    assert_eq!(seqs(&records.audit_after(5, 10).await.expect("answers")), [6, 7]);
    assert_eq!(seqs(&records.audit_after(0, 2).await.expect("answers")), [1, 2]);
}
