//! Figures on functional tests that nothing is trained on or tuned to.

use std::{collections::BTreeMap, path::Path, time::Instant};

use anyhow::Result;
use plic_filter::{Classifier, Head, Scores, normalize::View};

use crate::{
    corpus::files,
    evaluate::{Counts, Thresholds},
    fit::HEADS,
};

/// Prints figures for each file of tests: accuracy, F1 of both kinds and their mean, at `hold`.
pub(crate) fn measure(
    folder: &Path,
    model: &Classifier,
    thresholds: &[Thresholds; HEADS],
    groups: bool,
) -> Result<()> {
    // The first text builds the tables of classes, and would be taken for slow.
    model.scores(&View::skeleton("hello"));
    for path in files(folder, "csv")? {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut all = Counts::default();
        let mut alone = [Counts::default(); HEADS];
        let mut took = Vec::new();
        let mut by_group: BTreeMap<String, Counts> = BTreeMap::new();
        let mut reader = csv::Reader::from_path(&path)?;
        let headers = reader.headers()?.clone();
        let column = |name: &str| headers.iter().position(|header| header == name);
        for record in reader.records() {
            let record = record?;
            let field = |name: &str| column(name).and_then(|at| record.get(at)).unwrap_or_default();
            let truth = is_positive(field("label"));
            let view = View::skeleton(field("text"));
            let began = Instant::now();
            let scores = model.scores(&view);
            took.push(began.elapsed());
            let holds = |head: Head| scores.of(head) >= thresholds[head as usize].hold;
            all.add(truth, any(&scores, thresholds));
            for head in Head::ALL {
                alone[head as usize].add(truth, holds(head));
            }
            by_group.entry(field("group").to_owned()).or_default().add(truth, any(&scores, thresholds));
        }
        print(&name, all);
        took.sort_unstable();
        let median = took.get(took.len() / 2).map_or(0.0, |took| took.as_secs_f64() * 1e6);
        println!("  {median:.1} microseconds a message, the median");
        for head in Head::ALL {
            print(&format!("  {} alone", head.name()), alone[head as usize]);
        }
        if groups {
            for (group, counts) in by_group {
                println!("  {group:<50} {:>5} {:>5.1}%", counts.total(), counts.accuracy());
            }
        }
    }
    Ok(())
}

fn any(scores: &Scores, thresholds: &[Thresholds; HEADS]) -> bool {
    Head::ALL.into_iter().any(|head| scores.of(head) >= thresholds[head as usize].hold)
}

fn is_positive(label: &str) -> bool {
    !matches!(label.trim().to_lowercase().as_str(), "ok" | "none" | "not_hateful")
}

fn print(name: &str, counts: Counts) {
    println!(
        "{name:<24} rows {:>5} accuracy {:>5.1} macro-F1 {:>5.1} F1 positive {:>5.1} F1 negative {:>5.1} caught {:>5.1}% false alarms {:>5.2}%",
        counts.total(),
        counts.accuracy(),
        counts.macro_f1(),
        counts.f1_positive(),
        counts.f1_negative(),
        counts.recall(),
        counts.false_alarm_rate()
    );
}
