//! The starter rules against fraud: what is stopped, in one message and over several, and what warns of it.

use std::time::{Duration, UNIX_EPOCH};

use plic_filter::id::{RoomId, RuleId, UserId};
use plic_filter::{Action, Recall, Remembered, RuleSet, Said};
use uuid::Uuid;

/// What becomes of what one sender says in one room, a minute apart.
fn say(texts: &[&str]) -> Vec<Option<Action>> {
    let (rules, recall) = (RuleSet::starter(), Recall::new());
    let (sender, room) = (UserId(Uuid::from_u128(1)), RoomId(1));
    let mut at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut actions = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        at += Duration::from_mins(1);
        let earlier = recall.earlier(sender, room, at);
        let verdict = rules.judge(&Said { text, room: Some(room), earlier: &earlier });
        actions.push(verdict.action);
        let id = i64::try_from(number).expect("a few");
        recall.remember(sender, room, Remembered { id, at, trace: verdict.trace });
    }
    actions
}

#[test]
fn fraud_is_stopped() {
    let rules = RuleSet::starter();
    for text in [
        "I am abroad, pay the deposit by Western Union and I send the keys by DHL",
        "Je suis en mission au Bénin, réglez la caution par mandat cash et je vous envoie les clés",
        "Send me the code you just received by SMS",
        "Donnez-moi le code reçu par SMS pour valider l'échange",
        "Confirm your card on https://swappart-secure.example/verify",
        "Swappart now asks you to pay the guarantee in vouchers",
        "La loi vous oblige à verser la caution avant la visite",
        "My employer sends you a cheque, keep 100 and wire the rest to my agent",
    ] {
        assert!(rules.check(text).stops(), "{text}");
    }
}

#[test]
fn warnings_and_ordinary_dealings_pass() {
    let rules = RuleSet::starter();
    for text in [
        "Never pay by Western Union!",
        "Someone asked me to pay the deposit by gift card before the visit, is that a scam?",
        "On m'a demandé un mandat cash avant la visite, c'est une arnaque ?",
        "Ne payez jamais la caution par mandat cash",
        "The deposit goes through the site, my neighbour has the keys",
        "La caution est sur le site, les clés sont chez la voisine",
        "Can you send me the code for the gate please?",
        "Timetable: https://bus.example.net/line/7",
    ] {
        let verdict = rules.check(text);
        assert!(!verdict.stops(), "{text}: {verdict:?}");
    }
}

#[test]
fn fraud_in_pieces_is_stopped_with_the_piece_that_completes_it() {
    let pieces =
        ["Hello, I am on an oil rig until May", "so you pay the deposit first", "then the courier comes"];
    assert_eq!(say(&pieces)[..2], [None, Some(Action::Hold)]);
    let morceaux = ["La caution est de 400", "par mandat cash", "merci"];
    assert_eq!(say(&morceaux), [None, Some(Action::Hold), None]);
}

#[test]
fn a_deposit_now_and_an_untraceable_way_to_pay_two_messages_later_are_stopped() {
    let ways = [
        (
            ["The deposit is 400 euros.", "A security deposit is needed to book the dates."],
            ["Yes, of course!", "The flat is on the third floor."],
            [
                "You can send it by Western Union.",
                "MoneyGram is the easiest for me.",
                "I only take gift cards for that.",
                "Bitcoin is fine.",
                "Please get Steam cards and send me the codes.",
            ],
        ),
        (
            ["La caution est de 400 euros.", "Il faut verser des arrhes pour bloquer les dates."],
            ["Oui, bien sûr !", "L'appartement est au troisième étage."],
            [
                "Vous pouvez payer par Western Union.",
                "Par mandat cash de préférence.",
                "Envoyez des coupons PCS, c'est plus simple.",
                "Je prends les recharges Transcash.",
                "Neosurf me convient très bien.",
            ],
        ),
    ];
    for (deposits, [one, two], payments) in ways {
        for deposit in deposits {
            for payment in payments {
                assert_eq!(say(&[deposit, one, two, payment])[3], Some(Action::Hold), "{deposit} {payment}");
            }
            assert_eq!(say(&[deposit, one, two, one]), [None; 4]);
        }
    }
}

#[test]
fn the_same_text_is_refused_the_fourth_time_within_a_minute() {
    let rules = RuleSet::starter();
    let rule = rules.rules().iter().find(|rule| rule.id == RuleId(71)).expect("there is one");
    assert_eq!(rule.action, Action::Reject);
    assert_eq!(say(&["Hello?"; 5]), [None; 5], "a minute apart");
}
