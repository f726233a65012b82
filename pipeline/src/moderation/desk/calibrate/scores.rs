//! What the classifier makes of a sample, rule by rule and language by language.

use std::sync::Arc;

use plic_filter::{
    Action, Earlier, Language, Rule, RuleSet, Said,
    rule::{RuleKind, State, Threshold},
};

use super::sample::{Known, KnownMessage};

/// The languages that the classifier scores, and those that are not sure.
pub(super) const GROUPS: usize = Language::SCORED.len() + 1;
pub(super) const UNSURE: usize = Language::SCORED.len();

/// The live rules that ask the classifier, with the set that they are in.
pub(super) struct Probe {
    in_force: Arc<RuleSet>,
    pub(super) rules: Vec<Rule>,
    pub(super) scores: Scores,
}

/// Scores of a sample, for each group of languages and each rule.
#[derive(Debug, Default)]
pub(super) struct Scores {
    pub(super) ordinary: [Vec<Vec<f32>>; GROUPS],
    pub(super) upheld: [Vec<Vec<f32>>; GROUPS],
}

impl Probe {
    /// Nothing is scored yet.
    pub(super) fn new(in_force: Arc<RuleSet>) -> Self {
        let asks = |rule: &&Rule| {
            rule.state == State::Live
                && rule.action != Action::Allow
                && matches!(rule.kind, RuleKind::Classifier(_))
        };
        let rules: Vec<Rule> = in_force.rules().iter().filter(asks).cloned().collect();
        let empty = || std::array::from_fn(|_| vec![Vec::new(); rules.len()]);
        Self { in_force, scores: Scores { ordinary: empty(), upheld: empty() }, rules }
    }

    /// Scores a message for the rules of its room. What is in a language that is not scored, or lifted, reaches no line.
    pub(super) fn add(&mut self, one: &KnownMessage) {
        let (text, room) = (&one.message.text, one.message.room);
        let language = Language::of_text(text);
        let group = match language {
            Language::English => 0,
            Language::French => 1,
            Language::Unsure => UNSURE,
            Language::Other(_) => return,
        };
        let verdict = self
            .in_force
            .judge_by(&Said { text, room: Some(room), earlier: &Earlier::default() }, one.meaning);
        let side =
            if one.known == Known::Upheld { &mut self.scores.upheld } else { &mut self.scores.ordinary };
        for (rule, scores) in self.rules.iter().zip(&mut side[group]) {
            let RuleKind::Classifier(Threshold { head, threshold }) = rule.kind else { continue };
            if rule.rooms.as_ref().is_some_and(|rooms| !rooms.contains(&room)) {
                continue;
            }
            let score = verdict.scores.of(head);
            let judges = rule.languages.as_ref().is_none_or(|languages| language.is_among(languages));
            let is_lifted = judges
                && f64::from(score) >= threshold
                && verdict.matches.iter().all(|hit| hit.rule != rule.id);
            scores.push(if is_lifted { 0.0 } else { score });
        }
    }

    /// Brings all scores into falling order.
    pub(super) fn sort(&mut self) {
        let Scores { ordinary, upheld } = &mut self.scores;
        for scores in ordinary.iter_mut().chain(upheld).flatten() {
            scores.sort_unstable_by(|a, b| b.total_cmp(a));
        }
    }
}
