//! Identifies the language of a text by its most frequent words.
//!
//! Chat is short: a statistical model of letters errs on five words, and two function words of one language seldom stand
//! in another. A text whose words do not tell counts as any language, so that rules for one language miss nothing.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use super::{
    hash::Hashed,
    normalize::View,
    token::{Token, Words, tokens},
};

/// The sum of shares from which a language is identified, and how many times that of any other kind it must be.
const LEAST: f32 = 1.2;
const TIMES: f32 = 2.0;
/// A text in another language than English and French has so many different words that neither has among its frequent ones,
/// and they are such a share of all its words. Such a text is held to more: to be taken for one is a way round rules.
const LEAST_OF_OTHERS: usize = 2;
const TIMES_OF_OTHERS: f32 = 3.0;
const SHARE_OF_OTHERS: f32 = 0.25;
/// Fewer words beside a hit do not tell.
const LEAST_BESIDE: usize = 2;
/// The words from the first on that are looked at.
const MAX_WORDS: usize = 200;

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
    /// Another one, by its code (ISO 639-1).
    Other(&'static str),
    /// Several at once, or too few words to tell.
    Unsure,
}

impl Language {
    /// The languages that the classifier scores; a text that may be in either is scored too.
    pub const SCORED: [Self; 2] = [Self::English, Self::French];

    /// By how much a text is judged as each of those; one that may be of either, by the mean of both.
    pub(super) const fn shares(self) -> [f32; 2] {
        match self {
            Self::English => [1.0, 0.0],
            Self::French => [0.0, 1.0],
            Self::Other(_) | Self::Unsure => [0.5, 0.5],
        }
    }

    /// Returns the language's code (ISO 639-1); `None` where it is not sure.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::English => Some("en"),
            Self::French => Some("fr"),
            Self::Other(code) => Some(code),
            Self::Unsure => None,
        }
    }

    /// Identifies the language of a text.
    pub fn of_text(text: &str) -> Self {
        let view = View::skeleton(text);
        Self::of(Words { view: &view, tokens: &tokens(view.text()).list })
    }

    /// Identifies the language of a text by its words.
    pub(super) fn of(words: Words<'_>) -> Self {
        let lists = &*LISTS;
        let count = words.len().min(MAX_WORDS);
        let mut sums = Shares::default();
        let mut others = vec![0.0_f32; lists.codes.len()];
        let mut foreign: Vec<u64> = Vec::new();
        for at in 0..count {
            let word = words.get(at);
            let Some((shares, languages)) = lists.words.get(&word) else { continue };
            sums.english += shares.english;
            sums.french += shares.french;
            sums.other += shares.other;
            for &language in languages {
                others[usize::from(language)] += 1.0;
            }
            if shares.english + shares.french == 0.0 && !foreign.contains(&word) {
                foreign.push(word);
            }
        }
        let Shares { english, french, other } = sums;
        let is_clear = |sum: f32, beside: f32| sum >= LEAST && sum >= TIMES * beside;
        #[expect(clippy::cast_precision_loss, reason = "a few hundred words")]
        let least_of_others = SHARE_OF_OTHERS * count as f32;
        let is_other = other >= least_of_others && other >= TIMES_OF_OTHERS * english.max(french);
        if is_other && foreign.len() >= LEAST_OF_OTHERS {
            let most = others.iter().enumerate().rev().max_by(|a, b| a.1.total_cmp(b.1));
            return most.map_or(Self::Unsure, |(language, _)| Self::Other(lists.codes[language]));
        }
        if is_clear(english, french.max(other)) {
            Self::English
        } else if is_clear(french, english.max(other)) {
            Self::French
        } else {
            Self::Unsure
        }
    }

    /// Returns whether a rule for these languages judges the text.
    pub fn is_among(self, languages: &[String]) -> bool {
        self.code().is_none_or(|code| languages.iter().any(|language| language == code))
    }
}

/// How much a word speaks for each language: shares of one.
#[derive(Debug, Clone, Copy, Default)]
struct Shares {
    english: f32,
    french: f32,
    other: f32,
}

struct Lists {
    /// By the hash of a word, its shares, and the places of its other languages among the codes.
    words: HashMap<u64, (Shares, Vec<u8>), Hashed>,
    codes: Vec<&'static str>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut words: HashMap<u64, (Shares, Vec<u8>), Hashed> = HashMap::default();
    let mut codes = Vec::new();
    for (code, list) in lines(include_str!("language/words.txt")) {
        let language = u8::try_from(codes.len()).expect("a few dozen languages");
        codes.push(code);
        for word in tokens(list).list {
            let (shares, others) = words.entry(word.hash).or_default();
            match code {
                "en" => shares.english = 1.0,
                "fr" => shares.french = 1.0,
                _ => others.push(language),
            }
        }
    }
    for (shares, others) in words.values_mut() {
        // Several other languages that have a word are one kind.
        shares.other = if others.is_empty() { 0.0 } else { 1.0 };
        let kinds = shares.english + shares.french + shares.other;
        let Shares { english, french, other } = *shares;
        *shares = Shares { english: english / kinds, french: french / kinds, other: other / kinds };
    }
    Lists { words, codes }
});

fn lines(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'))
}

