//! Where a line is: the threshold that no more than a share of ordinary messages reach.

/// Languages in which fewer ordinary messages were read keep their line.
pub(super) const LEAST_ORDINARY: usize = 1_000;
/// A line is lowered only as far as one ordinary message in so many reaches it: the publish gate refuses a rule that one in
/// a thousand reaches, and tries it on another sample.
const LOWERED_SHARE: f64 = 1.0 / 2_000.0;
/// A line is not lowered below this score.
const LOWEST: f64 = 0.25;
/// Thresholds are written in thousandths.
const STEPS: f64 = 1_000.0;

/// What bounds a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    /// The threshold in force.
    pub(super) now: f64,
    /// The share of ordinary messages that may reach the line.
    pub(super) share: f64,
    /// Whether it may be lowered at all.
    pub(super) may_lower: bool,
}

/// Returns the threshold for messages of which several groups were read, each with the scores of its ordinary messages in
/// falling order. It is raised where in some group more than the share reaches it, and lowered where fewer do in all.
pub(super) fn propose(groups: &[&[f32]], bounds: Bounds) -> f64 {
    let Bounds { now, share, may_lower } = bounds;
    let least = |share: f64| {
        groups.iter().map(|scores| least_for(scores, allowed(scores.len(), share))).fold(0.0, f64::max)
    };
    if groups.iter().any(|scores| reaching(scores, now) > allowed(scores.len(), share)) {
        return least(share);
    }
    let share = share.min(LOWERED_SHARE);
    // Of too few messages nobody can say that so small a share reaches a lower line.
    let is_known = groups.iter().all(|scores| allowed(scores.len(), share) > 0);
    if may_lower && is_known { now.min(least(share).max(LOWEST)) } else { now }
}

/// How many of `count` messages may reach a line.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count is a count"
)]
fn allowed(count: usize, share: f64) -> usize {
    (count as f64 * share) as usize
}

/// The least threshold that at most `allowed` of these scores reach; 1 where more of them are as high as can be.
fn least_for(falling: &[f32], allowed: usize) -> f64 {
    let above = |score: &f32| ((f64::from(*score) * STEPS).floor() + 1.0) / STEPS;
    falling.get(allowed).map_or(0.0, above).min(1.0)
}

/// How many of these scores, in falling order, reach a threshold.
pub(super) fn reaching(falling: &[f32], threshold: f64) -> usize {
    falling.partition_point(|score| f64::from(*score) >= threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { now: 0.5, share: 0.004, may_lower: true };

    /// So many scores from `highest` down, a ten-thousandth apart.
    fn falling(count: u16, highest: f32) -> Vec<f32> {
        (0..count).map(|at| (highest - f32::from(at) * 1e-4).max(0.0)).collect()
    }

    #[test]
    fn a_line_that_too_many_reach_is_raised_until_no_more_than_the_share_reach_it() {
        let scores = falling(2_000, 0.6);
        assert_eq!(reaching(&scores, 0.5), 1_001);
        let raised = propose(&[&scores], BOUNDS);
        assert!((raised - 0.6).abs() < 1e-9, "{raised}");
        assert!(reaching(&scores, raised) <= 8);
    }

    #[test]
    fn scores_that_are_equal_are_all_above_a_line_or_all_below() {
        let mut scores = vec![0.7; 20];
        scores.extend(vec![0.1; 1_980]);
        let raised = propose(&[&scores], BOUNDS);
        assert!(raised > f64::from(0.7_f32) && raised < 0.702, "{raised}");
        assert_eq!(reaching(&scores, raised), 0);
        // Eight of two thousand may.
        let mut few = vec![0.7; 8];
        few.extend(vec![0.1; 1_992]);
        assert!((propose(&[&few], Bounds { may_lower: false, ..BOUNDS }) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_line_between_two_scores_that_the_share_reaches_stays() {
        // Eight of two thousand may reach it, and do; the next score lies just below.
        let mut scores = vec![0.7; 8];
        scores.extend(vec![0.499_9; 1_992]);
        let kept = propose(&[&scores], Bounds { now: 0.500_0, may_lower: false, ..BOUNDS });
        assert!((kept - 0.5).abs() < f64::EPSILON, "{kept}");
        scores[8] = 0.500_2;
        let fits = Bounds { now: 0.500_5, may_lower: false, ..BOUNDS };
        assert!((propose(&[&scores], fits) - 0.500_5).abs() < f64::EPSILON);
    }

    #[test]
    fn nothing_is_beyond_the_highest_score() {
        let raised = propose(&[&vec![1.0; 2_000]], BOUNDS);
        assert!((raised - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_line_is_lowered_with_care() {
        let scores = falling(4_000, 0.4);
        let lowered = propose(&[&scores], BOUNDS);
        // Two of four thousand may reach it, and not sixteen.
        assert!(lowered < 0.401 && reaching(&scores, lowered) <= 2, "{lowered}");
        assert!((propose(&[&scores], Bounds { may_lower: false, ..BOUNDS }) - 0.5).abs() < f64::EPSILON);
        let quiet = vec![0.0; 4_000];
        assert!((propose(&[&quiet], BOUNDS) - 0.25).abs() < f64::EPSILON);
        // A line that is below the lowest one already stays.
        let low = Bounds { now: 0.1, ..BOUNDS };
        assert!((propose(&[&quiet], low) - 0.1).abs() < f64::EPSILON);
    }

    #[test]
    fn too_few_messages_lower_no_line_and_may_raise_one() {
        let quiet = vec![0.0; 1_999];
        assert!((propose(&[&quiet], BOUNDS) - 0.5).abs() < f64::EPSILON);
        let mut one = vec![0.95];
        one.extend(vec![0.0; 999]);
        let strict = Bounds { now: 0.9, share: 0.0005, ..BOUNDS };
        assert!(propose(&[&one], strict) > f64::from(0.95_f32));
        assert!((propose(&[&[]], BOUNDS) - 0.5).abs() < f64::EPSILON);
        assert!((propose(&[], BOUNDS) - 0.25).abs() < f64::EPSILON);
    }

    #[test]
    fn the_line_holds_in_every_group() {
        let (quiet, loud) = (falling(4_000, 0.3), falling(4_000, 0.8));
        let line = propose(&[&quiet, &loud], BOUNDS);
        assert!(line > 0.79 && reaching(&loud, line) <= 16, "{line}");
    }
}
