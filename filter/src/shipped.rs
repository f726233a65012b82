//! The words that ship with the program, compiled once for every rule set: there are a hundred thousand and more of
//! them, and a moderator who publishes a rule does not wait for them to be compiled again.

use std::{ops::Range, sync::LazyLock};

use super::{
    classifier::{self, Vocabulary},
    concept,
    disguise::{Lexis, OwnWords, Slur, Targets},
    form::Form,
    hit::Found,
    normalize::View,
    pattern::{Pattern, Role, Source, Term},
    phrases::{self, Phrases, PhrasesBuilder},
    rule::Lexicon,
    terms::{Automaton, Place},
    text::Text,
};

/// Every lexicon and every concept that ships with the program. The owner of a pattern is the number of its lexicon or of
/// its concept.
pub(super) struct Shipped {
    phrases: Phrases,
    /// What is no phrase: what counts inside words, or with its accents only.
    automaton: Automaton,
    targets: Targets,
}

pub(super) static SHIPPED: LazyLock<Shipped> = LazyLock::new(|| {
    let mut phrases = PhrasesBuilder::default();
    let mut others = Vec::new();
    let mut add = |term: &Term, owner, role| {
        for (text, pattern) in Pattern::compile(term, owner, role) {
            others.extend(phrases.add(text, pattern).err());
        }
    };
    let mut slurs = Vec::new();
    for lexicon in Lexicon::ALL {
        for entry in lexicon.entries() {
            if entry.is_slur() {
                let letters = View::skeleton(&entry.text).text().to_owned();
                slurs.push(Slur { letters, is_accented: entry.exact });
            }
            add(&Term::from(entry), lexicon as usize, Role::Match);
        }
    }
    concept::shipped(|number, phrase| add(&Term::from(phrase), number, Role::Concept));
    let automaton = Automaton::new(others).expect("what ships with the program is compiled by a test");
    let targets = Targets::new(slurs, &classifier::disguised_words());
    Shipped { phrases: phrases.build(), automaton, targets }
});

impl Shipped {
    /// What the engine knows, with a vocabulary of ordinary words and a rule set's own words.
    pub(super) fn lexis<'a>(&'a self, vocabulary: &'a Vocabulary, own: Option<&'a OwnWords>) -> Lexis<'a> {
        Lexis { targets: &self.targets, phrases: &self.phrases, own, vocabulary }
    }
}

/// Which of the shipped words a rule set asks for, and for whom.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// By the number of a lexicon: the places of the rules that name it.
    lexicons: [Vec<usize>; Lexicon::ALL.len()],
    /// By the number of a concept: its place among the concepts of the set.
    concepts: Vec<Option<usize>>,
}

impl Asked {
    pub(super) fn lexicon(&mut self, lexicon: Lexicon, rule: usize) {
        self.lexicons[lexicon as usize].push(rule);
    }

    pub(super) fn concept(&mut self, number: usize, place: usize) {
        self.concepts.resize(self.concepts.len().max(number + 1), None);
        self.concepts[number] = Some(place);
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.concepts.is_empty() && self.lexicons.iter().all(Vec::is_empty)
    }

    /// Hands on what was found of the shipped words to whoever asked for it.
    fn take(&self, place: Place, near: bool, found: &mut Found) {
        let Place { owner, role, span } = place;
        if role == Role::Concept {
            // What is only near a phrase may be a slip, and a concept has no lesser verdict.
            let concept = self.concepts.get(owner).copied().flatten().filter(|_| !near);
            found.concepts.extend(concept.map(|concept| (concept, span)));
        } else {
            for &rule in &self.lexicons[owner] {
                found.push_near(rule, span.clone(), near);
            }
        }
    }

    /// Looks for the shipped words in a form. Of what is found, the reach says whether it counts and is only near.
    pub(super) fn search(
        &self,
        form: &Form,
        source: Source,
        text: &Text<'_>,
        reach: impl Fn(&Range<usize>) -> Option<bool>,
        found: &mut Found,
    ) {
        let shipped = &*SHIPPED;
        shipped.phrases.search(form, |phrases::Place { owner, role, at }| {
            let span = form.original(at);
            if let Some(near) = reach(&span) {
                self.take(Place { owner, role, span }, near, found);
            }
        });
        shipped.automaton.search(form, source, text, |place| {
            if let Some(near) = reach(&place.span) {
                self.take(place, near, found);
            }
        });
    }
}
