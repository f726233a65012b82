//! Confirmed, durable messages a second with 64 senders at once, grouped and one transaction a message.
//!
//! `cargo bench -p plic-chat --bench group_commit [-- FOLDER]`: the database is made in a folder of its own inside
//! FOLDER (default: the temporary folder), on whose disk the figure depends.

use std::{
    path::PathBuf,
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
use tokio::sync::Semaphore;
use uuid::Uuid;

const SENDERS: u64 = 64;
const ROOMS: u64 = 8;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

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

async fn run(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(folder)?;
    let url = format!("sqlite://{}", folder.path().join("chat.db").display());
    let store = Arc::new(SqliteStore::open(&url, Arc::new(Nowhere)).await?);
    let people: Vec<UserId> = (0..SENDERS).map(|n| UserId(Uuid::from_u128(n.into()))).collect();
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        rooms.push(store.create_room(people[0], &people, None).await?);
    }
    let mut ratios = Vec::new();
    // In turns, so that what else the machine does meets both.
    for round in 0..ROUNDS as u64 {
        let (single, single_ms) = measure(&store, &people, &rooms, 1, round * 2).await?;
        let (grouped, grouped_ms) = measure(&store, &people, &rooms, 64, round * 2 + 1).await?;
        println!(
            "one a transaction {single:>7.0}/s ({single_ms:.1} ms each), grouped {grouped:>7.0}/s \
             ({grouped_ms:.1} ms each), {:.1} times",
            grouped / single
        );
        ratios.push(grouped / single);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median of {ROUNDS}: grouped is {:.1} times as fast", ratios[ROUNDS / 2]);
    store.close().await;
    Ok(())
}

/// Messages a second, and the mean time of one, with 64 senders of whom so many are let to the store at once.
async fn measure(
    store: &Arc<SqliteStore>,
    people: &[UserId],
    rooms: &[RoomId],
    at_once: usize,
    round: u64,
) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let doors = Arc::new(Semaphore::new(at_once));
    let began = Instant::now();
    let senders: Vec<_> = (0..SENDERS)
        .zip(people.iter().copied())
        .map(|(n, sender)| {
            let (store, doors) = (Arc::clone(store), Arc::clone(&doors));
            let room = rooms[usize::try_from(n % ROOMS).expect("small")];
            tokio::spawn(async move {
                let (mut sent, mut waited) = (0_u32, Duration::ZERO);
                while began.elapsed() < ROUND {
                    let _door = doors.acquire().await.expect("never closed");
                    let asked = Instant::now();
                    store.append(message(sender, room, round, sent)).await.expect("stores");
                    waited += asked.elapsed();
                    sent += 1;
                }
                (sent, waited)
            })
        })
        .collect();
    let (mut sent, mut waited) = (0, Duration::ZERO);
    for sender in senders {
        let (one_sent, one_waited) = sender.await?;
        sent += one_sent;
        waited += one_waited;
    }
    let rate = f64::from(sent) / began.elapsed().as_secs_f64();
    Ok((rate, waited.as_secs_f64() * 1000.0 / f64::from(sent)))
}

/// 64 bytes of text.
fn message(sender: UserId, room: RoomId, round: u64, n: u32) -> NewMessage {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&round.to_le_bytes());
    digest[8..12].copy_from_slice(&n.to_le_bytes());
    let key = SentKey { sender, room, digest, window: Duration::from_hours(24) };
    NewMessage { key, origin: ConnectionId(1), text: format!("{n:064}"), flag: None }
}
