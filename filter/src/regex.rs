//! Patterns: regular expressions without backtracking, in time linear in the text.
//!
//! Thousands of them stay fast because most are not run: `literal` finds for each pattern a few strings of which any
//! match holds one, one automaton a view looks for all of them, and a pattern is run where one of its own was found.
//! Those without go together into one set a view.

mod literal;

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex_automata::{MatchKind, PatternSet, meta, util::syntax};
use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Literal,
};

use super::{
    error::{FieldProblem, Problem, RuleError},
    normalize::View,
    rule::{Pattern, PatternView},
    text::Text,
    verdict::Verdict,
};

/// Bytes of a pattern, as written and compiled; bytes of all patterns compiled, beside those of each set.
const MAX_SOURCE: usize = 1024;
const MAX_COMPILED: usize = 1 << 20;
const MAX_ALL: usize = 256 << 20;
const MAX_SET: usize = 8 << 20;
/// Bytes of all literals of a view that are looked for by a table: it takes about a hundred times as many.
const MAX_TABLED: usize = 64 << 10;
/// Parentheses within parentheses.
const MAX_NESTED: u32 = 50;
/// Places where every pattern is found in one text, and how many beyond these all patterns of a view together are: a
/// mask covers them, and an allowing rule that lifts the first ones does not hide the last.
const MAX_FOUND: usize = Verdict::MAX_MATCHES;
const MAX_BEYOND: usize = 4_096;

/// Patterns that are being collected.
#[derive(Debug, Default)]
pub(super) struct RegexesBuilder {
    /// In the order of [`PatternView`].
    views: [Group; 3],
    bytes: usize,
}

/// The patterns of one view.
#[derive(Debug, Default)]
struct Group {
    patterns: Vec<(usize, Arc<Compiled>)>,
    /// What is looked for first, and for which pattern.
    literals: HashMap<Vec<u8>, Vec<u32>>,
    /// Places of the patterns that must always be run.
    always: Vec<u32>,
}

/// A pattern, compiled. A set that is published shares with the set before it what they have in common.
#[derive(Debug)]
struct Compiled {
    regex: meta::Regex,
    first: First,
}

/// What is looked for before a pattern is run.
#[derive(Debug)]
enum First {
    /// One of these strings.
    Literals(Vec<Vec<u8>>),
    /// The pattern itself, in one set with others.
    Itself(Hir),
}

impl RegexesBuilder {
    /// Adds a rule.
    pub(super) fn add(&mut self, rule: usize, spec: &Pattern) -> Result<(), Problem> {
        let problem = |problem| Problem::new("pattern", problem);
        let compiled = compile(spec).map_err(problem)?;
        self.bytes += compiled.regex.memory_usage();
        if self.bytes > MAX_ALL {
            return Err(problem(FieldProblem::TooManyPatterns(MAX_ALL)));
        }
        let group = &mut self.views[spec.view as usize];
        let place = u32::try_from(group.patterns.len()).expect("a set has fewer rules");
        match &compiled.first {
            First::Literals(literals) => {
                for literal in literals {
                    group.literals.entry(literal.clone()).or_default().push(place);
                }
            }
            First::Itself(_) => group.always.push(place),
        }
        group.patterns.push((rule, compiled));
        Ok(())
    }

    pub(super) fn build(self) -> Result<Regexes, RuleError> {
        let [folded, skeleton, original] = self.views;
        Ok(Regexes { folded: folded.build()?, skeleton: skeleton.build()?, original: original.build()? })
    }
}

/// Holds a pattern to what can be run.
pub(super) fn check(spec: &Pattern) -> Result<(), Problem> {
    compile(spec).map(|_| ()).map_err(|problem| Problem::new("pattern", problem))
}

/// Compiles a pattern, or finds it as some set in force has it.
fn compile(spec: &Pattern) -> Result<Arc<Compiled>, FieldProblem> {
    /// Whether in lower case, and its source.
    type Key = (bool, Box<str>);
    /// Every pattern that is held by a set, and for a while some that are not.
    static HELD: LazyLock<Mutex<HashMap<Key, Weak<Compiled>>>> = LazyLock::new(Mutex::default);

    let held = || HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let key: Key = (spec.view != PatternView::Original, spec.pattern.as_str().into());
    if let Some(compiled) = held().get(&key).and_then(Weak::upgrade) {
        return Ok(compiled);
    }
    let compiled = Arc::new(compile_anew(&spec.pattern, key.0)?);
    let mut held = held();
    if held.len() == held.capacity() {
        held.retain(|_, compiled| compiled.strong_count() > 0);
    }
    held.insert(key, Arc::downgrade(&compiled));
    Ok(compiled)
}

fn compile_anew(source: &str, in_lower_case: bool) -> Result<Compiled, FieldProblem> {
    if source.is_empty() {
        return Err(FieldProblem::Empty);
    }
    if source.len() > MAX_SOURCE {
        return Err(FieldProblem::TooLong(MAX_SOURCE));
    }
    let syntax = syntax::Config::new().nest_limit(MAX_NESTED);
    let hir = syntax::parse_with(source, &syntax).map_err(|error| {
        // Not all of what it shows: that draws the pattern again, on lines of its own.
        FieldProblem::NotAPattern(match &error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            other => other.to_string(),
        })
    })?;
    let hir = if in_lower_case { lower_case(hir) } else { hir };
    if hir.properties().minimum_len().is_none_or(|least| least == 0) {
        return Err(FieldProblem::MatchesNothing);
    }
    let regex = meta::Builder::new()
        .configure(config(MAX_COMPILED))
        .build_from_hir(&hir)
        .map_err(|_| FieldProblem::TooLarge(MAX_COMPILED))?;
    let first = literal::required(&hir).map_or(First::Itself(hir), First::Literals);
    Ok(Compiled { regex, first })
}

