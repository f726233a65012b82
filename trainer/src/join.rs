//! The lines of the linear model and the encoder together.

use std::{fmt::Write as _, path::Path};

use anyhow::Result;
use plic_encoder::Encoder;
use plic_filter::{Head, Scores, classifier::logistic, reading};

use crate::{
    calibrate::{self, Ordinary, logit},
    corpus::{Part, Row},
    train::{self, is_benign_natural, is_benign_unseen},
};

/// The fold that the encoder has not read.
const UNREAD: u64 = 4;
/// Of the public ordinary messages, one in so many is read: it takes milliseconds each.
const PUBLIC: usize = 4;
/// No line is lower than this average of both logits.
const LOWEST: f64 = -2.5;

/// Returns the lines, as `joined.txt` has them: set on ordinary messages that neither model has read.
pub(crate) fn lines(root: &Path, encoder: &Encoder) -> Result<String> {
    let made = train::train(root)?;
    let mut text = format!(
        "# Made by `trainer join` for the linear model {} and the encoder {}.\n",
        made.model.hash(),
        encoder.hash()
    );
    let of = |wanted: fn(&Row) -> bool, one_in, held, blocked| -> Result<Ordinary> {
        let scored = made.scored(wanted);
        let joined = scored.iter().step_by(one_in).map(|scored| {
            let meaning = encoder.meaning(&reading(&scored.row.text))?.logits();
            let mut joined = Scores::default();
            for (head, meaning) in Head::ALL.into_iter().zip(meaning) {
                #[expect(clippy::cast_possible_truncation, reason = "scores have 32 bits")]
                let linear = logit(scored.scores.of(head)) as f32;
                joined.set(head, logistic(f32::midpoint(linear, meaning)));
            }
            Ok(joined)
        });
        Ok(Ordinary { scores: joined.collect::<Result<_>>()?, held, blocked })
    };
    // Both languages together: one fold has too few messages of one to tell where its lines are.
    let sets = [
        of(is_benign_unseen, PUBLIC, train::HELD, train::BLOCKED)?,
        of(is_unread, 1, train::HELD_OF_NATURAL, train::BLOCKED_OF_NATURAL)?,
    ];
    for (head, (slope, offset)) in Head::ALL.into_iter().zip(calibrate::lines(&sets, LOWEST)) {
        writeln!(text, "{} {slope:.4} {offset:.4}", head.name())?;
    }
    Ok(text)
}

fn is_unread(row: &Row) -> bool {
    is_benign_natural(row) && row.part == Part::Fold(UNREAD)
}

#[cfg(test)]
mod tests {
    use plic_filter::Classifier;

    #[test]
    fn the_lines_are_those_of_the_models_in_the_repository() {
        let lines = include_str!("../../filter/src/classifier/joined.txt");
        let encoder = include_str!("../../encoder/model.sha256");
        let linear = Classifier::shipped().hash();
        assert!(
            lines.contains(linear) && lines.contains(&encoder[..16]),
            "run `cargo run --release -p trainer -- join`"
        );
    }
}
