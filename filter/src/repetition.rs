//! One text sent again and again, in a room or to many people, and many people written to for the first time. Case, accents,
//! spacing, punctuation and invisible characters make no other text; over rooms, a changed name or date makes none either.

use std::{ops::Range, time::Duration};

use super::{
    concept::{self, ConceptRules, Touched},
    error::{FieldProblem, Problem},
    recall::{Earlier, KEPT_IN_ROOM, KEPT_OVER_ROOMS, MAX_IN_ROOM, MAX_OVER_ROOMS, Sketch, Trace},
    rule::Limit,
    terms::TermsBuilder,
    text::Text,
};

/// How often one text may be said at most, and in how many rooms: no more messages are remembered.
const MAX_SAME: u32 = 15;
const MAX_ROOMS: u32 = 63;
const _: () = assert!(MAX_SAME as usize + 1 == MAX_IN_ROOM && MAX_ROOMS as usize + 1 == MAX_OVER_ROOMS);
/// Everybody sends a text twice now and then, and one enquiry to a few hosts: a rule that is written lets it pass, and
/// looks at a few seconds at least.
const LEAST_SAME: u32 = 2;
const LEAST_ROOMS: u32 = 3;
const LEAST_WINDOW: u32 = 5;
/// A day and an hour, the longest that anything is remembered.
const MAX_WINDOW: u32 = 24 * 60 * 60;
const MAX_WINDOW_OVER_ROOMS: u32 = 60 * 60;
const _: () = assert!(
    MAX_WINDOW as u64 == KEPT_IN_ROOM.as_secs() && MAX_WINDOW_OVER_ROOMS as u64 == KEPT_OVER_ROOMS.as_secs()
);

/// The rules that limit repetition.
#[derive(Debug, Default)]
pub(super) struct Repetitions(Vec<Repetition>);

#[derive(Debug)]
struct Repetition {
    rule: usize,
    limit: Limit,
    /// The concepts of which a text touches one; any text counts where the limit names none.
    concepts: Vec<u64>,
}

impl Repetitions {
    /// Adds a rule, and its concepts to those that are looked for.
    pub(super) fn add(
        &mut self,
        rule: usize,
        limit: &Limit,
        concepts: &mut ConceptRules,
        terms: &mut TermsBuilder,
    ) {
        let of = limit.with_concepts.iter().map(|name| concepts.look_for(name, None, terms)).collect();
        self.0.push(Repetition { rule, limit: limit.clone(), concepts: of });
    }

    /// Reports the rules whose limit was reached before this text.
    pub(super) fn matches(
        &self,
        trace: &Trace,
        touched: &[Touched],
        earlier: &Earlier,
        mut push: impl FnMut(usize),
    ) {
        for repetition in &self.0 {
            if repetition.is_touched(touched) && is_exceeded(&repetition.limit, trace, earlier) {
                push(repetition.rule);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether some rule counts what is said in other rooms.
    pub(super) fn look_over_rooms(&self) -> bool {
        self.0.iter().any(|repetition| repetition.limit.looks_over_rooms())
    }

    /// Whether this rule is one of them.
    pub(super) fn has(&self, rule: usize) -> bool {
        self.0.iter().any(|repetition| repetition.rule == rule)
    }

    /// Whether this rule matches a text once its limit is reached.
    pub(super) fn would_match(&self, rule: usize, touched: &[Touched]) -> bool {
        self.0.iter().any(|repetition| repetition.rule == rule && repetition.is_touched(touched))
    }
}

impl Repetition {
    fn is_touched(&self, touched: &[Touched]) -> bool {
        self.concepts.is_empty() || touched.iter().any(|touch| self.concepts.contains(&touch.concept()))
    }
}

fn is_exceeded(limit: &Limit, trace: &Trace, earlier: &Earlier) -> bool {
    let window = Duration::from_secs(limit.window_seconds.into());
    let reaches = |most: Option<u32>, count: &dyn Fn() -> Option<usize>| {
        most.is_none_or(|most| count().is_some_and(|count| count >= most as usize))
    };
    reaches(limit.same_text, &|| Some(earlier.same(trace, window)))
        && reaches(limit.similar_in_rooms, &|| Some(earlier.rooms_with_similar(trace, window)))
        && reaches(limit.first_contacts, &|| earlier.first_contacts(window))
}

/// Returns what is remembered of a text: what two texts have in common that say the same, and what similar ones have.
pub(super) fn trace(text: &Text<'_>, touched: &[Touched], is_over_rooms: bool) -> Trace {
    let shown = text.skeleton.text();
    let words = || {
        let words = shown.split(|letter: char| letter.is_ascii() && !letter.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty())
    };
    let mut letters = String::with_capacity(shown.len());
    let mut count = 0;
    for word in words() {
        letters.push_str(word);
        count += 1;
    }
    // Of nothing but signs, what is seen.
    if letters.is_empty() {
        letters.push_str(shown);
    }
    let trace = Trace::new(&letters, count, touched.iter().map(Into::into).collect());
    if is_over_rooms { trace.over_rooms(Sketch::of(words().map(str::as_bytes))) } else { trace }
}

/// All of a text that can be seen.
pub(super) fn whole(text: &Text<'_>) -> Option<Range<usize>> {
    let shown = text.skeleton.text();
    let start = shown.len() - shown.trim_start().len();
    let end = shown.trim_end().len();
    (start < end).then(|| text.skeleton.original(start..end))
}

/// Holds a limit to what is remembered.
pub(super) fn check(limit: &Limit) -> Result<(), Problem> {
    if limit.same_text.is_none() && !limit.looks_over_rooms() {
        return Err(Problem::new("limit", FieldProblem::Empty));
    }
    let longest = if limit.looks_over_rooms() { MAX_WINDOW_OVER_ROOMS } else { MAX_WINDOW };
    for (field, number, most) in [
        ("limit.same_text", limit.same_text, MAX_SAME),
        ("limit.similar_in_rooms", limit.similar_in_rooms, MAX_ROOMS),
        ("limit.first_contacts", limit.first_contacts, MAX_ROOMS),
        ("limit.window_seconds", Some(limit.window_seconds), longest),
    ] {
        if number.is_some_and(|number| !(1..=most).contains(&number)) {
            return Err(Problem::new(field, FieldProblem::OutOfRange(1, most.into())));
        }
    }
    concept::check_names("limit.with_concepts", &limit.with_concepts, |_| false)
}

/// Holds the limit of a rule that is about to be written to what is sane.
pub(super) fn check_bounds(limit: &Limit) -> Result<(), Problem> {
    let longest = if limit.looks_over_rooms() { MAX_WINDOW_OVER_ROOMS } else { MAX_WINDOW };
    for (field, least, number, most) in [
        ("limit.same_text", LEAST_SAME, limit.same_text, MAX_SAME),
        ("limit.similar_in_rooms", LEAST_ROOMS, limit.similar_in_rooms, MAX_ROOMS),
        ("limit.first_contacts", LEAST_ROOMS, limit.first_contacts, MAX_ROOMS),
        ("limit.window_seconds", LEAST_WINDOW, Some(limit.window_seconds), longest),
    ] {
        if number.is_some_and(|number| !(least..=most).contains(&number)) {
            return Err(Problem::new(field, FieldProblem::TooStrict(least.into(), most.into())));
        }
    }
    Ok(())
}
