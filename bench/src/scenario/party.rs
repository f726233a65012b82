//! Rooms full of members on one server, and a measured window of their traffic.

use std::time::{Duration, Instant};

use anyhow::Context;
use uuid::Uuid;

use crate::{
    load::{
        crowd::Crowd,
        entrance::enter,
        protocol::Guest,
        rooms,
        traffic::{Count, Lane, Pace, Traffic},
    },
    measure::process::Cpu,
    server::{Host, Kind, Server},
};

/// Handshakes at once while members come in.
pub(crate) const AT_ONCE: usize = 64;

/// How many rooms, and who is in them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// How many rooms.
    pub(crate) rooms: usize,
    /// Members of each; nobody is in two.
    pub(crate) members: usize,
    /// How many of them send.
    pub(crate) senders: usize,
    /// When they do.
    pub(crate) pace: Pace,
}

/// A server and the members of its rooms.
pub(crate) struct Party {
    /// The server.
    pub(crate) server: Server,
    crowd: Crowd,
    traffic: Traffic,
}

/// A measured window.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// Its length.
    pub(crate) seconds: f64,
    /// What the server used.
    pub(crate) cpu: Cpu,
    /// What the members counted.
    pub(crate) count: Count,
}

#[expect(clippy::cast_precision_loss, reason = "what is counted in seconds is far below 2^52")]
impl Window {
    /// How much of its core the server used, of a hundred.
    pub(crate) fn utilisation(&self) -> f64 {
        self.cpu.total() / self.seconds * 100.0
    }

    /// Deliveries a second.
    pub(crate) fn deliveries(&self) -> f64 {
        self.count.deliveries as f64 / self.seconds
    }

    /// Deliveries a second of the server's processor time.
    pub(crate) fn deliveries_per_cpu(&self) -> f64 {
        self.count.deliveries as f64 / self.cpu.total()
    }

    /// Confirmed messages a second.
    pub(crate) fn confirmed(&self) -> f64 {
        self.count.confirmed as f64 / self.seconds
    }

    /// Confirmed messages a second of the server's processor time.
    pub(crate) fn confirmed_per_cpu(&self) -> f64 {
        self.count.confirmed as f64 / self.cpu.total()
    }
}

impl Party {
    /// Starts a server, and lets everybody in.
    pub(crate) fn start(kind: Kind, host: &Host, shape: Shape) -> anyhow::Result<Self> {
        let server = Server::start(kind, host)?;
        let mut guests = Guests::default();
        let mut lanes = Vec::new();
        for _ in 0..shape.rooms {
            let (first, room) = guests.room(&server, shape.members)?;
            lanes.extend((0..shape.senders).map(|sender| Lane::new(first + sender, room, shape.members - 1)));
        }
        if let Pace::Open(_) = shape.pace {
            lanes = alternating(&lanes, shape.rooms);
        }
        let mut crowd = kind.crowd()?;
        enter(&mut crowd, &server.addresses(), &guests.greetings, AT_ONCE)
            .context("not everybody came in")?;
        let traffic = Traffic::new(kind.protocol(), shape.pace, lanes);
        Ok(Self { server, crowd, traffic })
    }

    /// From now on they send at this pace; nothing is on its way.
    pub(crate) fn set_pace(&mut self, pace: Pace) {
        self.traffic.set_pace(pace);
    }

    /// Waits until all that was sent has arrived, and forgets it: for after a window that failed.
    pub(crate) fn calm_down(&mut self) -> anyhow::Result<()> {
        self.traffic.settle(&mut self.crowd)?;
        self.traffic.reset();
        Ok(())
    }

    /// Lets them talk: for a while uncounted, then counted.
    pub(crate) fn window(&mut self, warm_up: Duration, time: Duration) -> anyhow::Result<Window> {
        let Self { server, crowd, traffic } = self;
        traffic.run(crowd, warm_up)?;
        let is_open = matches!(traffic.pace(), Pace::Open(_));
        if is_open {
            traffic.settle(crowd)?;
        }
        traffic.reset();
        let (before, begun) = (server.cpu()?, Instant::now());
        traffic.run(crowd, time)?;
        // At a given pace, what has not arrived yet is what took longest: it counts. In closed loop it would be work outside
        // the window.
        if is_open {
            traffic.settle(crowd)?;
        }
        let (seconds, cpu) = (begun.elapsed().as_secs_f64(), server.cpu()? - before);
        let count = traffic.reset();
        traffic.settle(crowd)?;
        traffic.reset();
        Ok(Window { seconds, cpu, count })
    }
}

/// Who is going to come, each another user.
#[derive(Default)]
pub(crate) struct Guests {
    /// What they say at the door.
    pub(crate) greetings: Vec<Vec<u8>>,
    rooms: u64,
}

impl Guests {
    /// Makes a room of new users; the number of the first of them, and the room's.
    pub(crate) fn room(&mut self, server: &Server, members: usize) -> anyhow::Result<(usize, u64)> {
        let users: Vec<Uuid> = (0..members).map(|_| Uuid::new_v4()).collect();
        let tokens: Vec<String> = users.iter().copied().map(rooms::token).collect();
        self.rooms += 1;
        let room = if server.kind.has_rest() {
            rooms::make(server.address, &tokens[0], &users[1..])?
        } else {
            self.rooms
        };
        let first = self.greetings.len();
        for token in &tokens {
            let guest = Guest { member: self.greetings.len(), token, room };
            self.greetings.push(server.kind.protocol().greeting(guest));
        }
        Ok((first, room))
    }

    /// New users, each alone in a room where rooms are named at the door, and in none elsewhere.
    pub(crate) fn strangers(kind: Kind, count: usize) -> Self {
        let greeting = |member| {
            let token = rooms::token(Uuid::new_v4());
            kind.protocol().greeting(Guest { member, token: &token, room: member as u64 })
        };
        Self { greetings: (0..count).map(greeting).collect(), rooms: 0 }
    }
}

/// The senders of all rooms, room by room, so that those next to each other are in different rooms.
pub(crate) fn alternating(lanes: &[Lane], rooms: usize) -> Vec<Lane> {
    let senders = lanes.len() / rooms;
    (0..lanes.len()).map(|turn| lanes[turn % rooms * senders + turn / rooms].clone()).collect()
}
