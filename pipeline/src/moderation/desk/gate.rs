//! The publish gate: what rules that are about to be put in force would do to ordinary chat.
//!
//! A rule that stops, masks or flags is tried on the shipped ordinary chat, judged as conversations, on everyday words,
//! and on a sample of what was delivered here lately. A rule that allows is tried on what it would lift. Whatever takes
//! an allowing rule out of force is tried as well: the rules that it held back then match more.

use std::{
    collections::HashSet,
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use plic_filter::{
    Earlier, HitRate, Recall, Rule, RuleSet, Said, Tally, canary,
    rule::{Action, Matching, RuleKind, State, Terms},
    starter_rules,
};
use uuid::Uuid;

use super::{DeskError, candidate::without_examples, evidence::Evidence};
use crate::id::{RoomId, RuleId, UserId};

/// Of the shipped ordinary chat and of the messages of this site, a rule may match one in so many ...
const ORDINARY_SHARE: usize = 1_000;
/// ... and of the latter at least so many: they may be the very messages that the rule is written for.
const OWN_AT_LEAST: usize = 3;
/// Of messages that are caught, an allowing rule may lift one in so many.
const LIFTED_SHARE: usize = 100;
/// Messages that an answer shows of each kind, and the characters of each.
const SHOWN: usize = 5;
const SHOWN_CHARS: usize = 100;
/// Scripts from here on write a word as one character.
const IDEOGRAPHS: char = '\u{2e80}';

/// Refuses `set`, which is to follow the rules `before`, where a rule in it would hit ordinary chat.
pub(super) fn hold_to_ordinary_chat(
    before: &[Rule],
    set: &RuleSet,
    written: &HashSet<RuleId>,
    evidence: &Evidence,
) -> Result<(), DeskError> {
    let live = || set.rules().iter().filter(|rule| is_live(rule));
    let (allowing, acting): (Vec<&Rule>, Vec<&Rule>) =
        live().filter(|rule| written.contains(&rule.id)).partition(|rule| allows(rule));
    try_acting(set, &acting, evidence)?;
    try_allowing(set, &allowing, evidence)?;
    if before.iter().any(|rule| is_live(rule) && allows(rule) && !live().any(|now| now == rule)) {
        let others: Vec<&Rule> = live().filter(|rule| !allows(rule) && !written.contains(&rule.id)).collect();
        try_exposed(before, set, &others)?;
    }
    Ok(())
}

fn is_live(rule: &Rule) -> bool {
    rule.state == State::Live
}

fn allows(rule: &Rule) -> bool {
    rule.action == Action::Allow
}

fn ids(rules: &[&Rule]) -> Vec<RuleId> {
    rules.iter().map(|rule| rule.id).collect()
}

/// These rules with those of `all` that allow: what a rule matches depends on itself and on them alone, and thousands of
/// texts are soon compared with few rules.
fn with_allowing(rules: &[&Rule], all: &[Rule]) -> Result<RuleSet, DeskError> {
    let ids = ids(rules);
    let few = all.iter().filter(|rule| ids.contains(&rule.id) || (is_live(rule) && allows(rule)));
    Ok(RuleSet::compile(few.cloned().map(without_examples).collect())?)
}

fn try_acting(set: &RuleSet, acting: &[&Rule], evidence: &Evidence) -> Result<(), DeskError> {
    if acting.is_empty() {
        return Ok(());
    }
    let (ids, alone) = (ids(acting), with_allowing(acting, set.rules())?);
    let chat = on_chat(&alone, &ids);
    let everyday = alone.hit_rates(&ids, canary::everyday());
    let own = on_own(&alone, &ids, evidence);
    for (((rule, chat), everyday), own) in acting.iter().zip(&chat).zip(&everyday).zip(&own) {
        let mut findings = Vec::new();
        let conversations = canary::conversations();
        if chat.hits > chat.texts / ORDINARY_SHARE {
            findings.push(format!(
                "it matches {} of {} messages of the ordinary chat that ships with the program, where {} are the most: {}",
                chat.hits,
                chat.texts,
                chat.texts / ORDINARY_SHARE,
                shown(chat.first.iter().filter_map(|&at| conversations.get(at)).map(|one| one.text)),
            ));
        }
        if everyday.hits > 0 {
            findings.push(format!(
                "it matches {} of {} everyday words and answers of ordinary chat: {}",
                everyday.hits,
                everyday.texts,
                shown(everyday.first.iter().filter_map(|&at| canary::everyday().nth(at))),
            ));
        }
        let most = (own.texts / ORDINARY_SHARE).max(OWN_AT_LEAST);
        if own.hits > most {
            let first = own.first.iter().filter_map(|&at| evidence.delivered.get(at));
            findings.push(format!(
                "it matches {} of {} messages that were delivered on this site, where {most} are the most: {}",
                own.hits,
                own.texts,
                shown(first.map(|message| message.text.as_str())),
            ));
        }
        if let Some(term) = single_letter(rule) {
            findings
                .push(format!("its term \"{term}\" is a single letter, which ordinary chat has everywhere"));
        }
        refuse(rule, &findings)?;
    }
    Ok(())
}

fn try_allowing(set: &RuleSet, allowing: &[&Rule], evidence: &Evidence) -> Result<(), DeskError> {
    if allowing.is_empty() {
        return Ok(());
    }
    let ids = ids(allowing);
    // Text by text: what people say again and again would count again and again.
    let chat = with_allowing(allowing, set.rules())?.hit_rates(&ids, canary::texts());
    let caught: HashSet<String> = starter_rules()
        .into_iter()
        .chain(set.rules().iter().filter(|rule| is_live(rule) && !allows(rule)).cloned())
        .flat_map(|rule| rule.must_match)
        .chain(evidence.upheld.iter().cloned())
        .collect();
    for (rule, chat) in allowing.iter().zip(&chat) {
        let mut findings = Vec::new();
        if let RuleKind::Classifier(_) | RuleKind::Repetition(_) = rule.kind {
            findings.push(
                "it lifts whatever other rules find in a message, the whole of which it matches".to_owned(),
            );
        }
        if chat.hits > chat.texts / ORDINARY_SHARE {
            findings.push(format!(
                "it covers half or more of {} of {} messages of ordinary chat, where {} are the most, and lifts whatever \
                 other rules find there: {}",
                chat.hits,
                chat.texts,
                chat.texts / ORDINARY_SHARE,
                shown(chat.first.iter().filter_map(|&at| canary::texts().nth(at))),
            ));
        }
        let live = |left_out: Option<RuleId>| {
            let rules = set.rules().iter().filter(|one| is_live(one) && Some(one.id) != left_out);
            RuleSet::compile(rules.cloned().map(without_examples).collect())
        };
        let (without, with) = (live(Some(rule.id))?, live(None)?);
        let stopped: Vec<&String> = caught.iter().filter(|text| without.check(text).stops()).collect();
        let mut lifted: Vec<&str> =
            stopped.iter().filter(|text| !with.check(text).stops()).map(|text| text.as_str()).collect();
        if lifted.len() * LIFTED_SHARE > stopped.len() {
            lifted.sort_unstable();
            findings.push(format!(
                "it lets {} of {} messages pass that other rules stop, rightly as their examples and decided incidents \
                 say: {}",
                lifted.len(),
                stopped.len(),
                shown(lifted.iter().copied()),
            ));
        }
        refuse(rule, &findings)?;
    }
    Ok(())
}

/// Tries rules that did not change, after one that allowed has gone or changed.
fn try_exposed(before: &[Rule], set: &RuleSet, others: &[&Rule]) -> Result<(), DeskError> {
    let ids = ids(others);
    let (was, is) = (with_allowing(others, before)?, with_allowing(others, set.rules())?);
    let chat = on_chat(&was, &ids).into_iter().zip(on_chat(&is, &ids));
    let everyday =
        was.hit_rates(&ids, canary::everyday()).into_iter().zip(is.hit_rates(&ids, canary::everyday()));
    for ((rule, chat), everyday) in others.iter().zip(chat).zip(everyday) {
        let ((chat_was, chat), (everyday_was, everyday)) = (chat, everyday);
        let mut findings = Vec::new();
        if chat.hits > chat_was.hits && chat.hits > chat.texts / ORDINARY_SHARE {
            let conversations = canary::conversations();
            let first = chat.first.iter().filter(|at| !chat_was.first.contains(at));
            findings.push(format!(
                "without the rule that allows, it matches {} of {} messages of the ordinary chat that ships with the \
                 program, {} before: {}",
                chat.hits,
                chat.texts,
                chat_was.hits,
                shown(first.filter_map(|&at| conversations.get(at)).map(|one| one.text)),
            ));
        }
        if everyday.hits > everyday_was.hits {
            let first = everyday.first.iter().filter(|at| !everyday_was.first.contains(at));
            findings.push(format!(
                "without the rule that allows, it matches {} everyday words and answers of ordinary chat, {} before: {}",
                everyday.hits,
                everyday_was.hits,
                shown(first.filter_map(|&at| canary::everyday().nth(at))),
            ));
        }
        refuse(rule, &findings)?;
    }
    Ok(())
}

/// How many messages of the shipped conversations each rule matches.
fn on_chat(set: &RuleSet, rules: &[RuleId]) -> Vec<HitRate> {
    let start = SystemTime::now();
    let room = RoomId(1);
    let recall = Recall::new();
    let mut tally = Tally::new(set, rules);
    for (at, one) in canary::conversations().into_iter().enumerate() {
        let now = start + Duration::from_secs(one.second);
        let sender = UserId(Uuid::from_u128(one.conversation as u128));
        let earlier = if set.looks_back() { recall.earlier(sender, room, now) } else { Earlier::default() };
        let trace = tally.count(&Said { text: one.text, room: None, earlier: &earlier });
        if set.looks_back() {
            recall.remember(sender, room, &key(at), trace, now);
        }
    }
    tally.rates()
}

/// How many messages that were delivered here each rule matches, after what their senders had said before in the sample.
fn on_own(set: &RuleSet, rules: &[RuleId], evidence: &Evidence) -> Vec<HitRate> {
    let recall = Recall::new();
    let mut tally = Tally::new(set, rules);
    for (at, message) in evidence.delivered.iter().enumerate() {
        let (sender, room, now) = (message.sender, message.room, message.created_at.into());
        let earlier = if set.looks_back() { recall.earlier(sender, room, now) } else { Earlier::default() };
        let trace = tally.count(&Said { text: &message.text, room: None, earlier: &earlier });
        if set.looks_back() {
            recall.remember(sender, room, &key(at), trace, now);
        }
    }
    tally.rates()
}

/// What makes a message another one than those before.
fn key(at: usize) -> [u8; 32] {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&at.to_le_bytes());
    key
}

