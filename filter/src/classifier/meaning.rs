//! What the encoder makes of a text, and how it is joined with what the linear model makes of it.
//!
//! The two see different things, so their logits are averaged. What the average is worth was set as the lines of the
//! linear model were, on ordinary messages of writers whom neither has read, and stands in `joined.txt`: for each head,
//! what the average is multiplied by and what is added then. It holds for one pair of models.

use std::sync::LazyLock;

use super::{Head, model::Logits};

const FILE: &str = include_str!("joined.txt");
const HEADS: usize = Head::ALL.len();

/// A logit of the encoder for each head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meaning {
    logits: [f32; HEADS],
    /// Whether the encoder did not read the end of the text.
    is_of_a_part: bool,
}

impl Meaning {
    /// From logits in the order of [`Head::ALL`].
    pub const fn new(logits: [f32; HEADS]) -> Self {
        Self { logits, is_of_a_part: false }
    }

    /// The same, of a text whose end was not read.
    #[must_use]
    pub const fn of_a_part(self) -> Self {
        Self { is_of_a_part: true, ..self }
    }

    /// The logits, in the order of [`Head::ALL`].
    pub const fn logits(self) -> [f32; HEADS] {
        self.logits
    }

    /// Both together. What the linear model finds in a text that the encoder read in part stays: polite words in front of a
    /// threat shall not hide it.
    pub(in super::super) fn joined(self, linear: Logits) -> Logits {
        Logits(std::array::from_fn(|head| {
            let (slope, offset) = LINES[head];
            let joined = slope * f32::midpoint(linear.0[head], self.logits[head]) + offset;
            if self.is_of_a_part { joined.max(linear.0[head]) } else { joined }
        }))
    }
}

static LINES: LazyLock<[(f32, f32); HEADS]> = LazyLock::new(|| lines(FILE).expect("a test reads the file"));

/// Reads a `head slope offset` line for each head, in their order; `#` begins a comment.
fn lines(file: &str) -> Option<[(f32, f32); HEADS]> {
    let rows = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = rows.zip(Head::ALL).map(|(row, head)| {
        let [name, slope, offset] = *row.split(' ').collect::<Vec<_>>() else { return None };
        (name == head.name()).then_some((slope.parse().ok()?, offset.parse().ok()?))
    });
    read.collect::<Option<Vec<_>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_head_has_a_line() {
        let lines = lines(FILE).expect("every line is there");
        assert!(lines.iter().all(|(slope, offset)| *slope > 0.0 && offset.is_finite()));
        assert!(super::lines("hate 1 0\n").is_none() && super::lines("xx\n").is_none());
    }

    #[test]
    fn what_the_linear_model_finds_behind_the_part_that_was_read_stays() {
        let linear = Logits([3.0; HEADS]);
        let polite = Meaning::new([-8.0; HEADS]);
        assert!(polite.joined(linear).scores().threat < 0.5);
        assert_eq!(polite.of_a_part().joined(linear), linear);
    }

    #[test]
    fn what_both_are_sure_of_is_sure() {
        let joined = |linear: f32, meaning: f32| {
            Meaning::new([meaning; HEADS]).joined(Logits([linear; HEADS])).scores().hate
        };
        assert!(joined(8.0, 8.0) > 0.9 && joined(-8.0, -8.0) < 0.1);
        assert!(joined(f32::NEG_INFINITY, 8.0) < 0.1, "of a text without words");
    }
}
