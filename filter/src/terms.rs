//! Words and phrases: those of the rules that look for them, those that lift matches, and those of concepts.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

use super::{
    disguise::{OwnWords, OwnWordsBuilder},
    error::{FieldProblem, Problem, RuleError},
    form::Form,
    hit::{Found, Hit},
    normalize::View,
    pattern::{Pattern, Role, Source, Term},
    rule::{Action, Matching, Rule, RuleKind, Terms},
    shipped::{Asked, SHIPPED},
    text::Text,
};

/// Terms of all rules together.
const MAX_TERMS: usize = 500_000;
/// Characters of a term.
const MAX_LENGTH: usize = 200;
/// Bytes of terms that are looked for by a table: it takes about a hundred times as many.
const MAX_TABLED: usize = 8 << 10;
/// Letters of a term that is looked for within words.
const MIN_SUBSTRING: usize = 2;

/// Terms that are being collected.
#[derive(Default)]
pub(super) struct TermsBuilder {
    own: Vec<(String, Pattern)>,
    words: OwnWordsBuilder,
    asked: Asked,
}

impl TermsBuilder {
    pub(super) fn add(&mut self, compiled: Vec<(String, Pattern)>) {
        self.own.extend(compiled);
    }

    /// Asks for the phrases of a concept that ships with the program, by its number.
    pub(super) fn add_shipped_concept(&mut self, number: usize, place: usize) {
        self.asked.concept(number, place);
    }

    /// Adds what a rule looks for and what lifts its matches.
    pub(super) fn add_rule(&mut self, place: usize, rule: &Rule) -> Result<(), RuleError> {
        match &rule.kind {
            RuleKind::Terms(Terms::Lexicon(lexicon)) if rule.action != Action::Allow => {
                self.asked.lexicon(*lexicon, place);
            }
            RuleKind::Terms(terms) => {
                for term in terms_of(terms) {
                    let term = if rule.action == Action::Allow {
                        term.plain()
                    } else {
                        self.words.add(term.text());
                        term
                    };
                    self.add(Pattern::compile(&term, place, Role::Match));
                }
            }
            _ => {}
        }
        for phrase in &rule.unless {
            let term = Term::new(phrase, Matching::Word).plain();
            self.add(Pattern::compile(&term, place, Role::Unless));
        }
        self.check_size()
    }

    fn check_size(&self) -> Result<(), RuleError> {
        if self.own.len() > MAX_TERMS { Err(RuleError::TooMany(MAX_TERMS)) } else { Ok(()) }
    }

    pub(super) fn build(self) -> Result<TermIndex, RuleError> {
        // Concepts bring phrases of their own.
        self.check_size()?;
        if !self.asked.is_nothing() {
            LazyLock::force(&SHIPPED);
        }
        Ok(TermIndex { own: Automaton::new(self.own)?, words: self.words.build(), asked: self.asked })
    }
}

/// Holds a rule's terms, and the phrases that lift its matches, to what can be looked for.
pub(super) fn check_terms(rule: &Rule) -> Result<(), Problem> {
    match &rule.kind {
        RuleKind::Terms(Terms::List { terms, .. }) if terms.is_empty() => {
            return Err(Problem::new("terms", FieldProblem::Empty));
        }
        RuleKind::Terms(Terms::List { terms, .. }) if terms.len() > MAX_TERMS => {
            return Err(Problem::new("terms", FieldProblem::TooLong(MAX_TERMS)));
        }
        RuleKind::Terms(Terms::List { terms, matching }) => {
            for (place, text) in terms.iter().enumerate() {
                check_term(text, *matching)
                    .map_err(|problem| Problem::new(format!("terms[{place}]"), problem))?;
            }
        }
        _ => {}
    }
    for (place, text) in rule.unless.iter().enumerate() {
        check_term(text, Matching::Word)
            .map_err(|problem| Problem::new(format!("unless[{place}]"), problem))?;
    }
    Ok(())
}

