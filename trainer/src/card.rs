//! The model card: what the model is made of, how good it is, and where it ends.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Context as _, Result};
use plic_filter::Head;

use crate::{
    corpus::{Part, Row},
    evaluate::{Counts, Scored, Thresholds, grouped, ranked},
    fit::HEADS,
    labels::Labels,
    train::{Made, is_benign_chat, is_benign_unseen},
};

const SOURCES: &str = include_str!("../public/README.md");

/// The card in Markdown.
pub(crate) fn write(made: &Made) -> String {
    let mut card = String::new();
    let text = &mut card;
    line(text, "# Model card of the filter's classifier\n");
    line(text, "Written by `cargo run --release -p trainer -- train`; do not edit by hand.\n");
    line(
        text,
        &format!(
            "Model `{}`, {} bytes. A linear model (logistic regression, eight bits a weight) over",
            made.model.hash(),
            made.file.len()
        ),
    );
    line(
        text,
        "hashed words, letters and classes of words, with a calibrated probability for each head: hate, threat,",
    );
    line(
        text,
        "scam, harassment. English and French. It judges one message; it knows no conversation and no person.\n",
    );
    write_thresholds(text, &made.thresholds);
    write_benign(text, made);
    write_positives(text, made);
    write_functions(text, made);
    write_sources(text, made.rows());
    line(text, LIMITS);
    card
}

fn write_thresholds(text: &mut String, thresholds: &[Thresholds; HEADS]) {
    line(text, "## Thresholds\n");
    line(text, THRESHOLDS);
    line(text, "| head | hold | block |\n| --- | --- | --- |");
    for head in Head::ALL {
        let Thresholds { hold, block } = thresholds[head as usize];
        line(text, &format!("| {} | {hold:.3} | {block:.3} |", head.name()));
    }
}

fn write_benign(text: &mut String, made: &Made) {
    line(text, "\n## Ordinary messages stopped\n");
    line(text, "| messages | rows | held by any head | hate | threat | scam | harassment | blocked by any |");
    line(text, "| --- | --- | --- | --- | --- | --- | --- | --- |");
    let unseen = made.scored(is_benign_unseen);
    let chat = made.scored(is_benign_chat);
    for lang in ["en", "fr"] {
        benign_line(text, &format!("public, unseen, {lang}"), &unseen, lang, made);
        benign_line(text, &format!("our ordinary chat, fold by fold, {lang}"), &chat, lang, made);
    }
}

