//! Taking texts away.

use plic_pipeline::{
    id::MessageId,
    moderation::{Decision, Incident, IncidentKind, records::RecordsError},
    store::Flag,
};

use super::{all_incidents, finding, hold, message, room_of, say, texts, user};
use crate::engine::Engine;

pub(crate) async fn a_redacted_text_is_gone_but_from_open_incidents(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let mut flagged = message(user(1), room, "secret");
    flagged.flag =
        Some(Box::new(Flag { finding: finding(IncidentKind::Flag, "secret"), text: "secret".into() }));
    let said = store.append(flagged).await.expect("stores");
    let other = say(&*store, 1, room, "other").await.expect("stores");
    records.report(user(2), room, other, "why".into()).await.expect("reports");
    records.redact(said, user(9)).await.expect("redacts");
    assert_eq!(texts(&*store, room).await, ["[removed]", "other"]);
    let kept = |incident: &Incident| {
        (incident.text.clone(), incident.matches.first().map(|found| found.text.clone()))
    };
    let incidents = all_incidents(&*records).await;
    assert_eq!(kept(&incidents[0]), ("other".into(), None));
    assert_eq!(kept(&incidents[1]), ("secret".into(), Some("sec".into())), "the evidence of what is open");

    records.decide(incidents[1].id, Decision::Uphold, None, user(9)).await.expect("decides");
    assert_eq!(kept(&all_incidents(&*records).await[1]).0, "secret");
    records.redact(said, user(9)).await.expect("redacts again");
    let incidents = all_incidents(&*records).await;
    assert_eq!(kept(&incidents[1]), ("[removed]".into(), Some("[removed]".into())));
    assert!(incidents[1].matches.iter().all(|found| found.text == "[removed]" && found.end == 3));

    let removed = records.decide(incidents[0].id, Decision::Remove, None, user(9)).await.expect("removes");
    assert_eq!(texts(&*store, room).await, ["[removed]", "[removed]"]);
    assert_eq!(removed.incident.text, "other", "the evidence stays for as long as incidents are kept");
    say(&*store, 1, room, "goes on").await.expect("stores");
    assert_eq!(engine.bus().messages().last().expect("published").seq, 3);
}

pub(crate) async fn nobody_redacts_the_evidence_against_themselves(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[9, 2]).await;
    let mine = say(&*store, 9, room, "mine").await.expect("stores");
    let incident = records.report(user(2), room, mine, "why".into()).await.expect("reports");
    let own = records.redact(mine, user(9)).await;
    assert!(matches!(own, Err(RecordsError::Own)), "{own:?}");
    assert_eq!(texts(&*store, room).await, ["mine"]);
    assert_eq!(records.audit_head().await.expect("answers").0, 0);

    records.decide(incident, Decision::Uphold, None, user(8)).await.expect("another decides");
    records.redact(mine, user(9)).await.expect("redacts what is decided");
    assert_eq!(texts(&*store, room).await, ["[removed]"]);
    assert_eq!(all_incidents(&*records).await[0].text, "mine");
    records.redact(mine, user(8)).await.expect("another redacts");
    assert_eq!(all_incidents(&*records).await[0].text, "[removed]");
}

pub(crate) async fn removing_a_held_message_keeps_its_text_as_evidence(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1]).await;
    let held = hold(&*records, 1, room, "secret").await;
    let decided = records.decide(held, Decision::Remove, None, user(9)).await.expect("removes");
    assert_eq!((decided.incident.text.as_str(), decided.incident.message), ("secret", None));
    assert_eq!(texts(&*store, room).await, Vec::<String>::new());
}

pub(crate) async fn a_message_that_is_not_there_is_not_found(engine: impl Engine) {
    let records = engine.records();
    for message in [0, 1, i64::MAX] {
        let refused = records.redact(MessageId(message), user(9)).await;
        assert!(matches!(refused, Err(RecordsError::NotFound)), "{refused:?}");
    }
    assert_eq!(records.audit_head().await.expect("answers").0, 0);
}
