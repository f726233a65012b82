//! 10,000 deliveries a second, whatever the server does: how long a message takes to the last of a hundred.

use std::time::Duration;

use super::{
    Outcome,
    contest::{self, Contestant, growth, median, ratio},
    party::{Shape, Window},
};
use crate::{
    load::traffic::Pace,
    options::Options,
    report::{
        number::number,
        row::{Goal, Row},
    },
    server::Kind,
};

const NAME: &str = "open loop, 10 rooms x 100, 10,000 deliveries/s";
const KINDS: [Kind; 3] = [Kind::Plic, Kind::PlicTwoCores, Kind::Floor];
/// A message reaches 99 others: 10,000 deliveries are 101 messages.
const APART: Duration = Duration::from_micros(9_900);

/// Measures it. Windows are longer than elsewhere: a hundred messages a second are few.
pub(crate) fn run(options: &Options) -> anyhow::Result<Outcome> {
    let shape = Shape { rooms: 10, members: 100, senders: 100, pace: Pace::Open(APART) };
    let options = Options { window_seconds: Some(3.0 * options.window().as_secs_f64()), ..options.clone() };
    let contestants = contest::run(&options, NAME, shape, &KINDS, || Ok(()))?;
    let rows: Vec<Row> = contestants.iter().map(|one| row(one, &contestants)).collect();
    Ok(rows.into())
}

fn row(contestant: &Contestant, all: &[Contestant]) -> Row {
    let row = contestant
        .row(NAME, |windows| format!("{} deliveries/s", number(median(windows, Window::deliveries))));
    match contestant.kind {
        Kind::PlicTwoCores => row.with("p99 to the last, two cores to one", growth(all, p99), None),
        Kind::Floor => row
            .with("p50 to the last", ratio(all, Kind::Floor, p50), Some(Goal::AtMost(1.3)))
            .with("p99 to the last", ratio(all, Kind::Floor, p99), Some(Goal::AtMost(1.5))),
        _ => row,
    }
}

fn p50(window: &Window) -> f64 {
    window.count.to_last.percentile(50.0).unwrap_or(f64::NAN)
}

fn p99(window: &Window) -> f64 {
    window.count.to_last.percentile(99.0).unwrap_or(f64::NAN)
}
