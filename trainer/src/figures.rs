//! How right the filter is, as a table: with the starter rules, without and with the encoder, and each model at its lines
//! by itself; on splits that nothing was trained on or tuned to, by language and group.

use std::{
    cell::Cell,
    collections::BTreeMap,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use anyhow::Result;
use plic_encoder::Encoder;
use plic_filter::{
    Action, Asks, Classifier, Earlier, Head, Language, Recall, Remembered, RuleSet, Said, Scores, Verdict,
    View,
    classifier::HOLD,
    id::{RoomId, UserId},
    reading,
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

/// The judges, in the order of their columns.
const JUDGES: [&str; 5] = [
    "starter rules",
    "with the encoder where the linear model is not sure",
    "with the encoder about every text",
    "linear model alone",
    "both models alone",
];

/// What each judge does: whether it stops the text.
type Stops = [bool; JUDGES.len()];

/// Counts of the judges by group of a set, the group for everything first.
type Table = BTreeMap<String, [Counts; JUDGES.len()]>;

/// The filter with the starter rules, without and with the encoder, and the models alone.
pub(crate) struct Judges {
    rules: RuleSet,
    model: Classifier,
    encoder: Encoder,
    /// Texts of which the linear model was not sure, and all.
    unsure: Cell<(usize, usize)>,
}

impl Judges {
    pub(crate) fn new(model: Classifier, encoder: Encoder) -> Self {
        Self { rules: RuleSet::starter(), model, encoder, unsure: Cell::default() }
    }

    /// Judges what is said by the rules without and with the encoder, and says which of the models alone stop it.
    fn judge(&self, said: &Said<'_>) -> Result<([Verdict; 3], [bool; 2])> {
        let language = Language::of_text(said.text);
        let view = View::skeleton(said.text);
        let meaning = self.encoder.meaning(&reading(said.text))?;
        let holds = |scores: Scores| Head::ALL.into_iter().any(|head| scores.of(head) >= HOLD);
        let alone = [self.model.scores(&view, language), self.model.joined_scores(&view, language, meaning)];
        let linear = self.rules.judge(said);
        let (unsure, of) = self.unsure.get();
        self.unsure.set((unsure + usize::from(linear.asks == Asks::Unsure), of + 1));
        let judged = |from| {
            if linear.asks >= from { self.rules.judge_by(said, Some(meaning)) } else { linear.clone() }
        };
        let (where_unsure, always) = (judged(Asks::Unsure), judged(Asks::WhenIdle));
        Ok(([linear, where_unsure, always], alone.map(holds)))
    }

    /// Says of each judge whether it stops a text that is said by itself.
    fn stops(&self, text: &str) -> Result<Stops> {
        let (verdicts, alone) = self.judge(&Said { text, room: None, earlier: &Earlier::default() })?;
        let [linear, where_unsure, always] = verdicts.map(|verdict| verdict.stops());
        Ok([linear, where_unsure, always, alone[0], alone[1]])
    }
}

/// Prints the table of the tests in `heldout/`, and of public ordinary sentences; that of the final split as well where it is asked for.
pub(crate) fn print(root: &Path, judges: &Judges, with_final: bool, with_kinds: bool) -> Result<()> {
    let heldout = root.join("heldout");
    println!("caught, false alarms, macro-F1 in percent of: {}", JUDGES.join("; "));
    println!("{:<52} {:>6}", "set, language, group", "rows");
    for path in files(&heldout, "csv")? {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        show(&name, &functional(&path, judges)?);
    }
    for split in ["test", "final"].into_iter().filter(|split| with_final || *split == "test") {
        let blocks = natural::blocks(&heldout.join("natural").join(split))?;
        show(&format!("natural {split}"), &conversations(&blocks, judges, with_kinds)?);
    }
    show("public ordinary", &ordinary(&corpus::public(&root.join("public"))?, judges)?);
    let (unsure, of) = judges.unsure.get();
    println!("the linear model is not sure of {unsure} of {of} texts");
    Ok(())
}

/// Judges the ordinary sentences of the public sets that nothing is trained on.
fn ordinary(rows: &[Row], judges: &Judges) -> Result<Table> {
    let mut table = Table::new();
    for row in rows.iter().filter(|row| is_benign_unseen(row)) {
        let stops = judges.stops(&row.text)?;
        for group in [row.lang.clone(), format!("{} {}", row.lang, row.source)] {
            add(table.entry(group).or_default(), false, stops);
        }
    }
    Ok(table)
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
        let stops = judges.stops(field("text"))?;
        for group in ["", field("group")] {
            let group = [field("lang"), group].join(" ").trim().to_owned();
            add(table.entry(group).or_default(), is_positive, stops);
        }
    }
    Ok(table)
}

/// Judges blocks of messages, each after what its person had said before and the starter rules without the encoder let
/// pass. Counts each message that shows its labels, and
/// each conversation that has one: it is caught where any of its messages is stopped.
fn conversations(blocks: &[Block], judges: &Judges, with_kinds: bool) -> Result<Table> {
    let mut table = Table::new();
    for (number, block) in blocks.iter().enumerate() {
        let recall = Recall::new();
        let label = block.labels.to_string();
        let is_positive = block.labels != Labels::NONE;
        // Ordinary messages beside a kind of abuse are harder than a day's chat, and counted by themselves.
        let topic = block.writer.split('-').next().unwrap_or_default();
        let mut any = Stops::default();
        for (turn, line) in block.lines.iter().enumerate() {
            let speaker = UserId(Uuid::from_u128(if line.speaker == Speaker::Other { 2 } else { 1 }));
            let room = RoomId(i64::try_from(number).unwrap_or(i64::MAX));
            let now = UNIX_EPOCH + PAUSE * u32::try_from(turn + 1_000).unwrap_or(u32::MAX);
            let earlier = recall.earlier(speaker, room, now);
            let said = Said { text: &line.text, room: Some(room), earlier: &earlier };
            let (verdicts, [linear_holds, both_hold]) = judges.judge(&said)?;
            // Signs of self-harm are to be seen by somebody, and not to be stopped.
            let is_sign = block.labels.has(Head::SelfHarm);
            let is_caught =
                |verdict: &Verdict| verdict.stops() || is_sign && verdict.action >= Some(Action::Flag);
            let [linear, where_unsure, always] = verdicts.each_ref().map(is_caught);
            let stops = [linear, where_unsure, always, linear_holds, both_hold];
            let mut count = |group: String, truth| add(table.entry(group).or_default(), truth, stops);
            if line.speaker != Speaker::Other {
                any.iter_mut().zip(stops).for_each(|(any, stops)| *any |= stops);
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
            let [verdict, ..] = verdicts;
            if !verdict.stops() {
                let id = i64::try_from(turn).unwrap_or(i64::MAX);
                recall.remember(speaker, room, Remembered { id, at: now, trace: verdict.trace });
            }
        }
        if is_positive && block.lines.len() > 1 {
            add(table.entry(format!("{} {label}: conversations", block.lang)).or_default(), true, any);
        }
    }
    Ok(table)
}

fn add(counts: &mut [Counts; JUDGES.len()], truth: bool, found: Stops) {
    counts.iter_mut().zip(found).for_each(|(counts, found)| counts.add(truth, found));
}
