//! Ordinary chat that no rule should stop: a rule that matches more than a little of it is not published.
//!
//! `canary.txt` says at its head where the texts are from, and under which licences; `canary_long.txt` adds messages of
//! several lines. `everyday.txt` holds the words and short messages that everybody says, in many languages, and
//! `frequent.txt` the most frequent words, days and months: a rule that matches one of them is not published.

/// Canary texts of one conversation.
const TEXTS_A_CONVERSATION: usize = 24;
/// One conversation in this many has the same short answer after each text.
const TERSE: usize = 8;
/// In the other conversations, one text in this many has an answer after it.
const ANSWERED: usize = 3;
/// In the other conversations, one text in this many is sent a second time, as by a sender who doubts that it went out.
const SENT_TWICE: usize = 12;
/// Seconds between two messages of a conversation.
const PACE: u64 = 30;
/// Seconds between a text and the same text sent a second time.
const RESEND_SECONDS: u64 = 5;

/// A message of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utterance {
    /// The conversation, counted from 0; each has one sender.
    pub conversation: usize,
    /// Seconds since the conversation began.
    pub second: u64,
    /// What is said.
    pub text: &'static str,
}

/// Returns the texts: first those of one line, then those of several.
pub fn texts() -> impl Iterator<Item = &'static str> {
    let of_one_line = lines(include_str!("canary.txt")).filter(|line| !line.starts_with('#'));
    of_one_line.chain(long_texts())
}

/// The messages of `canary_long.txt`.
fn long_texts() -> impl Iterator<Item = &'static str> {
    let file = include_str!("canary_long.txt");
    let head: usize =
        file.split_inclusive('\n').take_while(|line| line.starts_with("# ")).map(str::len).sum();
    file[head..].split("\n---\n").map(|text| text.trim_end_matches('\n'))
}

/// Returns everyday words and short messages.
pub fn everyday() -> impl Iterator<Item = &'static str> {
    let shipped = [include_str!("everyday.txt"), include_str!("frequent.txt")];
    shipped.into_iter().flat_map(sections).filter_map(|(_, line)| line)
}

/// The short answers that people give again and again within a conversation.
pub fn answers() -> impl Iterator<Item = &'static str> {
    sections(include_str!("everyday.txt")).filter_map(|(section, line)| line.filter(|_| section == "answers"))
}

/// The texts as people say them to each other: in conversations, with answers that come again and texts that are sent
/// twice. Within a minute, nothing is said more than twice.
pub fn conversations() -> Vec<Utterance> {
    let texts: Vec<&str> = texts().collect();
    let answers: Vec<&str> = answers().collect();
    let mut said = Vec::with_capacity(texts.len() * 3 / 2);
    for (conversation, texts) in texts.chunks(TEXTS_A_CONVERSATION).enumerate() {
        let mut second = 0;
        let mut say = |text, pause| {
            second += pause;
            said.push(Utterance { conversation, second, text });
        };
        for (place, text) in texts.iter().enumerate() {
            say(text, PACE);
            if conversation % TERSE == 0 {
                say(answers[conversation / TERSE % answers.len()], PACE);
                continue;
            }
            if place % SENT_TWICE == 0 {
                say(text, RESEND_SECONDS);
            }
            if place % ANSWERED == 0 {
                say(answers[(conversation + place / ANSWERED % 2) % answers.len()], PACE);
            }
        }
    }
    said
}

