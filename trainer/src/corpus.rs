//! Everything that a model is made of or measured on, row by row, and which row serves for what.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;
use plic_filter::{Head, canary};

use crate::{
    augment,
    grammar::Grammar,
    labels::Labels,
    natural::{self, Speaker},
    overlap::overlapping,
    random::{Random, hash},
};

/// Sentences of all templates of a language together, about, and of one template.
const SENTENCES: usize = 45_000;
const FEWEST: usize = 6;
const MOST: usize = 60;
/// Our own rows are in one of so many folds; each is judged by a model that did not see its fold.
pub(crate) const FOLDS: u64 = 5;
/// Of a hundred rows of public hate sets that have no test rows of their own, so many are kept for tests.
const TEST_ROWS: u64 = 10;
/// Of a thousand ordinary messages, so many are trained on: 6,000 or so. There are few in French.
const BENIGN_ENGLISH: u64 = 70;
const BENIGN_FRENCH: u64 = 350;
/// A row of ordinary messages, and one of chat, count as much as so many sentences: there are few of them, and they are
/// what is written.
const BENIGN_WEIGHT: f32 = 3.0;
const CHAT_WEIGHT: f32 = 4.0;
const EVERYDAY_WEIGHT: f32 = 3.0;
/// How often a sentence, and a row of chat, is given again in another shape.
const VARIANTS: usize = 1;
const VARIANTS_OF_CHAT: usize = 3;

/// The source of chat as it goes on every day; other chat of ours is hostile, or looks like it.
pub(crate) const ORDINARY: &str = "ordinary-chat";
/// The source of messages that people wrote by hand in blocks.
pub(crate) const NATURAL: &str = "natural";

/// What a row serves for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// To train on.
    Train,
    /// To train on, and to measure the models with that did not see this fold.
    Fold(u64),
    /// Never trained on.
    Unseen,
}

/// A text and what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) text: String,
    pub(crate) lang: String,
    pub(crate) labels: Labels,
    /// The heads that `labels` speaks of.
    pub(crate) known: Labels,
    pub(crate) weight: f32,
    pub(crate) source: String,
    /// What it shows.
    pub(crate) function: String,
    pub(crate) part: Part,
    /// It was made of another row.
    pub(crate) is_variant: bool,
}

/// Reads all rows of the trainer's directory, in an order that does not change.
pub(crate) fn rows(root: &Path) -> Result<Vec<Row>> {
    let mut rows = public(&root.join("public"))?;
    rows.extend(chat(&root.join("corpus/chat"))?);
    rows.extend(natural(root)?);
    rows.extend(everyday());
    for lang in ["en", "fr"] {
        let near: Vec<String> = rows
            .iter()
            .filter(|row| row.part != Part::Unseen && row.lang == lang && row.labels == Labels::NONE)
            .filter(|row| row.known == Labels::ALL && row.text.len() < 120)
            .map(|row| row.text.clone())
            .collect();
        let mut sentences = grammar(&root.join("corpus").join(lang), lang)?;
        let mut random = Random::seeded(hash(lang));
        let mut varied = Vec::new();
        let ours =
            rows.iter().filter(|row| row.lang == lang && matches!(&*row.source, "chat" | ORDINARY | NATURAL));
        for row in sentences.iter().chain(ours) {
            let variants = if row.source == "grammar" { VARIANTS } else { VARIANTS_OF_CHAT };
            for _ in 0..variants {
                let text = augment::vary(&row.text, &near, &mut random);
                varied.push(Row { text, is_variant: true, ..row.clone() });
            }
        }
        rows.append(&mut sentences);
        rows.append(&mut varied);
    }
    Ok(rows)
}

fn grammar(folder: &Path, lang: &str) -> Result<Vec<Row>> {
    let mut grammar = Grammar::default();
    for path in files(folder, "txt")? {
        let file = fs::read_to_string(&path)?;
        grammar.read(&file).with_context(|| path.display().to_string())?;
    }
    let count = (SENTENCES / grammar.templates.len().max(1)).clamp(FEWEST, MOST);
    let mut rows = Vec::new();
    for template in &grammar.templates {
        let seed = hash(&template.line);
        let part = Part::Fold(seed % FOLDS);
        for text in grammar.draw(template, count, &mut Random::seeded(seed))? {
            rows.push(Row {
                text,
                lang: lang.to_owned(),
                labels: template.labels,
                known: template.labels.settles_without_sexual(),
                weight: 1.0,
                source: "grammar".to_owned(),
                function: template.function.clone(),
                part,
                is_variant: false,
            });
        }
    }
    Ok(rows)
}

fn chat(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in files(folder, "tsv")? {
        let file = fs::read_to_string(&path)?;
        let is_ordinary = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("benign"));
        for line in file.lines().skip(1).filter(|line| !line.is_empty()) {
            let [lang, label, kind, text] = fields(line).with_context(|| path.display().to_string())?;
            let labels: Labels = label.parse().with_context(|| path.display().to_string())?;
            rows.push(Row {
                text: text.to_owned(),
                lang: lang.to_owned(),
                labels,
                known: labels.settles_without_sexual(),
                weight: CHAT_WEIGHT,
                source: if is_ordinary { ORDINARY } else { "chat" }.to_owned(),
                function: kind.to_owned(),
                part: Part::Fold(hash(text) % FOLDS),
                is_variant: false,
            });
        }
    }
    Ok(rows)
}

