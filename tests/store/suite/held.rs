//! Messages kept for review.

use futures_util::future::join_all;
use plic_pipeline::{
    command::TempId,
    event::Event,
    id::ConnectionId,
    moderation::{
        Decision, IncidentStatus, Notice, Policy, incident::HeldMessage, policy::HeldThen,
        records::RecordsError,
    },
    store::{Before, Held, StoreError},
};

use super::{DAY, MINUTE, all_incidents, hold, message, room_of, say, texts, to_hold, user, users};
use crate::engine::{Engine, Kept};

pub(crate) async fn a_held_message_waits_once_and_is_not_stored(mut engine: impl Engine) {
    let store = engine.store();
    let room = room_of(&*store, &[1, 2]).await;
    let held = to_hold(1, room, "held");
    for _ in 0..2 {
        assert_eq!(engine.store().hold(held.clone()).await.expect("holds"), Held::Waiting);
    }
    engine.reopen().await;
    let (store, records) = (engine.store(), engine.records());
    assert_eq!(engine.store().hold(held.clone()).await.expect("holds"), Held::Waiting);
    assert_eq!(all_incidents(&*records).await.len(), 1);
    assert_eq!(store.already_sent(&held.key).await.expect("answers"), Some(Before::Held));
    assert!(matches!(say(&*store, 1, room, "held").await, Err(StoreError::Held)));
    assert_eq!(texts(&*store, room).await, Vec::<String>::new());
    assert_eq!(engine.bus().events().len(), 1, "the notice of the incident");
}

pub(crate) async fn a_released_message_is_delivered_as_the_newest_and_confirmed(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let incident = hold(&*records, 1, room, "held").await;
    say(&*store, 2, room, "meanwhile").await.expect("stores");
    store.change_room(room, user(1), &[user(3)], &[]).await.expect("adds");
    let decided = records.decide(incident, Decision::Release, None, user(9)).await.expect("releases");
    assert_eq!(decided.incident.status, IncidentStatus::Released);
    let id = decided.incident.message.expect("it is stored");

    assert_eq!(texts(&*store, room).await, ["meanwhile", "held"]);
    let events = engine.bus().events();
    let [.., Event::Message(said), Event::Confirmed(confirmed), Event::Notice(Notice::Decided(_))] =
        &events[..]
    else {
        panic!("message, confirmation, decision, not {events:?}")
    };
    assert_eq!((said.id, said.seq, said.sender, said.origin), (id, 2, user(1), ConnectionId(7)));
    assert_eq!((said.text.as_str(), &*said.participants), ("held", &users(&[1, 2, 3])[..]));
    assert_eq!((confirmed.sender, confirmed.origin), (user(1), ConnectionId(7)));
    assert_eq!(confirmed.temp_id.as_str(), "temp id of held");

    // From now on it is a sent message.
    let key = to_hold(1, room, "held").key;
    assert_eq!(store.already_sent(&key).await.expect("answers"), Some(Before::Sent(id)));
    assert_eq!(say(&*store, 1, room, "held").await.expect("confirms"), id);
    assert_eq!(engine.store().hold(to_hold(1, room, "held")).await.expect("answers"), Held::Sent(id));
    say(&*store, 2, room, "after").await.expect("stores");
    assert_eq!(engine.bus().messages().last().expect("published").seq, 3);
    let rooms = store.rooms_of(user(2), None, 10).await.expect("answers");
    assert_eq!(rooms.items[0].last_message.as_ref().expect("has one").text, "after");
}

