//! The lists of words that ship with the program.
//!
//! A line holds the forms of one word or phrase, separated by commas; `#` begins a comment. `word*` is the beginning of
//! a word, `*word*` counts inside longer ones (both also in the plural), `=word` only with its accents as written. `{a|b c|}` stands for each of
//! its alternatives, and `$name = a|b` names alternatives for the lines below it: `{$name|c}`. `@class ethnicity
//! severity slur` says what the lines below it are, and `@idiom with kindness, of laughter` behind which words they mean no
//! harm.

use std::sync::Arc;

use super::{form::Form, language::Language, normalize::View, rule::Lexicon};

/// How bad a word is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Has no innocent use: looked for in every disguise.
    Slur,
    /// Several words that say it together.
    Phrase,
    /// A phrase around a word that is innocent elsewhere.
    Ambiguous,
}

/// Where in a text a word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Boundary {
    /// Where it is the whole word.
    Word,
    /// Where it begins one.
    Prefix,
    /// Inside others too: no ordinary word holds it.
    Glued,
}

/// A word or phrase of a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// As it is written in the list.
    pub text: String,
    /// Whom it is against: `ethnicity`, `religion`, `orientation`, `gender`, `disability`, `any`; else its category.
    pub class: &'static str,
    /// How bad it is by itself.
    pub severity: Severity,
    /// Where it counts.
    pub boundary: Boundary,
    /// Whether its accents count.
    pub exact: bool,
    /// What makes an idiom of it where it follows, as it is compared with texts.
    pub idioms: Arc<[String]>,
}

impl Entry {
    /// Whether this is one word that has no innocent use, however it is written.
    pub fn is_plain_slur(&self) -> bool {
        self.is_slur() && !self.exact
    }

    /// Whether this is one word that has no innocent use as it is written.
    pub(super) fn is_slur(&self) -> bool {
        self.severity == Severity::Slur && self.text.chars().all(char::is_alphabetic)
    }

    fn plural(&self) -> Self {
        Self { text: format!("{}s", self.text), ..self.clone() }
    }
}

/// What a heading says of the lines below it.
#[derive(Clone)]
struct Heading {
    class: &'static str,
    severity: Severity,
    idioms: Arc<[String]>,
}

impl Lexicon {
    /// Every list.
    pub const ALL: [Self; 6] =
        [Self::HateEn, Self::HateFr, Self::ThreatEn, Self::ThreatFr, Self::SexualEn, Self::SexualFr];

    const fn source(self) -> &'static str {
        match self {
            Self::HateEn => include_str!("lexicon/hate_en.txt"),
            Self::HateFr => include_str!("lexicon/hate_fr.txt"),
            Self::ThreatEn => include_str!("lexicon/threat_en.txt"),
            Self::ThreatFr => include_str!("lexicon/threat_fr.txt"),
            Self::SexualEn => include_str!("lexicon/sexual_en.txt"),
            Self::SexualFr => include_str!("lexicon/sexual_fr.txt"),
        }
    }

    /// The language that its words are of.
    pub(super) const fn language(self) -> Language {
        match self {
            Self::HateEn | Self::ThreatEn | Self::SexualEn => Language::English,
            Self::HateFr | Self::ThreatFr | Self::SexualFr => Language::French,
        }
    }

    /// The words and phrases, each once.
    pub fn entries(self) -> Vec<Entry> {
        let mut names: Vec<(&str, String)> = Vec::new();
        let mut heading = Heading::read("any");
        let mut entries = Vec::new();
        for line in self.source().lines() {
            let line = line.split('#').next().unwrap_or(line).trim();
            if let Some(words) = line.strip_prefix("@class ") {
                heading = Heading::read(words);
                continue;
            }
            if let Some(words) = line.strip_prefix("@idiom ") {
                let mut idioms = Vec::new();
                words.split(',').for_each(|idiom| phrases(idiom.trim(), &mut idioms));
                heading.idioms =
                    idioms.iter().map(|idiom| Form::of(&View::skeleton(&idiom.text)).text).collect();
                continue;
            }
            // The longest first, so that `$group` is not taken for the beginning of `$groups`.
            let line = names.iter().fold(line.to_owned(), |line, (name, list)| line.replace(name, list));
            if let Some((name, list)) = line.strip_prefix('$').and(line.split_once('=')) {
                let name = self.source().split_whitespace().find(|word| *word == name.trim());
                names.extend(name.map(|name| (name, list.trim().to_owned())));
                names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
                continue;
            }
            for form in line.split(',').map(str::trim).filter(|form| !form.is_empty()) {
                expand(form, &heading, &mut entries);
            }
        }
        let has_plural = |entry: &&Entry| {
            entry.is_plain_slur() && entry.boundary != Boundary::Word && !entry.text.ends_with('s')
        };
        let plurals: Vec<Entry> = entries.iter().filter(has_plural).map(Entry::plural).collect();
        entries.extend(plurals);
        entries.sort_unstable();
        entries.dedup_by(|later, earlier| later.text == earlier.text);
        entries
    }

    /// The words that are looked for in every disguise.
    pub fn slurs(self) -> Vec<String> {
        self.entries().into_iter().filter(Entry::is_plain_slur).map(|entry| entry.text).collect()
    }
}

