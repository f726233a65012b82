//! Names on other networks: `my insta is @bob_75`, `snap: bob.75`, `wa.me/33612345678`.

use std::ops::Range;

/// Networks as they are called, in one word.
pub(super) const NETWORKS: &[&str] = &[
    "whatsapp",
    "whatsap",
    "watsapp",
    "wathsapp",
    "telegram",
    "telegramm",
    "instagram",
    "insta",
    "snapchat",
    "snap",
    "facebook",
    "messenger",
    "tiktok",
    "discord",
    "signal",
    "skype",
    "viber",
    "wechat",
    "twitter",
    "linkedin",
    "kik",
];
/// Beginnings of links to somebody there.
pub(super) const LINKS: &[&str] = &[
    "wa.me/",
    "api.whatsapp.com/",
    "chat.whatsapp.com/",
    "t.me/",
    "telegram.me/",
    "instagram.com/",
    "snapchat.com/add/",
    "m.me/",
    "facebook.com/",
    "fb.com/",
    "discord.gg/",
    "join.skype.com/",
    "signal.me/",
    "viber.me/",
];

/// Words between a network and a name there, and how many of them.
const FILLERS: &[&str] = &[
    "is", "s", "c", "est", "me", "moi", "my", "mon", "ma", "name", "nom", "id", "pseudo", "user", "username",
    "handle", "account", "compte", "add", "ajoute", "at", "sur", "on", "under", "sous", "le", "the", "here",
    "ici", "it", "as",
];
const MAX_FILLERS: usize = 5;
const MIN_NAME: usize = 3;
/// Words between a name with `@` and its network.
const MAX_AWAY: usize = 6;

/// A token of a skeleton: a word with the signs that names have.
#[derive(Debug)]
struct Token<'a> {
    written: &'a str,
    at: usize,
    /// A colon, or `=`, stands right before, or a space from it.
    introduced: bool,
}

/// Every name in a skeleton.
pub(super) fn handles(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for link in LINKS {
        found.extend(text.match_indices(link).filter_map(|(at, link)| {
            let is_whole = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-');
            let name = text[at + link.len()..].split([' ', ',', ')']).next().unwrap_or("");
            let name = name.trim_end_matches(['.', '!', '?']);
            (is_whole && name.len() >= 2).then(|| at..at + link.len() + name.len())
        }));
    }
    let tokens = tokens(text);
    for (place, token) in tokens.iter().enumerate() {
        let is_mention = token.written.starts_with('@') && token.written.len() > MIN_NAME;
        if is_mention {
            let near = &tokens[place.saturating_sub(MAX_AWAY)..tokens.len().min(place + MAX_AWAY)];
            if near.iter().any(|token| is_network(token.written)) {
                found.push(token.at..token.at + token.written.len());
            }
        } else if is_network(token.written) {
            found.extend(name_after(&tokens[place + 1..]));
        }
    }
    found.sort_unstable_by_key(|at| at.start);
    found.dedup();
    found
}

fn is_network(word: &str) -> bool {
    NETWORKS.contains(&word) || matches!(word, "ig" | "fb" | "tg")
}

/// The name that is given after a network: what no word is, or what a colon introduces.
fn name_after(tokens: &[Token<'_>]) -> Option<Range<usize>> {
    for token in tokens.iter().take(MAX_FILLERS + 1) {
        let written = token.written;
        if FILLERS.contains(&written) {
            continue;
        }
        let is_no_word = written.contains(|c: char| matches!(c, '_' | '.' | '@') || c.is_ascii_digit());
        let has_letter = written.bytes().any(|byte| byte.is_ascii_alphabetic());
        let is_name = has_letter && written.len() >= MIN_NAME && (is_no_word || token.introduced);
        return is_name.then(|| token.at..token.at + written.len());
    }
    None
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@');
    let mut tokens: Vec<Token<'_>> = Vec::new();
    for written in text.split(|c: char| !is_part(c)).filter(|written| !written.is_empty()) {
        let at = written.as_ptr().addr() - text.as_ptr().addr();
        let trimmed = written.trim_start_matches('.');
        let at = at + (written.len() - trimmed.len());
        let written = trimmed.trim_end_matches('.');
        if !written.is_empty() {
            let introduced = text[..at].trim_end_matches(' ').ends_with([':', '=']);
            tokens.push(Token { written, at, introduced });
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        handles(text).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn names_on_networks_are_found() {
        for (text, name) in [
            ("my insta is @bob_75", "@bob_75"),
            ("snap: bobby", "bobby"),
            ("snapchat bob.75", "bob.75"),
            ("mon telegram c'est bob75", "bob75"),
            ("@bobby on telegram", "@bobby"),
            ("https://wa.me/33612345678", "wa.me/33612345678"),
            ("t.me/bob!", "t.me/bob"),
        ] {
            assert_eq!(found(text), [name], "{text}");
        }
    }

    #[test]
    fn talk_of_networks_is_none() {
        for text in [
            "i saw it on instagram yesterday",
            "a snap decision",
            "do you have whatsapp?",
            "the signal is weak in room 2",
            "@bob thanks",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
