//! Whatever is sent, the filter answers, in time, with spans that lie on character borders of what was sent.
//!
//! `PROPTEST_CASES=1000000 cargo test --release -p plic-filter --test filter hostile` runs longer.

use std::{
    sync::LazyLock,
    time::{Duration, Instant, UNIX_EPOCH},
};

use plic_filter::id::{RoomId, UserId};
use plic_filter::{Recall, Remembered, RuleSet, Said, Verdict, is_blank, normalize::View, utf16};

use crate::set::rule;
use proptest::prelude::*;
use serde_json::json;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// A rule of every kind, so written that it matches often.
static EVERY_KIND: LazyLock<RuleSet> = LazyLock::new(|| {
    let classifier = json!({"head": "hate", "threshold": 0.0, "action": "block", "category": "hate"});
    crate::set::set(&[
        rule(1, "terms", json!({"terms": ["a", "ni", "西", "e\u{301}"], "match": "word", "action": "mask"})),
        rule(2, "terms", json!({"lexicon": "hate-en", "action": "block", "category": "hate"})),
        rule(3, "pattern", json!({"pattern": r"\w+", "action": "mask"})),
        rule(4, "pattern", json!({"pattern": r"[^a-z ]", "view": "skeleton", "action": "mask"})),
        rule(5, "pattern", json!({"pattern": r"(?s).\W", "view": "original"})),
        rule(6, "pattern", json!({"pattern": r"(?:western|union|faggot)s?"})),
        rule(
            7,
            "concepts",
            json!({"concepts": {"at_least": 1, "of": ["deposit", "untraceable_payment"]}, "action": "mask"}),
        ),
        rule(
            8,
            "concepts",
            json!({"concepts": {"at_least": 2, "of": ["x", "y"], "within_words": 2,
            "define": {"x": ["a", "ni"], "y": ["deposit", "e"]}}}),
        ),
        rule(
            9,
            "links",
            json!({"domains": ["*"], "allow_domains": ["swappart.com"], "shorteners": true, "action": "mask"}),
        ),
        rule(10, "contact", json!({"action": "mask"})),
        rule(11, "classifier", classifier),
        rule(12, "repetition", json!({"limit": {"same_text": 1, "window_seconds": 60}, "action": "hold"})),
        rule(13, "contact", json!({"state": "shadow", "action": "block", "unless": ["spic"]})),
        rule(14, "terms", json!({"terms": ["spic and span"], "action": "allow"})),
    ])
});

