//! What a message costs a node that has nobody in its room: while that node listens to nothing, and while it has people in other
//! rooms of the same slots, whose subscription brings it the message nevertheless.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use super::super::party::{AT_ONCE, Guests};
use crate::{
    ground::Ground,
    load::{
        crowd::Crowd,
        entrance::enter,
        traffic::{Lane, Pace, Traffic},
    },
    measure::{process, spread::Spread},
    options::Options,
    report::{
        number::number,
        row::{Row, Trouble},
    },
    server::{Kind, Server},
};

/// Rooms in which people talk on one node, and as many in which people listen on the other.
const ROOMS: usize = 256;
/// A room's slot is its number modulo this.
const SLOTS: u64 = 4096;
/// 2,000 messages a second.
const APART: Duration = Duration::from_micros(500);
/// Until a node has subscribed to what its new people need, or unsubscribed.
const SETTLING: Duration = Duration::from_secs(3);

/// Microseconds of processor time for a message.
struct Cost {
    node: f64,
    nats: f64,
}

/// Measures it.
pub(super) fn run(options: &Options) -> Vec<Row> {
    let (mut without, mut beside) = (Vec::new(), Vec::new());
    let failure = measure(options, &mut without, &mut beside).err();
    let cases =
        [("nobody in the slots of these rooms", without), ("people in other rooms of these slots", beside)];
    let rows = cases.map(|(name, costs)| {
        let mut row = Row::new("a message in a room without anybody on the second node", name);
        row.is_ours = true;
        row.failure = failure.as_ref().map(Trouble::from);
        let median = |figure: fn(&Cost) -> f64| Spread::of(costs.iter().map(figure));
        if let (Some(node), Some(nats)) = (median(|cost| cost.node), median(|cost| cost.nats)) {
            let each = |spread: Spread| {
                format!("{} ({} to {}) us", number(spread.median), number(spread.min), number(spread.max))
            };
            row.result = format!("{} of that node, {} of NATS a message", each(node), each(nats));
        }
        row
    });
    rows.into()
}

fn measure(options: &Options, without: &mut Vec<Cost>, beside: &mut Vec<Cost>) -> anyhow::Result<()> {
    let host = options.host()?;
    let server = Server::start(Kind::PlicNodes, &host)?;
    let (mut guests, mut lanes, mut rooms) = (Guests::default(), Vec::new(), Vec::new());
    for _ in 0..ROOMS {
        let (first, room) = guests.room(&server, 2)?;
        lanes.extend([Lane::new(first, room, 1), Lane::new(first + 1, room, 1)]);
        rooms.push(room);
    }
    // The next room is in the slot of the first.
    let ground = server.ground().context("nodes stand on something")?;
    let last = rooms[0] + SLOTS - 1;
    ground.sql(&format!("SELECT setval('plic_chat.ids', {last})"));
    let mut listeners = Guests::default();
    for room in rooms {
        let (_, other) = listeners.room(&server, 2)?;
        ensure!(other % SLOTS == room % SLOTS, "room {other} is not in the slot of room {room}");
    }

    let mut crowd = Kind::PlicNodes.crowd()?;
    enter(&mut crowd, &[server.address], &guests.greetings, AT_ONCE)?;
    let lanes = super::super::party::alternating(&lanes, ROOMS);
    let mut traffic = Traffic::new(Kind::PlicNodes.protocol(), Pace::Open(APART), lanes);
    let peer = server.peer().context("there is a second node")?;
    for round in 1..=options.rounds() {
        sleep(SETTLING);
        without.push(cost(&server, &mut crowd, &mut traffic, options)?);
        let mut others = Kind::PlicNodes.crowd()?;
        enter(&mut others, &[peer.address], &listeners.greetings, AT_ONCE)?;
        sleep(SETTLING);
        beside.push(cost(&server, &mut crowd, &mut traffic, options)?);
        for (name, costs) in [("without", &*without), ("with", &*beside)] {
            let Some(Cost { node, nats }) = costs.last() else { continue };
            eprintln!(
                "misses, round {round}: {name} others in the slots: node {node:.2} us, NATS {nats:.2} us"
            );
        }
    }
    Ok(())
}

/// What the second node and NATS use for a message, over what they use when nobody says anything.
fn cost(
    server: &Server,
    crowd: &mut Crowd,
    traffic: &mut Traffic,
    options: &Options,
) -> anyhow::Result<Cost> {
    let peer = server.peer().context("there is a second node")?.pid();
    let nats = server.ground().and_then(Ground::nats_pid).context("there is a NATS")?;
    let used =
        || anyhow::Ok([process::run_time(peer)?.as_secs_f64(), process::run_time(nats)?.as_secs_f64()]);
    let time = 2 * options.window();
    traffic.run(crowd, options.warm_up())?;
    traffic.settle(crowd)?;
    traffic.reset();
    let idle = used()?;
    sleep(time);
    let (quiet, begun) = (used()?, Instant::now());
    traffic.run(crowd, time)?;
    traffic.settle(crowd)?;
    let (busy, longer) = (used()?, begun.elapsed().as_secs_f64() / time.as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "messages of seconds are far below 2^52")]
    let messages = traffic.reset().confirmed as f64;
    let each = |which: usize| {
        let anyway = (quiet[which] - idle[which]) * longer;
        (busy[which] - quiet[which] - anyway) * 1e6 / messages
    };
    Ok(Cost { node: each(0), nats: each(1) })
}