/// What a pattern looks for in a view of lower case: `Western` is `western`, and `[A-Z]` is any letter. A pattern has at
/// most [`MAX_NESTED`] levels.
fn lower_case(hir: Hir) -> Hir {
    let all = |hirs: Vec<Hir>| hirs.into_iter().map(lower_case).collect();
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(Literal(bytes)) => match std::str::from_utf8(&bytes) {
            Ok(text) => Hir::literal(text.to_lowercase().into_bytes()),
            Err(_) => Hir::literal(bytes),
        },
        HirKind::Class(Class::Unicode(mut class)) => {
            class.case_fold_simple();
            // A view has none of these, and without them a pattern needs fewer strings.
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new('A', 'Z')]));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(Class::Bytes(mut class)) => {
            class.case_fold_simple();
            class.difference(&ClassBytes::new([ClassBytesRange::new(b'A', b'Z')]));
            Hir::class(Class::Bytes(class))
        }
        HirKind::Look(look) => Hir::look(look),
        HirKind::Repetition(mut repetition) => {
            repetition.sub = Box::new(lower_case(*repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(mut capture) => {
            capture.sub = Box::new(lower_case(*capture.sub));
            Hir::capture(capture)
        }
        HirKind::Concat(hirs) => Hir::concat(all(hirs)),
        HirKind::Alternation(hirs) => Hir::alternation(all(hirs)),
    }
}

fn config(limit: usize) -> meta::Config {
    meta::Config::new()
        .nfa_size_limit(Some(limit))
        .onepass_size_limit(Some(limit))
        .dfa_size_limit(Some(limit))
}

impl Group {
    fn build(self) -> Result<Option<Search>, RuleError> {
        if self.patterns.is_empty() {
            return Ok(None);
        }
        let (needles, owners): (Vec<_>, Vec<_>) =
            self.literals.into_iter().map(|(literal, owners)| (literal, owners.into())).unzip();
        let hirs: Vec<&Hir> = self
            .always
            .iter()
            .filter_map(|&place| match &self.patterns[place as usize].1.first {
                First::Itself(hir) => Some(hir),
                First::Literals(_) => None,
            })
            .collect();
        let set = if hirs.is_empty() {
            None
        } else {
            let config = config(MAX_SET).match_kind(MatchKind::All);
            let set = meta::Builder::new().configure(config).build_many_from_hir(&hirs);
            Some(set.map_err(|_| RuleError::TooManySlow(MAX_SET))?)
        };
        let bytes: usize = needles.iter().map(Vec::len).sum();
        // A table of every step is the fastest, and small enough for thousands of patterns.
        let kind = (bytes <= MAX_TABLED).then_some(AhoCorasickKind::DFA);
        let literals = AhoCorasick::builder().kind(kind).build(needles)?;
        Ok(Some(Search { patterns: self.patterns.into(), literals, owners, always: self.always, set }))
    }
}

/// Every pattern of a rule set.
#[derive(Debug)]
pub(super) struct Regexes {
    folded: Option<Search>,
    skeleton: Option<Search>,
    original: Option<Search>,
}

/// The patterns of one view, ready.
#[derive(Debug)]
struct Search {
    patterns: Box<[(usize, Arc<Compiled>)]>,
    literals: AhoCorasick,
    /// Beside each literal, the places of the patterns that it is for.
    owners: Vec<Box<[u32]>>,
    always: Vec<u32>,
    set: Option<meta::Regex>,
}

impl Regexes {
    /// Runs every pattern that may match.
    pub(super) fn search(&self, text: &Text<'_>, mut push: impl FnMut(usize, Range<usize>)) {
        let mut in_view = |search: &Search, view: &View| {
            search.run(view.text(), |rule, at| push(rule, view.original(at)));
        };
        if let Some(search) = &self.folded {
            in_view(search, text.folded());
        }
        if let Some(search) = &self.skeleton {
            in_view(search, &text.skeleton);
        }
        if let Some(search) = &self.original {
            search.run(text.original, push);
        }
    }
}

impl Search {
    fn run(&self, text: &str, mut push: impl FnMut(usize, Range<usize>)) {
        let mut places: Vec<u32> = Vec::new();
        for found in self.literals.find_overlapping_iter(text) {
            places.extend(&self.owners[found.pattern()]);
        }
        if let Some(set) = &self.set {
            let mut matched = PatternSet::new(self.always.len());
            set.which_overlapping_matches(&text.into(), &mut matched);
            places.extend(matched.iter().map(|at| self.always[at.as_usize()]));
        }
        places.sort_unstable();
        places.dedup();
        let mut beyond = 0;
        for place in places {
            let (rule, compiled) = &self.patterns[place as usize];
            for (at, found) in compiled.regex.find_iter(text).enumerate() {
                if at >= MAX_FOUND {
                    if beyond == MAX_BEYOND {
                        break;
                    }
                    beyond += 1;
                }
                push(*rule, found.range());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::PatternView;

    #[test]
    fn views_are_in_their_order() {
        assert_eq!(
            [PatternView::Folded, PatternView::Skeleton, PatternView::Original].map(|view| view as usize),
            [0, 1, 2]
        );
    }
}