impl Heading {
    /// Reads `ethnicity severity slur`; a test holds the lists to it.
    fn read(words: &'static str) -> Self {
        let (class, severity) = words.split_once(" severity ").unwrap_or((words, ""));
        let severity = match severity {
            "slur" => Severity::Slur,
            "ambiguous" => Severity::Ambiguous,
            _ => Severity::Phrase,
        };
        Self { class, severity, idioms: Arc::default() }
    }
}

/// Reads a phrase that stands in no list of words, once for each combination of its alternatives.
pub(super) fn phrases(form: &str, entries: &mut Vec<Entry>) {
    expand(form, &Heading::read("any"), entries);
}

/// Reads a form, once for each combination of its alternatives.
fn expand(form: &str, heading: &Heading, entries: &mut Vec<Entry>) {
    let Some((before, rest)) = form.split_once('{') else {
        entries.push(read(form, heading));
        return;
    };
    let (alternatives, after) = rest.split_once('}').unwrap_or((rest, ""));
    for alternative in alternatives.split('|') {
        expand(&format!("{before}{alternative}{after}"), heading, entries);
    }
}

fn read(form: &str, heading: &Heading) -> Entry {
    let (exact, form) = form.strip_prefix('=').map_or((false, form), |form| (true, form));
    let (open, form) = form.strip_suffix('*').map_or((false, form), |form| (true, form));
    let (boundary, form) = match form.strip_prefix('*') {
        Some(form) => (Boundary::Glued, form),
        None if open => (Boundary::Prefix, form),
        None => (Boundary::Word, form),
    };
    let text = form.split_whitespace().collect::<Vec<_>>().join(" ");
    let Heading { class, severity, idioms } = heading.clone();
    Entry { text, class, severity, boundary, exact, idioms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_expanded() {
        let mut entries = Vec::new();
        expand("=a {b|c d|} {e|f}*", &Heading::read("any"), &mut entries);
        let texts: Vec<_> = entries.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts, ["a b e", "a b f", "a c d e", "a c d f", "a e", "a f"]);
        assert!(entries.iter().all(|entry| entry.exact && entry.boundary == Boundary::Prefix));
        assert_eq!(read("*ab*", &Heading::read("any")).boundary, Boundary::Glued);
    }

    #[test]
    fn lists_are_read_and_leave_no_sign_of_the_notation() {
        for lexicon in Lexicon::ALL {
            let entries = lexicon.entries();
            assert!(entries.len() > 50, "{lexicon:?} has {}", entries.len());
            for entry in entries {
                assert!(
                    !entry.text.contains(['{', '}', '|', '$', '=', '*', '#', '@']),
                    "{lexicon:?}: {}",
                    entry.text
                );
                assert!(entry.text.chars().count() >= 3, "{lexicon:?}: {}", entry.text);
            }
        }
    }

    #[test]
    fn headings_name_a_class_and_a_severity() {
        for lexicon in Lexicon::ALL {
            let headings: Vec<_> =
                lexicon.source().lines().filter_map(|line| line.strip_prefix("@class ")).collect();
            assert!(!headings.is_empty(), "{lexicon:?}");
            for heading in headings {
                let (class, severity) = heading.split_once(" severity ").expect(heading);
                assert!(class.chars().all(char::is_alphabetic), "{heading}");
                assert!(["slur", "phrase", "ambiguous"].contains(&severity), "{heading}");
            }
        }
    }
}
