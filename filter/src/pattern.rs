//! One term, compiled: what the automaton looks for, and what must hold where it was found.

use std::{ops::Range, sync::Arc};

use super::{
    disguise::{is_glued, is_ordinary},
    form::{Form, is_gap},
    lexicon::{Boundary, Entry},
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
    /// A concept is touched.
    Concept,
}

/// Which view a form was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// What is written.
    Written,
    /// The same with disguised words as what they stand for.
    Repaired,
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
    glue: Glue,
    /// What makes an idiom of it where it follows, as forms.
    idioms: Arc<[String]>,
}

/// Whether a term counts inside a longer word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glue {
    /// It does not.
    None,
    /// Where the rest of the word is other words.
    Words,
    /// In any word that is not ordinary.
    Any,
}

impl Term {
    /// A moderator's term.
    pub(super) fn new(text: &str, matching: Matching) -> Self {
        let whole = matching == Matching::Word;
        let text = text.to_owned();
        Self {
            text,
            edges: (whole, whole),
            exact: false,
            loose: false,
            plain: false,
            glue: Glue::None,
            idioms: Arc::default(),
        }
    }

    /// The term as it was given.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The same, not to be found in any disguise.
    pub(super) fn plain(self) -> Self {
        Self { plain: true, ..self }
    }
}

impl From<Entry> for Term {
    fn from(entry: Entry) -> Self {
        let glue = match entry.boundary {
            Boundary::Glued => Glue::Any,
            _ if entry.is_plain_slur() => Glue::Words,
            _ => Glue::None,
        };
        let edges = (true, entry.boundary == Boundary::Word);
        Self {
            edges,
            exact: entry.exact,
            loose: true,
            plain: false,
            glue,
            text: entry.text,
            idioms: entry.idioms,
        }
    }
}

/// A term, compiled.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The place of its rule in the set.
    pub(super) rule: usize,
    pub(super) role: Role,
    edges: (bool, bool),
    pub(super) runs: Box<[u8]>,
    pub(super) letters: usize,
    /// A run at least this long may stand for a shorter one.
    stretched: Option<u8>,
    /// Counts only as it is written.
    plain: bool,
    /// A phrase written as one word, looked for only where words were repaired.
    only_joined: bool,
    /// For each byte, whether its letter has an accent that must be there.
    accents: Option<Box<[bool]>>,
    glue: Glue,
    pub(super) idioms: Arc<[String]>,
}