pub(super) fn check_term(text: &str, matching: Matching) -> Result<(), FieldProblem> {
    // Before it is normalised, which may make it longer.
    if text.chars().nth(MAX_LENGTH).is_some() {
        return Err(FieldProblem::TooLong(MAX_LENGTH));
    }
    let form = Form::of(&View::skeleton(text));
    match form.len_in_letters() {
        0 => Err(FieldProblem::NothingToFind),
        letters if matching == Matching::Substring && letters < MIN_SUBSTRING => Err(FieldProblem::TooShort),
        _ => Ok(()),
    }
}

fn terms_of(terms: &Terms) -> Vec<Term> {
    match terms {
        Terms::List { terms, matching } => terms.iter().map(|text| Term::new(text, *matching)).collect(),
        Terms::Lexicon(lexicon) => lexicon.entries().into_iter().map(Term::from).collect(),
    }
}

/// Terms, compiled together. One automaton serves every view, because terms and views are compared in one form.
#[derive(Debug)]
pub(super) struct Automaton {
    automaton: AhoCorasick,
    /// Beside each of the automaton's patterns, what must hold where it was found.
    patterns: Box<[Pattern]>,
}

/// A place where a term is.
pub(super) struct Place {
    /// Whose term.
    pub(super) owner: usize,
    pub(super) role: Role,
    /// The bytes of the original.
    pub(super) span: Range<usize>,
}

impl Automaton {
    pub(super) fn new(compiled: Vec<(String, Pattern)>) -> Result<Self, BuildError> {
        let (needles, patterns): (Vec<String>, Vec<Pattern>) = compiled.into_iter().unzip();
        let bytes: usize = needles.iter().map(String::len).sum();
        // A table of every step is the fastest where it is small; or else deeper than by default: a text mostly goes
        // astray within the first letters of many terms.
        let kind = (bytes <= MAX_TABLED).then_some(AhoCorasickKind::DFA);
        let automaton = AhoCorasick::builder().kind(kind).dense_depth(3).build(needles)?;
        Ok(Self { automaton, patterns: patterns.into() })
    }

    pub(super) fn search(&self, form: &Form, source: Source, text: &Text<'_>, mut report: impl FnMut(Place)) {
        if self.patterns.is_empty() {
            return;
        }
        for at in self.automaton.find_overlapping_iter(&form.text) {
            let pattern = &self.patterns[at.pattern()];
            if pattern.holds(form, at.range(), source, text.original) {
                let span = form.original(at.range());
                report(Place { owner: pattern.rule, role: pattern.role, span });
            }
        }
    }
}

/// Every term of a rule set.
#[derive(Debug)]
pub(super) struct TermIndex {
    own: Automaton,
    /// The words of the rules' own terms.
    words: Option<OwnWords>,
    /// What it asks for of the words that ship with the program.
    asked: Asked,
}

impl TermIndex {
    /// Terms of the rules' own.
    pub(super) fn len(&self) -> usize {
        self.own.patterns.len()
    }

    /// The words of the rules' own terms.
    pub(super) fn words(&self) -> Option<&OwnWords> {
        self.words.as_ref()
    }

    /// Whether there is no term to look for.
    pub(super) fn is_nothing(&self) -> bool {
        self.own.patterns.is_empty() && self.asked.is_nothing()
    }

    /// Looks for every term in what is written, and in what it stands for.
    pub(super) fn search(&self, text: &Text<'_>, found: &mut Found) {
        if self.is_nothing() {
            return;
        }
        self.search_view(&text.skeleton, Source::Written, text, |_| Some(false), found);
        if let Some(repaired) = text.repaired(self.words()) {
            self.search_view(&repaired.view, Source::Repaired, text, |span| repaired.within(span), found);
        }
    }

    fn search_view(
        &self,
        view: &View,
        source: Source,
        text: &Text<'_>,
        reach: impl Fn(&Range<usize>) -> Option<bool>,
        found: &mut Found,
    ) {
        let form = Form::of(view);
        self.own.search(&form, source, text, |Place { owner, role, span }| {
            let Some(near) = reach(&span) else { return };
            match role {
                Role::Concept if near => {}
                Role::Concept => found.concepts.push((owner, span)),
                role => found.hits.push(Hit { rule: owner, role, span, score: None, near }),
            }
        });
        if !self.asked.is_nothing() {
            self.asked.search(&form, source, text, reach, found);
        }
    }
}