/// What a word says beside a word that may be of another language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speaks {
    /// It attacks somebody in English or French.
    pub(super) attacks: bool,
    /// It is a known word of English or French.
    pub(super) is_known: bool,
}

/// Returns whether a hit of a list, in a text of no sure language, is likelier an ordinary word of another language than the
/// list's: a frequent word of that language, which the list's has not, is there; nothing beside the hit attacks anybody or is
/// a word of the list's language alone; and half of the words beside it are words of others, or of no list.
pub(super) fn is_elsewhere(
    words: Words<'_>,
    hit: &Range<usize>,
    list: Language,
    speaks: impl Fn(&Token) -> Speaks,
) -> bool {
    let homes = homes(words, hit);
    let is_hit = |at: usize| hit.clone().any(|hit| words.get(hit) == words.get(at));
    let (mut count, mut foreign, mut is_home) = (0, 0, false);
    for at in 0..words.len().min(MAX_WORDS) {
        let known = LISTS.words.get(&words.get(at));
        let shares = known.map(|(shares, _)| *shares);
        let of_list = shares.map_or(0.0, |shares| match list {
            Language::English => shares.english,
            _ => shares.french,
        });
        is_home |= of_list == 0.0
            && known.is_some_and(|(_, others)| {
                others.iter().any(|&other| homes.contains(&LISTS.codes[usize::from(other)]))
            });
        if is_hit(at) {
            continue;
        }
        let Speaks { attacks, is_known } = speaks(&words.tokens[at]);
        if attacks || of_list >= 1.0 {
            return false;
        }
        count += 1;
        foreign += usize::from(match shares {
            Some(Shares { english, french, .. }) => english + french == 0.0,
            None => !is_known,
        });
    }
    is_home && count >= LEAST_BESIDE && foreign * 2 >= count
}

/// The languages in which every word of a hit is an ordinary one.
fn homes(words: Words<'_>, hit: &Range<usize>) -> Vec<&'static str> {
    let of = |at: usize| {
        words.tokens.get(at).and_then(|token| HOMOGRAPHS.get(&words.view.text()[token.bytes.clone()]))
    };
    let Some(first) = of(hit.start) else { return Vec::new() };
    let is_everywhere = |code: &&str| hit.clone().all(|at| of(at).is_some_and(|codes| codes.contains(code)));
    first.iter().copied().filter(|code| is_everywhere(code)).collect()
}

/// Words that a list of English or French has and that are ordinary ones of other languages, with these.
static HOMOGRAPHS: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut homographs: HashMap<&str, Vec<&str>> = HashMap::new();
    for (code, list) in lines(include_str!("language/homographs.txt")) {
        for word in list.split_whitespace() {
            homographs.entry(word).or_default().push(code);
        }
    }
    homographs
});

/// Returns whether words that a list of English or French has are ordinary ones of another language.
pub(super) fn is_ordinary_elsewhere(words: &str) -> bool {
    let view = View::skeleton(words);
    view.text()
        .split_whitespace()
        .all(|word| HOMOGRAPHS.contains_key(word.trim_matches(|c: char| !c.is_alphanumeric())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_chat_are_identified() {
        for text in [
            "Hi, is your flat still available for the second week of August?",
            "the boiler makes a strange noise but it works",
            "we would love to come with our two kids",
        ] {
            assert_eq!(Language::of_text(text), Language::English, "{text}");
        }
        for text in [
            "Bonjour, votre appartement est-il toujours disponible pour la semaine du 12 ?",
            "la chaudière fait du bruit mais elle marche",
            "on arrive vers 18h, je vous laisse les clés dans la boîte",
        ] {
            assert_eq!(Language::of_text(text), Language::French, "{text}");
        }
        for (text, code) in [
            ("Hola, ¿el piso está libre para la semana que viene?", "es"),
            ("Giltza atariko kutxan dago, eta etxea oso ondo dago", "eu"),
            ("Bon dia, els veïns tenen una clau i també poden obrir amb el codi", "ca"),
            ("Hej, vi kommer på fredag kväll och stannar till slutet av veckan", "sv"),
            ("Guten Tag, die Wohnung ist sehr schön und wir kommen gern", "de"),
            ("Buongiorno, le chiavi sono nella cassetta e il gatto dorme sul divano", "it"),
            ("Hallo, de sleutel ligt bij de buren en het huis is van jullie", "nl"),
        ] {
            assert_eq!(Language::of_text(text), Language::Other(code), "{text}");
        }
    }

    #[test]
    fn too_few_words_and_mixed_ones_are_any_language() {
        for text in [
            "",
            "ok",
            "merci",
            "dago",
            "Rio Negro",
            "12 rue des Lilas",
            "on se voit demain avec les enfants, we will be there at six with you",
        ] {
            assert_eq!(Language::of_text(text), Language::Unsure, "{text}");
        }
        assert!(Language::Unsure.is_among(&["en".to_owned()]));
        assert!(!Language::Other("eu").is_among(&["en".to_owned(), "fr".to_owned()]));
    }

    #[test]
    fn a_few_foreign_words_do_not_make_english_abuse_another_language() {
        for text in
            ["oso eta da: you people should all be sent back", "hola que tal, i hate those dirty people"]
        {
            assert!(!matches!(Language::of_text(text), Language::Other(_)), "{text}");
        }
    }
}