/// A term of one letter or digit of an alphabet, where the rule looks for it.
fn single_letter(rule: &Rule) -> Option<&str> {
    let RuleKind::Terms(Terms::List { terms, matching: Matching::Word | Matching::Substring }) = &rule.kind
    else {
        return None;
    };
    terms.iter().map(|term| term.trim()).find(|term| {
        let mut letters = term.chars().filter(|c| c.is_alphanumeric());
        letters.next().is_some_and(|letter| letter < IDEOGRAPHS) && letters.next().is_none()
    })
}

/// Some of these texts, each once.
fn shown<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut list = String::new();
    let mut before = HashSet::new();
    for text in texts.filter(|text| before.insert(*text)).take(SHOWN) {
        let separator = if list.is_empty() { "" } else { ", " };
        write!(list, "{separator}\"{}\"", excerpt(text)).expect("writing to a string does not fail");
    }
    list
}

/// The beginning of a text on one line.
fn excerpt(text: &str) -> String {
    let mut chars = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut excerpt: String = chars.by_ref().take(SHOWN_CHARS).collect();
    if chars.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

fn refuse(rule: &Rule, findings: &[String]) -> Result<(), DeskError> {
    if findings.is_empty() {
        return Ok(());
    }
    Err(DeskError::Invalid {
        field: "state".to_owned(),
        problem: format!(
            "`live` is not for rule {} ({}): {}. An admin may override this with a reason.",
            rule.id,
            rule.name,
            findings.join("; "),
        ),
    })
}

#[cfg(test)]
mod tests {
    use plic_filter::rules_from_json;
    use serde_json::{Value, json};

    use super::*;
    use crate::{store::StoredMessage, timestamp::Timestamp};

    fn rule(id: i64, kind: &str, keys: Value) -> Value {
        let mut rule = json!({
            "id": id, "name": format!("rule {id}"), "kind": kind, "category": "spam", "action": "flag", "state": "live",
        });
        if let Value::Object(keys) = keys {
            rule.as_object_mut().expect("an object").extend(keys);
        }
        rule
    }

    fn rules(values: &[Value]) -> Vec<Rule> {
        rules_from_json(json!(values).to_string().as_bytes()).expect("rules")
    }

    fn evidence(delivered: &[&str]) -> Evidence {
        let message = |(at, text): (i64, &&str)| StoredMessage {
            id: crate::id::MessageId(at),
            room: RoomId(1),
            sender: UserId(Uuid::from_u128(1)),
            text: (*text).to_owned(),
            created_at: Timestamp(1_700_000_000_000_000 + at * 10_000_000),
        };
        Evidence { delivered: (1..).zip(delivered).map(message).collect(), upheld: Vec::new() }
    }

    /// What the gate says to writing `written`, all of them, after `before`.
    fn ask(before: &[Value], after: &[Value], written: &[i64], evidence: &Evidence) -> Result<(), String> {
        let set = RuleSet::compile(rules(after)).expect("compiles");
        let written = written.iter().copied().map(RuleId).collect();
        hold_to_ordinary_chat(&rules(before), &set, &written, evidence).map_err(|error| error.to_string())
    }

    fn publish(rule: Value, evidence: &Evidence) -> Result<(), String> {
        ask(&[], &[rule], &[1], evidence)
    }

    #[test]
    fn words_that_everybody_says_are_asked_about() {
        let terms = |terms: &[&str]| rule(1, "terms", json!({ "terms": terms }));
        for word in
            ["apartment", "appartement", "merci beaucoup", "gracias", "ok", "bonjour", "спасибо", "谢谢"]
        {
            let refused = publish(terms(&[word]), &Evidence::default()).expect_err(word);
            assert!(refused.contains("everyday words") && refused.contains("override"), "{refused}");
        }
        for word in ["x", "7", " é "] {
            let refused = publish(terms(&["snark", word]), &Evidence::default()).expect_err(word);
            assert!(refused.contains("single letter"), "{refused}");
        }
        for word in ["snark", "死", "🍆", "keybunker"] {
            publish(terms(&[word]), &Evidence::default()).expect(word);
        }
        let substring = rule(1, "terms", json!({ "terms": ["ppart"], "match": "substring" }));
        assert!(publish(substring, &Evidence::default()).expect_err("matches").contains("appartement"));
    }

    #[test]
    fn what_matches_nearly_everything_is_asked_about_whatever_its_kind() {
        for keys in [
            rule(1, "pattern", json!({ "pattern": "." })),
            rule(1, "pattern", json!({ "pattern": r"\w" })),
            rule(1, "pattern", json!({ "pattern": r"\p{Cyrillic}{3}", "view": "original" })),
            rule(1, "links", json!({ "domains": ["*"] })),
            rule(1, "contact", json!({})),
            rule(1, "classifier", json!({ "head": "hate", "threshold": 0.01 })),
            rule(1, "repetition", json!({ "limit": { "same_text": 1, "window_seconds": 60 } })),
            rule(1, "repetition", json!({ "limit": { "same_text": 2, "window_seconds": 3600 } })),
            rule(1, "terms", json!({ "terms": ["studio"], "rooms": [7] })),
        ] {
            let kind = keys["kind"].clone();
            let refused = publish(keys, &Evidence::default()).expect_err("is asked about");
            assert!(refused.contains("ordinary chat"), "{kind}: {refused}");
        }
        publish(
            rule(1, "repetition", json!({ "limit": { "same_text": 3, "window_seconds": 60 } })),
            &Evidence::default(),
        )
        .expect("three within a minute is more than people say");
    }

    #[test]
    fn what_was_delivered_on_the_site_is_ordinary_there() {
        let delivered = ["my zeppelin", "a zeppelin", "zeppelins", "the zeppelin", "zeppelin?"];
        let zeppelin = || rule(1, "terms", json!({ "terms": ["zeppelin"] }));
        let refused = publish(zeppelin(), &evidence(&delivered)).expect_err("is asked about");
        assert!(refused.contains("4 of 5 messages that were delivered on this site"), "{refused}");
        assert!(refused.contains("\"my zeppelin\""), "{refused}");
        publish(zeppelin(), &evidence(&delivered[..4])).expect("they may be what the rule is for");
        let repeated = evidence(&["we are here"; 8]);
        let limit = rule(1, "repetition", json!({ "limit": { "same_text": 3, "window_seconds": 60 } }));
        assert!(publish(limit, &repeated).expect_err("is asked about").contains("5 of 8 messages"));
        let long = "zeppelin \n".repeat(50);
        let refused = publish(zeppelin(), &evidence(&[long.as_str(); 5])).expect_err("is asked about");
        assert!(refused.contains('…') && !refused.contains('\n') && refused.len() < 1_500, "{refused}");
    }

    #[test]
    fn a_rule_that_allows_nearly_everything_is_asked_about() {
        let snark = rule(2, "terms", json!({ "terms": ["snark"], "action": "block", "must_match": [] }));
        let allow = |kind: &str, keys: Value| {
            let mut allow = rule(1, kind, keys);
            allow["action"] = json!("allow");
            ask(std::slice::from_ref(&snark), &[allow, snark.clone()], &[1], &Evidence::default())
        };
        for pattern in [".+", r"\w+", "[a-z ]+"] {
            let refused = allow("pattern", json!({ "pattern": pattern })).expect_err(pattern);
            assert!(refused.contains("lifts whatever"), "{refused}");
        }
        assert!(allow("classifier", json!({ "head": "hate", "threshold": 0.9 })).is_err());
        assert!(allow("repetition", json!({ "limit": { "same_text": 3, "window_seconds": 60 } })).is_err());
        allow("terms", json!({ "terms": ["hunting of the snark"] })).expect("is narrow");
        let upheld = Evidence { upheld: vec!["a snark".to_owned()], ..Evidence::default() };
        let mut allow = rule(1, "terms", json!({ "terms": ["snark"] }));
        allow["action"] = json!("allow");
        let refused =
            ask(std::slice::from_ref(&snark), &[allow, snark.clone()], &[1], &upheld).expect_err("lifts");
        assert!(refused.contains("1 of 1 messages"), "{refused}");
    }

    #[test]
    fn the_starter_rules_pass() {
        let set = RuleSet::starter();
        let all = set.rules().iter().map(|rule| rule.id).collect();
        hold_to_ordinary_chat(&[], &set, &all, &Evidence::default()).expect("each can be written again");
    }

    #[test]
    fn what_an_allowing_rule_held_back_is_asked_about_when_it_goes() {
        let acts = rule(2, "terms", json!({ "terms": ["studio"] }));
        let mut allows = rule(1, "terms", json!({ "terms": ["studio"] }));
        allows["action"] = json!("allow");
        let both = [allows.clone(), acts.clone()];
        let nothing = Evidence::default();
        ask(&both[..1], &both, &[2], &nothing).expect("it matches nothing");
        let refused = ask(&both, &both[1..], &[], &nothing).expect_err("is asked about");
        assert!(refused.contains("without the rule that allows"), "{refused}");
        let mut resting = allows.clone();
        resting["state"] = json!("draft");
        assert!(ask(&both, &[resting, acts.clone()], &[1], &nothing).is_err());
        // What was forced before is not asked about again.
        let everything = rule(3, "pattern", json!({ "pattern": "." }));
        let mut narrow = rule(1, "terms", json!({ "terms": ["snark"] }));
        narrow["action"] = json!("allow");
        ask(&[narrow, everything.clone()], &[everything], &[], &nothing).expect("nothing new");
    }
}
