//! Slurs written as one word with their neighbours: `ihatekikes`, `salesbicots`.

/// Words that stand beside a slur. All that is left of the word must be made of them, so that `allspice`, `pakistan`
/// and `suspicious` are no such thing.
const NEIGHBOURS: &[&str] = &[
    "i", "a", "u", "r", "im", "ur", "you", "your", "youre", "are", "is", "am", "be", "we", "he", "she",
    "they", "them", "these", "those", "this", "that", "the", "all", "my", "our", "no", "not", "and", "or",
    "to", "of", "in", "on", "out", "go", "get", "with", "hate", "hates", "hated", "love", "kill", "die",
    "burn", "gas", "hang", "fuck", "fucking", "fuckin", "fuckoff", "off", "filthy", "dirty", "stupid",
    "ugly", "dumb", "bloody", "damn", "smelly", "nasty", "little", "fat", "old", "black", "white", "brown",
    "bunch", "like", "what", "such", "should", "must", "will", "can", "cant", "have", "leave", "back",
    "home", "here", "scum", "trash", "bitch", "ass", "boy", "boys", "girl", "face", "lover", "lovers", "so",
    "every", "another", "away", "now", "lost", "at", "for", "from", "by", "as", "was", "were", "who", "why",
    "if", "do", "dont", "want", "see", "look", "looking", "said", "called", "named", "me", "him", "her",
    "his", "their", "its", "some", "more", "many", "too", "just", "only", "us", "je", "tu", "il", "on",
    "nous", "vous", "ils", "le", "la", "les", "un", "une", "des", "de", "du", "ces", "ce", "cette", "mes",
    "tes", "ses", "sale", "sales", "gros", "grosse", "petit", "petite", "petits", "espece", "bande", "tous",
    "tout", "toute", "toutes", "pauvre", "pauvres", "hais", "deteste", "nique", "mort", "aux", "au", "merde",
    "dehors", "est", "es", "sont", "et", "ou", "va", "vas", "rentre", "chez", "toi", "moi", "pas", "comme",
    "trop", "vraiment", "putain", "connard", "vieux", "vieille", "fils", "pute", "encule", "ta", "ton",
    "mon", "ma",
];

/// Fewer letters than these are an ending, as in `spices`, and no neighbour.
const MIN_REST: usize = 3;
/// A longer beginning or end is not looked at.
const MAX_BYTES: usize = 40;

/// Whether both what stands before a slur in its word and what stands behind are other words. Where the first or last
/// letter of the slur is there twice, one may be its neighbour's.
pub(crate) fn is_glued(before: &str, after: &str, first: &str, last: &str) -> bool {
    let is_begun = || is_words(before) || is_words(&format!("{before}{first}"));
    let is_ended = || is_words(after) || is_words(&format!("{last}{after}"));
    before.len() + after.len() >= MIN_REST && is_begun() && is_ended()
}

/// Whether letters are words that stand beside a slur, one after the other. Nothing is.
fn is_words(letters: &str) -> bool {
    if letters.len() > MAX_BYTES || !letters.is_ascii() {
        return false;
    }
    let mut reached = [false; MAX_BYTES + 1];
    reached[0] = true;
    for at in 0..letters.len() {
        if reached[at] {
            for word in NEIGHBOURS {
                if letters[at..].starts_with(word) {
                    reached[at + word.len()] = true;
                }
            }
        }
    }
    reached[letters.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_the_word_must_be_words() {
        for (before, after) in [("ihate", ""), ("all", "shoulddie"), ("", "hould"), ("fuckin", "")] {
            assert!(is_glued(before, after, "k", "s"), "{before} {after}");
        }
        for (before, after) in
            [("su", "ious"), ("au", "ious"), ("all", "e"), ("", "stan"), ("au", "e"), ("", "es"), ("a", "")]
        {
            assert!(!is_glued(before, after, "", ""), "{before} {after}");
        }
    }
}
