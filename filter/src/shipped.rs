//! The words that ship with the program, compiled once for every rule set: there are a hundred thousand and more of
//! them, and a moderator who publishes a rule does not wait for them to be compiled again.

use std::sync::LazyLock;

use super::{
    concept,
    disguise::Disguises,
    form::Form,
    hit::{Found, Hit},
    lexicon::Entry,
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
    disguises: Disguises,
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
                slurs.push((Entry::clone(&entry), lexicon as usize));
            }
            add(&Term::from(entry), lexicon as usize, Role::Match);
        }
    }
    concept::shipped(|number, phrase| add(&Term::from(phrase), number, Role::Concept));
    let automaton = Automaton::new(others).expect("what ships with the program is compiled by a test");
    Shipped { phrases: phrases.build(), automaton, disguises: Disguises::new(slurs) }
});

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
    fn take(&self, place: Place, found: &mut Found) {
        let Place { owner, role, span } = place;
        if role == Role::Concept {
            let concept = self.concepts.get(owner).copied().flatten();
            found.concepts.extend(concept.map(|concept| (concept, span)));
        } else {
            for &rule in &self.lexicons[owner] {
                found.push(rule, span.clone());
            }
        }
    }

    /// Looks for the shipped words in a form.
    pub(super) fn search(&self, form: &Form, source: Source, text: &Text<'_>, found: &mut Found) {
        let shipped = &*SHIPPED;
        shipped.phrases.search(form, source, |phrases::Place { owner, role, at }| {
            self.take(Place { owner, role, span: form.original(at) }, found);
        });
        shipped.automaton.search(form, source, text, |place| self.take(place, found));
    }

    /// Looks for slurs that are disguised in a view.
    pub(super) fn search_disguises(&self, view: &View, text: &Text<'_>, found: &mut Found) {
        SHIPPED.disguises.search(view, text.original, |disguised| {
            let span = view.original(disguised.at);
            let rules = disguised.rules.iter().flat_map(|&lexicon| &self.lexicons[lexicon]);
            let hit = |&rule| Hit {
                rule,
                role: Role::Match,
                span: span.clone(),
                score: None,
                near: disguised.near,
            };
            found.hits.extend(rules.map(hit));
        });
    }
}
