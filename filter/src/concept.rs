//! Concepts: ways to say one thing, harmless by itself. A rule names several, and matches where a sender says enough of
//! them close together, in one message or across their last ones in a room.
//!
//! Those that ship with the program are in `concepts_en.txt` and `concepts_fr.txt`: `[name]` begins one, and the lines
//! below it are in the notation of the lexicons (`lexicon.rs`). One name has phrases in both. What the starter rules put
//! together besides is in `scam_en.txt` and `scam_fr.txt`, which add to them.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use super::{
    error::{FieldProblem, Problem},
    lexicon::{self, Entry},
    negation,
    normalize::is_blank,
    pattern::{Pattern, Role, Term},
    recall::{Earlier, Touch, keyed},
    retelling::Retelling,
    rule::{Concepts, Matching},
    terms::{TermsBuilder, check_term},
    text::Text,
};

/// Names that one rule asks for, phrases of one that it defines, and words that they may lie apart.
const MAX_NAMES: usize = 64;
const MAX_PHRASES: usize = 1_000;
const MAX_WORDS: u32 = 100_000;

const SHIPPED: [&str; 4] = [
    include_str!("concept/concepts_en.txt"),
    include_str!("concept/concepts_fr.txt"),
    include_str!("concept/scam_en.txt"),
    include_str!("concept/scam_fr.txt"),
];

/// Names of the shipped concepts, in their order.
static NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| forms().map(|(name, _)| name).collect());

/// Each form of the lists, with the name of its concept.
fn forms() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut name = "";
    let lines = SHIPPED.into_iter().flat_map(str::lines);
    let named = lines.filter_map(move |line| {
        let line = line.split('#').next().unwrap_or(line).trim();
        let heading = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        name = heading.unwrap_or(name);
        heading.is_none().then_some((name, line))
    });
    let forms = named.flat_map(|(name, line)| line.split(',').map(move |form| (name, form.trim())));
    forms.filter(|(name, form)| !name.is_empty() && !form.is_empty())
}

/// Names of the concepts that ship with the program.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

/// Calls back with each phrase of the concepts that ship with the program, and the place of its concept among [`names`].
/// They are many, and nobody keeps them as they are written.
pub(super) fn shipped(mut report: impl FnMut(usize, Entry)) {
    let mut phrases = Vec::new();
    for (name, form) in forms() {
        let Some(number) = names().position(|other| other == name) else { continue };
        lexicon::phrases(form, &mut phrases);
        phrases.drain(..).for_each(|phrase| report(number, phrase));
    }
}

/// The concepts of a rule set, and the rules that ask for them.
#[derive(Debug, Default)]
pub(super) struct ConceptRules {
    /// A hash of each concept's name, and of its phrases where a rule defines it.
    concepts: Vec<u64>,
    rules: Vec<ConceptRule>,
}

#[derive(Debug)]
struct ConceptRule {
    rule: usize,
    of: Vec<u64>,
    at_least: usize,
    within: i64,
}

impl ConceptRules {
    /// Adds a rule, and its phrases to the terms.
    pub(super) fn add(&mut self, rule: usize, spec: &Concepts, terms: &mut TermsBuilder) {
        let mut of = Vec::with_capacity(spec.of.len());
        for name in &spec.of {
            of.push(self.look_for(name, spec.define.get(name), terms));
        }
        let within = spec.within_words.map_or(i64::MAX, i64::from);
        self.rules.push(ConceptRule { rule, of, at_least: spec.at_least, within });
    }

    /// Has a concept looked for, with the phrases that a rule defines it by or the shipped ones; returns its hash.
    pub(super) fn look_for(
        &mut self,
        name: &str,
        defined: Option<&Vec<String>>,
        terms: &mut TermsBuilder,
    ) -> u64 {
        // Two rules may mean different things by one name.
        let concept =
            defined.map_or_else(|| keyed(name), |phrases| keyed(format!("{name}\n{}", phrases.join("\n"))));
        if !self.concepts.contains(&concept) {
            let place = self.concepts.len();
            self.concepts.push(concept);
            for phrase in defined.into_iter().flatten() {
                terms.add(Pattern::compile(&Term::new(phrase, Matching::Word), place, Role::Concept));
            }
            if let (None, Some(number)) = (defined, names().position(|shipped| shipped == name)) {
                terms.add_shipped_concept(number, place);
            }
        }
        concept
    }

    /// Whether no rule asks for concepts that were touched before.
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What a text touches, of the places where phrases were found: what it neither denies nor tells of others.
    pub(super) fn touched(&self, found: Vec<(usize, Range<usize>)>, text: &Text<'_>) -> Vec<Touched> {
        let mut touched = Vec::with_capacity(found.len());
        if found.is_empty() {
            return touched;
        }
        let retelling = Retelling::of(&text.words());
        for (place, span) in found {
            let words = text.words().within(&span);
            if negation::is_denied(&text.words(), &words) || retelling.covers(words.start) {
                continue;
            }
            let concept = self.concepts[place];
            touched.push(Touched { concept, word: words.end.saturating_sub(1), span });
        }
        touched.sort_unstable_by_key(|touch| (touch.word, touch.span.start));
        touched
    }

    /// Where rules match: the places in this text that are part of enough.
    pub(super) fn matches(
        &self,
        touched: &[Touched],
        earlier: &Earlier,
        mut push: impl FnMut(usize, Range<usize>),
    ) {
        if touched.is_empty() || self.rules.is_empty() {
            return;
        }
        // One line of words: what was said before lies before zero.
        let mut line: Vec<(i64, u64)> =
            earlier.concepts().map(|(concept, words_ago)| (-i64::from(words_ago), concept)).collect();
        line.sort_unstable();
        for rule in &self.rules {
            rule.matches(touched, &line, &mut push);
        }
    }
}

