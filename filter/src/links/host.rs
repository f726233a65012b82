//! Names of hosts in a text, however they are written: `https://evil.com/x`, `hxxp://evil[.]com`, `evil.com`, `evil . com`,
//! `evil dot com`, `evil point com`.

use std::{collections::HashSet, ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::name;

/// Top-level domains by which a name without a scheme is known.
static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("tlds.txt").lines();
    lines.filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
});

/// The ends of names that are written with "dot" or "point": the others make words of a sentence.
const SPELLED: &[&str] = &["com", "net", "org", "fr", "eu", "io", "ch", "biz", "uk", "ru", "xyz"];

/// Labels of a name that was spelled out.
const MAX_SPELLED: usize = 4;

/// A name of a host in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// As names are compared.
    pub(super) name: String,
    /// The bytes of the link with its scheme and path.
    pub(super) link: Range<usize>,
    /// Whether it is a link whatever it names, and not two sentences without a space between.
    pub(super) is_surely_one: bool,
}

/// Whether a skeleton has anything that may be between the labels of a name, or before one.
pub(super) fn may_have_any(skeleton: &str) -> bool {
    let bytes = skeleton.as_bytes();
    // At the end of a sentence a space or nothing follows a dot, and none stands before it.
    let has_dot = memchr::memchr_iter(b'.', bytes).any(|at| {
        let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
        let after = bytes.get(at + 1).copied().unwrap_or(b' ');
        !matches!(before, b'.')
            && !matches!(after, b'.')
            && (after != b' ' || !before.is_ascii_alphanumeric())
    });
    has_dot || HINTS.is_match(skeleton)
}

/// Schemes, and words for a dot.
static HINTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(["://", " dot ", "point ", "(dot", "[dot", "{dot", "。"])
        .expect("a few words are compiled")
});

/// What stands between two labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// Nothing of a name.
    None,
    /// A dot.
    Dot,
    /// A dot with something around it, or a word for one.
    Spelled,
}

#[derive(Debug)]
struct Label {
    bytes: Range<usize>,
    /// What joins it to the one before.
    join: Join,
}

/// Every name of a host in a folded text.
pub(super) fn hosts(text: &str) -> Vec<Host> {
    let labels = labels(text);
    let mut hosts = Vec::new();
    for chain in labels.chunk_by(|_, next| next.join != Join::None) {
        if chain.len() == 1 {
            hosts.extend(after_scheme(text, &chain[0]));
            continue;
        }
        for part in chain.chunk_by(|_, next| next.join == Join::Dot).filter(|part| part.len() > 1) {
            hosts.extend(dotted(text, part));
        }
        if chain[1..].iter().any(|label| label.join == Join::Spelled) {
            let part = &chain[chain.len().saturating_sub(MAX_SPELLED)..];
            hosts.push(spelled(text, part));
        }
    }
    hosts
}

fn labels(text: &str) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    let mut word: Option<usize> = None;
    let ends = text.char_indices().chain([(text.len(), ' ')]);
    for (at, c) in ends {
        let is_part = c.is_alphanumeric() || ((c == '-' || c == '_') && word.is_some());
        if is_part {
            word.get_or_insert(at);
        } else if let Some(start) = word.take() {
            let join = labels.last().map_or(Join::None, |last| join(&text[last.bytes.end..start]));
            labels.push(Label { bytes: start..at, join });
        }
    }
    // "evil dot com": the word is what joins its neighbours.
    let mut joined: Vec<Label> = Vec::with_capacity(labels.len());
    let mut over_a_word = false;
    for at in 0..labels.len() {
        let Label { bytes, join } = &labels[at];
        let is_word = matches!(&text[bytes.clone()], "dot" | "point") && *join != Join::Dot && at > 0;
        if is_word && labels.get(at + 1).is_some_and(|next| is_small_gap(&text[bytes.end..next.bytes.start]))
        {
            over_a_word = is_small_gap(&text[labels[at - 1].bytes.end..bytes.start]);
            if over_a_word {
                continue;
            }
        }
        let join = if over_a_word { Join::Spelled } else { *join };
        over_a_word = false;
        joined.push(Label { bytes: bytes.clone(), join });
    }
    joined
}

fn join(between: &str) -> Join {
    match between {
        "." | "。" => Join::Dot,
        " . " | "[.]" | "(.)" | "{.}" | " [.] " | " (.) " | "<.>" | "[.] " | " [.]" | "\\." => Join::Spelled,
        _ => Join::None,
    }
}

/// What may stand around a word for a dot.
fn is_small_gap(gap: &str) -> bool {
    gap.len() <= 2
        && gap.chars().all(|c| matches!(c, ' ' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '*' | '_'))
}

