//! The publish gate: what rules that are about to be put in force would do to ordinary chat.
//!
//! A rule that stops, masks or flags is tried on the shipped ordinary chat, judged as conversations, on everyday words,
//! and on a sample of what was delivered here lately. A rule that allows is tried on what it would lift. Whatever takes
//! an allowing rule out of force is tried as well: the rules that it held back then match more.
//!
//! A refusal quotes what a rule matches. Where that is what people wrote here, the refusal says so, and the desk adds an
//! entry to the audit log before it answers.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use plic_filter::{
    Earlier, HitRate, Recall, Remembered, Rule, RuleError, RuleSet, Said, Tally, canary,
    rule::{Action, Matching, RuleKind, State, Terms},
    starter_rules,
};
use uuid::Uuid;

use super::{DeskError, candidate::without_examples, evidence::Evidence, narrower::narrows};
use crate::{
    id::{RoomId, RuleId, UserId},
    moderation::audit::Deed,
};

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

/// Why rules do not pass the gate.
#[derive(Debug, thiserror::Error)]
pub(super) enum GateError {
    /// A rule cannot be compiled.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A rule hits ordinary chat.
    #[error("{}", .0.problem)]
    Refused(Box<Refusal>),
    /// It could not be tried.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl From<GateError> for DeskError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Rule(error) => error.into(),
            GateError::Refused(refusal) => {
                Self::Invalid { field: "state".to_owned(), problem: refusal.problem }
            }
            GateError::Desk(error) => error,
        }
    }
}

/// What is wrong with a rule, and what saying so shows.
#[derive(Debug)]
pub(super) struct Refusal {
    rule: RuleId,
    name: String,
    problem: String,
    /// Messages of this site that the problem quotes.
    quoted: usize,
}

impl Refusal {
    /// Returns what the audit log is to say before the refusal is answered, where that quotes messages of this site.
    pub(super) fn deed(&self, actor: UserId) -> Option<Deed> {
        let deed = || {
            Deed::new(Some(actor), "rule.try")
                .with("rule", self.rule.0)
                .with("name", self.name.clone())
                .with("messages", self.quoted)
        };
        (self.quoted > 0).then(deed)
    }
}

/// Refuses `set`, which is to follow the rules `before`, where a rule in it would hit ordinary chat.
pub(super) fn hold_to_ordinary_chat(
    before: &[Rule],
    set: &RuleSet,
    written: &HashSet<RuleId>,
    evidence: &Evidence,
) -> Result<(), GateError> {
    let live = || set.rules().iter().filter(|rule| is_live(rule));
    let (allowing, acting): (Vec<&Rule>, Vec<&Rule>) = live()
        .filter(|rule| written.contains(&rule.id) && !before.iter().any(|before| narrows(rule, before)))
        .partition(|rule| allows(rule));
    try_acting(set, &acting, evidence)?;
    try_allowing(set, &allowing, evidence)?;
    if before.iter().any(|rule| is_live(rule) && allows(rule) && !live().any(|now| now == rule)) {
        let others: Vec<&Rule> = live().filter(|rule| !allows(rule) && !acting.contains(rule)).collect();
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
fn with_allowing(rules: &[&Rule], all: &[Rule]) -> Result<RuleSet, RuleError> {
    let ids = ids(rules);
    let few = all.iter().filter(|rule| ids.contains(&rule.id) || (is_live(rule) && allows(rule)));
    RuleSet::compile(few.cloned().map(without_examples).collect())
}

fn try_acting(set: &RuleSet, acting: &[&Rule], evidence: &Evidence) -> Result<(), GateError> {
    if acting.is_empty() {
        return Ok(());
    }
    let (ids, alone) = (ids(acting), with_allowing(acting, set.rules())?);
    let chat = on_chat(&alone, &ids);
    let everyday = alone.hit_rates(&ids, canary::everyday());
    let own = on_own(&alone, &ids, evidence);
    for (((rule, chat), everyday), own) in acting.iter().zip(&chat).zip(&everyday).zip(&own) {
        let mut findings = Findings::default();
        let conversations = canary::conversations();
        if chat.hits > chat.texts / ORDINARY_SHARE {
            findings.push(format!(
                "it matches {} of {} messages of the ordinary chat that ships with the program, where {} are the most: {}",
                chat.hits,
                chat.texts,
                chat.texts / ORDINARY_SHARE,
                shown(chat.first.iter().filter_map(|&at| conversations.get(at)).map(|one| one.text)).list,
            ));
        }
        if everyday.hits > 0 {
            findings.push(format!(
                "it matches {} of {} everyday words and answers of ordinary chat: {}",
                everyday.hits,
                everyday.texts,
                shown(everyday.first.iter().filter_map(|&at| canary::everyday().nth(at))).list,
            ));
        }
        let most = (own.texts / ORDINARY_SHARE).max(OWN_AT_LEAST);
        if own.hits > most {
            let first = own.first.iter().filter_map(|&at| evidence.delivered.get(at));
            let first = shown(first.map(|message| message.text.as_str()));
            findings.quoted += first.texts.len();
            findings.push(format!(
                "it matches {} of {} messages that were delivered on this site, where {most} are the most: {}",
                own.hits,
                own.texts,
                first.list,
            ));
        }
        if let Some(term) = single_letter(rule) {
            findings
                .push(format!("its term \"{term}\" is a single letter, which ordinary chat has everywhere"));
        }
        findings.refuse(rule)?;
    }
    Ok(())
}

fn try_allowing(set: &RuleSet, allowing: &[&Rule], evidence: &Evidence) -> Result<(), GateError> {
    if allowing.is_empty() {
        return Ok(());
    }
    let ids = ids(allowing);
    // Text by text: what people say again and again would count again and again.
    let chat = with_allowing(allowing, set.rules())?.hit_rates(&ids, canary::texts());
    for (rule, chat) in allowing.iter().zip(&chat) {
        let mut findings = Findings::default();
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
                shown(chat.first.iter().filter_map(|&at| canary::texts().nth(at))).list,
            ));
        }
        findings.refuse(rule)?;
    }
    try_lifting(set, allowing, evidence)
}

