//! The lists of words that ship with the program.
//!
//! A line holds the forms of one word or phrase, separated by commas; `#` begins a comment. `word*` is the beginning of
//! a word, `=word` counts only with its accents as written. `{a|b c|}` stands for each of its alternatives, and
//! `$name = a|b` names alternatives for the lines below it: `{$name|c}`.

use super::rule::Lexicon;

/// A word or phrase of a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) text: String,
    /// Accents count.
    pub(super) exact: bool,
    /// Longer words that begin with it count too.
    pub(super) open: bool,
}

impl Lexicon {
    const fn source(self) -> &'static str {
        match self {
            Self::HateEn => include_str!("lexicon/hate_en.txt"),
            Self::HateFr => include_str!("lexicon/hate_fr.txt"),
        }
    }

    /// The words and phrases, each once.
    pub(super) fn entries(self) -> Vec<Entry> {
        let mut names: Vec<(&str, String)> = Vec::new();
        let mut entries = Vec::new();
        for line in self.source().lines() {
            let line = line.split('#').next().unwrap_or(line).trim();
            // The longest first, so that `$group` is not taken for the beginning of `$groups`.
            let line = names.iter().fold(line.to_owned(), |line, (name, list)| line.replace(name, list));
            if let Some((name, list)) = line.strip_prefix('$').and(line.split_once('=')) {
                let name = self.source().split_whitespace().find(|word| *word == name.trim());
                names.extend(name.map(|name| (name, list.trim().to_owned())));
                names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
                continue;
            }
            for form in line.split(',').map(str::trim).filter(|form| !form.is_empty()) {
                expand(form, &mut entries);
            }
        }
        entries.sort_unstable();
        entries.dedup();
        entries
    }
}

/// Reads a form, once for each combination of its alternatives.
fn expand(form: &str, entries: &mut Vec<Entry>) {
    let Some((before, rest)) = form.split_once('{') else {
        entries.push(read(form));
        return;
    };
    let (alternatives, after) = rest.split_once('}').unwrap_or((rest, ""));
    for alternative in alternatives.split('|') {
        expand(&format!("{before}{alternative}{after}"), entries);
    }
}

fn read(form: &str) -> Entry {
    let (exact, form) = form.strip_prefix('=').map_or((false, form), |form| (true, form));
    let (open, form) = form.strip_suffix('*').map_or((false, form), |form| (true, form));
    Entry { text: form.split_whitespace().collect::<Vec<_>>().join(" "), exact, open }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_expanded() {
        let mut entries = Vec::new();
        expand("=a {b|c d|} {e|f}*", &mut entries);
        let texts: Vec<_> = entries.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts, ["a b e", "a b f", "a c d e", "a c d f", "a e", "a f"]);
        assert!(entries.iter().all(|entry| entry.exact && entry.open));
    }

    #[test]
    fn lists_are_read_and_leave_no_sign_of_the_notation() {
        for lexicon in [Lexicon::HateEn, Lexicon::HateFr] {
            let entries = lexicon.entries();
            assert!(entries.len() > 500, "{lexicon:?} has {}", entries.len());
            for entry in entries {
                assert!(
                    !entry.text.contains(['{', '}', '|', '$', '=', '*', '#']),
                    "{lexicon:?}: {}",
                    entry.text
                );
                assert!(entry.text.chars().count() >= 3, "{lexicon:?}: {}", entry.text);
            }
        }
    }
}
