//! Abuse between harmless sentences, fraud said in pieces between harmless messages, and words split over messages: length,
//! politeness and the key that sends hide nothing.
//!
//! `cargo test -p plic-filter --test filter padding -- --nocapture` prints the table.

use std::time::{Duration, UNIX_EPOCH};

use plic_filter::{
    Recall, Remembered, RuleSet, Said, canary,
    id::{RoomId, UserId},
};
use uuid::Uuid;

use crate::disguise_groups::{Dice, slurs};

const GROUPS: &[&str] =
    &["immigrants", "jews", "muslims", "black people", "gays", "refugees", "gypsies", "trans people"];
const ABUSE: &[&str] = &[
    "all {} are vermin and should be exterminated.",
    "I hate {}, they are filthy animals.",
    "{} are subhuman and deserve to die.",
    "we should burn all {} alive.",
    "{} ruin this country and must be thrown out.",
];
const GROUPES: &[&str] =
    &["immigrés", "juifs", "musulmans", "noirs", "homosexuels", "réfugiés", "gitans", "arabes"];
const INJURES: &[&str] = &[
    "tous les {} sont de la vermine à exterminer.",
    "je hais les {}, ce sont des animaux répugnants.",
    "les {} sont des sous-hommes et méritent de crever.",
    "il faut brûler tous les {}.",
    "les {} pourrissent ce pays, dehors.",
];

/// Pieces of fraud: each pair is stopped with its second.
const DEPOSITS: &[&str] = &[
    "the deposit is 400",
    "you pay the deposit first",
    "la caution est de 400",
    "il faut verser la caution",
];
const CHANNELS: &[&str] = &[
    "by Western Union please",
    "with gift cards",
    "in bitcoin only",
    "par mandat cash",
    "en coupons PCS",
    "par Western Union",
];

fn all_of(sentences: &[&str], groups: &[&str]) -> Vec<String> {
    sentences.iter().flat_map(|one| groups.iter().map(move |group| one.replace("{}", group))).collect()
}

/// Asserts that of abuse that is stopped alone seventeen in twenty are stopped between so many harmless texts.
fn stopped_between(kind: &str, abuse: &[String], before: usize, after: usize) {
    let rules = RuleSet::starter();
    let harmless: Vec<&str> = canary::texts().filter(|text| !rules.check(text).stops()).take(2_000).collect();
    let mut dice = Dice(41);
    let (mut all, mut found) = (0, 0);
    for abuse in abuse.iter().filter(|abuse| rules.check(abuse).stops()) {
        let mut some = |count: usize| {
            (0..count).map(|_| harmless[dice.below(harmless.len())]).collect::<Vec<_>>().join(". ")
        };
        let (before, after) = (some(before), some(after));
        all += 1;
        found += usize::from(rules.check(&format!("{before}. {abuse} {after}")).stops());
    }
    println!("{kind:28} between {before} and {after}: {found} of {all}");
    assert!(all > 20 && found * 20 >= all * 17, "{kind} between {before} and {after}: {found} of {all}");
}

#[test]
fn abuse_between_harmless_sentences_is_stopped() {
    let insults: Vec<String> = slurs().iter().step_by(4).map(|slur| format!("you {slur} you.")).collect();
    for (before, after) in [(1, 1), (0, 6), (6, 0), (12, 12)] {
        stopped_between("slurs", &insults, before, after);
        stopped_between("hate in English", &all_of(ABUSE, GROUPS), before, after);
        stopped_between("hate in French", &all_of(INJURES, GROUPES), before, after);
    }
}

/// Says texts in a room, one every few seconds; returns whether each was stopped.
fn say<'t>(rules: &RuleSet, seconds: u64, texts: impl IntoIterator<Item = &'t str>) -> Vec<bool> {
    let (sender, room) = (UserId(Uuid::from_u128(1)), RoomId(1));
    let recall = Recall::new();
    let said = (0_u8..).zip(texts).map(|(number, text)| {
        let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds * u64::from(number));
        let earlier = recall.earlier(sender, room, at);
        let verdict = rules.judge(&Said { text, room: Some(room), earlier: &earlier });
        let stops = verdict.stops();
        recall.remember(sender, room, Remembered { id: number.into(), at, trace: verdict.trace });
        stops
    });
    said.collect()
}

#[test]
fn fraud_in_pieces_between_harmless_messages_is_stopped() {
    let rules = RuleSet::starter();
    let fillers = ["ok", "the flat is bright", "merci", "à samedi"];
    for between in 0..=3 {
        let (mut all, mut found) = (0, 0);
        for (first, second) in DEPOSITS.iter().flat_map(|one| CHANNELS.iter().map(move |two| (one, two))) {
            for (first, second) in [(first, second), (second, first)] {
                let said = std::iter::once(first).chain(&fillers[..between]).chain([second]).copied();
                all += 1;
                found += usize::from(say(&rules, 40, said).contains(&true));
            }
        }
        println!("fraud in pieces, {between} between: {found} of {all}");
        assert!(found * 10 >= all * 9, "{between} messages between: {found} of {all}");
    }
}

#[test]
fn words_split_over_messages_are_stopped() {
    let rules = RuleSet::starter();
    let mut slurs = slurs();
    slurs.retain(|slur| slur.bytes().all(|letter| letter.is_ascii_lowercase()) && slur.len() < 10);
    let (mut halves, mut letters) = (0, 0);
    for slur in &slurs {
        let (one, two) = slur.split_at(slur.len() / 2);
        halves += usize::from(say(&rules, 5, ["look at you", one, two])[2]);
        letters += usize::from(say(&rules, 5, (0..slur.len()).map(|at| &slur[at..=at])).contains(&true));
    }
    println!("in halves {halves}, letter by letter {letters} of {}", slurs.len());
    assert!(slurs.len() > 50 && halves * 10 >= slurs.len() * 9 && letters * 10 >= slurs.len() * 9);
}

#[test]
fn short_everyday_messages_pass_alone_and_one_after_the_other() {
    let rules = RuleSet::starter();
    let alone: Vec<&str> = canary::everyday().filter(|text| rules.check(text).stops()).collect();
    println!("{} of {} everyday messages: {alone:?}", alone.len(), canary::everyday().count());
    assert!(alone.len() * 2_000 <= canary::everyday().count());
    let everyday: Vec<&str> = canary::everyday().filter(|word| word.len() <= 12).step_by(5).collect();
    let mut stopped = Vec::new();
    for (place, &one) in everyday.iter().enumerate() {
        let others = everyday.iter().cycle().skip(place * 7).step_by(11).take(40);
        stopped
            .extend(others.filter(|two| say(&rules, 20, [one, two]).contains(&true)).map(|&two| (one, two)));
    }
    println!("{} of {} pairs of everyday messages: {stopped:?}", stopped.len(), everyday.len() * 40);
    assert!(everyday.len() > 100 && stopped.len() * 10_000 <= everyday.len() * 40);
}