/// Tries allowing rules, all together, on messages that are rightly stopped. The whole set is compiled once more, and only
/// where some of these messages pass; which rule is to blame is looked for only where too many do.
fn try_lifting(set: &RuleSet, allowing: &[&Rule], evidence: &Evidence) -> Result<(), GateError> {
    let caught: HashSet<String> = starter_rules()
        .into_iter()
        .chain(set.rules().iter().filter(|rule| is_live(rule) && !allows(rule)).cloned())
        .flat_map(|rule| rule.must_match)
        .chain(evidence.upheld.iter().cloned())
        .collect();
    let (stopped, passing): (Vec<&str>, Vec<&str>) =
        caught.iter().map(String::as_str).partition(|text| set.check(text).stops());
    if passing.is_empty() {
        return Ok(());
    }
    let ids = ids(allowing);
    let others = set.rules().iter().filter(|rule| is_live(rule) && !ids.contains(&rule.id));
    let without = RuleSet::compile(others.cloned().map(without_examples).collect())?;
    let mut stopping = HashSet::new();
    let mut lifted = Vec::new();
    for text in passing {
        let verdict = without.check(text);
        if verdict.stops() {
            stopping.extend(verdict.matches.iter().map(|hit| hit.rule));
            lifted.push(text);
        }
    }
    let stopped = stopped.len() + lifted.len();
    let are_too_many = |lifted: usize| lifted * LIFTED_SHARE > stopped;
    if !are_too_many(lifted.len()) {
        return Ok(());
    }
    lifted.sort_unstable();
    let stopping: Vec<&Rule> = without.rules().iter().filter(|rule| stopping.contains(&rule.id)).collect();
    let mut most: Option<(&Rule, Vec<&str>)> = None;
    for &rule in allowing {
        let alone = RuleSet::compile(
            stopping.iter().copied().chain([rule]).cloned().map(without_examples).collect(),
        )?;
        let by_it: Vec<&str> = lifted.iter().copied().filter(|text| !alone.check(text).stops()).collect();
        let is_to_blame = are_too_many(by_it.len());
        if most.as_ref().is_none_or(|(_, most)| by_it.len() > most.len()) {
            most = Some((rule, by_it));
        }
        if is_to_blame {
            break;
        }
    }
    let Some((rule, by_it)) = most else { return Ok(()) };
    let (subject, lifted) = if are_too_many(by_it.len()) {
        ("it lets", by_it)
    } else {
        ("it and the other rules of this change that allow let", lifted)
    };
    let examples = shown(lifted.iter().copied());
    let upheld: HashSet<&str> = evidence.upheld.iter().map(String::as_str).collect();
    let mut findings = Findings { quoted: examples.of(&upheld), ..Findings::default() };
    findings.push(format!(
        "{subject} {} of {stopped} messages pass that other rules stop, rightly as their examples and decided incidents \
         say: {}",
        lifted.len(),
        examples.list,
    ));
    findings.refuse(rule)
}

