//! Rules that were compiled together.

use std::{
    collections::HashSet,
    fmt,
    ops::Range,
    sync::{Arc, LazyLock},
};

use aho_corasick::AhoCorasick;

use super::{
    error::{FieldProblem, RuleError},
    form::Form,
    lift,
    normalize::{Atoms, One, View, leet},
    pattern::{Pattern, Role, Source, Term},
    rule::{Action, Matching, Rule, RuleKind, State, Terms},
    verdict::{Match, Verdict},
};

/// Rules, and terms of all rules together, that a set may have.
const MAX_RULES: usize = 10_000;
const MAX_TERMS: usize = 500_000;
/// Characters of a name and of a term; of an example and of a note; entries of the lists beside the terms.
const MAX_SHORT: usize = 200;
const MAX_LONG: usize = 4_000;
const MAX_ENTRIES: usize = 1_000;
/// Letters of a term that is looked for within words.
const MIN_SUBSTRING: usize = 2;

/// Rules that were compiled together: a text is judged by one whole set. Cheap to clone.
#[derive(Clone)]
pub struct RuleSet {
    rules: Arc<[Rule]>,
    names: Arc<[Arc<str>]>,
    /// One automaton serves every view, because terms and views are compared in one form.
    automaton: AhoCorasick,
    /// Beside each of the automaton's patterns, what must hold where it was found.
    patterns: Arc<[Pattern]>,
}

/// A place where a rule matches.
pub(super) struct Hit {
    pub(super) rule: usize,
    pub(super) role: Role,
    pub(super) span: Range<usize>,
}

