//! From rows to a model. Models that each miss a fold of our own rows say how good it is, calibrate it and set
//! thresholds; the one that ships saw all folds.

use std::{collections::BTreeMap, path::Path, thread};

use anyhow::Result;
use plic_filter::{
    Classifier, Language, Scores,
    classifier::{Vocabulary, keys},
    normalize::View,
};

use crate::{
    calibrate::{self, Ordinary, rescored},
    corpus::{self, FOLDS, Part, Row},
    encode::encode,
    evaluate::Scored,
    fit::{Examples, HEADS, Weights},
    labels::Labels,
};

/// The shares of public ordinary messages that the lines let be stopped by mistake.
pub(crate) const HELD: f64 = 0.001;
pub(crate) const BLOCKED: f64 = 0.0001;
/// And of the messages of writers whom the model that judges them has not read.
pub(crate) const HELD_OF_NATURAL: f64 = 0.002;
pub(crate) const BLOCKED_OF_NATURAL: f64 = 0.0003;
/// And of our chat, which was written to be mistaken.
const HELD_OF_CHAT: f64 = 0.005;
/// The languages that lines are set for.
pub(crate) const LANGUAGES: [&str; 2] = ["en", "fr"];
const SEED: u64 = 20;
/// A word of the public sets is no slip of the pen when it is there so often.
const COMMON: usize = 2;
/// Chat of ours whose words are not written as they are meant.
const DISGUISED: &str = "disguised";
/// Fits that run beside each other; what comes out does not depend on it.
const THREADS: usize = 2;

/// A model and what there is to say of it.
pub(crate) struct Made {
    pub(crate) file: Vec<u8>,
    pub(crate) model: Classifier,
    rows: Vec<Row>,
    /// Beside each row, its scores by a model that did not see it, where there is one.
    scores: Vec<Option<Scores>>,
}

impl Made {
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Beside each row, its scores by a model that did not see it, where there is one.
    pub(crate) fn scores(&self) -> &[Option<Scores>] {
        &self.scores
    }

    /// The rows that were scored and that are asked for.
    pub(crate) fn scored(&self, wanted: impl Fn(&Row) -> bool) -> Vec<Scored<'_>> {
        let scored = self.rows.iter().zip(&self.scores).filter(|(row, _)| wanted(row));
        scored.filter_map(|(row, &scores)| Some(Scored { row, scores: scores? })).collect()
    }
}

/// Makes the model of what lies in the trainer's folder.
pub(crate) fn train(root: &Path) -> Result<Made> {
    let rows = corpus::rows(root)?;
    let keys = vocabulary(&rows);
    let examples = Examples::of(&rows, &Vocabulary::of(&keys));
    let folds: Vec<Option<u64>> = (0..FOLDS).map(Some).chain([None]).collect();
    let fitted = fit_all(&examples, &folds);
    let uncalibrated = [[(1.0, 0.0); HEADS]; LANGUAGES.len()];
    let mut models = Vec::new();
    for weights in &fitted {
        models.push(Classifier::from_bytes(&encode(weights, &uncalibrated, &keys))?);
    }
    let judge = |row: &Row| match row.part {
        Part::Train => None,
        Part::Fold(_) if row.is_variant => None,
        Part::Fold(fold) => models.get(usize::try_from(fold).ok()?),
        Part::Unseen => models.last(),
    };
    let score = |row: &Row| Some(judge(row)?.scores(&View::skeleton(&row.text), Language::Unsure));
    let scores: Vec<Option<Scores>> = rows.iter().map(score).collect();
    let lines = LANGUAGES.map(|lang| {
        let of = |is_ordinary: fn(&Row) -> bool, held, blocked| {
            let beside = rows.iter().zip(&scores).filter(|(row, _)| row.lang == lang && is_ordinary(row));
            Ordinary { scores: beside.filter_map(|(_, scores)| *scores).collect(), held, blocked }
        };
        calibrate::lines(
            &[
                of(is_benign_unseen, HELD, BLOCKED),
                of(is_benign_natural, HELD_OF_NATURAL, BLOCKED_OF_NATURAL),
                of(is_benign_chat, HELD_OF_CHAT, 0.0),
            ],
            calibrate::LOWEST,
        )
    });
    let rescored = |(row, scores): (&Row, &Option<Scores>)| {
        let language = LANGUAGES.into_iter().position(|lang| lang == row.lang)?;
        Some(rescored(scores.as_ref()?, &lines[language]))
    };
    let scores = rows.iter().zip(&scores).map(rescored).collect();
    let whole = fitted.last().expect("there is a model of all folds");
    let file = encode(whole, &lines, &keys);
    Ok(Made { model: Classifier::from_bytes(&file)?, file, rows, scores })
}

/// The words that people write: all of ours, and those that others wrote more than once.
fn vocabulary(rows: &[Row]) -> Vec<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for row in
        rows.iter().filter(|row| row.part != Part::Unseen && !row.is_variant && row.function != DISGUISED)
    {
        let is_ours = matches!(row.part, Part::Fold(_));
        for key in keys(View::skeleton(&row.text).text()) {
            *counts.entry(key).or_default() += if is_ours { COMMON } else { 1 };
        }
    }
    counts.into_iter().filter(|(_, count)| *count >= COMMON).map(|(key, _)| key).collect()
}

/// Fits a model without each of these folds, several at a time.
fn fit_all(examples: &Examples, folds: &[Option<u64>]) -> Vec<Weights> {
    let mut fitted = Vec::new();
    for folds in folds.chunks(THREADS) {
        thread::scope(|scope| {
            let fits: Vec<_> =
                folds.iter().map(|&fold| scope.spawn(move || Weights::fit(examples, fold, SEED))).collect();
            fitted.extend(fits.into_iter().map(|fit| fit.join().expect("a fit does not panic")));
        });
    }
    fitted
}

/// A row of ordinary messages that is in no training.
pub(crate) fn is_benign_unseen(row: &Row) -> bool {
    row.part == Part::Unseen && row.labels == Labels::NONE && row.known == Labels::ALL
}

/// A row of somebody's ordinary messages, or of what is no abuse and stands beside it.
pub(crate) fn is_benign_natural(row: &Row) -> bool {
    row.source == corpus::NATURAL && row.labels == Labels::NONE && !row.is_variant
}

/// A row of our ordinary chat.
pub(crate) fn is_benign_chat(row: &Row) -> bool {
    row.source == corpus::ORDINARY && row.labels == Labels::NONE
}
