//! Kinds of ordinary messages that a filter takes for abuse, each made as a list: emoji, delays in French, addresses, groups that
//! are named, surnames and places, other languages, idioms, dishes, short answers, identifiers, account numbers, talk of
//! death in the family. Each message is judged by itself and, as people do, sent twice.
//!
//! `cargo test -p plic-filter --test filter false_alarms -- --nocapture` prints the table.

mod emoji;
mod numbers;

use std::{
    collections::HashMap,
    sync::LazyLock,
    time::{Duration, UNIX_EPOCH},
};

use plic_filter::{
    Recall, Remembered, RuleSet, Said,
    id::{RoomId, UserId},
};
use uuid::Uuid;

/// Parts of messages, by the name of their list.
static PARTS: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let lines = include_str!("false_alarms/words.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once(':').expect("a name and its parts"))
        .map(|(name, parts)| (name, parts.split(" | ").map(str::trim).collect()))
        .collect()
});

/// Asserts that of ten thousand messages of a kind at most so many are stopped.
fn at_most(most: usize, kind: &str, messages: &[String]) {
    let rules = RuleSet::starter();
    let stopped: Vec<&String> = messages.iter().filter(|text| is_stopped(&rules, text)).collect();
    println!("{kind:28} {:5} of {:5}", stopped.len(), messages.len());
    assert!(
        stopped.len() * 10_000 <= messages.len() * most,
        "{kind}: {} of {} are stopped: {:?}",
        stopped.len(),
        messages.len(),
        &stopped[..stopped.len().min(60)]
    );
}

/// Whether a message is stopped, or the same sent again half a minute later.
fn is_stopped(rules: &RuleSet, text: &str) -> bool {
    let recall = Recall::new();
    let (sender, room) = (UserId(Uuid::from_u128(1)), RoomId(1));
    (0..2_u8).any(|time| {
        let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000 + 30 * u64::from(time));
        let earlier = recall.earlier(sender, room, at);
        let verdict = rules.judge(&Said { text, room: Some(room), earlier: &earlier });
        let stops = verdict.stops();
        recall.remember(sender, room, Remembered { id: time.into(), at, trace: verdict.trace });
        stops
    })
}

/// Every part of one list with every part of another: in the place of its `{}`, or behind it.
fn crossed(one: &str, other: &str) -> Vec<String> {
    let with = |frame: &str, part: &str| {
        if frame.contains("{}") { frame.replace("{}", part) } else { format!("{frame} {part}") }
    };
    PARTS[one].iter().flat_map(|frame| PARTS[other].iter().map(move |part| with(frame, part))).collect()
}

#[test]
fn emoji_pass_alone_three_in_a_row_and_mixed() {
    let all = emoji::all();
    assert!(all.len() > 4_000, "{}", all.len());
    at_most(10, "emoji alone", &all);
    at_most(10, "emoji, three in a row", &all.iter().map(|emoji| emoji.repeat(3)).collect::<Vec<_>>());
    at_most(10, "emoji, mixed", &emoji::mixed(&all, 3_000));
    at_most(10, "emoji beside words", &emoji::beside_words(&all, 3_000));
}

#[test]
fn delays_in_french_pass() {
    at_most(50, "French \"retard\"", &crossed("retard before", "retard after"));
}

#[test]
fn addresses_pass() {
    let numbered = PARTS["number"].iter().flat_map(|number| {
        let suffixes = || PARTS["suffix"].iter();
        (1..=9).step_by(2).flat_map(move |n| suffixes().map(move |suffix| format!("{number} {n} {suffix}")))
    });
    let streets = &PARTS["street"];
    let addresses: Vec<String> = numbered
        .enumerate()
        .flat_map(|(at, numbered)| {
            let street = streets[at % streets.len()];
            let numbered = numbered.trim();
            [numbered.to_owned(), format!("{numbered} {street}"), format!("c'est au {numbered}, {street}")]
        })
        .collect();
    at_most(50, "addresses", &addresses);
}

#[test]
fn groups_that_are_only_named_pass() {
    at_most(50, "groups, French", &crossed("phrases fr", "groups fr"));
    at_most(50, "groups, English", &crossed("phrases en", "groups en"));
}

#[test]
fn surnames_and_places_pass() {
    at_most(50, "surnames", &crossed("named", "surnames"));
    at_most(50, "places", &crossed("named", "places"));
    at_most(50, "surnames with a title", &crossed("titled", "titled surnames"));
}

#[test]
fn neighbouring_languages_pass() {
    let sentences = &PARTS["other languages"];
    let messages: Vec<String> = sentences
        .iter()
        .flat_map(|sentence| {
            [sentence.to_string(), sentence.to_lowercase(), format!("{sentence} 👍"), format!("{sentence}!")]
        })
        .collect();
    at_most(50, "neighbouring languages", &messages);
}

#[test]
fn idioms_of_the_house_and_of_the_kitchen_pass() {
    at_most(50, "appliances", &crossed("idiom phrases", "idioms"));
    at_most(50, "dishes and flowers", &crossed("dish phrases", "dishes"));
}

#[test]
fn short_answers_pass() {
    let answers = &PARTS["answers"];
    let pairs =
        answers.iter().flat_map(|one| ["merci", "ok", "👍", "!"].map(|other| format!("{one} {other}")));
    let messages: Vec<String> = answers.iter().map(ToString::to_string).chain(pairs).collect();
    at_most(50, "short answers", &messages);
}

#[test]
fn identifiers_and_account_numbers_pass() {
    at_most(50, "identifiers", &numbers::identifiers());
    at_most(50, "IBANs", &numbers::ibans());
}

#[test]
fn death_in_the_family_and_manners_of_speaking_pass() {
    at_most(50, "kill and dead", &crossed("family phrases", "family"));
}
