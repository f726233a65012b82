//! Reports of participants.

use plic_pipeline::{
    filter::Category,
    id::{MessageId, RoomId},
    moderation::{IncidentKind, records::RecordsError},
};

use super::{MINUTE, all_incidents, room_of, say, user};
use crate::engine::Engine;

pub(crate) async fn a_report_opens_an_incident_once_a_reporter(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2, 3]).await;
    let said = say(&*store, 1, room, "said").await.expect("stores");
    let first = records.report(user(2), room, said, "rude".into()).await.expect("reports");
    assert_eq!(records.report(user(2), room, said, "again".into()).await.expect("answers"), first);
    let second = records.report(user(3), room, said, "rude".into()).await.expect("reports");
    assert!(second > first);
    let incident = &all_incidents(&*records).await[1];
    assert_eq!(
        (incident.id, incident.kind, incident.category),
        (first, IncidentKind::Report, Category::Other)
    );
    assert_eq!((incident.user, incident.message, incident.text.as_str()), (user(1), Some(said), "said"));
    let report = incident.report.as_ref().expect("is one");
    assert_eq!((report.reporter, report.reason.as_str()), (user(2), "rude"));
    assert_eq!(engine.bus().events().len(), 3, "a message and two notices");
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
    assert_eq!(all_incidents(&*records).await.len(), 4);
}