fn benign_line(text: &mut String, name: &str, scored: &[Scored<'_>], lang: &str, made: &Made) {
    let rows: Vec<_> = scored.iter().filter(|scored| scored.row.lang == lang).collect();
    let stopped = |reaches: &dyn Fn(&Scored<'_>) -> bool| {
        let mut counts = Counts::default();
        for scored in &rows {
            counts.add(false, reaches(scored));
        }
        format!("{:.3}%", counts.false_alarm_rate())
    };
    let holds = |head: Head| stopped(&|scored| scored.scores.of(head) >= made.thresholds[head as usize].hold);
    let any = stopped(&|scored| is_held(scored, &made.thresholds));
    let blocked = stopped(&|scored| {
        Head::ALL.into_iter().any(|head| scored.scores.of(head) >= made.thresholds[head as usize].block)
    });
    let [hate, threat, scam, harassment] = Head::ALL.map(holds);
    line(
        text,
        &format!(
            "| {name} | {} | {any} | {hate} | {threat} | {scam} | {harassment} | {blocked} |",
            rows.len()
        ),
    );
}

fn is_held(scored: &Scored<'_>, thresholds: &[Thresholds; HEADS]) -> bool {
    Head::ALL.into_iter().any(|head| scored.scores.of(head) >= thresholds[head as usize].hold)
}

fn write_positives(text: &mut String, made: &Made) {
    line(text, "\n## Heads, at `hold`\n");
    line(
        text,
        "Templates and chat fold by fold, by models that did not see the fold, and the public sets' rows for tests.\n",
    );
    line(
        text,
        "| head | set | rows | caught | false alarms | macro-F1 | ranked rightly |\n| --- | --- | --- | --- | --- | --- | --- |",
    );
    let tuning = made.scored(|row| !is_benign_unseen(row));
    for head in Head::ALL {
        let hold = made.thresholds[head as usize].hold;
        let sets = grouped(
            &tuning,
            |row| row.known.has(head).then(|| format!("{} {}", row.source, row.lang)),
            |row| row.labels.has(head),
            |scores| scores.of(head) >= hold,
        );
        for (set, counts) in sets.into_iter().filter(|(_, counts)| counts.hits + counts.misses > 0) {
            let rows: Vec<_> = tuning
                .iter()
                .filter(|scored| format!("{} {}", scored.row.source, scored.row.lang) == set)
                .collect();
            line(
                text,
                &format!(
                    "| {} | {set} | {} | {:.1}% | {:.2}% | {:.1} | {:.1}% |",
                    head.name(),
                    counts.total(),
                    counts.recall(),
                    counts.false_alarm_rate(),
                    counts.macro_f1(),
                    ranked(&rows, head)
                ),
            );
        }
    }
}

fn write_functions(text: &mut String, made: &Made) {
    line(text, "\n## What the grammar's templates show, fold by fold\n");
    line(
        text,
        "How many of each function are judged rightly at `hold`, by a model that did not see the templates.\n",
    );
    line(text, "| language | function | rows | right |\n| --- | --- | --- | --- |");
    let scored = made.scored(|row| row.source == "grammar");
    let mut functions: BTreeMap<(String, String), Counts> = BTreeMap::new();
    for scored in &scored {
        let key = (scored.row.lang.clone(), scored.row.function.clone());
        let truth = scored.row.labels != Labels::NONE;
        functions.entry(key).or_default().add(truth, is_held(scored, &made.thresholds));
    }
    for ((lang, function), counts) in functions {
        line(text, &format!("| {lang} | {function} | {} | {:.0}% |", counts.total(), counts.accuracy()));
    }
}

fn write_sources(text: &mut String, rows: &[Row]) {
    line(text, "\n## What it is made of\n");
    line(text, "| source | trained on | variants of these | never trained on |\n| --- | --- | --- | --- |");
    let mut sources: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
    for row in rows {
        sources.entry((&row.source, &row.lang)).or_default()
            [if row.part == Part::Unseen { 2 } else { usize::from(row.is_variant) }] += 1;
    }
    for ((source, lang), [train, variants, unseen]) in sources {
        line(text, &format!("| {source} {lang} | {train} | {variants} | {unseen} |"));
    }
    line(text, "\n`grammar` and `chat` are ours, under the licence of this repository. The public sets:\n");
    for row in SOURCES.lines().filter(|line| line.starts_with('|')) {
        line(text, row);
    }
}

const THRESHOLDS: &str = "\
By `hold` a head stops at most 0.2% and by `block` at most 0.01% of ordinary messages that were not trained on: the unseen
public ones and our chat, fold by fold. Besides, `hold` stops at most 0.5% of our chat alone, and `block` none of it; that
chat was written to be mistaken for something else.
";

const LIMITS: &str = "
## Limits

- A linear model has no understanding: what is hateful by context, irony or world knowledge alone passes, and a new way to
  quote or negate may be stopped. It is one rule among others; a moderator decides about what it holds.
- Groups and insults that are in no class list and no data are known by their neighbours alone.
- Other languages than English and French are not scored meaningfully.
- The probabilities are calibrated on the mix of our own rows, not on the share of hate in real chat.
- The figures above come from sentences made by the same authors as the training's; `cargo run --release -p trainer -- measure`
  has stricter ones.

## Making it again

`cargo run --release -p trainer -- train` writes the model and this card; `... -- check` makes the model again and fails where
one byte differs. Chance is seeded, and no arithmetic depends on the machine.";

/// Reads the thresholds back from a card.
pub(crate) fn thresholds(card: &str) -> Result<[Thresholds; HEADS]> {
    let mut found = [Thresholds { hold: 0.5, block: 0.5 }; HEADS];
    for head in Head::ALL {
        let start = format!("| {} | ", head.name());
        let line =
            card.lines().find_map(|line| line.strip_prefix(&start)).context("a head has no thresholds")?;
        let (hold, block) =
            line.trim_end_matches([' ', '|']).split_once(" | ").context("no two thresholds")?;
        found[head as usize] = Thresholds { hold: hold.parse()?, block: block.parse()? };
    }
    Ok(found)
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_back_from_the_card() {
        let written = Head::ALL.map(|_| Thresholds { hold: 0.625, block: 0.875 });
        let mut card = String::new();
        write_thresholds(&mut card, &written);
        assert_eq!(thresholds(&card).expect("it is well written"), written);
    }
}
