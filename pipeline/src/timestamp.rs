//! The one representation of a moment: integer microseconds, rendered as RFC 3339.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jiff::fmt::rfc2822::DateTimePrinter;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment of the call, by the system's clock.
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// The moment `duration` before this one.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// The moment `duration` after this one.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// Returns the moment as HTTP's `Date` header has it, to the second (RFC 9110 section 5.6.7); `None` for one before the
    /// year 1.
    pub fn to_http_date(self) -> Option<String> {
        let moment = jiff::Timestamp::from_microsecond(self.0).ok()?;
        DateTimePrinter::new().timestamp_to_rfc9110_string(&moment).ok()
    }

    /// How long it is from `earlier` to this moment; zero where `earlier` is the later one.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(micros(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(Timestamp(micros): Timestamp) -> Self {
        let since = Duration::from_micros(micros.unsigned_abs());
        let moment = if micros < 0 { UNIX_EPOCH.checked_sub(since) } else { UNIX_EPOCH.checked_add(since) };
        moment.unwrap_or(UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC with six digits of a second: `2026-01-31T12:00:00.000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{moment:.6}")
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_rfc_3339_with_microseconds() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp(1_769_860_800_000_001).to_string(), "2026-01-31T12:00:00.000001Z");
    }

    #[test]
    fn an_http_date_is_that_of_rfc_9110() {
        let date = Timestamp(1_769_860_800_999_999).to_http_date();
        assert_eq!(date.as_deref(), Some("Sat, 31 Jan 2026 12:00:00 GMT"));
        assert_eq!(Timestamp(i64::MIN).to_http_date(), None);
        assert!(Timestamp(-1).to_http_date().is_some());
    }

    #[test]
    fn extreme_values_render_without_panic() {
        assert!(!Timestamp(i64::MAX).to_string().is_empty());
        assert!(!Timestamp(i64::MIN).to_string().is_empty());
    }
}
