//! What every rule is held to before it is compiled, drafts too: no field is empty, too long or out of range.

use super::{
    concept,
    error::{FieldProblem, Problem, RuleError},
    links,
    normalize::is_blank,
    regex, repetition,
    rule::{Rule, RuleKind, Threshold},
    terms,
};
use crate::id::{MAX_ID, RoomId};

/// Characters of a name; of an example and of a note; entries of the lists beside the terms.
const MAX_SHORT: usize = 200;
const MAX_LONG: usize = 4_000;
const MAX_ENTRIES: usize = 1_000;

/// A rule's field that cannot be used.
pub(super) fn field(rule: &Rule, field: &str, problem: FieldProblem) -> RuleError {
    // A rule that was never saved has no number yet.
    let rule = if rule.id.0 == 0 { rule.name.clone() } else { format!("{} ({})", rule.id, rule.name) };
    RuleError::Field { rule, field: field.to_owned(), problem }
}

/// Holds a rule to its form.
pub(super) fn check_form(rule: &Rule) -> Result<(), RuleError> {
    check_shape(rule)
        .and_then(|()| terms::check_terms(rule))
        .and_then(|()| check_kind(rule))
        .map_err(|problem| field(rule, &problem.field, problem.problem))
}

/// Holds a rule that is about to be written to bounds that one written by an earlier release may break.
///
/// # Errors
/// Which field of the rule is out of bounds.
pub fn check_bounds(rule: &Rule) -> Result<(), RuleError> {
    match &rule.kind {
        RuleKind::Repetition(limit) => {
            repetition::check_bounds(limit).map_err(|problem| field(rule, &problem.field, problem.problem))
        }
        _ => Ok(()),
    }
}

fn check_kind(rule: &Rule) -> Result<(), Problem> {
    match &rule.kind {
        RuleKind::Terms(_) | RuleKind::Contact => Ok(()),
        // Compiled, and so held to its limits, in a moment.
        RuleKind::Pattern(_) if rule.state.is_evaluated() => Ok(()),
        RuleKind::Pattern(spec) => regex::check(spec),
        RuleKind::Concepts(spec) => concept::check(spec),
        RuleKind::Links(spec) => links::check(spec),
        RuleKind::Classifier(Threshold { threshold, .. }) if (0.0..=1.0).contains(threshold) => Ok(()),
        RuleKind::Classifier(_) => Err(Problem::new("threshold", FieldProblem::OutOfRange(0, 1))),
        RuleKind::Repetition(limit) => repetition::check(limit),
    }
}

fn check_shape(rule: &Rule) -> Result<(), Problem> {
    if is_blank(&rule.name) {
        return Err(Problem::new("name", FieldProblem::Empty));
    }
    bounded("name", &rule.name, MAX_SHORT)?;
    bounded("note", &rule.note, MAX_LONG)?;
    let lists = [
        ("must_match", Some(&rule.must_match), MAX_LONG),
        ("must_not_match", Some(&rule.must_not_match), MAX_LONG),
        ("unless", Some(&rule.unless), MAX_LONG),
        ("languages", rule.languages.as_ref(), MAX_SHORT),
    ];
    for (name, list, longest) in lists {
        let list = list.map_or(&[][..], Vec::as_slice);
        if list.len() > MAX_ENTRIES {
            return Err(Problem::new(name, FieldProblem::TooLong(MAX_ENTRIES)));
        }
        for (place, text) in list.iter().enumerate() {
            bounded(&format!("{name}[{place}]"), text, longest)?;
        }
    }
    rule.rooms.as_deref().map_or(Ok(()), check_rooms)
}

fn check_rooms(rooms: &[RoomId]) -> Result<(), Problem> {
    if rooms.is_empty() {
        // A rule for no room never matches; a rule that is to rest is a draft.
        return Err(Problem::new("rooms", FieldProblem::Empty));
    }
    if rooms.len() > MAX_ENTRIES {
        return Err(Problem::new("rooms", FieldProblem::TooLong(MAX_ENTRIES)));
    }
    match rooms.iter().position(|room| !(1..=MAX_ID).contains(&room.0)) {
        Some(place) => {
            Err(Problem::new(format!("rooms[{place}]"), FieldProblem::OutOfRange(1, MAX_ID.unsigned_abs())))
        }
        None => Ok(()),
    }
}

fn bounded(name: &str, text: &str, most: usize) -> Result<(), Problem> {
    let is_too_long = text.len() > most && text.chars().nth(most).is_some();
    if is_too_long { Err(Problem::new(name, FieldProblem::TooLong(most))) } else { Ok(()) }
}
