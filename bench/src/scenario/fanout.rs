//! Rooms of a hundred in closed loop: what a delivery costs.

use super::{
    Outcome,
    contest::{self, Contestant, growth, median, ratio},
    party::{Shape, Window},
};
use crate::{
    load::traffic::Pace,
    options::Options,
    report::{
        chart::Panel,
        number::number,
        row::{Goal, Row},
    },
    server::Kind,
};

const KINDS: [Kind; 6] =
    [Kind::Plic, Kind::PlicTwoCores, Kind::Floor, Kind::FloorSeparate, Kind::Node, Kind::Mosquitto];

/// With so many of a room who send.
pub(crate) fn run(options: &Options, senders: usize) -> anyhow::Result<Outcome> {
    let shape = Shape { rooms: 10, members: 100, senders, pace: Pace::Closed };
    let who = if senders == 1 { "1 sender".to_owned() } else { format!("{senders} senders") };
    let name = format!("fan-out, 10 rooms x 100, {who} a room");
    let contestants = contest::run(options, &name, shape, &KINDS, || Ok(()))?;
    let bars = contestants.iter().filter(|contestant| contestant.kind != Kind::PlicTwoCores);
    let panel = Panel {
        title: format!("deliveries a CPU second, {who} a room of 100"),
        bars: bars.filter_map(|contestant| contestant.bar(Window::deliveries_per_cpu)).collect(),
    };
    let rows = contestants.iter().map(|one| row(one, &contestants, &name, senders)).collect();
    Ok(Outcome { rows, panels: vec![panel] })
}

fn row(contestant: &Contestant, all: &[Contestant], name: &str, senders: usize) -> Row {
    let row = contestant.row(name, |windows| {
        let (rate, per_cpu) =
            (median(windows, Window::deliveries), median(windows, Window::deliveries_per_cpu));
        format!("{} deliveries/s, {} a CPU second", number(rate), number(per_cpu))
    });
    let kind = contestant.kind;
    let per_cpu = ratio(all, kind, Window::deliveries_per_cpu);
    match kind {
        // Those on other ground than a file are not among these.
        Kind::Plic | Kind::PlicPostgres | Kind::PlicNodes => row,
        Kind::PlicTwoCores => {
            row.with("deliveries/s, two cores to one", growth(all, Window::deliveries), None)
        }
        Kind::Node if senders == 1 => {
            let cost = ratio(all, kind, |window| window.cpu.total() / window.deliveries() / window.seconds);
            row.with("CPU a delivery", cost, Some(Goal::AtMost(0.6)))
        }
        Kind::Node => row.with("deliveries a CPU second", per_cpu, Some(Goal::AtLeast(10.0))),
        Kind::Floor => {
            let goal = if senders == 1 { 0.9 } else { 0.6 };
            row.with("deliveries a CPU second", per_cpu, Some(Goal::AtLeast(goal)))
        }
        Kind::FloorSeparate | Kind::Mosquitto => row.with("deliveries a CPU second", per_cpu, None),
    }
}
