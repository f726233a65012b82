//! What the filter's softer actions do to a message, and what goes on record.

use plic_filter::{Meaning, RuleSet, rules_from_json};
use plic_pipeline::{
    event::Event,
    id::RuleId,
    moderation::IncidentKind,
    opinion::Opinion,
    rejection::{CloseCode, Reason},
};

use crate::one_room::{ALICE, House, OneRoom, Reads, SLUR, house, house_with_encoder, over, rules, send};

fn with(words: &[(&str, &str)]) -> House {
    house(OneRoom::default(), rules(words), 100, None)
}

#[tokio::test]
async fn a_held_message_is_kept_and_answered_and_the_connection_stays() {
    let house = with(&[("snark", "hold")]);
    let refused = house.send(send(1, "a snark")).await.expect_err("held");
    assert_eq!((refused.rejection.reason(), refused.rejection.close()), (Reason::HeldForReview, None));
    assert!(house.stored().is_empty());
    let held = house.store.held.lock().expect("nobody panicked");
    assert_eq!((held[0].text.as_str(), held[0].temp_id.as_str()), ("a snark", "t"));
    assert_eq!(held[0].finding.kind, IncidentKind::Hold);
    assert_eq!((held[0].finding.matches[0].start, held[0].finding.matches[0].end), (2, 7));
}

