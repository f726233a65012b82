//! One term, compiled: what the automaton looks for, and what must hold where it was found.

use std::ops::Range;

use super::{
    form::{Form, is_gap},
    lexicon::Entry,
    normalize::View,
    rule::Matching,
};

/// What a match of a pattern is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The rule matches.
    Match,
    /// A match of the rule is lifted.
    Unless,
}

/// Which view a form was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The skeleton, or its leet tokens read as words.
    Words,
    /// Nothing but words whose letters were spelled apart.
    Spelled,
    /// Nothing but words that punctuation had broken.
    Glued,
}

/// How a term is written and where it counts.
#[derive(Debug, Clone)]
pub(super) struct Term {
    text: String,
    /// Whether it begins, and ends, where a word does.
    edges: (bool, bool),
    /// Accents count.
    exact: bool,
    /// Whether a letter that is doubled may be one, and a phrase written as one word. A moderator's `desert` is not
    /// `dessert`, nor `the rapist` a therapist; the words of a lexicon are known not to collide.
    loose: bool,
    /// Whether only the term as it is written counts. Words that lift a match are: or else `Niger` would lift the slur
    /// that `niiiggger` is.
    plain: bool,
}

impl Term {
    /// A moderator's term.
    pub(super) fn new(text: &str, matching: Matching) -> Self {
        let whole = matching == Matching::Word;
        Self { text: text.to_owned(), edges: (whole, whole), exact: false, loose: false, plain: false }
    }

    /// The same, not to be found in any disguise.
    pub(super) fn plain(self) -> Self {
        Self { plain: true, ..self }
    }
}

impl From<Entry> for Term {
    fn from(entry: Entry) -> Self {
        Self { edges: (true, !entry.open), exact: entry.exact, loose: true, plain: false, text: entry.text }
    }
}

/// A term, compiled.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The place of its rule in the set.
    pub(super) rule: usize,
    pub(super) role: Role,
    edges: (bool, bool),
    runs: Box<[u8]>,
    letters: usize,
    /// A run at least this long may stand for a shorter one.
    stretched: Option<u8>,
    /// Counts only where nothing was spelled apart or broken.
    plain: bool,
    /// A phrase written as one word, looked for only where words were put together.
    only_joined: bool,
    /// The folded text, accents and all, that must be there.
    exact: Option<Box<str>>,
}

/// Below this, a term put together from pieces is chance.
const MIN_GLUED: usize = 5;
/// A phrase shorter than this may be a word when its spaces are left out.
const MIN_PHRASE: usize = 8;
/// A phrase of more words is hardly ever written as one: `mortauxjuifs` is.
const MAX_GAPS: usize = 2;
/// Words of one letter, which may stand before or behind a word whose letters are spelled apart.
const ONE_LETTER_WORDS: [char; 5] = ['a', 'i', 'o', 'u', 'y'];

impl Pattern {
    /// What the automaton looks for, and what must hold; for a phrase, also the phrase as one word.
    pub(super) fn compile(term: &Term, owner: usize, role: Role) -> Vec<(String, Self)> {
        let form = Form::of(&View::skeleton(&term.text));
        let exact = term.exact.then(|| exact_form(&term.text).into_boxed_str());
        let pattern = |form: &Form, only_joined| Self {
            rule: owner,
            role,
            edges: term.edges,
            runs: form.runs.as_slice().into(),
            letters: form.len_in_letters(),
            stretched: match form.len_in_letters() {
                _ if term.plain => None,
                MIN_GLUED.. if term.loose => Some(2),
                _ => Some(3),
            },
            plain: term.plain,
            only_joined,
            exact: exact.clone(),
        };
        let joined = form.without_gaps();
        let mut patterns = vec![(form.text.clone(), pattern(&form, false))];
        let gaps = form.text.chars().filter(|&c| is_gap(c)).count();
        if (1..=MAX_GAPS).contains(&gaps) && joined.len_in_letters() >= MIN_PHRASE {
            let pattern = pattern(&joined, !term.loose);
            patterns.push((joined.text, pattern));
        }
        patterns
    }

    /// Whether the term really is where the automaton found its letters.
    pub(super) fn holds(&self, form: &Form, at: Range<usize>, source: Source, original: &str) -> bool {
        self.counts_in(source)
            && self.has_edges(form, &at, source)
            && self.has_runs(&form.text.as_bytes()[at.clone()], &form.runs[at.clone()])
            && self.exact.as_deref().is_none_or(|exact| exact_form(&original[form.original(at)]) == exact)
    }

    fn counts_in(&self, source: Source) -> bool {
        match source {
            Source::Words => !self.only_joined,
            Source::Spelled => !self.plain,
            Source::Glued => !self.plain && self.letters >= MIN_GLUED,
        }
    }

    fn has_edges(&self, form: &Form, at: &Range<usize>, source: Source) -> bool {
        let is_edge = |place| match source {
            // Nobody spells out a longer word that happens to hold one of five letters.
            Source::Spelled => {
                self.letters >= MIN_GLUED || is_spelled_edge(&form.text, place, self.letters > 3)
            }
            Source::Words | Source::Glued => form.is_edge(place),
        };
        (!self.edges.0 || is_edge(at.start)) && (!self.edges.1 || is_edge(at.end))
    }

    fn has_runs(&self, text: &[u8], runs: &[u8]) -> bool {
        text.iter().zip(runs).zip(&self.runs).all(|((byte, &run), &least)| {
            run == least
                || (run > least && self.stretched.is_some_and(|long| run >= long) && !byte.is_ascii_digit())
        })
    }
}

/// Whether a word begins or ends here among spelled letters: at an end of them, or with a word of one letter between.
fn is_spelled_edge(text: &str, at: usize, may_have_neighbour: bool) -> bool {
    let is_end = |c: Option<char>| c.is_none_or(is_gap);
    let is_outside = |near: Option<char>, far: Option<char>| {
        let is_neighbour = near.is_some_and(|c| ONE_LETTER_WORDS.contains(&c)) && is_end(far);
        is_end(near) || (may_have_neighbour && is_neighbour)
    };
    let mut before = text[..at].chars().rev();
    let mut after = text[at..].chars();
    is_outside(before.next(), before.next()) || is_outside(after.next(), after.next())
}

/// The folded form without gaps: accents count, spaces do not.
fn exact_form(text: &str) -> String {
    Form::of(&View::folded(text)).without_gaps().text
}
