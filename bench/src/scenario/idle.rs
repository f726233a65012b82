//! Connections on which nothing happens: their memory and their time, and their memory after one large frame.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    Outcome,
    party::{AT_ONCE, Guests},
};
use crate::{
    load::{
        crowd::{Listener, Mouths},
        entrance::{enter, idle},
        failure::Failure,
        protocol::{Heard, Message},
        stamp,
    },
    measure::{process, spread::Spread},
    options::Options,
    report::{
        number::number,
        row::{Goal, Row, Trouble},
    },
    server::{Host, Kind, Server},
};

const KINDS: [Kind; 3] = [Kind::Plic, Kind::Floor, Kind::Node];
const PING_SECONDS: u64 = 25;
/// How many of the members send a large frame.
const LARGE: usize = 2_000;
const LARGE_BYTES: usize = 60 * 1024;
/// Handshakes leave things behind that are given back a little later.
const SETTLING: Duration = Duration::from_secs(3);

/// Measures it.
pub(crate) fn run(options: &Options) -> Outcome {
    let count = options.connections();
    let name = format!("idle, {count} connections");
    let mut rows = Vec::new();
    for kind in KINDS.into_iter().filter(|kind| options.wants(*kind)) {
        let mut row = Row::new(&name, kind.name());
        row.is_ours = kind == Kind::Plic;
        match measure(options, kind, count, &mut row) {
            Ok(()) => {}
            Err(error) => row.failure = Some(Trouble::from(&error)),
        }
        rows.push(row);
    }
    rows.into()
}

fn measure(options: &Options, kind: Kind, count: usize, row: &mut Row) -> anyhow::Result<()> {
    let host = Host { afk_seconds: None, ..options.host()? };
    let time = Duration::from_secs(if options.quick { 5 } else { 10 });
    let quiet = rest(kind, &host, count, time)?;
    row.result = format!("{} bytes a connection, {}% of a core", number(quiet.bytes), number(quiet.percent));
    if kind != Kind::Plic {
        return Ok(());
    }
    let heard = Host { ping_seconds: PING_SECONDS, ..host.clone() };
    let beating = rest(kind, &heard, count, Duration::from_secs(PING_SECONDS))?;
    let percent = beating.percent;
    let large = after_large_frames(&host, count.min(LARGE))?;
    row.result = format!(
        "{}; {}% with heartbeats; {} bytes after a frame of 60 KiB ({} before)",
        row.result,
        number(percent),
        number(large.after),
        number(large.before)
    );
    let alone = |value: f64| Spread::of([value]);
    *row = std::mem::take(row)
        .with("bytes a connection", alone(quiet.bytes), Some(Goal::AtMost(2_500.0)))
        .with("% of a core", alone(quiet.percent), Some(Goal::AtMost(0.5)))
        .with("% of a core with heartbeats", alone(percent), Some(Goal::AtMost(2.0)));
    Ok(())
}

/// What connections cost that do nothing.
struct Rest {
    bytes: f64,
    percent: f64,
}

fn rest(kind: Kind, host: &Host, count: usize, time: Duration) -> anyhow::Result<Rest> {
    let server = Server::start(kind, host)?;
    eprintln!("idle: {} is process {}", kind.name(), server.pid());
    let mut guests = Guests::default();
    for _ in 0..count {
        guests.room(&server, 1)?;
    }
    let before = resident_when_warm(&server, &guests)?;
    let mut crowd = kind.crowd()?;
    enter(&mut crowd, &server.addresses(), &guests.greetings, AT_ONCE)?;
    idle(&mut crowd, SETTLING)?;
    let bytes = each(before, process::resident(server.pid())?, count);
    let (used, begun) = (process::cpu(server.pid())?, Instant::now());
    idle(&mut crowd, time)?;
    let used = process::cpu(server.pid())? - used;
    Ok(Rest { bytes, percent: used.total() / begun.elapsed().as_secs_f64() * 100.0 })
}

/// What is allocated once, such as tables and the pools of the runtime, is no connection's.
fn resident_when_warm(server: &Server, guests: &Guests) -> anyhow::Result<u64> {
    let mut first = server.kind.crowd()?;
    let some = guests.greetings.len().min(AT_ONCE);
    enter(&mut first, &server.addresses(), &guests.greetings[..some], AT_ONCE)?;
    drop(first);
    sleep(Duration::from_secs(1));
    Ok(process::resident(server.pid())?)
}

/// Bytes a connection, before and after each has sent a large frame.
struct Large {
    before: f64,
    after: f64,
}

fn after_large_frames(host: &Host, count: usize) -> anyhow::Result<Large> {
    let server = Server::start(Kind::Plic, host)?;
    let mut guests = Guests::default();
    let rooms = (0..count).map(|_| Ok(guests.room(&server, 1)?.1)).collect::<anyhow::Result<Vec<u64>>>()?;
    let empty = resident_when_warm(&server, &guests)?;
    let mut crowd = Kind::Plic.crowd()?;
    enter(&mut crowd, &server.addresses(), &guests.greetings, AT_ONCE)?;
    idle(&mut crowd, SETTLING)?;
    let before = each(empty, process::resident(server.pid())?, count);
    let mut answers = Answers(0);
    for (member, room) in rooms.into_iter().enumerate() {
        let lane = member % stamp::LANES;
        let message =
            Message { room, lane, sequence: 1, length: stamp::LENGTH, padding: LARGE_BYTES, run: 1 };
        crowd.mouths().say(member, &Kind::Plic.protocol().message(message))?;
        let begun = Instant::now();
        while answers.0 <= member {
            crowd.turn(Duration::from_secs(1), &mut answers)?;
            if begun.elapsed() > Duration::from_secs(10) {
                return Err(Failure::Silence(10).into());
            }
        }
    }
    idle(&mut crowd, SETTLING)?;
    Ok(Large { before, after: each(empty, process::resident(server.pid())?, count) })
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
fn each(before: u64, after: u64, count: usize) -> f64 {
    after.saturating_sub(before) as f64 / count as f64
}

/// Counts confirmations.
struct Answers(usize);

impl Listener for Answers {
    fn heard(&mut self, _: usize, heard: Heard<'_>, _: Instant, _: &mut Mouths<'_>) -> Result<(), Failure> {
        match heard {
            Heard::Confirmed(_) => self.0 += 1,
            Heard::Unconfirmed(answer) => {
                return Err(Failure::Unconfirmed(String::from_utf8_lossy(answer).into_owned()));
            }
            _ => {}
        }
        Ok(())
    }
}