/// Below this, a term put together from pieces is chance.
const MIN_GLUED: usize = 5;
/// A phrase shorter than this may be a word when its spaces are left out.
const MIN_PHRASE: usize = 8;
/// A phrase of more words is hardly ever written as one: `mortauxjuifs` is.
const MAX_GAPS: usize = 2;
impl Pattern {
    /// What the automaton looks for, and what must hold; for a phrase, also the phrase as one word.
    pub(super) fn compile(term: &Term, owner: usize, role: Role) -> Vec<(String, Self)> {
        let form = Form::of(&View::skeleton(&term.text));
        let accents = term.exact.then(|| accents(&form, &term.text));
        let pattern = |form: &Form, only_joined| Self {
            rule: owner,
            role,
            edges: term.edges,
            runs: form.runs.as_slice().into(),
            letters: form.len_in_letters(),
            stretched: match form.len_in_letters() {
                _ if term.plain => None,
                letters if term.loose => Some(loose(letters)),
                _ => Some(3),
            },
            plain: term.plain,
            only_joined,
            accents: accents.clone(),
            glue: term.glue,
            idioms: Arc::clone(&term.idioms),
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
            && self.is_in_place(form, &at)
            && !is_idiom(&self.idioms, form, at.end)
            && self.has_accents(form, at, original)
    }

    /// Whether it is words of a lexicon or a concept that count as a whole: all of what it holds by follows from its
    /// letters and runs.
    pub(super) fn is_phrase(&self) -> bool {
        let is_loose = self.stretched == Some(loose(self.letters)) && !self.only_joined && !self.plain;
        is_loose && self.edges == (true, true) && self.accents.is_none() && self.glue == Glue::None
    }

    fn is_in_place(&self, form: &Form, at: &Range<usize>) -> bool {
        if self.has_edges(form, at) {
            return self.has_runs(form, at.clone());
        }
        // Its first and last letter may be those of its neighbours too.
        self.glue != Glue::None && self.has_runs(form, at.start + 1..at.end - 1) && self.is_glued(form, at)
    }

    /// Whether the term counts though its word is longer.
    fn is_glued(&self, form: &Form, at: &Range<usize>) -> bool {
        let (before, after) = form.rest_of_word(at);
        match self.glue {
            Glue::Any if before.is_empty() || self.letters > MIN_GLUED => {
                !is_ordinary(&form.written(at.start - before.len()..at.end + after.len()))
            }
            _ => {
                let is_spare = |place: usize, own: usize| form.runs[place] > self.runs[own];
                let first = if is_spare(at.start, 0) { &form.text[at.start..=at.start] } else { "" };
                let is_spare_at_end = is_spare(at.end - 1, self.runs.len() - 1);
                let last = if is_spare_at_end { &form.text[at.end - 1..at.end] } else { "" };
                let (before, after) = (
                    form.written(at.start - before.len()..at.start),
                    form.written(at.end..at.end + after.len()),
                );
                is_glued(&before, &after, first, last)
            }
        }
    }

    /// Whether the letters that must have an accent do, or are not plain letters at all: `p3d3` is no Spanish word.
    fn has_accents(&self, form: &Form, at: Range<usize>, original: &str) -> bool {
        let Some(accents) = &self.accents else { return true };
        let is_plain =
            |place: usize| original[form.original(place..place + 1)].chars().all(|c| c.is_ascii_alphabetic());
        at.zip(accents).all(|(place, &has_accent)| !has_accent || !is_plain(place))
    }

    fn counts_in(&self, source: Source) -> bool {
        match source {
            Source::Written => !self.only_joined,
            Source::Repaired => !self.plain,
        }
    }

    fn has_edges(&self, form: &Form, at: &Range<usize>) -> bool {
        (!self.edges.0 || form.is_edge(at.start)) && (!self.edges.1 || form.is_edge(at.end))
    }

    /// Whether letters are repeated as often as in the term, of whose letters these are the middle.
    fn has_runs(&self, form: &Form, at: Range<usize>) -> bool {
        let runs = &self.runs[(self.runs.len() - at.len()) / 2..];
        at.zip(runs).all(|(place, &least)| is_run(form, place, least, self.stretched))
    }
}

/// How long a run stands for a shorter one in words that are known not to collide with others.
pub(super) fn loose(letters: usize) -> u8 {
    if letters >= MIN_GLUED { 2 } else { 3 }
}

/// Whether a letter is repeated as often as in a term, or `stretched`.
#[inline]
pub(super) fn is_run(form: &Form, place: usize, least: u8, stretched: Option<u8>) -> bool {
    let run = form.runs[place];
    run == least
        || (run > least
            && stretched.is_some_and(|long| run >= long)
            && !form.text.as_bytes()[place].is_ascii_digit())
}

/// Whether words follow with which a term means no harm.
pub(super) fn is_idiom(idioms: &[String], form: &Form, end: usize) -> bool {
    if idioms.is_empty() {
        return false;
    }
    let Some(behind) = form.text[end..].strip_prefix(' ') else { return false };
    idioms.iter().any(|idiom| behind.starts_with(&**idiom) && form.is_edge(end + 1 + idiom.len()))
}

/// For each byte of a term's form, whether its letter is written with an accent.
fn accents(form: &Form, text: &str) -> Box<[bool]> {
    (0..form.text.len()).map(|at| !text[form.original(at..at + 1)].is_ascii()).collect()
}
