//! The rows that the encoder is trained and chosen with, as tab-separated lines: language, bits of the labels, bits of the
//! heads that they speak of (in the order of the heads), weight, source, function, part, 1 for a variant, the linear
//! model's score for each head by a model that has not read the row, text as the encoder reads it.

use std::{io::Write, path::Path};

use anyhow::Result;
use plic_filter::{Classifier, Head, Language, Scores, View, reading};

use crate::{
    corpus::{NATURAL, Part, Row},
    labels::Labels,
    natural::{self, Block, Speaker},
    train,
};

/// How many messages of a person are read at once, the last one included.
const WINDOW: usize = 4;

/// Writes the rows of the corpus, what people of its blocks say in several messages, and the test split.
pub(crate) fn write(root: &Path, out: &mut impl Write) -> Result<()> {
    let made = train::train(root)?;
    for (row, scores) in made.rows().iter().zip(made.scores()) {
        line(out, row, scores.as_ref())?;
    }
    for block in natural::blocks(&root.join("corpus/natural"))? {
        for row in windows(&block, Part::Fold(block.fold())) {
            line(out, &row, None)?;
        }
    }
    let model = Classifier::shipped();
    for block in natural::blocks(&root.join("heldout/natural/test"))? {
        let alone = block.lines.iter().filter(|line| line.speaker != Speaker::Other).map(|line| {
            let labels = if line.speaker == Speaker::Labelled { block.labels } else { Labels::NONE };
            row(&block, line.text.clone(), labels, NATURAL, Part::Unseen)
        });
        for row in alone.chain(windows(&block, Part::Unseen)) {
            let scores = model.scores(&View::skeleton(&row.text), Language::of_text(&row.text));
            line(out, &row, Some(&scores))?;
        }
    }
    Ok(())
}

fn row(block: &Block, text: String, labels: Labels, source: &str, part: Part) -> Row {
    Row {
        text,
        lang: block.lang.clone(),
        labels,
        known: labels.settles(),
        weight: 1.0,
        source: source.to_owned(),
        function: block.kind.clone(),
        part,
        is_variant: false,
    }
}

/// What the person of a block has said with each message after the first, the last few together.
fn windows(block: &Block, part: Part) -> Vec<Row> {
    let said: Vec<_> = block.lines.iter().filter(|line| line.speaker != Speaker::Other).collect();
    let upto = (2..=said.len()).map(|end| &said[end.saturating_sub(WINDOW)..end]);
    upto.map(|lines| {
        let text = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" / ");
        let shows = lines.iter().any(|line| line.speaker == Speaker::Labelled);
        row(block, text, if shows { block.labels } else { Labels::NONE }, "window", part)
    })
    .collect()
}

fn line(out: &mut impl Write, row: &Row, scores: Option<&Scores>) -> Result<()> {
    let part = match row.part {
        Part::Train => "train".to_owned(),
        Part::Fold(fold) => format!("fold{fold}"),
        Part::Unseen => "unseen".to_owned(),
    };
    let scores = scores.map_or_else(
        || "-".to_owned(),
        |scores| Head::ALL.map(|head| format!("{:.6}", scores.of(head))).join(","),
    );
    let text = reading(&row.text).replace(['\t', '\n', '\r'], " ");
    writeln!(
        out,
        "{}\t{}\t{}\t{}\t{}\t{}\t{part}\t{}\t{scores}\t{text}",
        row.lang,
        row.labels.bits(),
        row.known.bits(),
        row.weight,
        row.source,
        row.function,
        u8::from(row.is_variant)
    )?;
    Ok(())
}
