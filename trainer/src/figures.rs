//! How right the filter is with the starter rules, as a table: on splits that nothing was trained on or tuned to, by
//! language and group.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use anyhow::Result;
use plic_filter::{
    Recall, RuleSet, Said,
    id::{RoomId, UserId},
};
use uuid::Uuid;

use crate::{
    corpus::files,
    evaluate::Counts,
    labels::Labels,
    natural::{self, Block, Speaker},
};

/// Between two messages of a conversation.
const PAUSE: Duration = Duration::from_mins(2);

/// Counts by group of a set, the group for everything first.
type Table = BTreeMap<String, Counts>;

/// Prints the table of the tests in `heldout/`; that of the final split as well where it is asked for.
pub(crate) fn print(heldout: &Path, with_final: bool, with_kinds: bool) -> Result<()> {
    let rules = RuleSet::starter();
    println!(
        "{:<44} {:>6} {:>8} {:>12} {:>9}",
        "set, language, group", "rows", "caught", "false alarms", "macro-F1"
    );
    for path in files(heldout, "csv")? {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        show(&name, &functional(&path, &rules)?);
    }
    for split in ["test", "final"].into_iter().filter(|split| with_final || *split == "test") {
        show(
            &format!("natural {split}"),
            &conversations(&natural::blocks(&heldout.join("natural").join(split))?, &rules, with_kinds),
        );
    }
    Ok(())
}

fn show(set: &str, table: &Table) {
    for (group, counts) in table {
        let share = |has_any: bool, share: f64| if has_any { format!("{share:.1}%") } else { "-".to_owned() };
        let (has_positives, has_negatives) =
            (counts.hits + counts.misses > 0, counts.false_alarms + counts.passes > 0);
        println!(
            "{:<44} {:>6} {:>8} {:>12} {:>9}",
            format!("{set} {group}"),
            counts.total(),
            share(has_positives, counts.recall()),
            share(has_negatives, counts.false_alarm_rate()),
            if has_positives && has_negatives { format!("{:.1}", counts.macro_f1()) } else { "-".to_owned() },
        );
    }
}

/// Judges the rows of a file of functional tests, each by itself.
fn functional(path: &Path, rules: &RuleSet) -> Result<Table> {
    let mut table = Table::new();
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    for record in reader.records() {
        let record = record?;
        let field = |name: &str| {
            headers.iter().position(|header| header == name).and_then(|at| record.get(at)).unwrap_or_default()
        };
        let is_positive = !matches!(field("label"), "ok" | "not_hateful");
        let stops = rules.check(field("text")).stops();
        for group in ["", field("group")] {
            let group = [field("lang"), group].join(" ").trim().to_owned();
            table.entry(group).or_default().add(is_positive, stops);
        }
    }
    Ok(table)
}

/// Judges blocks of messages, each after what its person had said before. Counts each message that shows its labels, and
/// each conversation that has one: it is caught where any of its messages is stopped.
fn conversations(blocks: &[Block], rules: &RuleSet, with_kinds: bool) -> Table {
    let mut table = Table::new();
    let recall = Recall::new();
    for (number, block) in blocks.iter().enumerate() {
        let label = block.labels.to_string();
        let is_positive = block.labels != Labels::NONE;
        // Ordinary messages beside a kind of abuse are harder than a day's chat, and counted by themselves.
        let topic = block.writer.split('-').next().unwrap_or_default();
        let mut any = false;
        for (turn, line) in block.lines.iter().enumerate() {
            let speaker = UserId(Uuid::from_u128(if line.speaker == Speaker::Other { 2 } else { 1 }));
            let room = RoomId(i64::try_from(number).unwrap_or(i64::MAX));
            let now = UNIX_EPOCH + PAUSE * u32::try_from(turn + 1_000).unwrap_or(u32::MAX);
            let earlier = recall.earlier(speaker, room, now);
            let verdict = rules.judge(&Said { text: &line.text, room: Some(room), earlier: &earlier });
            let stops = verdict.stops();
            let mut count = |group: String, truth| table.entry(group).or_default().add(truth, stops);
            match line.speaker {
                Speaker::Labelled if is_positive => {
                    any |= stops;
                    count(format!("{} {label}: messages", block.lang), true);
                    if with_kinds {
                        count(format!("{} {label}: messages: {}", block.lang, block.kind), true);
                    }
                }
                Speaker::Labelled => {
                    count(format!("{} ordinary beside {topic}", block.lang), false);
                    if with_kinds && stops {
                        count(format!("{} ordinary beside {topic}: {}", block.lang, block.kind), false);
                    }
                }
                Speaker::Quiet => {
                    any |= stops;
                    count(format!("{} before any sign of {label}", block.lang), false);
                }
                Speaker::Other => count(format!("{} answers to {label}", block.lang), false),
            }
            if !stops {
                let mut key = [0; 32];
                key[..8].copy_from_slice(&turn.to_le_bytes());
                recall.remember(speaker, room, &key, verdict.trace, now);
            }
        }
        if is_positive && block.lines.len() > 1 {
            table.entry(format!("{} {label}: conversations", block.lang)).or_default().add(true, any);
        }
    }
    table
}
