//! What keeps a stranger from filling the log: text from outside is cut and escaped, and lines of one place and one class
//! of causes are written once a minute with the number of those left out.

use std::{
    error::Error,
    fmt::{self, Display, Write},
    io,
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use crate::store::StoreError;

/// The longest excerpt of a text from outside, in characters (Unicode scalar values).
pub const MAX_EXCERPT_CHARS: usize = 128;
/// How often a [`LogThrottle`] lets a line of one class through, unless it is told otherwise.
pub const THROTTLE_INTERVAL: Duration = Duration::from_mins(1);

/// Classes that one [`LogThrottle`] keeps apart.
const MAX_CLASSES: usize = 16;

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

/// Lets one log line an interval through for each class of causes, and counts the others. One for each place in the code, as
/// a `static` beside the line.
#[derive(Debug)]
pub struct LogThrottle {
    interval: Duration,
    classes: Mutex<Vec<(String, ThrottleState)>>,
}

#[derive(Debug, Default)]
struct ThrottleState {
    next: Option<Instant>,
    left_out: u64,
}

impl LogThrottle {
    /// A throttle that lets the first line through, and one a minute.
    #[expect(clippy::new_without_default, reason = "a throttle is a static, and `Default` is not const")]
    pub const fn new() -> Self {
        Self::every(THROTTLE_INTERVAL)
    }

    /// A throttle that lets the first line through, and one an interval.
    pub const fn every(interval: Duration) -> Self {
        Self { interval, classes: Mutex::new(Vec::new()) }
    }

    /// Returns the number of lines left out since the last one where a line may be written now, otherwise `None`.
    pub fn admits(&self) -> Option<u64> {
        self.admits_of("")
    }

    /// The same for lines of one class of causes, which another class does not hide. Beyond 16 classes, the others are one.
    pub fn admits_of(&self, class: &str) -> Option<u64> {
        self.admits_at(class, Instant::now())
    }

    fn admits_at(&self, class: &str, now: Instant) -> Option<u64> {
        let mut classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        let at = match classes.iter().position(|(known, _)| known == class) {
            Some(at) => at,
            None if classes.len() < MAX_CLASSES => {
                classes.push((class.to_owned(), ThrottleState::default()));
                classes.len() - 1
            }
            None => MAX_CLASSES - 1,
        };
        let state = &mut classes[at].1;
        if state.next.is_some_and(|next| now < next) {
            state.left_out += 1;
            return None;
        }
        state.next = Some(now + self.interval);
        Some(std::mem::take(&mut state.left_out))
    }
}

/// Names the class of an error of a library that this crate does not see.
pub type ErrorClassifier = fn(&(dyn Error + 'static)) -> Option<String>;

static CLASSIFIER: OnceLock<ErrorClassifier> = OnceLock::new();

/// Has [`error_class`] ask this function as well, about an error and each of its causes. The first one stays.
pub fn classify_errors_by(classifier: ErrorClassifier) {
    let _ = CLASSIFIER.set(classifier);
}

/// Returns the class of an error for [`LogThrottle::admits_of`]: a code of the first cause that has one, for instance the kind
/// of an input or output error. It is of a small set, and never the error's text.
pub fn error_class(error: &(dyn Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let known = CLASSIFIER.get().and_then(|classify| classify(error));
        if let Some(class) = known.or_else(|| own_class(error)) {
            return class;
        }
        cause = error.source();
    }
    String::new()
}

fn own_class(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Some(format!("{:?}", error.kind()));
    }
    match error.downcast_ref::<StoreError>()? {
        StoreError::TimedOut => Some("timed out".to_owned()),
        StoreError::Overloaded => Some("overloaded".to_owned()),
        _ => None,
    }
}

/// Logs as `tracing` does at a level (`WARN`), at most once a minute for each place in the code that says it, with the
/// number of lines left out since. For what is said as often as a client, a retry or a timer comes to it.
///
/// With `error: &error,` before the fields it is once a minute for each place and [class of errors](crate::log_line::error_class),
/// and the error is a field; with `every: DURATION,` the time is another one, and with `class: "..",` behind it, it is for each place and class.
#[macro_export]
macro_rules! log_limited {
    ($level:ident, error: $error:expr, $($line:tt)+) => {{
        static THROTTLE: $crate::log_line::LogThrottle = $crate::log_line::LogThrottle::new();
        let error: &(dyn ::std::error::Error + 'static) = $error;
        if let Some(left_out) = THROTTLE.admits_of(&$crate::log_line::error_class(error)) {
            ::tracing::event!(::tracing::Level::$level, error, left_out, $($line)+);
        }
    }};
    ($level:ident, every: $interval:expr, class: $class:expr, $($line:tt)+) => {{
        static THROTTLE: $crate::log_line::LogThrottle = $crate::log_line::LogThrottle::every($interval);
        if let Some(left_out) = THROTTLE.admits_of($class) {
            ::tracing::event!(::tracing::Level::$level, left_out, $($line)+);
        }
    }};
    ($level:ident, every: $interval:expr, $($line:tt)+) => {
        $crate::log_limited!($level, every: $interval, class: "", $($line)+)
    };
    ($level:ident, $($line:tt)+) => {
        $crate::log_limited!($level, every: $crate::log_line::THROTTLE_INTERVAL, class: "", $($line)+)
    };
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
        assert_eq!(throttle.admits_at("", start), Some(0));
        for _ in 0..5 {
            assert_eq!(throttle.admits_at("", start + THROTTLE_INTERVAL / 2), None);
        }
        assert_eq!(throttle.admits_at("", start + THROTTLE_INTERVAL), Some(5));
        assert_eq!(throttle.admits_at("", start + THROTTLE_INTERVAL * 2), Some(0));
    }
    #[test]
    fn one_class_of_causes_does_not_hide_another_and_there_are_so_many() {
        let (throttle, start) = (LogThrottle::new(), Instant::now());
        for n in 0..MAX_CLASSES {
            assert_eq!(throttle.admits_at(&n.to_string(), start), Some(0));
            assert_eq!(throttle.admits_at(&n.to_string(), start), None);
        }
        assert_eq!(throttle.admits_at("one more", start), None, "it shares the last one's place");
        assert_eq!(throttle.classes.lock().expect("no panic").len(), MAX_CLASSES);
    }

    #[test]
    fn the_class_of_an_error_is_a_code_of_its_causes() {
        let io = |kind: io::ErrorKind, text: &str| io::Error::new(kind, text.to_owned());
        let full = || io(io::ErrorKind::StorageFull, "some text");
        assert_eq!(error_class(&full()), "StorageFull");
        assert_eq!(error_class(&io(io::ErrorKind::StorageFull, "another text")), "StorageFull");
        assert_eq!(error_class(&StoreError::Unavailable(Box::new(full()))), "StorageFull");
        assert_eq!(error_class(&StoreError::TimedOut), "timed out");
        assert_eq!(error_class(&StoreError::Unavailable("no code".into())), "");
    }
}
