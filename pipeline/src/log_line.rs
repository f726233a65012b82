//! What keeps a stranger from filling the log: text from outside is cut and escaped, and lines of one cause are written
//! once a minute with the number of those left out.

use std::{
    fmt::{self, Display, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The longest excerpt of a text from outside, in characters (Unicode scalar values).
pub const MAX_EXCERPT_CHARS: usize = 128;
/// How often a [`LogThrottle`] lets a line through.
const THROTTLE_INTERVAL: Duration = Duration::from_mins(1);

/// Text from outside in a log line: displays the first [`MAX_EXCERPT_CHARS`] characters, escaped and quoted.
///
/// ```
/// use plic_pipeline::log_line::Untrusted;
///
/// assert_eq!(Untrusted("a\nb").to_string(), r#""a\nb""#);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Untrusted<T>(pub T);

impl<T: Display> Display for Untrusted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        let mut excerpt = Excerpt { formatter, chars_left: MAX_EXCERPT_CHARS, is_cut: false };
        write!(excerpt, "{}", self.0)?;
        let is_cut = excerpt.is_cut;
        formatter.write_str(if is_cut { "\"..." } else { "\"" })
    }
}

/// Escapes what is written and drops what is beyond the limit.
struct Excerpt<'a, 'b> {
    formatter: &'a mut fmt::Formatter<'b>,
    chars_left: usize,
    is_cut: bool,
}

impl Write for Excerpt<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            if self.chars_left == 0 {
                self.is_cut = true;
                return Ok(());
            }
            self.chars_left -= 1;
            write!(self.formatter, "{}", char.escape_debug())?;
        }
        Ok(())
    }
}

/// Lets one log line a minute through and counts the others. One for each cause, as a `static` beside the line.
#[derive(Debug)]
pub struct LogThrottle(Mutex<ThrottleState>);

#[derive(Debug)]
struct ThrottleState {
    next: Option<Instant>,
    left_out: u64,
}

impl LogThrottle {
    /// A throttle that lets the first line through.
    #[expect(clippy::new_without_default, reason = "a throttle is a static, and `Default` is not const")]
    pub const fn new() -> Self {
        Self(Mutex::new(ThrottleState { next: None, left_out: 0 }))
    }

    /// Returns the number of lines left out since the last one where a line may be written now, otherwise `None`.
    pub fn admits(&self) -> Option<u64> {
        self.admits_at(Instant::now())
    }

    fn admits_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.next.is_some_and(|next| now < next) {
            state.left_out += 1;
            return None;
        }
        state.next = Some(now + THROTTLE_INTERVAL);
        Some(std::mem::take(&mut state.left_out))
    }
}

/// Logs as `tracing` does at a level (`WARN`), at most once a minute for each place in the code that says it, with the
/// number of lines left out since. For what is said as often as a client, a retry or a timer comes to it.
#[macro_export]
macro_rules! log_limited {
    ($level:ident, $($line:tt)+) => {{
        static THROTTLE: $crate::log_line::LogThrottle = $crate::log_line::LogThrottle::new();
        if let Some(left_out) = THROTTLE.admits() {
            ::tracing::event!(::tracing::Level::$level, left_out, $($line)+);
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_quoted_and_escaped() {
        assert_eq!(Untrusted("https://a.example").to_string(), r#""https://a.example""#);
        let forged = "x\r\n2026-01-01 ERROR \u{1b}[31mforged\u{202e}\"";
        let shown = Untrusted(forged).to_string();
        assert_eq!(shown, r#""x\r\n2026-01-01 ERROR \u{1b}[31mforged\u{202e}\"""#);
    }

    #[test]
    fn a_long_text_is_cut_after_128_characters() {
        let long = "é".repeat(30_000);
        let shown = Untrusted(&long).to_string();
        assert_eq!(shown, format!("\"{}\"...", "é".repeat(MAX_EXCERPT_CHARS)));
        let exact = "x".repeat(MAX_EXCERPT_CHARS);
        assert_eq!(Untrusted(&exact).to_string(), format!("\"{exact}\""));
    }

    #[test]
    fn one_line_a_minute_is_admitted_and_the_others_are_counted() {
        let throttle = LogThrottle::new();
        let start = Instant::now();
        assert_eq!(throttle.admits_at(start), Some(0));
        for _ in 0..5 {
            assert_eq!(throttle.admits_at(start + THROTTLE_INTERVAL / 2), None);
        }
        assert_eq!(throttle.admits_at(start + THROTTLE_INTERVAL), Some(5));
        assert_eq!(throttle.admits_at(start + THROTTLE_INTERVAL * 2), Some(0));
    }
}
