//! Concepts: what is harmless alone and is not together, in one message or in the sender's last ones.

use std::time::{Duration, UNIX_EPOCH};

use plic_filter::id::{RoomId, UserId};
use plic_filter::{Recall, Remembered, RuleSet, Said, Verdict};

use crate::set::{matched, rule, set};
use serde_json::{Value, json};
use uuid::Uuid;

const SENDER: UserId = UserId(Uuid::from_u128(1));
const ROOM: RoomId = RoomId(1);

fn concepts(keys: &Value) -> RuleSet {
    set(&[rule(1, "concepts", json!({"concepts": keys}))])
}

fn prepayment() -> RuleSet {
    concepts(
        &json!({"at_least": 2, "of": ["untraceable_payment", "deposit", "owner_abroad"], "within_words": 30}),
    )
}

/// Judges, and remembers as accepted, what one sender says in one room a second apart.
fn say(set: &RuleSet, recall: &Recall, texts: &[&str]) -> Vec<Verdict> {
    let mut at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut verdicts = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        at += Duration::from_secs(1);
        let earlier = recall.earlier(SENDER, ROOM, at);
        let verdict = set.judge(&Said { text, room: Some(ROOM), earlier: &earlier });
        let id = i64::try_from(number).expect("a few");
        recall.remember(SENDER, ROOM, Remembered { id, at, trace: verdict.trace.clone() });
        verdicts.push(verdict);
    }
    verdicts
}

#[test]
fn enough_concepts_close_together_match_where_they_are() {
    let set = prepayment();
    for (text, expected) in [
        ("Please send the deposit by Western Union", &["deposit", "Western Union"][..]),
        ("Versez la CAUTION par mandat cash svp", &["CAUTION", "par mandat", "mandat cash"]),
        ("Je suis à l'étranger, réglez les frais de dossier", &["Je suis à l'étranger", "frais de dossier"]),
        ("The w e s t e r n u n i o n deposit", &["w e s t e r n u n i o n", "deposit"]),
    ] {
        assert_eq!(matched(&set.check(text), text), expected, "{text}");
    }
}