fn every_verdict_is_sound(text: &str) {
    let recall = Recall::new();
    let (sender, room, mut now) =
        (UserId(Uuid::nil()), RoomId(1), UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    for time in 0..3 {
        now += Duration::from_secs(1);
        let earlier = recall.earlier(sender, room, now);
        let verdict = EVERY_KIND.judge(&Said { text, room: Some(room), earlier: &earlier });
        every_match_is_sound(&verdict, text);
        let masked = verdict.masked(text);
        assert_eq!(masked.chars().count(), text.chars().count());
        assert!(masked.chars().zip(text.chars()).all(|(shown, written)| shown == '*' || shown == written));
        for found in verdict.matches.iter().filter(|found| found.kind == "contact" && !found.shadow) {
            let before = text[..found.span.start].chars().count();
            let length = text[found.span.clone()].chars().count();
            assert!(masked.chars().skip(before).take(length).all(|shown| shown == '*'));
        }
        recall.remember(sender, room, Remembered { id: time.into(), at: now, trace: verdict.trace.clone() });
    }
}

/// Characters that normalisers stumble over, letters of slurs, and anything at all.
fn hostile_char() -> impl Strategy<Value = char> {
    let letters: Vec<char> = "nigerfaotskulj 1034@$!|+€.-_*'’ \n\tNÎГ".chars().collect();
    let stumbling_blocks = vec![
        '\u{fdfa}',
        '\u{130}',
        '\u{1e9e}',
        '\u{345}',
        '\u{1fb7}',
        '\u{0}',
        '\u{10ffff}',
        '\u{fffe}',
        '\u{f73}',
        '\u{9be}',
        '\u{3099}',
        '\u{20e3}',
        '\u{fe0f}',
        '\u{1f468}',
        '\u{200d}',
        '\u{3164}',
        '\u{2800}',
        '\u{feff}',
    ];
    let blocks = [
        ('\u{300}', '\u{36f}'),
        ('\u{2000}', '\u{206f}'),
        ('\u{d7b0}', '\u{d7ff}'),
        ('\u{e000}', '\u{e010}'),
        ('\u{1100}', '\u{11ff}'),
        ('\u{ac00}', '\u{ac20}'),
        ('\u{fb00}', '\u{fdff}'),
        ('\u{1d400}', '\u{1d7ff}'),
        ('\u{1f100}', '\u{1f1ff}'),
        ('\u{e0000}', '\u{e01ff}'),
    ];
    let in_blocks = proptest::sample::select(blocks.to_vec())
        .prop_flat_map(|(first, last)| proptest::char::range(first, last));
    prop_oneof![
        2 => any::<char>(),
        3 => proptest::sample::select(letters),
        3 => in_blocks,
        1 => proptest::sample::select(stumbling_blocks),
    ]
}

fn hostile_text() -> impl Strategy<Value = String> {
    let words = vec![
        "nigger",
        "n1gg3r",
        "f a g g o t",
        "sale juif",
        "Scunthorpe",
        "coq au vin",
        "spic and span",
        "k.i.k.e",
        "gas the jews",
        "f*gg*t",
        "fa gg ots",
        "fagogt",
        "ihatekikes",
        "ɹǝƃƃᴉu",
        "a deposit",
        "western union",
        "never ",
        "06 12 34 56 78",
        "zéro six ",
        "soixante-dix ",
        "+33",
        "bob@example.com",
        " at ",
        " arobase ",
        " dot ",
        " point com",
        "https://",
        "swappart.com",
        "xn--e1a",
        "bit.ly/x",
        "@bob_7 insta: ",
        "wa.me/",
        "« ",
        "\"",
        "called me ",
    ];
    let piece = prop_oneof![
        6 => hostile_char().prop_map(String::from),
        1 => (hostile_char(), 1..40_usize).prop_map(|(c, times)| String::from(c).repeat(times)),
        1 => proptest::sample::select(words).prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn every_span_is_sound(view: &View, text: &str) {
    let mut last = 0..0;
    for (at, c) in view.text().char_indices() {
        let span = view.original(at..at + c.len_utf8());
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?}");
        assert!(span.start < span.end, "every character of a view stands for something");
        assert!(last.start <= span.start && last.end <= span.end, "the map goes forward");
        last = span;
    }
}

fn every_match_is_sound(verdict: &Verdict, text: &str) {
    let units: Vec<u16> = text.encode_utf16().collect();
    for found in &verdict.matches {
        let written = &text[found.span.clone()];
        assert!(!written.is_empty());
        assert_eq!(String::from_utf16_lossy(&units[found.utf16(text)]), written);
    }
}

proptest! {
    #[test]
    fn views_of_any_text_have_sound_maps(text in hostile_text()) {
        for view in [View::folded(&text), View::skeleton(&text)] {
            every_span_is_sound(&view, &text);
            prop_assert!(!view.text().contains("  "));
        }
    }

    #[test]
    fn any_text_is_judged_and_its_matches_are_sound(text in hostile_text()) {
        every_match_is_sound(&RuleSet::starter().check(&text), &text);
    }

    #[test]
    fn any_text_is_judged_by_rules_of_every_kind(text in hostile_text()) {
        every_verdict_is_sound(&text);
    }

    #[test]
    fn folding_is_nfkc_in_lower_case(
        text in "[a-zà-þÀ-Þ\u{300}-\u{304}\u{323}\u{327}\u{1100}-\u{1112}\u{1161}-\u{1175}\u{11a8}-\u{11b0}ﬁｆ①ếỆ가각]{0,30}"
    ) {
        let expected: String = text.nfkd().flat_map(char::to_lowercase).nfkc().collect();
        let view = View::folded(&text);
        prop_assert_eq!(view.text(), expected);
    }

    #[test]
    fn a_slur_between_anything_that_ends_a_word_is_stopped(
        before in "[ .,!?\n«»()\u{200b}😀]{0,8}", after in "[ .,?\n«»()\u{200b}😀]{0,8}"
    ) {
        let text = format!("{before}nigger{after}");
        // Between quotation marks it is held: they are no way around the filter.
        prop_assert!(RuleSet::starter().check(&text).stops(), "{:?}", text);
    }

    #[test]
    fn blank_texts_leave_nothing_to_compare(text in "[ \t\u{ad}\u{200b}-\u{200f}\u{2800}\u{3164}\u{202e}\u{300}a]{0,6}") {
        prop_assert_eq!(is_blank(&text), !text.contains('a'));
        prop_assert_eq!(is_blank(&text), View::skeleton(&text).text().trim().is_empty());
    }

    #[test]
    fn utf16_spans_count_as_javascript_does(before in "\\PC{0,20}", inside in "\\PC{0,20}", after in "\\PC{0,20}") {
        let text = format!("{before}{inside}{after}");
        let expected = before.encode_utf16().count();
        let units = utf16(&text, before.len()..before.len() + inside.len());
        prop_assert_eq!(units, expected..expected + inside.encode_utf16().count());
    }
}

#[test]
fn the_largest_frame_of_anything_is_judged_in_time() {
    let rules = RuleSet::starter();
    for piece in [
        "\u{301}",
        "\u{301}\u{323}",
        "\u{fdfa}",
        "\u{200b}",
        "a",
        "a ",
        "a.",
        "nigger ",
        "n i g ",
        "s a l e j u i f ",
        "1a!",
        "ﬃ",
        "가",
        "\u{1100}",
        "gas the ",
        "les arabes sont ",
        "coq au vin ",
        "f**g*t ",
        "n*",
        "ni gg e ",
        "ihatespic",
        "spicspic",
        "fagog ",
        "1!n1g ",
        "ǝɹǝƃ ",
        "\u{1f1f3}",
        "\u{1f468}\u{200d}",
        "卂乃",
        "₦ł",
        "&#110;",
        "&",
        "[a](b",
        "\u{202e}a",
        "n|g:",
        "l.i.",
        "**a",
        "n i g-",
        "deposit western union ",
        "0 ",
        "06 12 34 56 78 ",
        "zero six ",
        "a.b",
        "a . b ",
        "a dot b ",
        "a@b.fr ",
        " at ",
        "http://a@",
        "insta @a_b ",
        "\"a",
        "« '",
        "never ",
        "western",
        "+",
    ] {
        let text = piece.repeat(65_536 / piece.len());
        let start = Instant::now();
        let verdict = rules.check(&text);
        let of_every_kind = EVERY_KIND.check(&text);
        let view = View::folded(&text);
        // Linear work is milliseconds and quadratic work minutes: loose, for a debug build on a busy machine.
        assert!(start.elapsed() < Duration::from_secs(10), "{piece:?} took {:?}", start.elapsed());
        every_span_is_sound(&view, &text);
        every_match_is_sound(&verdict, &text);
        every_match_is_sound(&of_every_kind, &text);
    }
}

#[test]
fn signs_that_are_read_twice_are_repaired_once() {
    for text in ["1†††ힰ", "1†††ힰ 1†††ힰ", "a†††ힰ†b"] {
        every_match_is_sound(&RuleSet::starter().check(text), text);
    }
}

#[test]
fn a_ligature_of_a_phrase_is_one_symbol() {
    let view = View::skeleton(&"\u{fdfa}".repeat(4_000));
    assert_eq!(view.text().len(), 12_000);
}
