//! How nodes should tell each other of messages: a hint a message to a subject of its room, or those of a batch joined to a
//! subject of the node. NATS by itself, without plic-chat: what a hint costs who sends it, the server, and who gets it; and what
//! subscriptions take.

mod exchange;
mod subscriptions;

use anyhow::Context;

use self::exchange::{Cost, Way};
use super::Outcome;
use crate::{
    ground,
    measure::spread::Spread,
    options::Options,
    report::{
        number::number,
        row::{Row, Trouble},
    },
};

const NAME: &str = "hints over NATS, 300 bytes each";
const BATCHES: [usize; 3] = [1, 16, 64];

/// Measures it.
pub(crate) fn run(options: &Options) -> anyhow::Result<Outcome> {
    let hints = if options.quick { 100_000 } else { 400_000 };
    let mut rows = Vec::new();
    let ways = [Way::Room { is_heard: false }, Way::Room { is_heard: true }]
        .into_iter()
        .chain(BATCHES.map(|batch| Way::Node { batch }));
    let mut costs: Vec<(Way, Vec<Cost>)> = ways.map(|way| (way, Vec::new())).collect();
    let nats = match ground::nats() {
        Ok(nats) => nats,
        Err(error) => {
            rows.push(Row { failure: Some(Trouble::from(&error)), ..Row::new(NAME, "NATS") });
            return Ok(rows.into());
        }
    };
    for round in 1..=options.rounds() {
        for (way, costs) in &mut costs {
            let cost = exchange::measure(*way, hints, &nats).with_context(|| way.name())?;
            eprintln!("hints, round {round}: {}: {}", way.name(), told(std::slice::from_ref(&cost)));
            costs.push(cost);
        }
    }
    drop(nats);
    rows.extend(costs.iter().map(|(way, costs)| Row { result: told(costs), ..Row::new(NAME, &way.name()) }));
    rows.extend(subscriptions::rows(options)?);
    Ok(rows.into())
}

fn told(costs: &[Cost]) -> String {
    let median = |figure: fn(&Cost) -> f64| {
        Spread::of(costs.iter().map(figure)).map_or(f64::NAN, |spread| spread.median)
    };
    format!(
        "{} us a hint to who sends it, {} to NATS, {} to who gets it; {} a second",
        number(median(|cost| cost.sender)),
        number(median(|cost| cost.server)),
        number(median(|cost| cost.receiver)),
        number(median(|cost| cost.a_second)),
    )
}
