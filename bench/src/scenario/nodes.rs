//! Two nodes over NATS and `PostgreSQL` beside one: rooms of five whose people are on both nodes in turns, at half of what one node
//! can do at most, at a quarter and at a tenth. Then what a message costs a node that has nobody in its room.
//!
//! Everything that serves runs on one core: the nodes, `PostgreSQL` and NATS. So with two nodes the core has more to do than with
//! one, at half of one node's most perhaps more than it can: only where it is far from full do delays tell of the way.

mod misses;

use std::time::Duration;

use anyhow::Context;

use super::{
    Outcome,
    party::{Party, Shape, Window},
};
use crate::{
    load::{failure::Failure, traffic::Pace},
    measure::{latency::Latency, spread::Spread},
    options::Options,
    report::{
        number::number,
        row::{Delays, Goal, Row, Trouble},
    },
    server::Kind,
};

const ROOMS: usize = 200;
const MEMBERS: usize = 5;
/// An odd number: so that those next to each other are on different nodes in one room, and on the other ones in the next.
const _: () = assert!(MEMBERS % 2 == 1, "senders would all be on one node");
/// Everybody sends in their turn.
const SHAPE: Shape =
    Shape { rooms: ROOMS, members: MEMBERS, senders: MEMBERS, pace: Pace::Open(Duration::from_millis(10)) };

/// A part of what one node can do.
struct Load {
    name: &'static str,
    part: f64,
    goal: Option<Goal>,
    /// Round by round; `None` where the servers did not keep up.
    one: Vec<Option<Window>>,
    two: Vec<Option<Window>>,
}

impl Load {
    fn new(name: &'static str, part: f64, goal: Option<Goal>) -> Self {
        Self { name, part, goal, one: Vec::new(), two: Vec::new() }
    }
}

/// Measures it.
pub(crate) fn run(options: &Options) -> Outcome {
    let mut loads = [
        Load::new("half of one node's most", 0.5, Some(Goal::AtMost(3.0))),
        Load::new("a quarter of one node's most", 0.25, None),
        Load::new("a tenth of one node's most", 0.1, None),
    ];
    let mut most = Vec::new();
    let failure = measure(options, &mut loads, &mut most).err();
    let mut rows = vec![full(&most, failure.as_ref())];
    rows.extend(loads.iter().flat_map(both));
    rows.extend(misses::run(options));
    rows.into()
}

fn measure(options: &Options, loads: &mut [Load], most: &mut Vec<Option<Window>>) -> anyhow::Result<()> {
    let host = options.host()?;
    let mut one = Party::start(Kind::PlicPostgres, &host, SHAPE)?;
    let mut two = Party::start(Kind::PlicNodes, &host, SHAPE)?;
    let time = options.window();
    for round in 1..=options.rounds() {
        one.set_pace(Pace::Closed);
        let full = one.window(options.warm_up(), time).context("one node in closed loop")?;
        eprintln!("nodes, round {round}: one node's most is {:.0} messages/s", full.confirmed());
        for load in &mut *loads {
            let apart = Duration::from_secs_f64(1.0 / (full.confirmed() * load.part));
            for (party, windows) in [(&mut one, &mut load.one), (&mut two, &mut load.two)] {
                party.set_pace(Pace::Open(apart));
                let name = party.server.kind.name();
                // Windows are longer than elsewhere: one message in a hundred counts.
                let window = match party.window(options.warm_up(), 2 * time) {
                    Ok(window) => window,
                    Err(error) if matches!(error.downcast_ref(), Some(Failure::Overrun)) => {
                        eprintln!("nodes, round {round}: {name} at {}: {error}", load.name);
                        windows.push(None);
                        party.calm_down()?;
                        continue;
                    }
                    Err(error) => return Err(error.context(format!("{name} at {}", load.name))),
                };
                eprintln!(
                    "nodes, round {round}: {name} at {}: {:.0} messages/s, {:.0}% of the core, p99 to the last {:.2} ms",
                    load.name,
                    window.confirmed(),
                    window.utilisation(),
                    p99(&window)
                );
                windows.push(Some(window));
            }
        }
        most.push(Some(full));
    }
    Ok(())
}

/// What one node can do.
fn full(windows: &[Option<Window>], failure: Option<&anyhow::Error>) -> Row {
    let name = format!("nodes, {ROOMS} rooms x {MEMBERS}, everybody sends, closed loop");
    let mut row = described(&name, Kind::PlicPostgres, windows);
    row.failure = failure.map(Trouble::from);
    row
}

/// One node and two at the same pace.
fn both(load: &Load) -> [Row; 2] {
    let name = format!("nodes, {ROOMS} rooms x {MEMBERS}, open loop at {}", load.name);
    let pairs = || load.one.iter().zip(&load.two).filter_map(|(one, two)| one.as_ref().zip(two.as_ref()));
    let worse = pairs().map(|(one, two)| p99(two) / p99(one));
    // A window that fell behind is worse than any that did not: without it, what is left would look better than it was.
    let is_whole = load.one.iter().chain(&load.two).all(Option::is_some);
    let worse = Spread::of(worse).filter(|_| is_whole);
    let more = pairs().map(|(one, two)| two.utilisation() / one.utilisation());
    let two = described(&name, Kind::PlicNodes, &load.two)
        .with("p99 to the last, two nodes to one", worse, load.goal)
        .with("CPU, two nodes to one", Spread::of(more), None);
    [described(&name, Kind::PlicPostgres, &load.one), two]
}

fn described(scenario: &str, kind: Kind, windows: &[Option<Window>]) -> Row {
    let mut row = Row::new(scenario, kind.name());
    row.is_ours = true;
    let median = |figure: fn(&Window) -> f64| Spread::of(windows.iter().flatten().map(figure));
    let failed = windows.iter().filter(|window| window.is_none()).count();
    let behind = (failed > 0).then(|| format!("behind the pace in {failed} of {} windows", windows.len()));
    let (Some(rate), Some(used)) = (median(Window::confirmed), median(Window::utilisation)) else {
        row.result = behind.unwrap_or_default();
        return row;
    };
    row.result = format!("{} messages/s, {}% of the core", number(rate.median), number(used.median));
    row.result = [Some(row.result), behind].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let (mut to_sender, mut to_last) = (Latency::default(), Latency::default());
    for window in windows.iter().flatten() {
        to_sender.add(&window.count.to_sender);
        to_last.add(&window.count.to_last);
    }
    row.to_sender = Delays::of(&to_sender);
    row.to_last = Delays::of(&to_last);
    row
}

fn p99(window: &Window) -> f64 {
    window.count.to_last.percentile(99.0).unwrap_or(f64::NAN)
}
