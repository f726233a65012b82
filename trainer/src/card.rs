//! The model card: what the model is made of, how good it is, and where it ends.

use std::{collections::BTreeMap, fmt::Write as _};

use plic_filter::{
    Head,
    classifier::{BLOCK, HOLD},
};

use crate::{
    corpus::{Part, Row},
    evaluate::{Counts, Scored, grouped, ranked},
    labels::Labels,
    train::{LANGUAGES, Made, is_benign_chat, is_benign_natural, is_benign_unseen},
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
    line(text, "hashed words, letters and classes of words, with a score for each head: hate, threat,");
    line(
        text,
        "scam, harassment, sexual, self-harm. English and French. It judges one message; it knows no conversation and no person.\n",
    );
    line(text, SCORES);
    write_benign(text, made);
    write_positives(text, made);
    write_functions(text, made);
    write_sources(text, made.rows());
    line(text, LIMITS);
    card
}

fn write_benign(text: &mut String, made: &Made) {
    line(text, "\n## Ordinary messages stopped\n");
    let heads = Head::ALL.map(Head::name).join(" | ");
    line(text, &format!("| messages | rows | held by any head | {heads} | blocked by any |"));
    line(text, &format!("|{}", " --- |".repeat(4 + Head::ALL.len())));
    let unseen = made.scored(is_benign_unseen);
    let chat = made.scored(is_benign_chat);
    let natural = made.scored(is_benign_natural);
    for lang in LANGUAGES {
        benign_line(text, &format!("natural, by unread writers, {lang}"), &natural, lang);
        benign_line(text, &format!("public, unseen, {lang}"), &unseen, lang);
        benign_line(text, &format!("our ordinary chat, fold by fold, {lang}"), &chat, lang);
    }
}

fn benign_line(text: &mut String, name: &str, scored: &[Scored<'_>], lang: &str) {
    let rows: Vec<_> = scored.iter().filter(|scored| scored.row.lang == lang).collect();
    let stopped = |reaches: &dyn Fn(&Scored<'_>) -> bool| {
        let mut counts = Counts::default();
        for scored in &rows {
            counts.add(false, reaches(scored));
        }
        format!("{:.3}%", counts.false_alarm_rate())
    };
    let holds = |head: Head| stopped(&|scored| scored.scores.of(head) >= HOLD);
    let any = stopped(&|scored| is_held(scored));
    let blocked = stopped(&|scored| Head::ALL.into_iter().any(|head| scored.scores.of(head) >= BLOCK));
    let heads = Head::ALL.map(holds).join(" | ");
    line(text, &format!("| {name} | {} | {any} | {heads} | {blocked} |", rows.len()));
}

fn is_held(scored: &Scored<'_>) -> bool {
    Head::ALL.into_iter().any(|head| scored.scores.of(head) >= HOLD)
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
        let sets = grouped(
            &tuning,
            |row| row.known.has(head).then(|| format!("{} {}", row.source, row.lang)),
            |row| row.labels.has(head),
            |scored| scored.scores.of(head) >= HOLD,
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
        functions.entry(key).or_default().add(truth, is_held(scored));
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

const SCORES: &str = "\
## Scores

A score says how rare an ordinary message with it is, the same in every head, language and model. At 0.5 (`hold`) a head
stops at most 0.1% of public ordinary messages that were not trained on, 0.2% of natural ones by writers of whom the judging
model had read nothing, and 0.5% of our older chat, which was written to be mistaken for something else; at 0.9 (`block`) at
most 0.01%, 0.03% and none.
";

const LIMITS: &str = "
## Limits

- A linear model has no understanding: what is hateful by context, irony or world knowledge alone passes, and a new way to
  quote or negate may be stopped. It is one rule among others; a moderator decides about what it holds.
- Groups and insults that are in no class list and no data are known by their neighbours alone.
- Other languages than English and French are not scored meaningfully.
- A score is no probability: it is set by ordinary messages alone.
- The figures above come from sentences made by the same authors as the training's; `cargo run --release -p trainer -- figures`
  has stricter ones.

## Making it again

`cargo run --release -p trainer -- train` writes the model and this card; `... -- check` makes the model again and fails where
one byte differs. Chance is seeded, and no arithmetic depends on the machine.";

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes all");
}
