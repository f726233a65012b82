//! `plic-chat moderation eval`: judges labelled messages, as `serve` would with the same rules.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use plic_filter::{Action, RuleSet, Verdict};

use super::figures::Counts;
use crate::server;

/// What to measure.
#[derive(Debug, Args)]
pub struct Request {
    /// The messages: CSV (RFC 4180) with a header, tab-separated where the name ends in .tsv
    file: PathBuf,
    /// The column with the text
    #[arg(long)]
    text_column: String,
    /// The column with the label
    #[arg(long)]
    label_column: String,
    /// The label of messages that should be stopped; repeat it for several. Any other label is one that should pass
    #[arg(long, required = true)]
    positive: Vec<String>,
    /// A column by whose values the figures are printed as well
    #[arg(long)]
    group_column: Option<String>,
    /// The weakest action that counts as stopped
    #[arg(long, value_enum, default_value_t = Threshold::Hold)]
    stopped_by: Threshold,
    /// A JSON file of filter rules in place of the starter rules
    #[arg(long)]
    rules_file: Option<PathBuf>,
    /// Print at most so many of the misjudged messages of each group, with the rule that matched
    #[arg(long, default_value_t = 0)]
    errors: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Threshold {
    /// Delivered, and shown to moderators
    Flag,
    /// Kept until a moderator decides
    Hold,
    /// Refused
    Reject,
    /// Refused, and the connection closed
    Block,
}

impl Threshold {
    fn stops(self, verdict: &Verdict) -> bool {
        let least = match self {
            Self::Flag => Action::Flag,
            Self::Hold => Action::Hold,
            Self::Reject => Action::Reject,
            Self::Block => Action::Block,
        };
        verdict.action >= Some(least)
    }
}

/// Where the columns are.
struct Columns {
    text: usize,
    label: usize,
    group: Option<usize>,
}

/// What was counted so far.
#[derive(Default)]
struct Tally {
    all: Counts,
    groups: BTreeMap<String, Counts>,
    /// Messages by label and by what happened to them.
    actions: BTreeMap<(bool, Option<Action>), u64>,
    errors: BTreeMap<String, Vec<String>>,
}

/// Measures, and prints what came of it.
pub(super) fn run(request: &Request) -> anyhow::Result<()> {
    let rules = RuleSet::compile(server::first_rules(request.rules_file.as_deref())?)?;
    let tally = judge_all(request, &rules)
        .with_context(|| format!("could not measure with {}", request.file.display()))?;
    print(request, &tally).context("could not write to standard output")
}

fn judge_all(request: &Request, rules: &RuleSet) -> anyhow::Result<Tally> {
    let tabs = request.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .quoting(!tabs)
        .from_path(&request.file)?;
    let columns = columns(request, reader.headers()?)?;
    let mut tally = Tally::default();
    for row in reader.records() {
        let row = row?;
        let field = |at: usize| row.get(at).unwrap_or_default();
        let verdict = rules.check(field(columns.text));
        let expected = request.positive.iter().any(|label| label == field(columns.label));
        let stopped = request.stopped_by.stops(&verdict);
        let group = columns.group.map(field).unwrap_or_default();
        tally.all.add(expected, stopped);
        *tally.actions.entry((expected, verdict.action)).or_default() += 1;
        if columns.group.is_some() {
            tally.groups.entry(group.to_owned()).or_default().add(expected, stopped);
        }
        if expected != stopped && request.errors > 0 {
            let errors = tally.errors.entry(group.to_owned()).or_default();
            if errors.len() < request.errors {
                errors.push(explain(expected, &verdict, field(columns.text)));
            }
        }
    }
    if tally.all.total() == 0 {
        bail!("there are no messages in it");
    }
    if tally.all.positives() == 0 {
        // Ordinary chat has none, and what it is measured for are its false alarms. A misspelt label looks the same.
        eprintln!(
            "no message has the label {}: only what should pass is measured",
            request.positive.join(" or ")
        );
    }
    Ok(tally)
}

fn columns(request: &Request, header: &csv::StringRecord) -> anyhow::Result<Columns> {
    let find = |name: &str| {
        // Spreadsheets write a mark before the first column's name.
        let place = header.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
        place.with_context(|| {
            format!(
                "there is no column `{name}`, only {}",
                header.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
            )
        })
    };
    Ok(Columns {
        text: find(&request.text_column)?,
        label: find(&request.label_column)?,
        group: request.group_column.as_deref().map(find).transpose()?,
    })
}

fn explain(expected: bool, verdict: &Verdict, text: &str) -> String {
    let wrong = if expected { "missed" } else { "stopped" };
    let rules: Vec<String> =
        verdict.matches.iter().map(|hit| format!("{} ({})", hit.name, hit.action.as_str())).collect();
    format!("{wrong}: {text:?} {}", rules.join(", "))
}

fn print(request: &Request, tally: &Tally) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let all = &tally.all;
    let name = request.file.file_name().map_or(&*request.file, Path::new).display();
    writeln!(out, "{name}: {} messages, {} of them to be stopped", all.total(), all.positives())?;
    writeln!(out)?;
    writeln!(out, "accuracy             {}", percent(all.accuracy()))?;
    writeln!(out, "F1, to be stopped    {}", percent(all.f1()))?;
    writeln!(out, "F1, to pass          {}", percent(all.f1_negative()))?;
    writeln!(out, "macro-F1             {}", percent(all.macro_f1()))?;
    writeln!(out, "precision            {}", percent(all.precision()))?;
    writeln!(out, "recall               {}", percent(all.recall()))?;
    writeln!(out, "false-positive rate  {}", fine_percent(all.false_positive_rate()))?;
    writeln!(out)?;
    writeln!(out, "                 stopped   passed")?;
    writeln!(out, "to be stopped  {:>9}{:>9}", all.true_positives, all.false_negatives)?;
    writeln!(out, "to pass        {:>9}{:>9}", all.false_positives, all.true_negatives)?;
    writeln!(out)?;
    writeln!(out, "what happened     pass   allow    flag    mask    hold  reject   block")?;
    for (expected, label) in [(true, "to be stopped"), (false, "to pass")] {
        write!(out, "{label:<14}")?;
        for action in [
            None,
            Some(Action::Allow),
            Some(Action::Flag),
            Some(Action::Mask),
            Some(Action::Hold),
            Some(Action::Reject),
            Some(Action::Block),
        ] {
            write!(out, "{:>8}", tally.actions.get(&(expected, action)).copied().unwrap_or(0))?;
        }
        writeln!(out)?;
    }
    if let Some(column) = &request.group_column {
        let width = tally.groups.keys().map(|group| group.chars().count()).max().unwrap_or(0);
        let width = width.max(column.chars().count());
        writeln!(out, "\n{column:<width$}  messages  accuracy    recall  false positives")?;
        for (group, counts) in &tally.groups {
            writeln!(
                out,
                "{group:<width$}{:>10}{:>10}{:>10}{:>17}",
                counts.total(),
                percent(counts.accuracy()),
                percent(counts.recall()),
                percent(counts.false_positive_rate()),
            )?;
        }
    }
    for (group, errors) in &tally.errors {
        writeln!(out, "\nmisjudged {group}")?;
        for error in errors {
            writeln!(out, "  {error}")?;
        }
    }
    out.flush()
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", 100.0 * share))
}

/// With three digits: it is to be a few in ten thousand.
fn fine_percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.3}%", 100.0 * share))
}
