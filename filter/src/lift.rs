//! What lifts a match: the rule's own `unless`, then the rules that allow.

use std::ops::Range;

use super::{
    hit::Hit,
    pattern::Role,
    rule::{Action, Rule, State},
};

/// How far from a match, in characters, a phrase still lifts it.
const MAX_DISTANCE: usize = 60;
/// How many phrases on either side of a match are looked at: a text cannot make this slow.
const NEIGHBOURS: usize = 4;

/// The hits that are matches, without those that are lifted.
///
/// A phrase of a rule's `unless` lifts a match of that rule which it overlaps, or which is near it in the same
/// sentence: "ne payez jamais par Western Union" passes, "Ne payez jamais. Western Union!" does not. A live rule that
/// allows lifts matches of any other that lie wholly inside its own, and no more.
pub(super) fn lift(mut hits: Vec<Hit>, rules: &[Rule], text: &str) -> Vec<Hit> {
    let mut phrases: Vec<(usize, Range<usize>)> = Vec::new();
    hits.retain(|hit| {
        if hit.role == Role::Unless {
            phrases.push((hit.rule, hit.span.clone()));
        }
        hit.role == Role::Match
    });
    phrases.sort_unstable_by_key(|(rule, span)| (*rule, span.start, span.end));
    hits.retain(|hit| !is_lifted_by_phrase(hit, &phrases, text));

    let allows = |hit: &Hit| rules[hit.rule].action == Action::Allow;
    let mut allowed: Vec<Range<usize>> = self::allowed(&hits, rules).collect();
    allowed.sort_unstable_by_key(|span| span.start);
    // From here the end of each is the farthest that any which starts before it reaches.
    let mut reach = 0;
    for span in &mut allowed {
        reach = span.end.max(reach);
        span.end = reach;
    }
    hits.retain(|hit| {
        let starting_before = allowed.partition_point(|span| span.start <= hit.span.start);
        allows(hit) || starting_before == 0 || allowed[starting_before - 1].end < hit.span.end
    });
    hits
}

/// What live rules allow, of the hits that are left.
pub(super) fn allowed(hits: &[Hit], rules: &[Rule]) -> impl Iterator<Item = Range<usize>> {
    let in_force = |rule: &Rule| rule.action == Action::Allow && rule.state == State::Live;
    hits.iter().filter(move |hit| in_force(&rules[hit.rule])).map(|hit| hit.span.clone())
}

fn is_lifted_by_phrase(hit: &Hit, phrases: &[(usize, Range<usize>)], text: &str) -> bool {
    let at = phrases.partition_point(|(rule, span)| (*rule, span.start) < (hit.rule, hit.span.start));
    let neighbours = &phrases[at.saturating_sub(NEIGHBOURS)..phrases.len().min(at + NEIGHBOURS)];
    neighbours.iter().any(|(rule, phrase)| *rule == hit.rule && is_near(phrase, &hit.span, text))
}

fn is_near(phrase: &Range<usize>, hit: &Range<usize>, text: &str) -> bool {
    let between = phrase.end.min(hit.end)..phrase.start.max(hit.start);
    if between.start >= between.end {
        return true;
    }
    // Four bytes a character at most: a long text between them is not read.
    between.len() <= 4 * MAX_DISTANCE
        && text[between.clone()].chars().count() <= MAX_DISTANCE
        && !text[between].contains(['.', '!', '?', '…', '。', '\n'])
}