impl ConceptRule {
    fn matches(
        &self,
        touched: &[Touched],
        earlier: &[(i64, u64)],
        push: &mut impl FnMut(usize, Range<usize>),
    ) {
        if !touched.iter().any(|touch| self.of.contains(&touch.concept)) {
            return;
        }
        let here = touched.iter().map(|touch| (place(touch.word), touch.span.start, touch.concept));
        let line: Vec<(i64, usize, u64)> = earlier
            .iter()
            .map(|&(place, concept)| (place, 0, concept))
            .chain(here)
            .filter(|(.., concept)| self.of.contains(concept))
            .collect();
        // How often each concept is between the two ends of a window that goes over the line.
        let mut inside = vec![0_usize; self.of.len()];
        let slot = |concept: u64| self.of.iter().position(|&of| of == concept).unwrap_or(0);
        let mut first = 0;
        // The phrases between them: one of two concepts is one sign, not two.
        let mut phrases = 0_usize;
        let is_another =
            |one: usize, other: usize| (line[one].0, line[one].1) != (line[other].0, line[other].1);
        let mut windows: Vec<(i64, i64)> = Vec::new();
        for (at, &(end, _, concept)) in line.iter().enumerate() {
            inside[slot(concept)] += 1;
            phrases += usize::from(at == first || is_another(at - 1, at));
            while end - line[first].0 > self.within {
                inside[slot(line[first].2)] -= 1;
                phrases -= usize::from(is_another(first, first + 1));
                first += 1;
            }
            let concepts = inside.iter().filter(|&&times| times > 0).count();
            if end >= 0 && concepts.min(phrases) >= self.at_least {
                windows.push((line[first].0, end));
            }
        }
        for touch in touched.iter().filter(|touch| self.of.contains(&touch.concept)) {
            let at = place(touch.word);
            // Windows begin and end in order: the first that ends behind a place begins before any other does.
            let behind = windows.partition_point(|&(_, end)| end < at);
            if windows.get(behind).is_some_and(|&(start, _)| start <= at) {
                push(self.rule, touch.span.clone());
            }
        }
    }
}

fn place(word: usize) -> i64 {
    i64::try_from(word).unwrap_or(i64::MAX)
}

/// A concept that a text touches, and where.
#[derive(Debug)]
pub(super) struct Touched {
    concept: u64,
    word: usize,
    span: Range<usize>,
}

impl Touched {
    /// The hash of the concept.
    pub(super) const fn concept(&self) -> u64 {
        self.concept
    }
}

impl From<&Touched> for Touch {
    fn from(touched: &Touched) -> Self {
        Self { concept: touched.concept, word: u32::try_from(touched.word).unwrap_or(u32::MAX) }
    }
}

/// Holds a rule to what can be looked for.
pub(super) fn check(spec: &Concepts) -> Result<(), Problem> {
    let problem = |field: &str, problem| Err(Problem::new(format!("concepts.{field}"), problem));
    match spec.of.len() {
        0 => return problem("of", FieldProblem::Empty),
        names if names > MAX_NAMES => return problem("of", FieldProblem::TooLong(MAX_NAMES)),
        names if !(1..=names).contains(&spec.at_least) => {
            return problem("at_least", FieldProblem::OutOfRange(1, names as u64));
        }
        _ => {}
    }
    check_names("concepts.of", &spec.of, |name| spec.define.contains_key(name))?;
    if spec.within_words.is_some_and(|words| !(1..=MAX_WORDS).contains(&words)) {
        return problem("within_words", FieldProblem::OutOfRange(1, MAX_WORDS.into()));
    }
    if spec.define.len() > MAX_NAMES {
        return problem("define", FieldProblem::TooLong(MAX_NAMES));
    }
    for (name, phrases) in &spec.define {
        let field = format!("define.{}", name.chars().take(40).collect::<String>());
        match phrases.len() {
            _ if is_blank(name) => return problem("define", FieldProblem::Empty),
            0 => return problem(&field, FieldProblem::Empty),
            phrases if phrases > MAX_PHRASES => return problem(&field, FieldProblem::TooLong(MAX_PHRASES)),
            _ => {}
        }
        for (place, phrase) in phrases.iter().enumerate() {
            if let Err(cause) = check_term(phrase, Matching::Word) {
                return problem(&format!("{field}[{place}]"), cause);
            }
        }
    }
    Ok(())
}

/// Holds names to concepts that ship with the program or are defined, each once.
pub(super) fn check_names(
    field: &str,
    names: &[String],
    is_defined: impl Fn(&str) -> bool,
) -> Result<(), Problem> {
    if names.len() > MAX_NAMES {
        return Err(Problem::new(field, FieldProblem::TooLong(MAX_NAMES)));
    }
    for (place, name) in names.iter().enumerate() {
        let problem = |problem| Err(Problem::new(format!("{field}[{place}]"), problem));
        if !is_defined(name) && !NAMES.contains(name.as_str()) {
            return problem(FieldProblem::Unknown);
        }
        if names[..place].contains(name) {
            return problem(FieldProblem::Twice);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_leave_no_sign_of_the_notation() {
        let mut counts = vec![0; names().count()];
        shipped(|number, phrase| {
            counts[number] += 1;
            assert!(!phrase.text.contains(['{', '}', '|', '$', '=', '*', '#', '[', ']']), "{}", phrase.text);
            check_term(&phrase.text, Matching::Word).expect("can be looked for");
        });
        assert!(counts.len() >= 12, "{:?}", names().collect::<Vec<_>>());
        for (name, count) in names().zip(counts) {
            assert!(count >= 20, "{name} has {count}");
        }
    }
}