impl RuleSet {
    /// Compiles rules, and holds each to its own examples. Drafts and retired rules are checked for form only.
    ///
    /// # Errors
    /// What is wrong with which rule; a set is put in force whole or not at all.
    pub fn compile(rules: Vec<Rule>) -> Result<Self, RuleError> {
        if rules.len() > MAX_RULES {
            return Err(RuleError::TooMany(MAX_RULES));
        }
        let mut ids = HashSet::new();
        let mut needles = Vec::new();
        let mut patterns = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            if !ids.insert(rule.id) {
                return Err(RuleError::SameId(rule.id));
            }
            check_form(rule)?;
            for (needle, pattern) in
                terms(rule)?.into_iter().flat_map(|(term, role)| Pattern::compile(&term, at, role))
            {
                if rule.state.is_evaluated() {
                    needles.push(needle);
                    patterns.push(pattern);
                }
            }
            if patterns.len() > MAX_TERMS {
                return Err(RuleError::TooMany(MAX_TERMS));
            }
        }
        let names = rules.iter().map(|rule| rule.name.as_str().into()).collect();
        let automaton = AhoCorasick::new(needles)?;
        let set = Self { rules: rules.into(), names, automaton, patterns: patterns.into() };
        set.check_examples()?;
        Ok(set)
    }

    /// Reads and compiles a JSON array of rules: an operator's file.
    ///
    /// # Errors
    /// What is wrong with which rule.
    pub fn from_json(json: &[u8]) -> Result<Self, RuleError> {
        let values: Vec<serde_json::Value> = serde_json::from_slice(json).map_err(RuleError::NotAList)?;
        let mut rules = Vec::with_capacity(values.len());
        for (at, value) in values.into_iter().enumerate() {
            let name =
                value.get("name").and_then(|name| name.as_str()).unwrap_or("without a name").to_owned();
            let rule = serde_json::from_value(value).map_err(|source| RuleError::Unreadable {
                place: at + 1,
                name,
                source,
            })?;
            rules.push(rule);
        }
        Self::compile(rules)
    }

    /// The set that ships with the program, for when there are no other rules.
    pub fn starter() -> Self {
        static STARTER: LazyLock<RuleSet> = LazyLock::new(|| {
            RuleSet::from_json(include_bytes!("starter.json")).expect("the starter set is compiled by a test")
        });
        STARTER.clone()
    }

    /// The rules as they were written, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Judges a text.
    pub fn check(&self, text: &str) -> Verdict {
        let hits = self.hits(text);
        if hits.is_empty() {
            return Verdict::default();
        }
        let to_match = |hit: Hit| {
            let rule = &self.rules[hit.rule];
            Match {
                rule: rule.id,
                version: rule.version,
                name: Arc::clone(&self.names[hit.rule]),
                kind: rule.kind.name(),
                category: rule.category,
                action: rule.action,
                shadow: rule.state == State::Shadow,
                span: hit.span,
            }
        };
        let refusing = hits.into_iter().filter(|hit| self.rules[hit.rule].action != Action::Allow);
        Verdict::of(refusing.map(to_match).collect())
    }

    /// Where rules match, after what lifts them.
    fn hits(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.patterns.is_empty() {
            return hits;
        }
        let skeleton = View::skeleton(text);
        self.search(&skeleton, Source::Words, text, &mut hits);
        if let Some(view) = leet(&skeleton, One::I) {
            self.search(&view, Source::Words, text, &mut hits);
        }
        if skeleton.text().contains(['1', '!', '|'])
            && let Some(view) = leet(&skeleton, One::L)
        {
            self.search(&view, Source::Words, text, &mut hits);
        }
        let atoms = Atoms::of(&skeleton);
        if let Some(view) = atoms.spelled() {
            self.search(&view, Source::Spelled, text, &mut hits);
        }
        if let Some(view) = atoms.glued() {
            self.search(&view, Source::Glued, text, &mut hits);
        }
        if hits.is_empty() { hits } else { lift::lift(hits, &self.rules, text) }
    }

    fn search(&self, view: &View, source: Source, text: &str, hits: &mut Vec<Hit>) {
        let form = Form::of(view);
        for found in self.automaton.find_overlapping_iter(&form.text) {
            let pattern = &self.patterns[found.pattern()];
            if pattern.holds(&form, found.range(), source, text) {
                hits.push(Hit { rule: pattern.rule, role: pattern.role, span: form.original(found.range()) });
            }
        }
    }

    fn check_examples(&self) -> Result<(), RuleError> {
        for (at, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.state.is_evaluated()) {
            let matches = |text: &str| self.hits(text).iter().any(|hit| hit.rule == at);
            if let Some(place) = rule.must_match.iter().position(|text| !matches(text)) {
                return Err(field(rule, &format!("must_match[{place}]"), FieldProblem::NotMatched));
            }
            if let Some(place) = rule.must_not_match.iter().position(|text| matches(text)) {
                return Err(field(rule, &format!("must_not_match[{place}]"), FieldProblem::Matched));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RuleSet {
    /// How many, not which: a set may hold half a million terms.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleSet")
            .field("rules", &self.rules.len())
            .field("patterns", &self.patterns.len())
            .finish_non_exhaustive()
    }
}

impl Default for RuleSet {
    /// No rules: every text passes.
    fn default() -> Self {
        Self::compile(Vec::new()).expect("nothing can be wrong with no rules")
    }
}

fn field(rule: &Rule, field: &str, problem: FieldProblem) -> RuleError {
    RuleError::Field { rule: format!("{} ({})", rule.id, rule.name), field: field.to_owned(), problem }
}

fn check_form(rule: &Rule) -> Result<(), RuleError> {
    let bounded = |name: &str, text: &str, max| {
        let too_long = text.len() > max && text.chars().count() > max;
        if too_long { Err(field(rule, name, FieldProblem::TooLong(max))) } else { Ok(()) }
    };
    if rule.name.trim().is_empty() {
        return Err(field(rule, "name", FieldProblem::Empty));
    }
    bounded("name", &rule.name, MAX_SHORT)?;
    bounded("note", &rule.note, MAX_LONG)?;
    let examples = [("must_match", &rule.must_match), ("must_not_match", &rule.must_not_match)];
    for (name, list) in examples.into_iter().chain([("unless", &rule.unless)]) {
        if list.len() > MAX_ENTRIES {
            return Err(field(rule, name, FieldProblem::TooLong(MAX_ENTRIES)));
        }
        for (place, text) in list.iter().enumerate() {
            bounded(&format!("{name}[{place}]"), text, MAX_LONG)?;
        }
    }
    Ok(())
}

/// A rule's terms and the phrases that lift them, each held to what can be looked for.
fn terms(rule: &Rule) -> Result<Vec<(Term, Role)>, RuleError> {
    let mut terms = Vec::new();
    match &rule.kind {
        RuleKind::Terms(Terms::List { terms: list, .. }) if list.is_empty() => {
            return Err(field(rule, "terms", FieldProblem::Empty));
        }
        RuleKind::Terms(Terms::List { terms: list, matching }) => {
            for (place, text) in list.iter().enumerate() {
                check_term(text, *matching)
                    .map_err(|problem| field(rule, &format!("terms[{place}]"), problem))?;
                let term = Term::new(text, *matching);
                let term = if rule.action == Action::Allow { term.plain() } else { term };
                terms.push((term, Role::Match));
            }
        }
        RuleKind::Terms(Terms::Lexicon(lexicon)) => {
            terms.extend(lexicon.entries().into_iter().map(|entry| (Term::from(entry), Role::Match)));
        }
    }
    for (place, text) in rule.unless.iter().enumerate() {
        check_term(text, Matching::Word)
            .map_err(|problem| field(rule, &format!("unless[{place}]"), problem))?;
        terms.push((Term::new(text, Matching::Word).plain(), Role::Unless));
    }
    Ok(terms)
}

fn check_term(text: &str, matching: Matching) -> Result<(), FieldProblem> {
    // Before it is normalised, which may make it longer.
    if text.chars().nth(MAX_SHORT).is_some() {
        return Err(FieldProblem::TooLong(MAX_SHORT));
    }
    let form = Form::of(&View::skeleton(text));
    match form.len_in_letters() {
        0 => Err(FieldProblem::NothingToFind),
        letters if matching == Matching::Substring && letters < MIN_SUBSTRING => Err(FieldProblem::TooShort),
        _ => Ok(()),
    }
}
