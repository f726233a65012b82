//! What subscriptions take: 10,000 to one room each, beside one for each slot that these rooms are in.

use std::time::Instant;

use async_nats::Subscriber;
use testbed::Nats;
use tokio::runtime::{self, Runtime};

use super::exchange::heard_by_server;
use crate::{
    ground,
    measure::{process, spread::Spread},
    options::Options,
    report::{number::number, row::Row},
};

const ROOMS: u64 = 10_000;
const SLOTS: u64 = 4096;
const MIB: f64 = 1024.0 * 1024.0;

/// What some subscriptions took: of memory here and in NATS, and of time until NATS knew them all.
struct Taken {
    here: f64,
    server: f64,
    milliseconds: f64,
    /// Kept until all is measured, or the next ones would be given memory that these had.
    _kept: (Vec<Subscriber>, Runtime, Nats),
}

/// A row each.
pub(super) fn rows(options: &Options) -> anyhow::Result<Vec<Row>> {
    let exact: Vec<String> = (0..ROOMS).map(|room| format!("hint.room.{}.{room}", room % SLOTS)).collect();
    let slots: Vec<String> = (0..SLOTS).map(|slot| format!("hint.room.{slot}.*")).collect();
    let mut taken = [Vec::new(), Vec::new()];
    for _ in 0..options.rounds() {
        for (subjects, taken) in [&slots, &exact].into_iter().zip(&mut taken) {
            taken.push(subscribe(subjects)?);
        }
    }
    let names = ["4,096 subscriptions, one a slot", "10,000 subscriptions, one a room"];
    Ok(names.iter().zip(&taken).map(|(name, taken)| row(name, taken)).collect())
}

fn row(name: &str, taken: &[Taken]) -> Row {
    let median = |figure: fn(&Taken) -> f64| {
        Spread::of(taken.iter().map(figure)).map_or(f64::NAN, |spread| spread.median)
    };
    let mut row = Row::new("interest in 10,000 rooms over NATS", name);
    row.result = format!(
        "{} MiB more in the node, {} MiB more in NATS, known to it after {} ms",
        number(median(|taken| taken.here) / MIB),
        number(median(|taken| taken.server) / MIB),
        number(median(|taken| taken.milliseconds)),
    );
    eprintln!("hints: {name}: {}", row.result);
    row
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
fn subscribe(subjects: &[String]) -> anyhow::Result<Taken> {
    let nats = ground::nats()?;
    let own = std::process::id();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (grown, milliseconds, held) = runtime.block_on(async {
        let client = async_nats::connect(nats.url()).await?;
        heard_by_server(&client).await?;
        let resident = || anyhow::Ok([process::resident(own)?, process::resident(nats.pid())?]);
        let (before, begun) = (resident()?, Instant::now());
        let mut held = Vec::with_capacity(subjects.len());
        for subject in subjects {
            held.push(client.subscribe(subject.clone()).await?);
        }
        heard_by_server(&client).await?;
        let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
        let after = resident()?;
        let grown = [0, 1].map(|which| after[which].saturating_sub(before[which]) as f64);
        anyhow::Ok((grown, milliseconds, held))
    })?;
    Ok(Taken { here: grown[0], server: grown[1], milliseconds, _kept: (held, runtime, nats) })
}
