//! Classes of words: what a word does in a sentence, whichever language it is of. "All of them must go" and "il faut
//! tous les virer" share no word and nearly all classes.
//!
//! A line of a class file is `CLASS: word, two word phrase, ...`. A word may have several classes; the first of
//! [`ORDER`] is the one that stands for it in sequences.

use std::{collections::BTreeMap, sync::LazyLock};

use crate::{
    hash,
    normalize::View,
    token::{Token, tokens},
    word_lists::section,
};

/// The classes that features know, the most telling first. Classes that files have beside these follow in their order.
const ORDER: &[&str] = &[
    "SLUR",
    "GROUP",
    "GROUPADJ",
    "VIOLENCE",
    "HATEVERB",
    "EXPEL",
    "DEHUMAN",
    "CRIME",
    "BADTRAIT",
    "INSULT",
    "PROFANITY",
    "DISAGREE",
    "NEG",
    "WISH",
    "MUST",
    "QUANT",
    "YOU",
    "THEY",
    "SELF",
    "SAY",
    "POSITIVE",
    "ROLE",
    "OBJECT",
    "HUMAN",
    "ANIMAL",
];
/// The classes whose words are worth a disguise.
const DISGUISED: &[&str] = &[
    "SLUR",
    "GROUP",
    "GROUPADJ",
    "VIOLENCE",
    "HATEVERB",
    "EXPEL",
    "DEHUMAN",
    "CRIME",
    "BADTRAIT",
    "INSULT",
    "PROFANITY",
    "MUST",
    "WISH",
    "QUANT",
    "HUMAN",
    "DISAGREE",
    "SAY",
    "POSITIVE",
    "ANIMAL",
    "RELIGION",
];
/// A set of classes is the bits of a `u64`; features use the highest two.
const MAX_CLASSES: usize = 62;
/// Words of a phrase.
const MAX_PHRASE: usize = 5;
/// Bytes of a stem that an ending may follow.
const MIN_STEM: usize = 4;

const LANGUAGES: &str = include_str!("languages.txt");

/// A set of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Classes(pub(super) u64);

impl Classes {
    /// The class that stands for the word in sequences.
    pub(super) fn first(self) -> Option<u64> {
        (self.0 != 0).then(|| u64::from(self.0.trailing_zeros()))
    }

    /// The numbers of the classes.
    pub(super) fn iter(self) -> impl Iterator<Item = u64> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let first = Self(left).first()?;
            left &= left - 1;
            Some(first)
        })
    }

    /// Whether any class is in both.
    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The set of the one class of this name; only names of [`ORDER`] are asked for.
pub(super) fn named(name: &str) -> Classes {
    Classes(ORDER.iter().position(|&class| class == name).map_or(0, |at| 1 << at))
}

/// What is known of a word or a phrase.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    key: u64,
    english: u64,
    french: u64,
    /// For each length of a phrase that ends with this word, a bit.
    ends: u8,
    votes_english: bool,
    votes_french: bool,
    /// The word, as a skeleton; none for phrases.
    word: Option<&'static str>,
}

/// Every word and phrase, in a table of open addressing.
pub(super) struct Table {
    entries: Vec<Entry>,
    /// Half of a key, and the number of its entry, from 1: what is looked through is small enough to stay near.
    places: Vec<(u32, u32)>,
    shift: u32,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let english = concat!(include_str!("classes_en.txt"), "\n", include_str!("concepts_en.txt"));
    let french = concat!(include_str!("classes_fr.txt"), "\n", include_str!("concepts_fr.txt"));
    Table::of(english, french)
});

/// The words that are worth a disguise.
pub(crate) fn disguised_words() -> Vec<&'static str> {
    let classes = Classes(DISGUISED.iter().fold(0, |all, name| all | named(name).0));
    let mut words: Vec<&'static str> = TABLE.words(classes).collect();
    words.sort_unstable();
    words
}

/// Whether a word of this hash has a class.
pub(crate) fn has_class(hash: u64) -> bool {
    TABLE.get(hash).is_some_and(|entry| entry.word.is_some())
}

/// Whether a token has a class.
pub(crate) fn is_class_word(text: &str, token: &Token) -> bool {
    TABLE.word(text, token).is_some()
}

/// The classes that a word may have by itself, in either language.
pub(super) fn classes_of(text: &str, token: &Token) -> Classes {
    Classes(TABLE.word(text, token).map_or(0, |entry| entry.english | entry.french))
}