/// Tries rules that did not change, after one that allowed has gone or changed.
fn try_exposed(before: &[Rule], set: &RuleSet, others: &[&Rule]) -> Result<(), GateError> {
    let ids = ids(others);
    let (was, is) = (with_allowing(others, before)?, with_allowing(others, set.rules())?);
    let chat = on_chat(&was, &ids).into_iter().zip(on_chat(&is, &ids));
    let everyday =
        was.hit_rates(&ids, canary::everyday()).into_iter().zip(is.hit_rates(&ids, canary::everyday()));
    for ((rule, chat), everyday) in others.iter().zip(chat).zip(everyday) {
        let ((chat_was, chat), (everyday_was, everyday)) = (chat, everyday);
        let mut findings = Findings::default();
        if chat.hits > chat_was.hits && chat.hits > chat.texts / ORDINARY_SHARE {
            let conversations = canary::conversations();
            let first = chat.first.iter().filter(|at| !chat_was.first.contains(at));
            findings.push(format!(
                "without the rule that allows, it matches {} of {} messages of the ordinary chat that ships with the \
                 program, {} before: {}",
                chat.hits,
                chat.texts,
                chat_was.hits,
                shown(first.filter_map(|&at| conversations.get(at)).map(|one| one.text)).list,
            ));
        }
        if everyday.hits > everyday_was.hits {
            let first = everyday.first.iter().filter(|at| !everyday_was.first.contains(at));
            findings.push(format!(
                "without the rule that allows, it matches {} everyday words and answers of ordinary chat, {} before: {}",
                everyday.hits,
                everyday_was.hits,
                shown(first.filter_map(|&at| canary::everyday().nth(at))).list,
            ));
        }
        findings.refuse(rule)?;
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
            recall.remember(sender, room, Remembered { id: id_of(at), at: now, trace });
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
            recall.remember(sender, room, Remembered { id: id_of(at), at: now, trace });
        }
    }
    tally.rates()
}

/// What makes a message another one than those before.
fn id_of(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
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

/// Examples, as a sentence lists them.
struct Shown<'t> {
    list: String,
    texts: Vec<&'t str>,
}

impl Shown<'_> {
    /// Returns how many of the texts are among `others`.
    fn of(&self, others: &HashSet<&str>) -> usize {
        self.texts.iter().filter(|text| others.contains(*text)).count()
    }
}

/// Returns some of these texts, each once.
fn shown<'t>(texts: impl Iterator<Item = &'t str>) -> Shown<'t> {
    let mut before = HashSet::new();
    let texts: Vec<&str> = texts.filter(|text| before.insert(*text)).take(SHOWN).collect();
    let list: Vec<String> = texts.iter().map(|text| format!("\"{}\"", excerpt(text))).collect();
    Shown { list: list.join(", "), texts }
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

/// What is wrong with a rule.
#[derive(Default)]
struct Findings {
    sentences: Vec<String>,
    /// Messages of this site that they quote.
    quoted: usize,
}

impl Findings {
    fn push(&mut self, sentence: String) {
        self.sentences.push(sentence);
    }

