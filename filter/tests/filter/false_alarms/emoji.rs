//! Emoji, made from what Unicode says of them: ranges of pictographs, skin tones, people at work, families, couples,
//! flags, keycaps.

use crate::disguise_groups::Dice;

/// Pictographs, with those that are assigned later: an unknown sign is an emoji too.
const PICTOGRAPHS: &[(u32, u32)] = &[
    (0x203c, 0x203c),
    (0x2049, 0x2049),
    (0x2122, 0x2122),
    (0x2139, 0x2139),
    (0x2194, 0x2199),
    (0x21a9, 0x21aa),
    (0x231a, 0x231b),
    (0x2328, 0x2328),
    (0x23cf, 0x23cf),
    (0x23e9, 0x23fa),
    (0x24c2, 0x24c2),
    (0x25aa, 0x25ab),
    (0x25b6, 0x25b6),
    (0x25c0, 0x25c0),
    (0x25fb, 0x25fe),
    (0x2600, 0x2604),
    (0x260e, 0x2685),
    (0x2690, 0x2705),
    (0x2708, 0x2712),
    (0x2714, 0x2716),
    (0x271d, 0x271d),
    (0x2721, 0x2721),
    (0x2728, 0x2728),
    (0x2733, 0x2734),
    (0x2744, 0x2757),
    (0x2763, 0x2767),
    (0x2795, 0x2797),
    (0x27a1, 0x27bf),
    (0x2934, 0x2935),
    (0x2b05, 0x2b07),
    (0x2b1b, 0x2b1c),
    (0x2b50, 0x2b55),
    (0x3030, 0x303d),
    (0x3297, 0x3299),
    (0x1f004, 0x1f004),
    (0x1f0cf, 0x1f0cf),
    (0x1f170, 0x1f171),
    (0x1f17e, 0x1f17f),
    (0x1f18e, 0x1f19a),
    (0x1f201, 0x1f202),
    (0x1f21a, 0x1f23a),
    (0x1f250, 0x1f251),
    (0x1f300, 0x1f3fa),
    (0x1f400, 0x1f64f),
    (0x1f680, 0x1f6fc),
    (0x1f7e0, 0x1f7eb),
    (0x1f90c, 0x1f9ff),
    (0x1fa70, 0x1faff),
];
/// People and hands that have a skin tone.
const TONED: &str = "👦👧👨👩👴👵👶👮👰👱👲👳👷👸👼💂💃🕺💆💇🙅🙆🙇🙋🙌🙍🙎🙏🚣🚴🚵🚶🧍🧎🧏🧑🧒🧓🧔🧕🧖🧗🧘🧙🧚🧛🧜🧝🤰🤱🤴🤵🤦🤷🤸🤹🤽🤾🦸🦹👆👇👈👉👊👋👌👍👎👏👐💪🖐🖕🖖🤏🤘🤙🤚🤛🤜🤝🤞🤟🫵🫶☝✊✋✌✍";
/// What people do who are made of two signs.
const WORK: &str = "⚕⚖✈🌾🍳🍼🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦯🦼🦽🎄🦰🦱🦳🦲";
/// Signs of religion, of disability and of what one is.
const SIGNS: &str = "🕉✡☸☯✝☦☪☮🕎🔯🛐🕋🕌🕍⛪⛩📿♿🦻🦯👨‍🦽⚧♀♂🏳🏴";
const TONES: std::ops::RangeInclusive<char> = '\u{1f3fb}'..='\u{1f3ff}';
const JOINER: char = '\u{200d}';
const AS_EMOJI: char = '\u{fe0f}';

/// Every emoji, each once.
pub(super) fn all() -> Vec<String> {
    let pictographs = PICTOGRAPHS.iter().flat_map(|&(first, last)| first..=last).filter_map(char::from_u32);
    let mut all: Vec<String> = pictographs.map(String::from).collect();
    all.extend(SIGNS.chars().map(|sign| format!("{sign}{AS_EMOJI}")));
    all.extend("0123456789#*".chars().map(|key| format!("{key}{AS_EMOJI}\u{20e3}")));
    let regional = || '\u{1f1e6}'..='\u{1f1ff}';
    all.extend(regional().flat_map(|one| regional().map(move |other| format!("{one}{other}"))));
    all.extend(
        [
            "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
            "\u{1f3f3}\u{fe0f}\u{200d}\u{26a7}\u{fe0f}",
            "\u{1f3f4}\u{200d}\u{2620}\u{fe0f}",
        ]
        .map(str::to_owned),
    );
    all.extend(["gbeng", "gbsct", "gbwls"].map(|region| {
        let tags: String = region.chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
        format!("\u{1f3f4}{tags}\u{e007f}")
    }));
    for person in TONED.chars() {
        for tone in TONES {
            all.push(format!("{person}{tone}"));
            all.extend("♀♂".chars().map(|sex| format!("{person}{tone}{JOINER}{sex}{AS_EMOJI}")));
        }
    }
    for person in "👨👩🧑".chars() {
        for work in WORK.chars() {
            all.push(format!("{person}{JOINER}{work}"));
            all.extend(TONES.map(|tone| format!("{person}{tone}{JOINER}{work}")));
        }
        for other in "👨👩🧑".chars() {
            let tones = || std::iter::once(String::new()).chain(TONES.map(String::from));
            for (one, two) in tones().flat_map(|one| tones().map(move |two| (one.clone(), two))) {
                all.push(format!("{person}{one}{JOINER}🤝{JOINER}{other}{two}"));
                all.push(format!("{person}{one}{JOINER}❤{AS_EMOJI}{JOINER}{other}{two}"));
                all.push(format!("{person}{one}{JOINER}❤{AS_EMOJI}{JOINER}💋{JOINER}{other}{two}"));
            }
            for children in ["👦", "👧", "👦\u{200d}👦", "👧\u{200d}👦", "👧\u{200d}👧", "🧒", "🧒\u{200d}🧒"]
            {
                all.push(format!("{person}{JOINER}{children}"));
                all.push(format!("{person}{JOINER}{other}{JOINER}{children}"));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Two to six emoji in a row, with and without spaces.
pub(super) fn mixed(all: &[String], count: usize) -> Vec<String> {
    let mut dice = Dice(23);
    (0..count)
        .map(|at| {
            let length = 2 + dice.below(5);
            let row: Vec<&str> = (0..length).map(|_| all[dice.below(all.len())].as_str()).collect();
            row.join(if at % 3 == 0 { " " } else { "" })
        })
        .collect()
}

/// A short message and emoji behind or before it.
pub(super) fn beside_words(all: &[String], count: usize) -> Vec<String> {
    const SAID: &[&str] = &[
        "merci",
        "ok",
        "see you tomorrow",
        "à demain",
        "thanks",
        "the keys are in the box",
        "on arrive",
        "happy birthday",
        "bonne année",
        "love it",
        "our family",
        "notre famille",
        "we are",
        "nous sommes",
    ];
    let mut dice = Dice(29);
    (0..count)
        .map(|at| {
            let said = SAID[dice.below(SAID.len())];
            let emoji = all[dice.below(all.len())].repeat(1 + dice.below(3));
            if at % 3 == 0 { format!("{emoji} {said}") } else { format!("{said} {emoji}") }
        })
        .collect()
}
