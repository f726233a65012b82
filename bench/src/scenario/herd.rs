//! A server is killed under its connections and started again: everybody comes back at once.

use std::time::{Duration, Instant};

use super::{
    Outcome,
    party::{AT_ONCE, Guests},
};
use crate::{
    load::{
        crowd::{End, Listener, Mouths},
        entrance::{enter, idle},
        failure::Failure,
        protocol::Heard,
    },
    measure::{process, spread::Spread},
    options::Options,
    report::{
        number::number,
        row::{Goal, Row, Trouble},
    },
    server::{Kind, Server},
};

const SETTLING: Duration = Duration::from_secs(10);
/// Whoever is not back by then does not come back.
const PATIENCE: Duration = Duration::from_mins(1);
/// How far from the idle figure memory may be: the allocator's pages, and what a first start has not done yet.
const SAME: f64 = 1.1;

/// Measures it.
pub(crate) fn run(options: &Options) -> Outcome {
    let count = options.connections();
    let mut row = Row::new(&format!("herd, {count} come back at once"), Kind::Plic.name());
    row.is_ours = true;
    if !options.wants(Kind::Plic) {
        return Outcome::default();
    }
    match measure(options, count) {
        Ok(herd) => row = tell(&herd, row),
        Err(error) => row.failure = Some(Trouble::from(&error)),
    }
    vec![row].into()
}

struct Herd {
    /// Resident bytes before the kill, when all are back, and later.
    idle: f64,
    then: f64,
    settled: f64,
    /// Since the server listened again, and since it was killed.
    seconds: f64,
    since_kill: f64,
    failures: usize,
}

fn tell(herd: &Herd, mut row: Row) -> Row {
    const MIB: f64 = 1024.0 * 1024.0;
    row.result = format!(
        "all back in {} s ({} s after the kill), {} failures; resident {} MiB before, {} MiB then, {} MiB later",
        number(herd.seconds),
        number(herd.since_kill),
        herd.failures,
        number(herd.idle / MIB),
        number(herd.then / MIB),
        number(herd.settled / MIB)
    );
    #[expect(clippy::cast_precision_loss, reason = "failures are counted, and few")]
    let failures = herd.failures as f64;
    row.with("seconds", Spread::of([herd.seconds]), Some(Goal::AtMost(10.0)))
        .with("failures", Spread::of([failures]), Some(Goal::AtMost(0.0)))
        .with("resident, to before", Spread::of([herd.settled / herd.idle]), Some(Goal::AtMost(SAME)))
}

fn measure(options: &Options, count: usize) -> anyhow::Result<Herd> {
    let host = options.host()?;
    let mut server = Server::start(Kind::Plic, &host)?;
    let guests = Guests::strangers(Kind::Plic, count);
    let mut crowd = Kind::Plic.crowd()?;
    enter(&mut crowd, &server.addresses(), &guests.greetings, AT_ONCE)?;
    idle(&mut crowd, SETTLING)?;
    let idle_bytes = resident(&server)?;

    let killed = Instant::now();
    server.restart(&host)?;
    eprintln!("herd: plic-chat is process {} now", server.pid());
    let mut herd = Returning { inside: vec![false; count], back: 0, lost: Vec::new() };
    while herd.lost.len() < count {
        if killed.elapsed() > PATIENCE {
            return Err(Failure::Silence(PATIENCE.as_secs()).into());
        }
        crowd.turn(Duration::from_secs(1), &mut herd)?;
    }
    let begun = Instant::now();
    let mut failures = 0;
    let mut coming = std::mem::take(&mut herd.lost);
    loop {
        for member in coming.drain(..) {
            crowd.come(member, server.address, guests.greetings[member].clone())?;
        }
        if herd.back == count {
            break;
        }
        if begun.elapsed() > PATIENCE {
            return Err(Failure::Silence(PATIENCE.as_secs()).into());
        }
        crowd.turn(Duration::from_secs(1), &mut herd)?;
        coming.append(&mut herd.lost);
        failures += coming.len();
    }
    let (seconds, since_kill) = (begun.elapsed().as_secs_f64(), killed.elapsed().as_secs_f64());
    let then = resident(&server)?;
    idle(&mut crowd, SETTLING)?;
    Ok(Herd { idle: idle_bytes, then, settled: resident(&server)?, seconds, since_kill, failures })
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
fn resident(server: &Server) -> anyhow::Result<f64> {
    Ok(process::resident(server.pid())? as f64)
}

/// Who is back, and who was lost since it was last asked.
struct Returning {
    inside: Vec<bool>,
    back: usize,
    lost: Vec<usize>,
}

impl Listener for Returning {
    fn welcomed(&mut self, member: usize, _: Instant) {
        self.inside[member] = true;
        self.back += 1;
    }

    fn heard(&mut self, _: usize, _: Heard<'_>, _: Instant, _: &mut Mouths<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn gone(&mut self, member: usize, _: End) -> Result<(), Failure> {
        if std::mem::take(&mut self.inside[member]) {
            self.back -= 1;
        }
        self.lost.push(member);
        Ok(())
    }
}
