//! How right the filter is with the starter rules, and the linear model alone at its thresholds, as a table: on splits that
//! nothing was trained on or tuned to, by language and group.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use anyhow::Result;
use plic_filter::{
    Action, Classifier, Head, Language, Recall, Remembered, RuleSet, Said, View,
    classifier::HOLD,
    id::{RoomId, UserId},
};
use uuid::Uuid;

use crate::{
    corpus::{self, Row, files},
    evaluate::Counts,
    labels::Labels,
    natural::{self, Block, Speaker},
    train::is_benign_unseen,
};

/// Between two messages of a conversation.
const PAUSE: Duration = Duration::from_mins(2);

/// Counts of both judges by group of a set, the group for everything first.
type Table = BTreeMap<String, [Counts; 2]>;

/// The filter with the starter rules, and the linear model alone.
pub(crate) struct Judges {
    rules: RuleSet,
    model: Classifier,
}

impl Judges {
    pub(crate) fn new(model: Classifier) -> Self {
        Self { rules: RuleSet::starter(), model }
    }

    /// Returns whether a head of the model holds the text.
    fn model_holds(&self, text: &str) -> bool {
        let scores = self.model.scores(&View::skeleton(text), Language::of_text(text));
        Head::ALL.into_iter().any(|head| scores.of(head) >= HOLD)
    }
}

/// Prints the table of the tests in `heldout/`, and of public ordinary sentences; that of the final split as well where it is asked for.
pub(crate) fn print(root: &Path, judges: &Judges, with_final: bool, with_kinds: bool) -> Result<()> {
    let heldout = root.join("heldout");
    println!(
        "{:<52} {:>6}   starter rules: caught, false alarms, macro-F1   model alone",
        "set, language, group", "rows"
    );
    for path in files(&heldout, "csv")? {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        show(&name, &functional(&path, judges)?);
    }
    for split in ["test", "final"].into_iter().filter(|split| with_final || *split == "test") {
        let blocks = natural::blocks(&heldout.join("natural").join(split))?;
        show(&format!("natural {split}"), &conversations(&blocks, judges, with_kinds));
    }
    show("public ordinary", &ordinary(&corpus::public(&root.join("public"))?, judges));
    Ok(())
}

/// Judges the ordinary sentences of the public sets that nothing is trained on.
fn ordinary(rows: &[Row], judges: &Judges) -> Table {
    let mut table = Table::new();
    for row in rows.iter().filter(|row| is_benign_unseen(row)) {
        let stops = [judges.rules.check(&row.text).stops(), judges.model_holds(&row.text)];
        for group in [row.lang.clone(), format!("{} {}", row.lang, row.source)] {
            add(table.entry(group).or_default(), false, stops);
        }
    }
    table
}

fn show(set: &str, table: &Table) {
    for (group, judged) in table {
        let figures = judged.map(figures).join("   ");
        println!("{:<52} {:>6} {figures}", format!("{set} {group}"), judged[0].total());
    }
}

fn figures(counts: Counts) -> String {
    let has_positives = counts.hits + counts.misses > 0;
    let has_negatives = counts.false_alarms + counts.passes > 0;
    let share = |has_any: bool, share: f64| if has_any { format!("{share:.1}") } else { "-".to_owned() };
    let columns = [
        share(has_positives, counts.recall()),
        share(has_negatives, counts.false_alarm_rate()),
        share(has_positives && has_negatives, counts.macro_f1()),
    ];
    columns.map(|column| format!("{column:>6}")).join(" ")
}

/// Judges the rows of a file of functional tests, each by itself.
fn functional(path: &Path, judges: &Judges) -> Result<Table> {
    let mut table = Table::new();
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    for record in reader.records() {
        let record = record?;
        let field = |name: &str| {
            headers.iter().position(|header| header == name).and_then(|at| record.get(at)).unwrap_or_default()
        };
        let is_positive = !matches!(field("label"), "ok" | "not_hateful");
        let stops = [judges.rules.check(field("text")).stops(), judges.model_holds(field("text"))];
        for group in ["", field("group")] {
            let group = [field("lang"), group].join(" ").trim().to_owned();
            add(table.entry(group).or_default(), is_positive, stops);
        }
    }
    Ok(table)
}

/// Judges blocks of messages, each after what its person had said before. Counts each message that shows its labels, and
/// each conversation that has one: it is caught where any of its messages is stopped.
fn conversations(blocks: &[Block], judges: &Judges, with_kinds: bool) -> Table {
    let mut table = Table::new();
    let recall = Recall::new();
    for (number, block) in blocks.iter().enumerate() {
        let label = block.labels.to_string();
        let is_positive = block.labels != Labels::NONE;
        // Ordinary messages beside a kind of abuse are harder than a day's chat, and counted by themselves.
        let topic = block.writer.split('-').next().unwrap_or_default();
        let mut any = [false; 2];
        for (turn, line) in block.lines.iter().enumerate() {
            let speaker = UserId(Uuid::from_u128(if line.speaker == Speaker::Other { 2 } else { 1 }));
            let room = RoomId(i64::try_from(number).unwrap_or(i64::MAX));
            let now = UNIX_EPOCH + PAUSE * u32::try_from(turn + 1_000).unwrap_or(u32::MAX);
            let earlier = recall.earlier(speaker, room, now);
            let verdict = judges.rules.judge(&Said { text: &line.text, room: Some(room), earlier: &earlier });
            // Signs of self-harm are to be seen by somebody, and not to be stopped.
            let is_seen = block.labels.has(Head::SelfHarm) && verdict.action >= Some(Action::Flag);
            let stops = [verdict.stops() || is_seen, judges.model_holds(&line.text)];
            let mut count = |group: String, truth| add(table.entry(group).or_default(), truth, stops);
            if line.speaker != Speaker::Other {
                any = [any[0] | stops[0], any[1] | stops[1]];
            }
            match line.speaker {
                Speaker::Labelled if is_positive => {
                    count(format!("{} {label}: messages", block.lang), true);
                    if with_kinds {
                        count(format!("{} {label}: messages: {}", block.lang, block.kind), true);
                    }
                }
                Speaker::Labelled => {
                    count(format!("{} ordinary beside {topic}", block.lang), false);
                    if with_kinds && stops[0] {
                        count(format!("{} ordinary beside {topic}: {}", block.lang, block.kind), false);
                    }
                }
                Speaker::Quiet => count(format!("{} before any sign of {label}", block.lang), false),
                Speaker::Other => count(format!("{} answers to {label}", block.lang), false),
            }
            if !verdict.stops() {
                let id = i64::try_from(turn).unwrap_or(i64::MAX);
                recall.remember(speaker, room, Remembered { id, at: now, trace: verdict.trace });
            }
        }
        if is_positive && block.lines.len() > 1 {
            add(table.entry(format!("{} {label}: conversations", block.lang)).or_default(), true, any);
        }
    }
    table
}

fn add(counts: &mut [Counts; 2], truth: bool, found: [bool; 2]) {
    counts.iter_mut().zip(found).for_each(|(counts, found)| counts.add(truth, found));
}
