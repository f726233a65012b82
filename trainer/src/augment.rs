//! The same text as somebody else would write it, or as somebody writes it who does not want it found.

use crate::random::Random;

/// A variant of a text that means the same; `benign` are sentences that may stand beside it.
pub(crate) fn vary(text: &str, benign: &[String], random: &mut Random) -> String {
    match random.below(10) {
        0..=1 => disguise(text, random),
        2 if !text.contains(['"', '«', '“']) => quoted(text, random),
        3..=5 if !benign.is_empty() => format!("{} {text}", sentence(random.pick(benign))),
        6..=8 if !benign.is_empty() => format!("{} {}", sentence(text), random.pick(benign)),
        _ => unpunctuated(text),
    }
}

/// One or two longer words with letters swapped, dropped, doubled, starred or set apart.
pub(crate) fn disguise(text: &str, random: &mut Random) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let long: Vec<usize> = (0..words.len())
        .filter(|&at| words[at].chars().all(char::is_alphabetic) && words[at].len() > 3)
        .collect();
    if long.is_empty() {
        return text.to_owned();
    }
    for _ in 0..=random.below(2) {
        let at = long[random.below(long.len())];
        let letters: Vec<char> = words[at].chars().collect();
        if letters.len() < 4 {
            continue;
        }
        // The first and the last letter stay: without them a word is hard to read.
        let inner = 1 + random.below(letters.len() - 2);
        let head: String = letters[..inner].iter().collect();
        let tail: String = letters[inner + 1..].iter().collect();
        let letter = letters[inner];
        words[at] = match random.below(6) {
            0 => format!("{head}{tail}"),
            1 => format!("{head}{letter}{letter}{letter}{tail}"),
            2 => format!("{head}*{tail}"),
            3 if inner + 1 < letters.len() - 1 => {
                let swapped: String = letters[inner + 2..].iter().collect();
                format!("{head}{}{letter}{swapped}", letters[inner + 1])
            }
            4 => format!("{head}{letter} {tail}"),
            _ => format!("{head}{letter}.{tail}"),
        };
    }
    if random.chance(15) && words.len() > 2 {
        let at = random.below(words.len() - 1);
        let next = words.remove(at + 1);
        words[at].push_str(&next);
    }
    words.join(" ")
}

fn unpunctuated(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '.' | ',' | '!' | '\'' | '’' | '?' | ';' | ':')).collect()
}

/// Quotation marks around a text that says nothing against it change nothing.
fn quoted(text: &str, random: &mut Random) -> String {
    match random.below(3) {
        0 => format!("\"{text}\""),
        1 => format!("'{text}'"),
        _ => format!("« {text} »"),
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_bounded_and_keep_what_is_said() {
        let mut random = Random::seeded(3);
        let benign = vec!["See you soon".to_owned()];
        for text in ["", "ok", "Those people are wonderful, aren't they?", "ÉÉÉÉÉ ééééé"] {
            for _ in 0..200 {
                let varied = vary(text, &benign, &mut random);
                assert!(varied.len() < text.len() * 2 + 40, "{varied}");
            }
        }
    }
}
