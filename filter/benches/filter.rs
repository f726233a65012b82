//! How long the filter takes for a message of 200 characters, and beside it `rustrict` for the same messages.
//!
//! `cargo bench -p plic-filter --bench filter` prints the median and the 99th percentile of single messages, then
//! what criterion makes of them. `-- --quick` is enough for a look.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use plic_filter::{RuleSet, canary};
use serde_json::{Value, json};

const LENGTH: usize = 200;
const TERMS: usize = 100_000;
const TERMS_OF_A_RULE: usize = 5_000;
const PATTERNS: usize = 2_000;
const ROUNDS: usize = 200_000;

/// Numbers that are the same in every run (Steele and others' `SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).expect("below a usize")
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A word that might be one: it shares its beginning with many that are.
    fn word(&mut self) -> String {
        let syllables = [
            "ba", "con", "dé", "ar", "ti", "lo", "ment", "pre", "su", "ra", "ville", "er", "is", "que",
            "tor", "an",
        ];
        (0..2 + self.below(4)).map(|_| self.one_of(&syllables)).collect()
    }

    fn pattern(&mut self) -> String {
        let (one, other) = (self.word(), self.word());
        match self.below(50) {
            0 => format!(r"\d{{2}}-[a-z]{{{}}}-\d+", 1 + self.below(30)),
            1..=15 => format!(r"\b{one}\s+{other}\b"),
            16..=30 => format!(r"{one}\w*\s+(?:de|du|of|the)\s+{other}"),
            31..=40 => format!(r"\d+\s?(?:€|euros?)\s+{one}"),
            _ => format!("(?:{one}|{other})[0-9]{{2,4}}"),
        }
    }
}

/// Rules for all kinds, with 100,000 terms and 2,000 patterns that occur in few messages.
fn large() -> RuleSet {
    let mut random = Random(7);
    let mut rules: Vec<Value> = serde_json::to_value(RuleSet::starter().rules())
        .and_then(serde_json::from_value)
        .expect("rules are JSON");
    let mut add = |kind: &str, keys: Value| {
        let id = 1_000 + rules.len();
        let mut rule = json!({"id": id, "name": format!("{kind} {id}"), "kind": kind, "category": "scam", "action": "flag",
            "state": "live"});
        for (key, value) in keys.as_object().into_iter().flatten() {
            rule[key] = value.clone();
        }
        rules.push(rule);
    };
    for _ in 0..TERMS / TERMS_OF_A_RULE {
        let term = |random: &mut Random| match random.below(3) {
            0 => format!("{} {}", random.word(), random.word()),
            _ => random.word() + &random.word(),
        };
        let terms: Vec<_> = (0..TERMS_OF_A_RULE).map(|_| term(&mut random)).collect();
        add("terms", json!({"terms": terms}));
    }
    for _ in 0..PATTERNS {
        add("pattern", json!({"pattern": random.pattern()}));
    }
    add("links", json!({"domains": ["*"], "allow_domains": ["swappart.com"]}));
    add("contact", json!({}));
    add("repetition", json!({"limit": {"same_text": 3, "window_seconds": 60}}));
    let of = ["untraceable_payment", "deposit", "owner_abroad", "urgency", "off_platform", "keys_by_post"];
    add("concepts", json!({"concepts": {"at_least": 2, "of": of, "within_words": 40}}));
    for head in ["hate", "threat", "scam", "harassment"] {
        add("classifier", json!({"head": head, "threshold": 0.99}));
    }
    RuleSet::from_json(json!(rules).to_string().as_bytes()).expect("the rules are in order")
}

/// Ordinary messages of 200 characters, in French and English, with accents.
fn messages() -> Vec<String> {
    let texts: Vec<&str> = canary::texts().take(2_000).collect();
    let mut random = Random(3);
    let message = |_| {
        let mut message = String::new();
        while message.chars().count() < LENGTH {
            message += random.one_of(&texts);
            message.push(' ');
        }
        message.chars().take(LENGTH).collect()
    };
    (0..1_000).map(message).collect()
}

fn report(name: &str, messages: &[String], judge: impl Fn(&str)) {
    for message in messages {
        judge(message);
    }
    let time = |round: usize| {
        let start = Instant::now();
        judge(&messages[round % messages.len()]);
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..ROUNDS).map(time).collect();
    times.sort_unstable();
    let percentile = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{name}: p50 {:?}, p99 {:?}", percentile(50), percentile(99));
}

fn filter(criterion: &mut Criterion) {
    let messages = messages();
    let compiling = Instant::now();
    let large = large();
    println!("{TERMS} terms and {PATTERNS} patterns compile in {:?}", compiling.elapsed());
    let starter = RuleSet::starter();
    let judge_by = |set: &RuleSet, text: &str| drop(black_box(set.check(text)));
    let rustrict = |text: &str| {
        black_box(rustrict::Censor::from_str(text).analyze());
    };
    report("starter rules", &messages, |text| judge_by(&starter, text));
    report("large set", &messages, |text| judge_by(&large, text));
    report("rustrict", &messages, rustrict);

    let mut group = criterion.benchmark_group("message of 200 characters");
    let mut next = messages.iter().cycle();
    let mut text = move || next.next().expect("a cycle goes on").clone();
    group.bench_function("starter rules", |b| {
        b.iter_batched(&mut text, |text| judge_by(&starter, &text), criterion::BatchSize::SmallInput);
    });
    group.bench_function("large set", |b| {
        b.iter_batched(&mut text, |text| judge_by(&large, &text), criterion::BatchSize::SmallInput);
    });
    group.bench_function("rustrict", |b| {
        b.iter_batched(&mut text, |text| rustrict(&text), criterion::BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, filter);
criterion_main!(benches);