    /// Refuses the rule where something is wrong with it.
    fn refuse(self, rule: &Rule) -> Result<(), GateError> {
        if self.sentences.is_empty() {
            return Ok(());
        }
        Err(GateError::Refused(Box::new(Refusal {
            rule: rule.id,
            name: rule.name.clone(),
            problem: format!(
                "`live` is not for rule {} ({}): {}. An admin may override this with a reason.",
                rule.id,
                rule.name,
                self.sentences.join("; "),
            ),
            quoted: self.quoted,
        })))
    }
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
    fn rules_that_allow_the_same_are_asked_about_though_each_alone_lifts_nothing_more() {
        let snark = rule(9, "terms", json!({ "terms": ["snark"], "action": "block" }));
        let narrow = rule(3, "terms", json!({ "terms": ["hunting of the snark"], "action": "allow" }));
        let wide = |id| rule(id, "terms", json!({ "terms": ["snark"], "action": "allow" }));
        let upheld = Evidence { upheld: vec!["a snark".to_owned()], ..Evidence::default() };
        let after = [wide(1), wide(2), narrow.clone(), snark.clone()];
        let refused =
            ask(std::slice::from_ref(&snark), &after, &[3, 1, 2], &upheld).expect_err("is asked about");
        assert!(refused.contains("rule 1 (rule 1): it lets 1 of 1 messages pass"), "{refused}");
        ask(&after, &after, &[3], &upheld).expect("the narrow rule is not to blame");
    }

    #[test]
    fn allowing_rules_that_lift_too_much_only_together_are_asked_about_together() {
        let snark = rule(9, "terms", json!({ "terms": ["snark", "boojum"], "action": "block" }));
        let allow = |id, word| rule(id, "terms", json!({ "terms": [word], "action": "allow" }));
        let upheld: Vec<String> = (0..150).map(|at| format!("word{at} word{at} snark")).collect();
        let upheld = Evidence {
            upheld: [upheld, vec!["a boojum".into(), "snark snark".into()]].concat(),
            ..Evidence::default()
        };
        let after = [allow(1, "a boojum"), allow(2, "snark snark"), snark.clone()];
        ask(std::slice::from_ref(&snark), &after, &[1], &upheld).expect("one of 152");
        let refused = ask(std::slice::from_ref(&snark), &after, &[1, 2], &upheld).expect_err("two of 152");
        assert!(
            refused.contains("it and the other rules of this change that allow let 2 of 152"),
            "{refused}"
        );
    }

    #[test]
    fn a_refusal_is_audited_where_it_quotes_what_people_wrote_here() {
        let detail = |before: &[Value], after: &[Value], written: i64, evidence: &Evidence| {
            let set = RuleSet::compile(rules(after)).expect("compiles");
            let written = HashSet::from([RuleId(written)]);
            let refused = hold_to_ordinary_chat(&rules(before), &set, &written, evidence);
            let Err(GateError::Refused(refusal)) = refused else { panic!("{refused:?}") };
            refusal.deed(UserId(Uuid::from_u128(9))).map(|deed| Value::from(deed.detail))
        };
        let zeppelin = rule(1, "terms", json!({ "terms": ["zeppelin"] }));
        let delivered = evidence(&["zeppelin 1", "zeppelin 2", "zeppelin 3", "zeppelin 4"]);
        let quoting = detail(&[], &[zeppelin], 1, &delivered);
        assert_eq!(quoting, Some(json!({ "rule": 1, "name": "rule 1", "messages": 4 })));
        let everyday = rule(1, "terms", json!({ "terms": ["merci"] }));
        assert_eq!(detail(&[], &[everyday], 1, &Evidence::default()), None);

        let snark =
            rule(2, "terms", json!({ "terms": ["snark"], "action": "block", "must_match": ["a snark"] }));
        let allow = rule(1, "terms", json!({ "terms": ["hunting a snark"], "action": "allow" }));
        let upheld = Evidence { upheld: vec!["hunting a snark".to_owned()], ..Evidence::default() };
        let after = [allow.clone(), snark.clone()];
        assert_eq!(
            detail(std::slice::from_ref(&snark), &after, 1, &upheld),
            Some(json!({ "rule": 1, "name": "rule 1", "messages": 1 }))
        );
        let mut example = snark;
        example["must_match"] = json!(["a snark"]);
        let wide = rule(1, "terms", json!({ "terms": ["mandat cash"], "action": "allow" }));
        let starter = rule(3, "terms", json!({ "terms": ["mandat cash"], "action": "block" }));
        assert_eq!(
            detail(&[], &[wide, starter, example], 1, &Evidence::default()),
            None,
            "examples are not messages"
        );
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