pub(crate) async fn a_released_message_is_confirmed_with_its_temp_id_exactly(mut engine: impl Engine) {
    let room = room_of(&*engine.store(), &[1, 2]).await;
    let ids = [
        TempId::from_parts("half \u{fffd}", Some(r#""half \ud83d""#)),
        TempId::from("half \u{fffd}"),
        TempId::from("\"quoted\" \0 \u{1a}"),
    ];
    for (number, temp_id) in ids.iter().enumerate() {
        let mut held = to_hold(1, room, &format!("held {number}"));
        held.temp_id = temp_id.clone();
        engine.store().hold(held).await.expect("holds");
    }
    engine.reopen().await;
    let records = engine.records();
    for incident in all_incidents(&*records).await.iter().rev() {
        records.decide(incident.id, Decision::Release, None, user(9)).await.expect("releases");
    }
    let confirmed: Vec<TempId> = engine
        .bus()
        .events()
        .into_iter()
        .filter_map(
            |event| if let Event::Confirmed(confirmed) = event { Some(confirmed.temp_id) } else { None },
        )
        .collect();
    assert_eq!(confirmed, ids);
}

pub(crate) async fn a_released_message_survives_opening_again_without_its_connection(
    mut engine: impl Engine,
) {
    let room = room_of(&*engine.store(), &[1, 2]).await;
    let incident = hold(&*engine.records(), 1, room, "held").await;
    engine.reopen().await;
    engine.records().decide(incident, Decision::Release, None, user(9)).await.expect("releases");
    let said = &engine.bus().messages()[0];
    assert_eq!((said.text.as_str(), said.origin), ("held", engine.ended(ConnectionId(7))));
    engine.reopen().await;
    assert_eq!(texts(&*engine.store(), room).await, ["held"]);
}

pub(crate) async fn what_was_not_released_stays_held_within_its_window(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    for (text, decision) in [("a", Decision::Uphold), ("c", Decision::Remove)] {
        let incident = hold(&*records, 1, room, text).await;
        records.decide(incident, decision, None, user(9)).await.expect("decides");
        assert!(matches!(say(&*store, 1, room, text).await, Err(StoreError::Held)));
        let key = to_hold(1, room, text).key;
        assert_eq!(store.already_sent(&key).await.expect("answers"), Some(Before::Held));
        assert_eq!(engine.store().hold(to_hold(1, room, text)).await.expect("holds"), Held::Waiting);
    }
    assert_eq!(all_incidents(&*records).await.len(), 2);
    assert_eq!(engine.bus().messages().len(), 0);
    engine.age(DAY).await;
    for text in ["a", "c"] {
        say(&*store, 1, room, text).await.expect("is a new message");
    }
}

pub(crate) async fn after_its_window_a_held_message_is_a_new_one(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let mut held = to_hold(1, room, "counter");
    held.key.window = MINUTE;
    let mut incidents = Vec::new();
    for _ in 0..2 {
        assert_eq!(engine.store().hold(held.clone()).await.expect("holds"), Held::Waiting);
        incidents.push(all_incidents(&*records).await[0].id);
        engine.age(MINUTE).await;
    }
    assert!(incidents[0] < incidents[1]);
    for incident in incidents {
        records.decide(incident, Decision::Release, None, user(9)).await.expect("releases");
    }
    assert_eq!(texts(&*store, room).await, ["counter", "counter"]);
}

pub(crate) async fn a_message_that_was_sent_is_not_held(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let id = say(&*store, 1, room, "said").await.expect("stores");
    assert_eq!(engine.store().hold(to_hold(1, room, "said")).await.expect("answers"), Held::Sent(id));
    assert_eq!(all_incidents(&*records).await, []);
}

pub(crate) async fn who_is_not_in_the_room_holds_nothing_and_gets_nothing_released(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let stranger = engine.store().hold(to_hold(5, room, "x")).await;
    assert!(matches!(stranger, Err(StoreError::NotParticipant)), "{stranger:?}");
    let left = hold(&*records, 2, room, "left").await;
    store.change_room(room, user(2), &[], &[user(2)]).await.expect("leaves");
    let gone = hold(&*records, 1, room, "gone").await;
    let release = |id| records.decide(id, Decision::Release, None, user(9));
    assert!(matches!(release(left).await, Err(RecordsError::Undeliverable)));
    store.delete_room(room, user(1), false).await.expect("deletes");
    assert!(matches!(release(gone).await, Err(RecordsError::Undeliverable)));
    assert_eq!(engine.bus().messages().len(), 0);
    assert!(all_incidents(&*records).await.iter().all(|incident| incident.status == IncidentStatus::Open));
    let dismissed = records.decide(gone, Decision::Dismiss, None, user(9)).await.expect("dismisses");
    assert_eq!((dismissed.incident.status, dismissed.incident.message), (IncidentStatus::Dismissed, None));
}

pub(crate) async fn dismissing_a_held_message_releases_it(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let incident = hold(&*records, 1, room, "held").await;
    let decided = records.decide(incident, Decision::Dismiss, None, user(9)).await.expect("dismisses");
    assert_eq!(decided.incident.status, IncidentStatus::Released);
    assert_eq!(texts(&*store, room).await, ["held"]);
    let events = engine.bus().events();
    let [.., Event::Message(said), Event::Confirmed(_), Event::Notice(Notice::Decided(_))] = &events[..]
    else {
        panic!("message, confirmation, decision, not {events:?}")
    };
    assert_eq!(decided.incident.message, Some(said.id));
}

pub(crate) async fn what_was_dropped_by_mistake_is_reopened_and_released_as_rules_left_it(
    engine: impl Engine,
) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    for (text, decision) in [("a", Decision::Uphold), ("b", Decision::Remove)] {
        let held = HeldMessage { delivered: format!("{text} ***"), ..to_hold(1, room, text) };
        engine.store().hold(held).await.expect("holds");
        let id = all_incidents(&*records).await[0].id;
        records.decide(id, decision, None, user(9)).await.expect("decides");
        engine.age(3 * DAY).await;
        keep_house(&*records, &Policy::default()).await;
        let reopened = records.reopen(id, None, user(9), false).await.expect("reopens");
        assert_eq!((reopened.status, reopened.text.as_str()), (IncidentStatus::Open, text));
        assert!(matches!(say(&*store, 1, room, text).await, Err(StoreError::Held)), "it waits again");
        records.decide(id, Decision::Release, None, user(9)).await.expect("releases");
    }
    assert_eq!(texts(&*store, room).await, ["a ***", "b ***"]);
}

pub(crate) async fn what_was_delivered_is_not_delivered_again_by_a_second_decision(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let id = hold(&*records, 1, room, "held").await;
    records.decide(id, Decision::Release, None, user(9)).await.expect("releases");
    records.reopen(id, None, user(9), false).await.expect("reopens");
    let again = records.decide(id, Decision::Release, None, user(9)).await;
    assert!(matches!(again, Err(RecordsError::DoesNotFit)), "{again:?}");
    let dismissed = records.decide(id, Decision::Dismiss, None, user(9)).await.expect("dismisses");
    assert_eq!(dismissed.incident.status, IncidentStatus::Dismissed);
    records.reopen(id, None, user(9), false).await.expect("reopens");
    assert_eq!(texts(&*store, room).await, ["held"]);
    records.decide(id, Decision::Remove, None, user(9)).await.expect("removes");
    assert_eq!(texts(&*store, room).await, ["[removed]"]);
    assert_eq!(engine.bus().messages().len(), 1);
}

pub(crate) async fn the_policy_gives_what_is_reopened_its_whole_time_again(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    let id = hold(&*records, 1, room, "held").await;
    records.decide(id, Decision::Uphold, None, user(9)).await.expect("decides");
    engine.age(DAY).await;
    records.reopen(id, None, user(9), false).await.expect("reopens");
    let policy = Policy { held_then: HeldThen::Release, held_seconds: 3600, ..Policy::default() };
    keep_house(&*records, &policy).await;
    assert_eq!(texts(&*store, room).await, Vec::<String>::new());
    engine.age(DAY / 24).await;
    keep_house(&*records, &policy).await;
    assert_eq!(texts(&*store, room).await, ["held"]);
}

async fn keep_house(records: &dyn Kept, policy: &Policy) {
    while records.keep_house(policy).await.expect("keeps house") {}
}

pub(crate) async fn a_held_message_does_not_hold_its_neighbours(engine: impl Engine) {
    let (store, records) = (engine.store(), engine.records());
    let room = room_of(&*store, &[1, 2]).await;
    hold(&*records, 1, room, "5").await;
    let answers = join_all((0..20).map(|n| store.append(message(user(1), room, &n.to_string())))).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), n != 5, "{n}: {answer:?}");
    }
    assert_eq!(texts(&*store, room).await.len(), 19);
    say(&*store, 2, room, "5").await.expect("another sender's is another message");
}

pub(crate) async fn a_release_delivers_what_rules_left_of_it(mut engine: impl Engine) {
    let room = room_of(&*engine.store(), &[1, 2]).await;
    let masked = HeldMessage { delivered: "the *****".into(), ..to_hold(1, room, "the snark") };
    assert_eq!(engine.store().hold(masked).await.expect("holds"), Held::Waiting);
    engine.reopen().await;
    let (store, records) = (engine.store(), engine.records());
    let incident = all_incidents(&*records).await[0].clone();
    assert_eq!(incident.text, "the snark", "moderators see what was sent");
    let decided = records.decide(incident.id, Decision::Release, None, user(9)).await.expect("releases");
    assert_eq!(decided.incident.text, "the snark");
    assert_eq!(engine.bus().messages()[0].text, "the *****");
    assert_eq!(texts(&*store, room).await, ["the *****"]);
}
