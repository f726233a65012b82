//! What calibrated rules would have done to the sample: the rules in force against the rules as they would be.

use std::sync::Arc;

use plic_filter::{Earlier, RuleSet, Said};

use super::{
    super::backtest::Side,
    sample::{Known, KnownMessage},
};

/// What happens to messages without and with a calibration. Stopped are those that are held, rejected or blocked, by any
/// rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CalibrationEffect {
    /// Ordinary messages, those that were wrongly stopped among them.
    pub ordinary: StoppedCounts,
    /// Ordinary messages that are stopped only with it.
    pub newly_stopped: u64,
    /// Ordinary messages that are stopped only without it.
    pub released: u64,
    /// Messages that were wrongly stopped, as moderators decided.
    pub dismissed: StoppedCounts,
    /// Messages that were rightly stopped, flagged or reported, as moderators decided.
    pub upheld: StoppedCounts,
}

/// How many of some messages are stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoppedCounts {
    /// All of them.
    pub messages: u64,
    /// Those that the rules in force stop.
    pub before: u64,
    /// Those that the calibrated rules stop.
    pub after: u64,
}

impl StoppedCounts {
    fn add(&mut self, before: bool, after: bool) {
        self.messages += 1;
        self.before += u64::from(before);
        self.after += u64::from(after);
    }
}

/// Both rule sets, and what came of them so far.
pub(super) struct Comparison {
    before: Side,
    after: Side,
    pub(super) effect: CalibrationEffect,
}

impl Comparison {
    pub(super) fn new(before: Arc<RuleSet>, after: Arc<RuleSet>) -> Self {
        Self { before: Side::new(before), after: Side::new(after), effect: CalibrationEffect::default() }
    }

    pub(super) fn add(&mut self, one: &KnownMessage) {
        let stops = |side: &Side| match one.known {
            Known::Delivered => side.judge(&one.message, one.meaning).stops(),
            // What was said before a message that was not delivered is not known here.
            Known::Dismissed | Known::Upheld => {
                let (text, room) = (&one.message.text, Some(one.message.room));
                side.rules().judge_by(&Said { text, room, earlier: &Earlier::default() }, one.meaning).stops()
            }
        };
        let (before, after) = (stops(&self.before), stops(&self.after));
        let effect = &mut self.effect;
        match one.known {
            Known::Delivered => {}
            Known::Dismissed => effect.dismissed.add(before, after),
            Known::Upheld => effect.upheld.add(before, after),
        }
        if one.known.is_ordinary() {
            effect.ordinary.add(before, after);
            effect.newly_stopped += u64::from(after && !before);
            effect.released += u64::from(before && !after);
        }
    }
}
