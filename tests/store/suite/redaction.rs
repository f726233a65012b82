//! Taking texts away.

use plic_pipeline::{
    id::MessageId,
    moderation::{Decision, IncidentKind, records::RecordsError},
    store::Flag,
};

use super::{all_incidents, finding, hold, message, room_of, say, texts, user};
use crate::engine::Engine;

pub(crate) async fn a_removed_text_is_nowhere(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let mut flagged = message(user(1), room, "secret");
    flagged.flag =
        Some(Box::new(Flag { finding: finding(IncidentKind::Flag, "secret"), text: "secret".into() }));
    let said = store.append(flagged).await.expect("stores");
    let other = say(&*store, 1, room, "other").await.expect("stores");
    records.report(user(2), room, said, "why".into()).await.expect("reports");
    records.report(user(2), room, other, "why".into()).await.expect("reports");
    records.redact(said, user(9)).await.expect("redacts");
    records.redact(said, user(9)).await.expect("is redacted");
    assert_eq!(texts(&*store, room).await, ["[removed]", "other"]);
    let incidents = all_incidents(&*records).await;
    assert_eq!(
        incidents.iter().map(|incident| incident.text.as_str()).collect::<Vec<_>>(),
        ["other", "[removed]", "[removed]"]
    );
    let found = &incidents[2].matches;
    assert!(found.len() == 2 && found.iter().all(|found| found.text == "[removed]" && found.end == 3));

    records.decide(incidents[0].id, Decision::Remove, None, user(9)).await.expect("removes");
    assert_eq!(texts(&*store, room).await, ["[removed]", "[removed]"]);
    say(&*store, 1, room, "goes on").await.expect("stores");
    assert_eq!(engine.bus().messages().last().expect("published").seq, 3);
}

pub(crate) async fn removing_a_held_message_drops_its_text(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1]).await;
    let held = hold(&*records, 1, room, "secret").await;
    let decided = records.decide(held, Decision::Remove, None, user(9)).await.expect("removes");
    assert_eq!((decided.incident.text.as_str(), decided.incident.message), ("[removed]", None));
    assert!(decided.incident.matches.iter().all(|found| found.text == "[removed]"));
}

pub(crate) async fn a_message_that_is_not_there_is_not_found(engine: impl Engine) {
    let records = engine.records();
    for message in [0, 1, i64::MAX] {
        let refused = records.redact(MessageId(message), user(9)).await;
        assert!(matches!(refused, Err(RecordsError::NotFound)), "{refused:?}");
    }
    assert_eq!(records.audit_head().await.expect("answers").0, 0);
}