#[test]
fn one_concept_or_two_far_apart_match_nothing() {
    let set = prepayment();
    for text in [
        "Is there a deposit? A deposit of 100?",
        "La caution est de 300 euros, le dépôt de garantie sera rendu",
        "Western Union is on the corner",
        &format!("A deposit. {} Western Union", "word ".repeat(40)),
    ] {
        assert_eq!(matched(&set.check(text), text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn what_is_denied_does_not_count() {
    let set = prepayment();
    for text in [
        "Never pay a deposit by Western Union",
        "Ne payez jamais la caution par mandat cash",
        "No deposit and no Western Union",
        "Western Union is a scam, the deposit goes through the site",
        "We don't ask for a deposit. Western Union is near",
    ] {
        assert!(set.check(text).matches.is_empty(), "{text}");
    }
    for text in [
        "N'hésitez pas à payer la caution par mandat cash",
        "No problem, pay the deposit by Western Union",
        "Why not send the deposit with Western Union",
        "Not by card. Send the deposit by Western Union",
    ] {
        assert!(!set.check(text).matches.is_empty(), "{text}");
    }
}

#[test]
fn what_is_said_in_pieces_matches_with_the_piece_that_adds_to_it() {
    let set = prepayment();
    let verdicts =
        say(&set, &Recall::new(), &["You pay the deposit first.", "Hello?", "By Western Union", "Thanks"]);
    let matches: Vec<_> = verdicts.iter().map(|verdict| verdict.matches.len()).collect();
    assert_eq!(matches, [0, 0, 1, 0]);
}

#[test]
fn pieces_count_within_the_words_of_the_rule_in_one_room_and_for_a_day() {
    let set = prepayment();
    let recall = Recall::new();
    let far = "word ".repeat(40);
    assert!(
        say(&set, &recall, &["The deposit", &far, "Western Union"])
            .iter()
            .all(|verdict| verdict.matches.is_empty())
    );

    let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let trace = set.check("The deposit").trace;
    recall.remember(SENDER, RoomId(2), Remembered { id: 9, at, trace });
    let judge = |sender, room, hours| {
        let earlier = recall.earlier(sender, room, at + Duration::from_hours(hours));
        set.judge(&Said { text: "Western Union", room: Some(room), earlier: &earlier }).matches.len()
    };
    assert_eq!(judge(SENDER, RoomId(2), 1), 1);
    assert_eq!(judge(SENDER, RoomId(3), 1), 0);
    assert_eq!(judge(UserId(Uuid::from_u128(2)), RoomId(2), 1), 0);
    assert_eq!(judge(SENDER, RoomId(2), 25), 0);
}

#[test]
fn a_set_that_is_swapped_in_understands_what_was_remembered() {
    let recall = Recall::new();
    say(&prepayment(), &recall, &["The deposit"]);
    let other = concepts(&json!({"at_least": 2, "of": ["urgency", "deposit"]}));
    assert_eq!(say(&other, &recall, &["It is urgent"])[0].matches.len(), 1);
}

#[test]
fn a_rule_may_define_its_own_concepts() {
    let set = concepts(&json!({
        "at_least": 2, "of": ["cats", "deposit"], "define": {"cats": ["siamese cat", "chat siamois"]},
    }));
    assert_eq!(set.check("Un chat siamois, et la caution").matches.len(), 2);
    assert!(set.check("Un chat, et la caution").matches.is_empty());
}

#[test]
fn what_is_wrong_with_concepts_is_named() {
    for (keys, problem) in [
        (json!({"at_least": 1, "of": []}), "concepts.of: is empty"),
        (json!({"at_least": 3, "of": ["deposit", "urgency"]}), "concepts.at_least: is not from 1 to 2"),
        (json!({"at_least": 0, "of": ["deposit"]}), "concepts.at_least: is not from 1 to 1"),
        (json!({"at_least": 1, "of": ["nothing"]}), "concepts.of[0]: is not known"),
        (json!({"at_least": 1, "of": ["deposit", "deposit"]}), "concepts.of[1]: is there twice"),
        (
            json!({"at_least": 1, "of": ["deposit"], "within_words": 0}),
            "concepts.within_words: is not from 1",
        ),
        (json!({"at_least": 1, "of": ["a"], "define": {"a": []}}), "concepts.define.a: is empty"),
        (
            json!({"at_least": 1, "of": ["a"], "define": {"a": ["ok", " "]}}),
            "concepts.define.a[1]: has no letter",
        ),
        (json!({"at_least": 1, "off": ["a"]}), "concepts: unknown field `off`"),
        (json!({"of": ["deposit"]}), "concepts: missing field `at_least`"),
    ] {
        let rules = json!([rule(1, "concepts", json!({"concepts": keys}))]).to_string();
        let error = RuleSet::from_json(rules.as_bytes()).expect_err("is refused");
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        let error = format!("{error}: {cause}");
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_phrase_of_two_concepts_is_one_sign() {
    let set = concepts(&json!({
        "at_least": 2, "of": ["one", "other"], "within_words": 10,
        "define": {"one": ["by mistake", "the cheque"], "other": ["by mistake", "my agent"]},
    }));
    for text in ["sent by mistake", "by mistake, sorry", "by mistake", "the cheque"] {
        assert!(set.check(text).matches.is_empty(), "{text}");
    }
    for text in ["by mistake, by mistake", "the cheque by mistake", "by mistake, tell my agent"] {
        assert!(!set.check(text).matches.is_empty(), "{text}");
    }
    let recall = Recall::new();
    let said = say(&set, &recall, &["by mistake", "well", "the cheque"]);
    assert!(said[..2].iter().all(|verdict| verdict.matches.is_empty()) && !said[2].matches.is_empty());
}
