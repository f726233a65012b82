//! Members who stop reading, or read a byte a second, in rooms full of large messages: what the others feel of it, in those rooms
//! and elsewhere, how much memory they take, and how they are closed. Each case is held against one without them.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use super::{
    Outcome,
    party::{AT_ONCE, Guests, alternating},
};
use crate::{
    load::{
        crowd::{Crowd, End, Listener, Mouths},
        entrance::enter,
        failure::Failure,
        protocol::Heard,
        traffic::{Count, Lane, Pace, Traffic},
    },
    measure::{latency::Latency, process, spread::Spread},
    options::Options,
    report::{
        number::number,
        row::{Delays, Goal, Row, Trouble},
    },
    server::{Host, Kind, Server},
};

const ROOMS: usize = 10;
/// Members of a healthy room, all of whom send; and how many send in a room of stalled ones.
const SPEAKERS: usize = 20;
/// Members of a room who may stall.
const OTHERS: usize = 100;
/// Healthy rooms and others in turn: 100 messages a second to each kind.
const APART: Duration = Duration::from_millis(5);
/// A second has so many parts, in each of which some of those sip who read a byte a second.
const PARTS: u32 = 100;
/// What the rooms of the stalled are told.
const TEXT: usize = 3_900;
/// What the sockets of the stalled take by themselves.
const RECEIVE_BYTES: usize = 4 * 1024;
/// How much the server keeps for a reader at most, as its documentation says.
const OUTBOX_BYTES: f64 = 256.0 * 1024.0;
const MIB: f64 = 1024.0 * 1024.0;
/// In which whoever was cut reads how.
const READING: Duration = Duration::from_secs(20);
const CLOSED: u16 = 4009;

/// How some members misbehave.
#[derive(Debug, Clone, Copy)]
struct Case {
    name: &'static str,
    /// Members of each large room beside those who send.
    others: usize,
    stalled: usize,
    sips: bool,
    /// The case that differs from it by the stalled alone.
    control: Option<usize>,
}

const NOBODY: Case = Case { name: "nobody", others: OTHERS, stalled: 0, sips: false, control: None };
const CASES: [Case; 5] = [
    NOBODY,
    Case { name: "1 stops reading", stalled: 1, control: Some(0), ..NOBODY },
    Case { name: "nobody, without the 1,000", others: 0, ..NOBODY },
    Case { name: "1,000 stop reading", stalled: 1_000, control: Some(2), ..NOBODY },
    Case { name: "1,000 read a byte a second", stalled: 1_000, sips: true, control: Some(2), ..NOBODY },
];

/// What one round of a case showed.
struct Seen {
    to_sender: Latency,
    to_last: Latency,
    /// To the last of those who read, in the rooms of the stalled.
    beside: Latency,
    /// Resident at most, over what it was when everybody was in.
    grown: f64,
    ends: Ends,
}

/// Measures it.
pub(crate) fn run(options: &Options) -> anyhow::Result<Outcome> {
    if !options.wants(Kind::Plic) {
        return Ok(Outcome::default());
    }
    let host = options.host()?;
    let mut seen: [Vec<Option<Seen>>; CASES.len()] = Default::default();
    let mut failures: [Option<Trouble>; CASES.len()] = Default::default();
    for round in 1..=options.rounds().min(3) {
        for ((case, seen), failure) in CASES.iter().zip(&mut seen).zip(&mut failures) {
            let one = measure(&host, options, *case);
            match &one {
                Ok(one) => eprintln!("stalled, round {round}: {}: {}", case.name, glance(one)),
                Err(error) => *failure = Some(Trouble::from(error)),
            }
            // A round that failed keeps its place: rounds are compared one by one.
            seen.push(one.ok());
        }
    }
    let rows: Vec<Row> = CASES
        .iter()
        .zip(&seen)
        .zip(failures)
        .map(|((case, rounds), failure)| {
            row(*case, rounds, case.control.map(|control| &*seen[control]), failure)
        })
        .collect();
    Ok(rows.into())
}

fn measure(host: &Host, options: &Options, case: Case) -> anyhow::Result<Seen> {
    let server = Server::start(Kind::Plic, host)?;
    let protocol = Kind::Plic.protocol();
    let (mut guests, mut healthy, mut noise) = (Guests::default(), Vec::new(), Vec::new());
    let mut may_stall = Vec::new();
    for _ in 0..ROOMS {
        let (first, room) = guests.room(&server, SPEAKERS)?;
        healthy.extend((first..first + SPEAKERS).map(|member| Lane::new(member, room, SPEAKERS - 1)));
        let (first, room) = guests.room(&server, SPEAKERS + case.others)?;
        noise.extend((first..first + SPEAKERS).map(|member| Lane::noise(member, room, SPEAKERS - 1, TEXT)));
        may_stall.extend(first + SPEAKERS..first + SPEAKERS + case.others);
    }
    let lanes = alternating(&healthy, ROOMS).into_iter().zip(alternating(&noise, ROOMS));
    let lanes = lanes.flat_map(|(healthy, noise)| [healthy, noise]).collect();
    let mut crowd = Kind::Plic.crowd()?;
    enter(&mut crowd, &server.addresses(), &guests.greetings, AT_ONCE)?;
    let mut traffic = Traffic::new(protocol, Pace::Open(APART), lanes);
    traffic.run(&mut crowd, options.warm_up())?;
    traffic.settle(&mut crowd)?;
    traffic.reset();

    process::forget_peak(server.pid())?;
    let before = process::resident(server.pid())?;
    let stalled = &may_stall[..case.stalled];
    for &member in stalled {
        crowd.narrow(member, RECEIVE_BYTES)?;
        crowd.deafen(member)?;
    }
    let seconds = if options.quick { 12 } else { 20 };
    for part in 0..seconds * PARTS {
        traffic.run(&mut crowd, Duration::from_secs(1) / PARTS)?;
        if case.sips {
            // Some in each part, for a thousand at once would delay the client itself.
            for &member in stalled.iter().skip((part % PARTS) as usize).step_by(PARTS as usize) {
                crowd.sip(member);
            }
        }
    }
    traffic.settle(&mut crowd)?;
    let count = traffic.reset();
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
    let grown = process::peak(server.pid())?.saturating_sub(before) as f64;
    let ends = read_ends(&mut crowd, stalled)?;
    let Count { to_sender, to_last, noise_to_last: beside, .. } = count;
    Ok(Seen { to_sender, to_last, beside, grown, ends })
}