#[tokio::test]
async fn what_is_held_is_kept_with_what_a_release_delivers() {
    let house = with(&[("snark", "hold"), ("boojum", "mask")]);
    house.send(send(1, "a snark, a boojum")).await.expect_err("held");
    let held = house.store.held.lock().expect("nobody panicked");
    assert_eq!(
        (held[0].text.as_str(), held[0].delivered.as_str()),
        ("a snark, a boojum", "a snark, a ******")
    );
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_over_the_rate_and_the_connection_stays() {
    let house =
        house(OneRoom { is_full: true, ..OneRoom::default() }, rules(&[("snark", "hold")]), 100, None);
    let refused = house.send(send(1, "a snark")).await.expect_err("refused");
    assert_eq!((refused.rejection.reason(), refused.rejection.close()), (Reason::RateLimited, None));
    assert_eq!(refused.temp_id, Some("t".into()));
    assert!(house.stored().is_empty());
}

#[tokio::test]
async fn a_resent_refusal_goes_on_record_under_the_same_key() {
    let house = with(&[("snark", "block")]);
    for text in ["a snark", "a snark", "the snark"] {
        house.send(send(1, text)).await.expect_err("refused");
    }
    let recorded = house.store.recorded.lock().expect("nobody panicked");
    assert_eq!(recorded[0].key, recorded[1].key);
    assert_ne!(recorded[0].key, recorded[2].key);
}

#[tokio::test]
async fn what_is_to_be_held_is_not_kept_for_a_room_that_the_sender_is_not_in() {
    let house = with(&[("snark", "hold")]);
    let refused = house.send(send(2, "a snark")).await.expect_err("refused");
    assert_eq!(refused.rejection.close(), Some(CloseCode::UnauthorizedAction));
    assert!(house.store.held.lock().expect("nobody panicked").is_empty());
}

#[tokio::test]
async fn a_masked_message_is_delivered_with_a_star_a_character() {
    let house = with(&[("bête noire", "mask")]);
    house.send(send(1, "ma bête noire!")).await.expect("confirmed");
    assert_eq!(house.stored(), ["ma **********!"]);
}

#[tokio::test]
async fn a_flagged_message_is_delivered_with_its_finding_also_where_another_rule_masks_it() {
    let house = with(&[("snark", "flag"), ("boojum", "mask")]);
    house.send(send(1, "a snark, a boojum")).await.expect("confirmed");
    assert_eq!(house.stored(), ["a snark, a ******"]);
    let stored = house.store.stored.lock().expect("nobody panicked");
    let flag = stored[0].flag.as_ref().expect("it is flagged");
    assert_eq!((flag.finding.kind, flag.text.as_str()), (IncidentKind::Flag, "a snark, a boojum"));
}

#[tokio::test]
async fn blocked_and_rejected_messages_go_on_record_and_resent_ones_do_not() {
    for (action, kind) in [("block", IncidentKind::Block), ("reject", IncidentKind::Reject)] {
        let house = with(&[("snark", action)]);
        house.send(send(1, "a snark")).await.expect_err("refused");
        let recorded = house.store.recorded.lock().expect("nobody panicked");
        assert_eq!((recorded[0].key.sender, recorded[0].finding.kind), (ALICE, kind));
        assert_eq!(recorded[0].finding.matches[0].text, "snark");
    }
    let house = over(OneRoom { was_sent: true, ..OneRoom::default() }, 100);
    house.send(send(1, SLUR)).await.expect("confirmed again");
    assert!(house.store.recorded.lock().expect("nobody panicked").is_empty());
}

#[tokio::test]
async fn the_last_strike_bans_and_is_still_answered_with_4011() {
    let house = over(OneRoom { bans: true, ..OneRoom::default() }, 100);
    let refused = house.send(send(1, SLUR)).await.expect_err("refused");
    assert_eq!(refused.rejection.close(), Some(CloseCode::HatefulSpeech));
    let events = house.bus.0.lock().expect("nobody panicked");
    assert!(
        matches!(&events[..], [Event::Banned(user, _), Event::Notice(_)] if *user == ALICE),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_refusal_is_answered_though_it_cannot_be_put_on_record() {
    let house = over(OneRoom { cannot_record: true, ..OneRoom::default() }, 100);
    let refused = house.send(send(1, SLUR)).await.expect_err("refused");
    assert_eq!(refused.rejection.close(), Some(CloseCode::HatefulSpeech));
}

#[tokio::test]
async fn hits_are_counted_once_a_message_and_rule() {
    let house = with(&[("snark", "flag")]);
    for _ in 0..2 {
        house.send(send(1, "snark, snark, snark")).await.expect("confirmed");
    }
    let hits = house.watch.take_hits();
    assert_eq!((hits.len(), hits[0].rule, hits[0].count, hits[0].shadow), (1, RuleId(1), 2, false));
    assert!(house.watch.take_hits().is_empty());
    assert_eq!(house.watch.latency().count(), 2);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &house.registry).expect("to a string");
    let counted = r#"plic_filter_matches_total{rule="1",action="flag",shadow="false"} 2"#;
    assert!(text.contains(counted), "{text}");
}

#[tokio::test]
async fn nobody_else_is_asked_about_what_a_rule_of_words_holds() {
    let house = house(OneRoom::default(), rules(&[("snark", "hold")]), 100, Some(Opinion::Harmless));
    let refused = house.send(send(1, "a snark")).await.expect_err("held");
    assert_eq!(refused.rejection.reason(), Reason::HeldForReview);
}

/// A house with a rule that holds what the scam head gives this score, and an encoder that says so.
fn with_encoder(threshold: f64, encoder: Reads) -> House {
    let rule = serde_json::json!({
        "id": 1, "name": "scams", "kind": "classifier", "category": "scam", "action": "hold", "state": "live",
        "head": "scam", "threshold": threshold,
    });
    let rules = rules_from_json(serde_json::json!([rule]).to_string().as_bytes()).expect("a rule");
    let rules = RuleSet::compile(rules).expect("it compiles");
    house_with_encoder(OneRoom::default(), rules, 100, None, Some(encoder))
}

#[tokio::test]
async fn the_encoder_holds_what_the_linear_stage_passes_and_passes_what_it_holds() {
    let says = |logit: f32| Reads(Some(Meaning::new([logit; 6])));
    let held = with_encoder(0.5, says(1000.0)).send(send(1, "Bonjour, merci")).await.expect_err("held");
    assert_eq!(held.rejection.reason(), Reason::HeldForReview);
    with_encoder(1e-9, says(-1000.0)).send(send(1, "Bonjour, merci")).await.expect("passed");
}

#[tokio::test]
async fn where_the_encoder_gives_no_answer_the_linear_stage_decides() {
    with_encoder(0.5, Reads(None)).send(send(1, "Bonjour, merci")).await.expect("passed");
    with_encoder(1e-9, Reads(None)).send(send(1, "Bonjour, merci")).await.expect_err("held");
}
