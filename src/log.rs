//! The log on standard error: one bounded line an event, whatever stands in its fields.

use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
};

use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::audit_export::HEAD_TARGET;

/// Libraries that would write what is said into the log at their finest levels.
const TALKATIVE: [&str; 6] = ["tungstenite", "tokio_tungstenite", "hyper", "reqwest", "sqlx", "async_nats"];
/// The longest line, in bytes: errors of libraries may quote what they were given.
const MAX_LINE_BYTES: usize = 4096;
const CUT_MARK: &str = " [cut]";

/// Sends events to standard error: those of `RUST_LOG` (`info` by default), and the head of the audit log, which operators
/// compare with the database later, whatever `RUST_LOG` is.
pub fn to_stderr() {
    let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let discreet = filter_fn(|metadata| {
        *metadata.level() <= Level::INFO
            || !TALKATIVE.iter().any(|library| metadata.target().starts_with(library))
    })
    // Without it, every line that a library might log at its finest level is looked at.
    .with_max_level_hint(Level::TRACE);
    let head = filter_fn(|metadata| metadata.target() == HEAD_TARGET).with_max_level_hint(Level::INFO);
    let lines = fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(|| OneLine(io::stderr()));
    tracing_subscriber::registry().with(lines.with_filter(chosen.and(discreet).or(head))).init();
}

/// Writes each event as one line of at most [`MAX_LINE_BYTES`]. An event comes in one call.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(one_line(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Escapes line breaks within an event, and cuts what is beyond the limit.
fn one_line(event: &str) -> Cow<'_, str> {
    let body = event.strip_suffix('\n').unwrap_or(event);
    if body.len() <= MAX_LINE_BYTES && !body.contains(['\n', '\r']) {
        return Cow::Borrowed(event);
    }
    // What is beyond the limit need not be escaped: an escape is never shorter.
    let mut line = body[..body.floor_char_boundary(MAX_LINE_BYTES)].replace('\n', "\\n").replace('\r', "\\r");
    if body.len() > MAX_LINE_BYTES || line.len() > MAX_LINE_BYTES {
        line.truncate(line.floor_char_boundary(MAX_LINE_BYTES));
        line.push_str(CUT_MARK);
    }
    line.push('\n');
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_event_is_written_as_it_is() {
        assert_eq!(one_line("INFO serving\n"), "INFO serving\n");
    }

    #[test]
    fn line_breaks_within_an_event_are_escaped() {
        assert_eq!(one_line("WARN a\r\nb\n"), "WARN a\\r\\nb\n");
    }

    #[test]
    fn an_event_that_escapes_make_too_long_is_cut_after_them() {
        for breaks in [MAX_LINE_BYTES / 2 + 1, MAX_LINE_BYTES, 2 * MAX_LINE_BYTES] {
            let line = one_line(&format!("{}\n", "\n".repeat(breaks))).into_owned();
            assert_eq!(line.len(), MAX_LINE_BYTES + CUT_MARK.len() + 1, "{breaks}");
            assert_eq!(line.lines().count(), 1);
        }
        let exact = one_line(&format!("{}\n", "\n".repeat(MAX_LINE_BYTES / 2))).into_owned();
        assert_eq!(exact, format!("{}\n", "\\n".repeat(MAX_LINE_BYTES / 2)), "what fits is whole");
    }

    #[test]
    fn an_event_over_the_limit_is_cut_between_characters() {
        let line = one_line(&format!("x{}\n", "é".repeat(MAX_LINE_BYTES))).into_owned();
        assert!(
            line.ends_with(" [cut]\n") && line.len() <= MAX_LINE_BYTES + CUT_MARK.len() + 1,
            "{}",
            line.len()
        );
        assert_eq!(line.lines().count(), 1);
    }
}
