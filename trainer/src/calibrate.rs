//! Which score a margin becomes: ordinary messages set the lines, so that a score means the same in every head, language
//! and model.

use plic_filter::{
    Head, Scores,
    classifier::{BLOCK, HOLD},
};

use crate::fit::HEADS;

/// What a margin is multiplied by, and what is added then.
pub(crate) type Line = (f64, f64);

/// The steepest line: where both lines lie close together, few ordinary messages tell where the second is.
const STEEPEST: f64 = 1.5;
/// No line of the linear model is lower than this margin, however few ordinary messages reach it.
pub(crate) const LOWEST: f64 = -1.0;

/// Scores of ordinary messages, and the shares of them that may reach the lines.
pub(crate) struct Ordinary {
    pub(crate) scores: Vec<Scores>,
    pub(crate) held: f64,
    pub(crate) blocked: f64,
}

/// Returns the line of each head that lets no more of any of these sets reach [`HOLD`] and [`BLOCK`] than its shares. None is below the
/// margin `lowest`.
pub(crate) fn lines(sets: &[Ordinary], lowest: f64) -> [Line; HEADS] {
    Head::ALL.map(|head| {
        let margin_at = |share: fn(&Ordinary) -> f64| {
            let margins = sets.iter().map(|set| {
                let mut margins: Vec<f64> = set.scores.iter().map(|scores| logit(scores.of(head))).collect();
                margins.sort_by(f64::total_cmp);
                above(&margins, share(set)).unwrap_or(lowest)
            });
            margins.fold(lowest, f64::max)
        };
        let (hold, block) = (margin_at(|set| set.held), margin_at(|set| set.blocked));
        let slope = ((logit(BLOCK) - logit(HOLD)) / (block - hold).max(f64::EPSILON)).min(STEEPEST);
        (slope, logit(HOLD) - slope * hold)
    })
}

/// The scores that margins become.
pub(crate) fn rescored(scores: &Scores, lines: &[Line; HEADS]) -> Scores {
    let mut rescored = *scores;
    for head in Head::ALL {
        let (slope, offset) = lines[head as usize];
        #[expect(clippy::cast_possible_truncation, reason = "scores have 32 bits")]
        let score = (1.0 / (1.0 + libm::exp(-(slope * logit(scores.of(head)) + offset)))) as f32;
        rescored.set(head, score);
    }
    rescored
}

/// The lowest number that so small a share of ordered ones is above; nothing where there are none.
fn above(ordered: &[f64], share: f64) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    let allowed = (ordered.len() as f64 * share) as usize;
    let highest = ordered.len().checked_sub(allowed + 1).and_then(|at| ordered.get(at));
    highest.map(|highest| highest + 1e-3)
}

/// The logarithm of the odds of a score.
pub(crate) fn logit(score: f32) -> f64 {
    let score = f64::from(score).clamp(1e-7, 1.0 - 1e-7);
    libm::log(score / (1.0 - score))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_ordinary_messages_reach_a_line_than_its_share() {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let scores: Vec<Scores> = (0..1000)
            .map(|at| {
                let mut scores = Scores::default();
                for head in Head::ALL {
                    scores.set(head, at as f32 / 1000.0);
                }
                scores
            })
            .collect();
        let lines = lines(&[Ordinary { scores: scores.clone(), held: 0.01, blocked: 0.001 }], LOWEST);
        let reach = |line: f32| {
            scores.iter().filter(|scores| rescored(scores, &lines).of(Head::Scam) >= line).count()
        };
        assert_eq!(reach(HOLD), 10);
        assert!(reach(BLOCK) <= 1, "{}", reach(BLOCK));
    }

    #[test]
    fn of_no_messages_there_is_no_line() {
        assert_eq!(above(&[], 0.1), None);
    }
}