/// Reads what stands in the sockets of those who did not, until all are closed.
fn read_ends(crowd: &mut Crowd, stalled: &[usize]) -> Result<Ends, Failure> {
    let mut ends = Ends { awaited: stalled.iter().copied().collect(), ..Ends::default() };
    for &member in stalled {
        crowd.prick_up(member)?;
    }
    let begun = Instant::now();
    while ends.told + ends.cut < stalled.len() && begun.elapsed() < READING {
        crowd.turn(Duration::from_secs(1), &mut ends)?;
    }
    ends.open = stalled.len() - ends.told - ends.cut;
    Ok(ends)
}

fn row(
    case: Case,
    rounds: &[Option<Seen>],
    control: Option<&[Option<Seen>]>,
    failure: Option<Trouble>,
) -> Row {
    let mut row = Row::new("stalled readers beside healthy rooms", case.name);
    row.failure = failure;
    row.is_ours = true;
    let (mut to_sender, mut to_last, mut beside) =
        (Latency::default(), Latency::default(), Latency::default());
    let mut ends = Ends::default();
    for one in rounds.iter().flatten() {
        to_sender.add(&one.to_sender);
        to_last.add(&one.to_last);
        beside.add(&one.beside);
        ends.told += one.ends.told;
        ends.cut += one.ends.cut;
        ends.open += one.ends.open;
    }
    row.to_sender = Delays::of(&to_sender);
    row.to_last = Delays::of(&to_last);
    let Some(grown) = Spread::of(rounds.iter().flatten().map(|one| one.grown)) else { return row };
    row.result = format!(
        "{} MiB more at most; p99 in the large rooms {} ms",
        number(grown.median / MIB),
        number(p99(&beside))
    );
    let Some(control) = control else { return row };
    let Ends { told, cut, open, .. } = ends;
    row.result = format!("{}; told {CLOSED}: {told}, cut: {cut}, left open: {open}", row.result);
    let pairs = || rounds.iter().zip(control).filter_map(|(one, none)| one.as_ref().zip(none.as_ref()));
    let worse = |(one, none): (&Seen, &Seen)| {
        (p99(&one.to_last) / p99(&none.to_last)).max(p99(&one.beside) / p99(&none.beside))
    };
    #[expect(clippy::cast_precision_loss, reason = "members are few")]
    let stalled = case.stalled as f64;
    #[expect(clippy::cast_precision_loss, reason = "members are few")]
    let told = Spread::of(rounds.iter().flatten().map(|one| one.ends.told as f64 / stalled));
    let memory = |(one, none): (&Seen, &Seen)| (one.grown - none.grown).max(0.0) / (stalled * OUTBOX_BYTES);
    let row = row
        .with(
            "p99 of those who read, here or elsewhere, to nobody stalled",
            Spread::of(pairs().map(worse)),
            Some(Goal::AtMost(1.1)),
        )
        .with("told why, of the stalled", told, Some(Goal::AtLeast(1.0)));
    // Beside that of a single one, other memory is no less.
    if case.stalled == 1 {
        row
    } else {
        row.with("memory, to connections x 256 KiB", Spread::of(pairs().map(memory)), Some(Goal::AtMost(1.0)))
    }
}

fn p99(latency: &Latency) -> f64 {
    latency.percentile(99.0).unwrap_or(f64::NAN)
}

fn glance(seen: &Seen) -> String {
    let Seen { to_last, beside, grown, ends: Ends { told, cut, open, .. }, .. } = seen;
    format!(
        "p99 to the last {:.2} ms, {:.2} ms in the large rooms, {:.0} MiB more; told {told}, cut {cut}, open {open}",
        p99(to_last),
        p99(beside),
        grown / MIB
    )
}

/// How connections ended: told why, without a word, or not.
#[derive(Debug, Default)]
struct Ends {
    /// Whose end is awaited; all others stay.
    awaited: HashSet<usize>,
    told: usize,
    cut: usize,
    open: usize,
}

impl Listener for Ends {
    fn heard(&mut self, _: usize, _: Heard<'_>, _: Instant, _: &mut Mouths<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn gone(&mut self, member: usize, end: End) -> Result<(), Failure> {
        if !self.awaited.remove(&member) {
            return Err(Failure::Disconnected { member, end });
        }
        if end == End::Closed(Some(CLOSED)) {
            self.told += 1;
        } else {
            self.cut += 1;
        }
        Ok(())
    }
}
