//! Keeps the database's clock known to this node, and warns where the node's own clock is off: tokens run out by that one.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

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
        let mut was_off = false;
        loop {
            ticks.tick().await;
            match self.shared.measure_clock().await {
                Ok(offset) => {
                    self.metrics.clock_offset.set(seconds(offset));
                    let is_off = is_off(offset);
                    if is_off {
                        plic_pipeline::log_limited!(
                            WARN,
                            every: WARNING_INTERVAL,
                            seconds_ahead = seconds(offset),
                            "this node's clock differs from the database's: tokens hold too long or not long enough; \
                             synchronise the clocks"
                        );
                    } else if was_off {
                        plic_pipeline::log_limited!(
                            INFO,
                            every: WARNING_INTERVAL,
                            "this node's clock agrees with the database's again"
                        );
                    }
                    was_off = is_off;
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

/// Whether a clock that is ahead by so many microseconds is to be warned of.
fn is_off(offset: i64) -> bool {
    Duration::from_micros(offset.unsigned_abs()) > TOLERANCE
}

#[expect(clippy::cast_precision_loss, reason = "no clock is off by more than 200 years")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_beyond_five_seconds_either_way() {
        assert!(!is_off(0) && !is_off(5_000_000) && !is_off(-5_000_000));
        assert!(is_off(5_000_001) && is_off(-5_000_001) && is_off(i64::MIN));
    }
}