/// The lines of a file, each with the heading above it.
fn sections(file: &'static str) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let mut section = "";
    lines(file).filter(|line| !line.starts_with("# ")).map(move |line| {
        let heading = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        section = heading.unwrap_or(section);
        (section, heading.is_none().then_some(line))
    })
}

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{HashMap, HashSet},
        sync::Arc,
    };

    use super::*;
    use crate::RuleSet;

    #[test]
    fn there_are_thousands_of_them_and_none_twice() {
        let texts: Vec<&str> = texts().collect();
        let once: HashSet<&str> = texts.iter().copied().collect();
        assert!((4_000..=6_000).contains(&texts.len()), "{}", texts.len());
        assert_eq!(texts.len(), once.len());
        assert!(texts.iter().all(|text| text.trim() == *text));
        assert!(include_str!("canary.txt").len() <= 500_000);
    }

    #[test]
    fn the_texts_have_long_ones_of_several_lines_and_with_no_break_spaces() {
        let count = |is: fn(&str) -> bool| texts().filter(|text| is(text)).count();
        // A rule that matches more than one in a thousand is asked about.
        let enough = conversations().len() / 500;
        assert!(count(|text| text.chars().count() > 500) >= enough);
        assert!(count(|text| text.contains("\n\n")) >= enough);
        assert!(count(|text| text.contains('\u{a0}')) >= enough);
        assert!(count(|text| text.contains("  ")) >= 4);
        assert!(texts().all(|text| !text.contains("---\n") && !text.starts_with('#')));
    }

    #[test]
    fn everyday_words_are_thousands_of_short_lines_and_none_twice() {
        let words: Vec<&str> = everyday().collect();
        let once: HashSet<&str> = words.iter().copied().collect();
        assert!((8_000..=10_000).contains(&words.len()), "{}", words.len());
        assert_eq!(words.len(), once.len());
        assert!(words.iter().all(|text| text.trim() == *text && text.len() <= 80));
        assert_eq!(answers().count(), 10);
        assert!(
            [
                "apartment",
                "appartement",
                "merci beaucoup",
                "gracias",
                "ok",
                "bonjour",
                "lundi",
                "wednesday",
                "grudzień"
            ]
            .iter()
            .all(|word| once.contains(word))
        );
    }

    #[test]
    fn conversations_hold_every_text_in_order_and_repeat_none_thrice_within_a_minute() {
        let said = conversations();
        assert!(said.len() > texts().count() + 1_000);
        let all: HashSet<&str> = said.iter().map(|one| one.text).collect();
        assert!(texts().all(|text| all.contains(text)));
        for pair in said.windows(2) {
            let (one, next) = (pair[0], pair[1]);
            assert!(one.conversation < next.conversation || one.second < next.second);
        }
        for (at, one) in said.iter().enumerate() {
            let lately = said[..at].iter().rev().take_while(|earlier| {
                earlier.conversation == one.conversation && earlier.second + 60 > one.second
            });
            assert!(lately.filter(|earlier| earlier.text == one.text).count() < 2, "{one:?}");
        }
    }

    #[test]
    fn the_starter_rules_leave_everyday_words_alone() {
        let set = RuleSet::starter();
        let matched: Vec<_> = everyday()
            .filter_map(|text| {
                let names: Vec<_> = set.check(text).matches.into_iter().map(|hit| hit.name).collect();
                (!names.is_empty()).then_some((text, names))
            })
            .collect();
        assert!(matched.is_empty(), "{matched:?}");
    }

    #[test]
    fn the_starter_rules_leave_them_alone() {
        let set = RuleSet::starter();
        let mut hits: HashMap<Arc<str>, Vec<&str>> = HashMap::new();
        let (mut held, mut refused) = (Vec::new(), Vec::new());
        for text in texts() {
            let verdict = set.check(text);
            let mut names: Vec<_> =
                verdict.matches.iter().filter(|hit| !hit.shadow).map(|hit| &hit.name).collect();
            names.dedup();
            for name in names {
                let texts = hits.entry(Arc::clone(name)).or_default();
                if texts.last() != Some(&text) {
                    texts.push(text);
                }
            }
            if verdict.holds() {
                held.push(text);
            }
            if verdict.refuses() {
                refused.push(text);
            }
        }
        let texts = texts().count();
        for (rule, hits) in hits {
            assert!(hits.len() * 1_000 <= texts, "{rule} matches {hits:#?}");
        }
        assert!(refused.len() * 5_000 <= texts, "refused: {refused:#?}");
        assert!(held.len() * 1_000 <= 3 * texts, "held: {held:#?}");
    }
}