/// A name with dots, unless it is part of an e-mail address.
fn dotted(text: &str, labels: &[Label]) -> Option<Host> {
    let (first, last) = (&labels[0], &labels[labels.len() - 1]);
    let (start, end) = (first.bytes.start, last.bytes.end);
    let (before, after) = (&text[..start], &text[end..]);
    let address = scheme(before);
    if address.is_none() && (before.ends_with('@') || after.starts_with('@')) {
        return None;
    }
    let has_path = after.starts_with('/') && after[1..].starts_with(|c: char| c.is_alphanumeric());
    let name = name::normal(&text[start..end]);
    let top = name.rsplit('.').next().unwrap_or(&name);
    let is_named = !text[last.bytes.clone()].chars().all(|c| c.is_ascii_digit());
    let is_surely_one = address.is_some()
        || (is_named && has_path)
        || &text[first.bytes.clone()] == "www"
        || text[last.bytes.clone()].starts_with("xn--")
        || KNOWN.contains(top);
    Some(Host { name, link: address.unwrap_or(start)..path_end(text, end), is_surely_one })
}

/// A name without a dot is one behind a scheme only.
fn after_scheme(text: &str, label: &Label) -> Option<Host> {
    let start = scheme(&text[..label.bytes.start])?;
    let name = name::normal(&text[label.bytes.clone()]);
    Some(Host { name, link: start..path_end(text, label.bytes.end), is_surely_one: true })
}

fn spelled(text: &str, labels: &[Label]) -> Host {
    let names: Vec<&str> = labels.iter().map(|label| &text[label.bytes.clone()]).collect();
    let name = name::normal(&names.join("."));
    let is_long = names[0].chars().count() >= 3;
    let is_surely_one = is_long && name.rsplit('.').next().is_some_and(|top| SPELLED.contains(&top));
    let end = labels[labels.len() - 1].bytes.end;
    Host { name, link: labels[0].bytes.start..path_end(text, end), is_surely_one }
}

/// Where the scheme begins that stands right before a host, with a user's name between or not.
fn scheme(before: &str) -> Option<usize> {
    let token = before.len() - before.bytes().rev().take(256).take_while(|byte| *byte != b' ').count();
    let colon = before.get(token..)?.rfind("://")? + token;
    let user = &before[colon + 3..];
    if !(user.is_empty() || (user.ends_with('@') && !user.contains('/'))) {
        return None;
    }
    let letters =
        before[token..colon].bytes().rev().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'*');
    Some(colon - letters.count())
}

/// Where a link ends: a path goes on to the next space, without the punctuation of the sentence.
fn path_end(text: &str, end: usize) -> usize {
    let after = &text[end..];
    if !after.starts_with(['/', '?', '#', ':']) {
        return end;
    }
    let path = after.split(' ').next().unwrap_or("");
    end + path.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '»', '"', '\'', '>']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sure(text: &str) -> Vec<(String, String)> {
        let hosts = hosts(text).into_iter().filter(|host| host.is_surely_one);
        hosts.map(|host| (host.name, text[host.link].to_owned())).collect()
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        for (text, name, link) in [
            ("see https://evil.com/a?b=c.", "evil.com", "https://evil.com/a?b=c"),
            ("(evil.com)", "evil.com", "evil.com"),
            ("hxxp://evil[.]com now", "evil.com", "evil[.]com"),
            ("evil . com", "evil.com", "evil . com"),
            ("evil dot com", "evil.com", "evil dot com"),
            ("evil (dot) co (dot) uk", "evil.co.uk", "evil (dot) co (dot) uk"),
            ("allez sur evil point fr", "evil.fr", "evil point fr"),
            ("http://good.com@evil.com/x", "evil.com", "http://good.com@evil.com/x"),
            ("http://localhost:80/x", "localhost", "http://localhost:80/x"),
            ("xn--exmple-cua.fr", "exämple.fr", "xn--exmple-cua.fr"),
            ("www.evil.je", "www.evil.je", "www.evil.je"),
            ("evil.je/abc", "evil.je", "evil.je/abc"),
            ("http://192.168.0.1/", "192.168.0.1", "http://192.168.0.1/"),
            ("evil。com", "evil.com", "evil。com"),
        ] {
            let found = sure(text);
            assert!(found.contains(&(name.to_owned(), link.to_owned())), "{text}: {found:?}");
        }
    }

    #[test]
    fn sentences_numbers_and_addresses_are_no_links() {
        for text in [
            "bonjour.je suis là",
            "ok.it is fine",
            "1.200 euros, 12.30",
            "me@example.com",
            "first.last@example.com",
            "...",
            "e.g. this",
            "notes.pdf",
            "à ce point de vue",
            "on this point me too",
            "fin. com'd'hab",
            "le point du jour",
        ] {
            assert_eq!(sure(text), [], "{text}");
        }
    }
}
