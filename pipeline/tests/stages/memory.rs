//! What a sender said before, as the filter knows it.

use std::sync::atomic::Ordering;

use plic_filter::RuleSet;
use plic_pipeline::{
    id::{ConnectionId, MessageId, RoomId},
    rejection::Reason,
    store::StoredMessage,
    timestamp::Timestamp,
};
use serde_json::{Value, json};

use crate::one_room::{ALICE, House, OneRoom, house, send};

fn rule(kind: &str, keys: &Value) -> RuleSet {
    let mut rule = json!({
        "id": 1, "name": "of the test", "kind": kind, "category": "scam", "action": "hold", "state": "live",
    });
    rule.as_object_mut().expect("an object").extend(keys.as_object().expect("an object").clone());
    RuleSet::from_json(json!([rule]).to_string().as_bytes()).expect("the rule compiles")
}

fn prepayment() -> RuleSet {
    rule("concepts", &json!({"concepts": {"at_least": 2, "of": ["untraceable_payment", "deposit"]}}))
}

fn after(rules: RuleSet, said: Option<&[(i64, &str)]>) -> House {
    let message = |(id, &(room, text)): (usize, &(i64, &str))| StoredMessage {
        id: MessageId(-1 - i64::try_from(id).expect("a few")),
        room: RoomId(room),
        sender: ALICE,
        text: text.to_owned(),
        created_at: Timestamp::now(),
    };
    let said = said.map(|said| said.iter().enumerate().map(message).collect());
    house(OneRoom { said, ..OneRoom::default() }, rules, 100, None)
}

fn reads(house: &House) -> (usize, String) {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &house.registry).expect("to a string");
    let line = text.lines().find(|line| line.starts_with("plic_filter_memory_reads_total"));
    (house.store.reads.load(Ordering::Relaxed), line.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn what_was_said_over_another_connection_is_read_once_and_completes_a_fraud() {
    let house = after(prepayment(), Some(&[(1, "The deposit is 400")]));
    house.send(send(1, "Hello?")).await.expect("confirmed");
    house.send(send(1, "Are you there?")).await.expect("confirmed");
    let refused = house.send(send(1, "By Western Union")).await.expect_err("held");
    assert_eq!(refused.rejection.reason(), Reason::HeldForReview);
    assert_eq!(reads(&house), (1, r#"plic_filter_memory_reads_total{outcome="read"} 1"#.to_owned()));
    house.send_over(ConnectionId(2), send(1, "Hello?")).await.expect("confirmed");
    assert_eq!(reads(&house).0, 2, "the other connection may have been on another node");
}

#[tokio::test]
async fn a_message_is_judged_without_what_cannot_be_read_and_the_next_one_asks_again() {
    let house = after(prepayment(), None);
    house.send(send(1, "The deposit is 400")).await.expect("confirmed");
    house.send(send(1, "By Western Union")).await.expect_err("what is remembered counts all the same");
    assert_eq!(reads(&house), (2, r#"plic_filter_memory_reads_total{outcome="failed"} 2"#.to_owned()));
}

#[tokio::test]
async fn nothing_is_read_where_no_rule_looks_back() {
    let house = after(rule("pattern", &json!({"pattern": "snark"})), Some(&[]));
    house.send(send(1, "Hello?")).await.expect("confirmed");
    assert_eq!(reads(&house).0, 0);
}

#[tokio::test]
async fn one_text_to_many_people_counts_what_was_sent_over_another_connection() {
    let text = "We are a family of four and would love to stay at your place in July";
    let limit = json!({"limit": {"similar_in_rooms": 3, "window_seconds": 3600}});
    let elsewhere = [(2, text), (3, text), (4, text)];
    after(rule("repetition", &limit), Some(&elsewhere)).send(send(1, text)).await.expect_err("held");
    after(rule("repetition", &limit), Some(&elsewhere[1..])).send(send(1, text)).await.expect("confirmed");
    let limit = json!({"limit": {"first_contacts": 3, "window_seconds": 3600}});
    after(rule("repetition", &limit), Some(&elsewhere)).send(send(1, "Hello?")).await.expect_err("held");
}
