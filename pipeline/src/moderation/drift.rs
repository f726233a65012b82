//! Whether the filter stops more or fewer messages today than it used to: a rule that went wrong, a wave of spam, or
//! people who have learnt a way around it.
//!
//! Few messages tell little, so each share comes as an interval: exact Poisson limits of 99.9%, by Byar's approximation.
//! Only where the interval of today lies apart from that of the weeks before has something changed.

use super::stats::JudgedDay;

/// The quantile of the normal distribution that leaves a twentieth of a hundredth on either side.
const Z: f64 = 3.29;
/// How many days with messages, and how many messages, make a usual share.
const LEAST_DAYS: usize = 7;
const LEAST_JUDGED: u64 = 1_000;

/// The share of messages that are stopped (held, rejected or blocked): today's against the weeks before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Messages judged today (UTC) so far.
    pub judged: u64,
    /// Those of them that were stopped.
    pub stopped: u64,
    /// The share of today.
    pub today: ShareInterval,
    /// The share of the [`Drift::DAYS`] before; `None` where too few messages were judged in them.
    pub usual: Option<ShareInterval>,
}

/// The shares of messages that explain a count of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareInterval {
    /// The lowest one; 0 where there are no messages.
    pub low: f64,
    /// The highest one; 1 where there are no messages.
    pub high: f64,
}

impl Drift {
    /// How many days before today are the usual.
    pub const DAYS: i64 = 28;

    /// Compares the day `today` with those before it; later days, of a clock that was ahead, do not count.
    pub fn of(days: &[JudgedDay], today: i64) -> Self {
        let (mut judged, mut stopped) = (0, 0);
        let (mut before, mut judged_before, mut stopped_before) = (0, 0, 0);
        for day in days.iter().filter(|day| day.judged > 0) {
            if day.day == today {
                (judged, stopped) = (day.judged, day.stopped.min(day.judged));
            } else if (today - Self::DAYS..today).contains(&day.day) {
                before += 1;
                judged_before += day.judged;
                stopped_before += day.stopped.min(day.judged);
            }
        }
        let is_enough = before >= LEAST_DAYS && judged_before >= LEAST_JUDGED;
        let usual = is_enough.then(|| ShareInterval::of(stopped_before, judged_before));
        Self { judged, stopped, today: ShareInterval::of(stopped, judged), usual }
    }
}

impl ShareInterval {
    fn of(stopped: u64, judged: u64) -> Self {
        if judged == 0 {
            return Self { low: 0.0, high: 1.0 };
        }
        let (count, more) = (float(stopped), float(stopped) + 1.0);
        let cube =
            |count: f64, z: f64| (1.0 - 1.0 / (9.0 * count) + z / (3.0 * count.sqrt())).max(0.0).powi(3);
        let low = if stopped == 0 { 0.0 } else { count * cube(count, -Z) };
        let high = more * cube(more, Z);
        Self { low: low / float(judged), high: (high / float(judged)).min(1.0) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of 2^53 messages may be off by one")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: i64 = 20_000;

    fn usual(judged: u64, stopped: u64) -> Vec<JudgedDay> {
        (1..=Drift::DAYS).map(|ago| JudgedDay { day: TODAY - ago, judged, stopped }).collect()
    }

    fn today(judged: u64, stopped: u64) -> Drift {
        let mut days = usual(1_000, 10);
        days.push(JudgedDay { day: TODAY, judged, stopped });
        Drift::of(&days, TODAY)
    }

    #[test]
    fn the_interval_is_that_of_exact_poisson_limits() {
        // By the quantiles of the chi-squared distribution, for 99.9%.
        for (count, low, high) in [(0, 0.0, 7.60), (5, 0.63, 17.41), (10, 2.70, 25.26), (100, 70.33, 137.38)]
        {
            let found = ShareInterval::of(count, 1_000_000);
            let is_near = |found: f64, exact: f64| (found * 1e6 - exact).abs() < 0.3;
            assert!(is_near(found.low, low) && is_near(found.high, high), "{count} {found:?}");
        }
    }

    #[test]
    fn few_messages_are_no_drift_and_many_are() {
        for (judged, stopped) in [(0, 0), (1, 0), (1, 1), (2, 2), (100, 4), (50, 0), (1_000, 18), (1_000, 4)]
        {
            let drift = today(judged, stopped);
            let usual = drift.usual.expect("there are weeks before");
            assert!(usual.low < 0.01 && usual.high > 0.01 && usual.high < 0.013, "{usual:?}");
            assert!(drift.today.low < 2.0 * usual.high && drift.today.high > usual.low / 2.0, "{drift:?}");
        }
        assert!(today(1_000, 60).today.low > 0.03);
        assert!(today(10_000, 10).today.high < 0.004);
        // Three stopped messages are no news to a site where none was, which had few.
        let mut days = usual(40, 0);
        days.push(JudgedDay { day: TODAY, judged: 200, stopped: 3 });
        let drift = Drift::of(&days, TODAY);
        assert!(drift.today.low < 2.0 * drift.usual.expect("there are weeks before").high, "{drift:?}");
    }

    #[test]
    fn there_is_no_usual_share_before_a_week_and_a_thousand_messages() {
        let of = |days: &[JudgedDay]| Drift::of(days, TODAY).usual;
        assert_eq!(of(&usual(1_000, 10)[..6]), None);
        assert!(of(&usual(1_000, 10)[..7]).is_some());
        assert_eq!(of(&usual(10, 1)), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn days_of_a_clock_that_was_ahead_and_days_long_ago_do_not_count() {
        let mut days = usual(1_000, 10);
        days.push(JudgedDay { day: TODAY + 1, judged: 9, stopped: 9 });
        days.push(JudgedDay { day: TODAY - Drift::DAYS - 1, judged: 100_000, stopped: 100_000 });
        let drift = Drift::of(&days, TODAY);
        assert_eq!((drift.judged, drift.usual), (0, Drift::of(&usual(1_000, 10), TODAY).usual));
        // More stopped than judged, which a crash between two counts may leave, is a share of one.
        assert_eq!(Drift::of(&[JudgedDay { day: TODAY, judged: 3, stopped: 9 }], TODAY).stopped, 3);
    }
}