impl Table {
    fn of(english: &str, french: &str) -> Self {
        let mut names: Vec<&str> = ORDER.to_vec();
        let mut extra: Vec<&str> =
            [english, french].into_iter().flat_map(lines).map(|(name, _)| name).collect();
        extra.sort_unstable();
        extra.dedup();
        extra.retain(|name| !ORDER.contains(name));
        names.extend(extra);
        names.truncate(MAX_CLASSES);
        let mut entries: BTreeMap<u64, Entry> = BTreeMap::new();
        for (file, is_english) in [(english, true), (french, false)] {
            for (name, words) in lines(file) {
                let Some(bit) = names.iter().position(|&other| other == name) else { continue };
                for word in words.split(',') {
                    let view = View::skeleton(word.trim());
                    let tokens = tokens(view.text()).list;
                    let Some(last) = tokens.last().filter(|_| tokens.len() <= MAX_PHRASE) else { continue };
                    if tokens.len() > 1 {
                        entries.entry(last.hash).or_default().ends |= 1 << tokens.len();
                    }
                    let entry = entries.entry(phrase(&tokens)).or_default();
                    if tokens.len() == 1 && entry.word.is_none() {
                        // Made once, for as long as the program runs.
                        entry.word = Some(Box::leak(view.text().trim().into()));
                    }
                    *if is_english { &mut entry.english } else { &mut entry.french } |= 1 << bit;
                }
            }
        }
        for (language, is_english) in [("english", true), ("french", false)] {
            for word in section(LANGUAGES, language) {
                let hash = word.bytes().fold(hash::START, hash::push);
                let entry = entries.entry(hash).or_default();
                *if is_english { &mut entry.votes_english } else { &mut entry.votes_french } = true;
            }
        }
        let size = (entries.len() * 2 + 1).next_power_of_two();
        let mut table = Self {
            entries: Vec::with_capacity(entries.len()),
            places: vec![(0, 0); size],
            shift: 64 - size.trailing_zeros(),
        };
        for (number, (key, entry)) in (1..).zip(entries) {
            let mut at = table.place(key);
            while table.places[at].1 != 0 {
                at = (at + 1) & (size - 1);
            }
            table.places[at] = (half(key), number);
            table.entries.push(Entry { key, ..entry });
        }
        table
    }

    #[inline]
    fn place(&self, key: u64) -> usize {
        usize::try_from(hash::spread(key) >> self.shift).unwrap_or(0)
    }

    #[inline]
    fn get(&self, key: u64) -> Option<&Entry> {
        let mut at = self.place(key);
        loop {
            let (tag, number) = self.places[at];
            let entry = self.entries.get((number as usize).checked_sub(1)?);
            if tag == half(key)
                && let Some(entry) = entry.filter(|entry| entry.key == key)
            {
                return Some(entry);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    /// Words of these classes.
    pub(super) fn words(&self, classes: Classes) -> impl Iterator<Item = &'static str> {
        let entries = self.entries.iter();
        entries
            .filter(move |entry| (entry.english | entry.french) & classes.0 != 0)
            .filter_map(|entry| entry.word)
    }

    pub(super) fn word(&self, text: &str, token: &Token) -> Option<&Entry> {
        let found = self.get(token.hash);
        if found.is_some() {
            return found;
        }
        let word = token.letters(text);
        let suffixes: &[&[u8]] = match word.last()? {
            b's' => &[b"s", b"es", b"ees"],
            b'e' => &[b"e"],
            b'd' => &[b"ed"],
            b'g' => &[b"ing"],
            b't' => &[b"ent"],
            _ => return None,
        };
        suffixes
            .iter()
            .filter(|suffix| word.len() >= MIN_STEM + suffix.len() && word.ends_with(suffix))
            .find_map(|suffix| self.get(token.stems[suffix.len() - 1]))
            .filter(|entry| entry.english | entry.french != 0)
    }
}

fn lines(file: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = file.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(':')).map(|(name, words)| (name.trim(), words))
}

/// The half of a key that is kept beside its place.
fn half(key: u64) -> u32 {
    u32::try_from(key & u64::from(u32::MAX)).unwrap_or(0)
}

/// The key of words in a row.
fn phrase(tokens: &[Token]) -> u64 {
    tokens[1..].iter().fold(tokens[0].hash, |hash, token| hash::pair(hash, token.hash))
}

/// The classes of each word. A phrase's classes are its last word's, and its other words have none.
pub(super) fn classify(text: &str, tokens: &[Token]) -> Vec<Classes> {
    let table = &*TABLE;
    let mut both = Vec::with_capacity(tokens.len());
    let (mut english, mut french) = (0_usize, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        let Some(entry) = table.word(text, token) else {
            both.push((0, 0));
            continue;
        };
        english += usize::from(entry.votes_english);
        french += usize::from(entry.votes_french);
        let mut found = (entry.english, entry.french);
        if entry.ends != 0 {
            for length in (2..=MAX_PHRASE.min(at + 1)).rev().filter(|length| entry.ends & (1 << length) != 0)
            {
                let first = at + 1 - length;
                if let Some(entry) = table.get(phrase(&tokens[first..=at])) {
                    both[first..].fill((0, 0));
                    found = (entry.english, entry.french);
                    break;
                }
            }
        }
        both.push(found);
    }
    // "sale" is no dirt to an English reader; where both languages, or neither, show, a word may be of either.
    let keep = (english > 0 || french == 0, french > 0 || english == 0);
    both.into_iter()
        .map(|(english, french)| Classes(if keep.0 { english } else { 0 } | if keep.1 { french } else { 0 }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(text: &str) -> Vec<Classes> {
        classify(text, &tokens(text).list)
    }

    #[test]
    fn words_have_their_classes_with_and_without_an_ending() {
        for text in ["the immigrant", "the immigrants"] {
            assert!(classes(text)[1].meets(named("GROUP")), "{text}");
        }
        assert!(!classes("the table")[1].meets(named("GROUP")));
    }

    #[test]
    fn a_word_of_the_other_language_has_no_class() {
        assert!(classes("il est sale")[2].meets(named("BADTRAIT")));
        assert!(!classes("it is for sale")[3].meets(named("BADTRAIT")));
    }
}