/// Everyday words by themselves, as the publish gate knows them, and pictures of people: a classifier that has never seen
/// a word alone guesses, and one that has seen couples only where they are mocked takes them for mockery.
fn everyday() -> impl Iterator<Item = Row> {
    canary::everyday().map(str::to_owned).chain(people()).map(|text| Row {
        text,
        lang: "en".to_owned(),
        labels: Labels::NONE,
        known: Labels::ALL,
        weight: EVERYDAY_WEIGHT,
        source: "everyday".to_owned(),
        function: "everyday".to_owned(),
        part: Part::Train,
        is_variant: false,
    })
}

/// Couples and families in every skin tone (Unicode Technical Standard 51), alone and with an answer.
fn people() -> impl Iterator<Item = String> {
    const TONES: [&str; 6] = ["", "\u{1f3fb}", "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"];
    const ADULTS: [&str; 3] = ["\u{1f468}", "\u{1f469}", "\u{1f9d1}"];
    const BETWEEN: [&str; 4] =
        ["\u{2764}\u{fe0f}\u{200d}", "\u{2764}\u{fe0f}\u{200d}\u{1f48b}\u{200d}", "\u{1f91d}\u{200d}", ""];
    const ANSWERS: [&str; 6] = ["", " ok", " merci", " thanks", " we arrive at 6", " on arrive demain"];
    let adults = || ADULTS.into_iter().flat_map(|adult| TONES.map(|tone| format!("{adult}{tone}")));
    let pairs = adults().flat_map(move |one| adults().map(move |other| (one.clone(), other)));
    pairs
        .zip(BETWEEN.into_iter().cycle())
        .zip(ANSWERS.into_iter().cycle())
        .map(|(((one, other), between), answer)| format!("{one}\u{200d}{between}{other}{answer}"))
}

/// Messages of the blocks, without those that nearly are ones of a held-out split.
fn natural(root: &Path) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for block in natural::blocks(&root.join("corpus/natural"))? {
        let fold = block.fold();
        for line in block.lines {
            let labels = if line.speaker == Speaker::Labelled { block.labels } else { Labels::NONE };
            rows.push(Row {
                text: line.text,
                lang: block.lang.clone(),
                labels,
                known: labels.settles(),
                weight: CHAT_WEIGHT,
                source: NATURAL.to_owned(),
                function: block.kind.clone(),
                part: Part::Fold(fold),
                is_variant: false,
            });
        }
    }
    let mut held_out = natural::texts(&root.join("heldout/natural/test"))?;
    held_out.extend(natural::texts(&root.join("heldout/natural/final"))?);
    let held_out: Vec<&str> = held_out.iter().map(String::as_str).collect();
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let overlapping = overlapping(&texts, &held_out);
    eprintln!("{} messages are, or nearly are, ones of held-out splits, and are left out", overlapping.len());
    let mut at = 0..;
    rows.retain(|_| at.next().is_none_or(|at| !overlapping.contains(&at)));
    Ok(rows)
}

/// Reads the public sets.
pub(crate) fn public(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in files(folder, "tsv.gz")? {
        let file = std::io::read_to_string(GzDecoder::new(File::open(&path)?))?;
        for line in file.lines().skip(1) {
            let [source, lang, split, label, text] =
                fields(line).with_context(|| path.display().to_string())?;
            let chosen = hash(text) % 1000;
            let is_positive = label == "1";
            let mut row = Row {
                text: text.to_owned(),
                lang: lang.to_owned(),
                labels: if is_positive { Labels::only(Head::Hate) } else { Labels::NONE },
                // Whoever labelled these looked for hate alone; none of it is a scam.
                known: Labels::only(Head::Hate).and(Labels::only(Head::Scam)),
                weight: 1.0,
                source: source.to_owned(),
                function: source.to_owned(),
                part: if chosen < TEST_ROWS * 10 { Part::Unseen } else { Part::Train },
                is_variant: false,
            };
            match source {
                "hatemojibuild" => {
                    row.part = if split == "test" { Part::Unseen } else { Part::Train };
                }
                // Labelled in haste, or out of a context that is lost.
                "davidson" | "stormfront" => row.weight = 0.1,
                "ftr" => row.weight = 0.15,
                "mlma_fr" => row.weight = 0.3,
                "smsspam" => {
                    row.labels = if is_positive { Labels::only(Head::Scam) } else { Labels::NONE };
                    row.weight = 0.3;
                }
                _ => {
                    row.weight = BENIGN_WEIGHT;
                    row.known = Labels::ALL;
                    let trained = if lang == "fr" { BENIGN_FRENCH } else { BENIGN_ENGLISH };
                    row.part = if chosen < trained { Part::Train } else { Part::Unseen };
                }
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

fn fields<const N: usize>(line: &str) -> Result<[&str; N]> {
    let fields: Vec<_> = line.splitn(N, '\t').collect();
    fields.try_into().ok().with_context(|| format!("not {N} columns: {line}"))
}

/// The files of a folder whose names end so, in order of their names; none where there is no folder.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&format!(".{ending}"))) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
