//! Two in a room, one of whom speaks, in closed loop: how many messages a second are confirmed, which is to say on disk. Beside
//! them what one writer can put on that disk.

use std::{env, path::Path};

use anyhow::{Context, ensure};

use super::{
    Outcome,
    contest::{self, Contestant, growth, median, ratio},
    party::{Shape, Window},
};
use crate::{
    load::traffic::Pace,
    measure::spread::Spread,
    options::Options,
    reference::pinned,
    report::{
        chart::{Bar, Panel},
        number::number,
        row::{Goal, Row},
    },
    server::{Kind, SERVER_CORE},
};

const NAME: &str = "256 pairs, durable";
const KINDS: [Kind; 3] = [Kind::Plic, Kind::PlicTwoCores, Kind::Node];
const BATCHES: [usize; 4] = [1, 16, 64, 256];

/// Measures it.
pub(crate) fn run(options: &Options) -> anyhow::Result<Outcome> {
    let shape = Shape { rooms: 256, members: 2, senders: 1, pace: Pace::Closed };
    let host = options.host()?;
    let mut floors: [Vec<f64>; BATCHES.len()] = Default::default();
    let contestants = contest::run(options, NAME, shape, &KINDS, || {
        for (batch, rates) in BATCHES.iter().zip(&mut floors) {
            if options.wants_floor() {
                rates.push(durable_floor(*batch, &host.folder, options)?);
            }
        }
        Ok(())
    })?;
    let mut bars: Vec<Bar> = contestants
        .iter()
        .filter(|contestant| contestant.kind != Kind::PlicTwoCores)
        .filter_map(|contestant| contestant.bar(Window::confirmed))
        .collect();
    let mut rows: Vec<Row> = contestants.iter().map(|one| row(one, &contestants)).collect();
    let ours = contestants.iter().find(|contestant| contestant.kind == Kind::Plic);
    for (batch, rates) in BATCHES.iter().zip(&floors) {
        let Some(rate) = Spread::of(rates.iter().copied()) else { continue };
        let name = format!("one SQLite writer, {batch} a commit");
        let mut row = Row::new(NAME, &name);
        row.result = format!("{} rows/s", number(rate.median));
        let windows = ours.map(|ours| ours.windows.as_slice()).unwrap_or_default();
        let against = Spread::of(windows.iter().zip(rates).map(|(window, rate)| window.confirmed() / rate));
        let goal = (*batch == 256).then_some(Goal::AtLeast(0.35));
        rows.push(row.with("confirmed messages/s", against, goal));
        bars.push(Bar { name, value: rate.median, is_ours: false });
    }
    let title = "confirmed messages/s on disk, 256 pairs".to_owned();
    Ok(Outcome { rows, panels: vec![Panel { title, bars }] })
}

fn row(contestant: &Contestant, all: &[Contestant]) -> Row {
    let row = contestant.row(NAME, |windows| {
        let (rate, per_cpu) =
            (median(windows, Window::confirmed), median(windows, Window::confirmed_per_cpu));
        format!("{} confirmed messages/s, {} a CPU second", number(rate), number(per_cpu))
    });
    match contestant.kind {
        Kind::PlicTwoCores => {
            row.with("confirmed messages/s, two cores to one", growth(all, Window::confirmed), None)
        }
        Kind::Node => {
            let against = ratio(all, Kind::Node, Window::confirmed);
            row.with("confirmed messages/s", against, Some(Goal::AtLeast(7.0)))
        }
        _ => row,
    }
}

/// Rows a second of one writer in a process of its own, on the servers' core.
fn durable_floor(batch: usize, folder: &Path, options: &Options) -> anyhow::Result<f64> {
    let seconds = options.window().as_secs().max(1);
    let output = pinned(env::current_exe()?, &SERVER_CORE.to_string())
        .args(["durable", "--batch", &batch.to_string(), "--seconds", &seconds.to_string(), "--folder"])
        .arg(folder)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the durable floor failed: {said}");
    String::from_utf8_lossy(&output.stdout).trim().parse().context("the durable floor says no number")
}
