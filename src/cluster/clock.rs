//! Keeps the database's clock known to this node, and warns where the node's own clock is off: tokens run out by that one.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::node::Node;

/// How often the clock is measured.
const INTERVAL: Duration = Duration::from_secs(10);
/// How far this node's clock may be from the database's before it is warned of.
const TOLERANCE: Duration = Duration::from_secs(5);
/// How often it is warned of at most, while it is off.
const WARNING_INTERVAL: Duration = Duration::from_mins(10);

impl Node {
    /// Measures for as long as it is polled.
    pub(super) async fn keep_clock(self: Arc<Self>) {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut warnings = Warnings::default();
        loop {
            ticks.tick().await;
            match self.shared.measure_clock().await {
                Ok(offset) => {
                    self.metrics.clock_offset.set(seconds(offset));
                    match warnings.of(offset, Instant::now()) {
                        Some(Warning::Off) => tracing::warn!(
                            seconds_ahead = seconds(offset),
                            "this node's clock differs from the database's: tokens hold too long or not long enough; \
                             synchronise the clocks"
                        ),
                        Some(Warning::Right) => {
                            tracing::info!("this node's clock agrees with the database's again");
                        }
                        None => {}
                    }
                }
                // That the database is away is in the log already: every other task says so.
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::debug!(error, "could not read the database's clock");
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no clock is off by more than 200 years")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

#[derive(Debug, PartialEq, Eq)]
enum Warning {
    Off,
    Right,
}

/// What was said of the clock last, and when.
#[derive(Debug, Default)]
struct Warnings {
    warned: Option<Instant>,
}

impl Warnings {
    /// What to say of a clock that is ahead by so many microseconds.
    fn of(&mut self, offset: i64, now: Instant) -> Option<Warning> {
        let is_off = Duration::from_micros(offset.unsigned_abs()) > TOLERANCE;
        match (is_off, self.warned) {
            (true, Some(warned)) if now < warned + WARNING_INTERVAL => None,
            (true, _) => {
                self.warned = Some(now);
                Some(Warning::Off)
            }
            (false, Some(_)) => {
                self.warned = None;
                Some(Warning::Right)
            }
            (false, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_warned_of_now_and_then_until_it_is_right() {
        let (mut warnings, start) = (Warnings::default(), Instant::now());
        let mut said = |offset, seconds| warnings.of(offset, start + Duration::from_secs(seconds));
        assert_eq!(said(4_999_999, 0), None);
        assert_eq!(said(-5_000_001, 10), Some(Warning::Off));
        assert_eq!(said(90_000_000, 20), None);
        assert_eq!(said(90_000_000, 609), None);
        assert_eq!(said(90_000_000, 610), Some(Warning::Off));
        assert_eq!(said(0, 620), Some(Warning::Right));
        assert_eq!(said(0, 630), None);
        assert_eq!(said(i64::MIN, 640), Some(Warning::Off));
    }
}
