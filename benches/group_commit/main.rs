//! Confirmed, durable messages a second and their CPU time, with 1 to 256 senders at once, on each engine, beside a plain floor
//! on the same database: one table and one index, and nothing but inserts, in batches of as many rows as there are senders.
//!
//! `cargo bench -p plic-chat --bench group_commit [-- FOLDER] [-- sqlite|postgres]`: the databases are made in folders of their
//! own inside FOLDER (default: the temporary folder), on whose disk the figures depend. `taskset -c 0` before it for one core,
//! `PostgreSQL` included, whose own CPU time is told apart from that of this process.

mod cpu;
mod floor;
mod postgres;
mod sqlite;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use plic_pipeline::{
    bus::Bus,
    event::Event,
    id::{ConnectionId, RoomId, UserId},
    store::{NewMessage, SentKey, Store},
};
use uuid::Uuid;

use self::{cpu::Cpu, floor::Floor};

/// Pairs of users, each in a room of theirs.
const PAIRS: usize = 256;
const SENDERS: [usize; 4] = [1, 16, 64, 256];
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

type Error = Box<dyn std::error::Error>;

struct Nowhere;

#[async_trait]
impl Bus for Nowhere {
    async fn publish(&self, _: Vec<Event>) {}
}

fn main() {
    let given = || std::env::args().skip(1).filter(|arg| !arg.starts_with('-'));
    let engines = ["sqlite", "postgres"];
    let folder = given().find(|arg| !engines.contains(&arg.as_str()));
    let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
    let wants =
        |engine| given().any(|arg| arg == engine) || !given().any(|arg| engines.contains(&arg.as_str()));
    // PostgreSQL makes its own folder, and is to make it there too.
    tempfile::env::override_temp_dir(&folder).expect("no folder was made yet");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if wants("sqlite") {
        runtime.block_on(sqlite::run()).expect("the store works");
    }
    if wants("postgres") {
        let server = postgres::server();
        runtime.block_on(postgres::run(&server)).expect("the store works");
    }
}

/// Measures a store beside a floor. `database` is the process of their server, where they are not in this one.
async fn compare(
    engine: &str,
    store: &Arc<dyn Store>,
    floor: &mut impl Floor,
    database: Option<u32>,
) -> Result<(), Error> {
    let mut pairs = Vec::new();
    for n in 0..PAIRS as u128 {
        let [sender, other] = [2 * n, 2 * n + 1].map(|n| UserId(Uuid::from_u128(n << 64 | 1)));
        pairs.push((sender, store.create_room(sender, &[other], None).await?));
    }
    for senders in SENDERS {
        let mut ratios = Vec::new();
        // In turns, so that what else the machine does meets both.
        for round in 0..ROUNDS {
            // Of its own among all: a number that comes again would be a message that is sent again.
            let number = senders * ROUNDS + round;
            let plain = Figures::of(floor.fill(senders, ROUND), database).await?;
            let grouped = Figures::of(send(store, &pairs[..senders], number), database).await?;
            ratios.push((grouped.a_second / plain.a_second, grouped.micros() / plain.micros()));
            println!("{engine}, {senders:>3} senders: {grouped}; floor {plain}");
        }
        ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (rate, cpu) = ratios[ROUNDS / 2];
        println!(
            "{engine}, {senders:>3} senders: {rate:.2} of the floor's rate, {cpu:.1} times its CPU time (median)"
        );
    }
    Ok(())
}

/// What was reached within a round.
struct Figures {
    a_second: f64,
    own: Cpu,
    /// Of the database's server.
    server: Cpu,
}

impl Figures {
    /// Of work that answers how many messages it stored.
    async fn of(
        work: impl Future<Output = Result<u32, Error>>,
        database: Option<u32>,
    ) -> Result<Self, Error> {
        let used = || Ok::<_, Error>((cpu::own()?, database.map(cpu::tree).transpose()?.unwrap_or_default()));
        let (began, (own, server)) = (Instant::now(), used()?);
        let stored = f64::from(work.await?);
        let (seconds, (own_after, server_after)) = (began.elapsed().as_secs_f64(), used()?);
        Ok(Self {
            a_second: stored / seconds,
            own: own_after.since(own) / stored,
            server: server_after.since(server) / stored,
        })
    }

    fn micros(&self) -> f64 {
        self.own.total() + self.server.total()
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { a_second, own, server } = self;
        write!(f, "{a_second:>6.0}/s, {:>5.1} us CPU each ({own}", self.micros())?;
        if server.total() > 0.0 {
            write!(f, "; server {server}")?;
        }
        write!(f, ")")
    }
}

/// Sends for a round, each pair's sender one message after another.
async fn send(store: &Arc<dyn Store>, pairs: &[(UserId, RoomId)], round: usize) -> Result<u32, Error> {
    let began = Instant::now();
    let senders: Vec<_> = pairs
        .iter()
        .map(|&(sender, room)| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                let mut sent = 0;
                while began.elapsed() < ROUND {
                    store.append(message(sender, room, round, sent)).await.expect("stores");
                    sent += 1;
                }
                sent
            })
        })
        .collect();
    let mut sent = 0;
    for sender in senders {
        sent += sender.await?;
    }
    Ok(sent)
}

/// 64 bytes of text, and a digest as random as a real one.
fn message(sender: UserId, room: RoomId, round: usize, n: u32) -> NewMessage {
    let mut digest = [0; 32];
    let number = (round as u64) << 32 | u64::from(n);
    digest[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    digest[8..16].copy_from_slice(&(pair_of(sender)).to_be_bytes());
    let key = SentKey { sender, room, digest, window: Duration::from_hours(24) };
    NewMessage { key, origin: ConnectionId(1), text: format!("{n:064}"), flag: None }
}

fn pair_of(sender: UserId) -> u64 {
    sender.0.as_u64_pair().0
}
