//! Confirmed, durable messages a second and their CPU time, with 1 to 256 senders at once, beside a plain floor: one
//! table and one index, and nothing but inserts, in batches of as many rows as there are senders.
//!
//! `cargo bench -p plic-chat --bench group_commit [-- FOLDER]`: the databases are made in a folder of their own inside
//! FOLDER (default: the temporary folder), on whose disk the figures depend. `taskset -c 0` before it for one core.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use plic_chat::store::SqliteStore;
use plic_pipeline::{
    bus::Bus,
    event::Event,
    id::{ConnectionId, RoomId, UserId},
    store::{NewMessage, SentKey, Store},
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use uuid::Uuid;

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
    let folder = std::env::args()
        .skip(1)
        .find(|arg| !arg.starts_with('-'))
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run(&folder)).expect("the store works");
}

async fn run(folder: &Path) -> Result<(), Error> {
    let folder = tempfile::tempdir_in(folder)?;
    let url = format!("sqlite://{}", folder.path().join("chat.db").display());
    let store = Arc::new(SqliteStore::open(&url, Arc::new(Nowhere)).await?);
    let mut floor = Floor::open(&folder.path().join("floor.db")).await?;
    let mut pairs = Vec::new();
    for n in 0..PAIRS as u128 {
        let [sender, other] = [2 * n, 2 * n + 1].map(|n| UserId(Uuid::from_u128(n << 64 | 1)));
        pairs.push((sender, store.create_room(sender, &[other], None).await?));
    }
    for senders in SENDERS {
        let mut ratios = Vec::new();
        // In turns, so that what else the machine does meets both.
        for round in 0..ROUNDS {
            let plain = Figures::of(floor.fill(senders)).await?;
            let grouped = Figures::of(send(&store, &pairs[..senders], round)).await?;
            ratios.push((grouped.a_second / plain.a_second, grouped.micros() / plain.micros()));
            println!("{senders:>3} senders: {grouped}; floor {plain}");
        }
        ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (rate, cpu) = ratios[ROUNDS / 2];
        println!("{senders:>3} senders: {rate:.2} of the floor's rate, {cpu:.1} times its CPU time (median)");
    }
    store.close().await;
    Ok(())
}

/// What was reached within a round.
struct Figures {
    a_second: f64,
    user: f64,
    system: f64,
}

impl Figures {
    /// Of work that answers how many messages it stored.
    async fn of(work: impl Future<Output = Result<u32, Error>>) -> Result<Self, Error> {
        let (began, [user, system]) = (Instant::now(), cpu_micros()?);
        let stored = f64::from(work.await?);
        let [user_after, system_after] = cpu_micros()?;
        Ok(Self {
            a_second: stored / began.elapsed().as_secs_f64(),
            user: (user_after - user) / stored,
            system: (system_after - system) / stored,
        })
    }

    fn micros(&self) -> f64 {
        self.user + self.system
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { a_second, user, system } = self;
        write!(f, "{a_second:>6.0}/s, {:>5.1} us CPU each ({user:.1} + {system:.1})", self.micros())
    }
}

/// Microseconds of CPU time of this process, in user and system mode.
fn cpu_micros() -> Result<[f64; 2], Error> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the process, in brackets, may contain anything.
    let fields: Vec<&str> = stat[stat.rfind(')').ok_or("no name")?..].split(' ').collect();
    // In ticks of 10 ms.
    Ok([fields[12].parse::<f64>()? * 1e4, fields[13].parse::<f64>()? * 1e4])
}

/// Sends for a round, each pair's sender one message after another.
async fn send(store: &Arc<SqliteStore>, pairs: &[(UserId, RoomId)], round: usize) -> Result<u32, Error> {
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

/// The least that is durable.
struct Floor {
    connection: SqliteConnection,
    rows: i64,
}

impl Floor {
    async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = options.connect().await?;
        sqlx::raw_sql(
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, room INTEGER NOT NULL, seq INTEGER NOT NULL, sender BLOB NOT NULL,
             text TEXT NOT NULL, created_at INTEGER NOT NULL, UNIQUE (room, seq))",
        )
        .execute(&mut connection)
        .await?;
        Ok(Self { connection, rows: 0 })
    }

    /// Inserts for a round, so many rows a transaction.
    async fn fill(&mut self, batch: usize) -> Result<u32, Error> {
        let insert = format!(
            "INSERT INTO messages (id, room, seq, sender, text, created_at) VALUES {}",
            vec!["(?,?,?,?,?,?)"; batch].join(",")
        );
        let (began, mut filled) = (Instant::now(), 0);
        while began.elapsed() < ROUND {
            let mut transaction = self.connection.begin().await?;
            let mut statement = sqlx::query(AssertSqlSafe(insert.as_str()));
            for n in 0..batch {
                self.rows += 1;
                let room = i64::try_from(n)?;
                let sender = Uuid::from_u128(n as u128);
                statement = statement.bind(self.rows).bind(room).bind(self.rows).bind(sender);
                statement = statement.bind(format!("{n:064}")).bind(0);
            }
            statement.execute(&mut *transaction).await?;
            transaction.commit().await?;
            filled += u32::try_from(batch)?;
        }
        Ok(filled)
    }
}
