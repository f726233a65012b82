//! What a back-test costs those who chat: the time to a confirmation with and without one running, in turns, and the
//! time a message that the back-test takes. `cargo bench --bench backtest [-- MESSAGES]` (300,000 unless said)

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use plic_chat::{store::SqliteStore, token::mint};
use plic_filter::canary;
use plic_pipeline::{
    bus::Bus,
    event::Event,
    id::{ConnectionId, RoomId, UserId},
    store::{NewMessage, SentKey, Store},
    token::Role,
};
use serde_json::{Value, json};
use uuid::Uuid;

const SECRET: &str = "a secret of a benchmark, 32 bytes and more";
const SENDERS: u128 = 8;
const PAUSE: Duration = Duration::from_millis(10);
const ROUND: Duration = Duration::from_secs(5);
const ROUNDS: usize = 3;
/// Appends that wait together while the database is filled.
const TOGETHER: usize = 256;

struct Nowhere;

#[async_trait]
impl Bus for Nowhere {
    async fn publish(&self, _: Vec<Event>) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let messages = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(300_000);
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("bench.db").display());
    let rooms = tokio::runtime::Runtime::new()?.block_on(fill(&url, messages))?;
    let mut server = Command::new(env!("CARGO_BIN_EXE_plic-chat"))
        .arg("serve")
        .env("PLIC_LISTEN", "127.0.0.1:0")
        .env("DATABASE_URL", &url)
        .env("SUPABASE_JWT_SECRET", SECRET)
        .env("PLIC_RATE_LIMIT_PER_SECOND", "1000000")
        .env("PLIC_RATE_LIMIT_BURST", "1000000")
        .env("PLIC_FRAMES_PER_SECOND", "1000000")
        // The senders read answers and nothing else.
        .env("PLIC_PING_SECONDS", "3600")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let measured = measure(&mut server, &rooms);
    server.kill()?;
    server.wait()?;
    Ok(measured?)
}

/// A database with so many messages, and a room of each sender.
async fn fill(url: &str, messages: usize) -> Result<Vec<RoomId>, Box<dyn std::error::Error>> {
    let store = Arc::new(SqliteStore::open(url, Arc::new(Nowhere)).await?);
    let mut rooms = Vec::new();
    for sender in 0..SENDERS {
        rooms.push(store.create_room(UserId(Uuid::from_u128(sender)), &[], None).await?);
    }
    let texts: Vec<&str> = canary::texts().collect();
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..messages {
        if tasks.len() >= TOGETHER
            && let Some(done) = tasks.join_next().await
        {
            done??;
        }
        let place = number % rooms.len();
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let message = NewMessage {
            key: SentKey {
                sender: UserId(Uuid::from_u128(place as u128)),
                room: rooms[place],
                digest,
                window: Duration::from_mins(1),
            },
            origin: ConnectionId(0),
            text: texts[number % texts.len()].to_owned(),
            flag: None,
        };
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.append(message).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    println!("{messages} messages stored in {:.0} s", started.elapsed().as_secs_f64());
    store.close().await;
    Ok(rooms)
}

fn measure(server: &mut Child, rooms: &[RoomId]) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line)?;
    let address = line.trim().rsplit('/').next().unwrap_or_default().to_owned();
    let mut chat = Vec::new();
    for (sender, room) in (0..).zip(rooms) {
        chat.push((connect(&address, Uuid::from_u128(sender))?, room.0));
    }
    for round in 1..=ROUNDS {
        let quiet = confirmations(&chat, round * 2)?;
        let running = Arc::new(AtomicBool::new(true));
        let back_tests = {
            let (address, running) = (address.clone(), Arc::clone(&running));
            thread::spawn(move || -> io::Result<Vec<Value>> {
                let mut reports = Vec::new();
                while running.load(Ordering::Relaxed) {
                    reports.push(back_test(&address)?);
                }
                Ok(reports)
            })
        };
        let busy = confirmations(&chat, round * 2 + 1)?;
        running.store(false, Ordering::Relaxed);
        let reports = back_tests.join().expect("the thread does not panic")?;
        let micros = reports.iter().filter_map(|report| report["data"]["micros_per_message"].as_f64());
        println!(
            "round {round}: p50 {:.2} ms without, {:.2} ms with ({:.2} times); p99 {:.2} and {:.2} ms ({:.2} times); \
             {:.1} us a message back-tested, {} matched",
            at(&quiet, 50),
            at(&busy, 50),
            at(&busy, 50) / at(&quiet, 50),
            at(&quiet, 99),
            at(&busy, 99),
            at(&busy, 99) / at(&quiet, 99),
            micros.fold(f64::INFINITY, f64::min),
            reports[0]["data"]["matched"],
        );
    }
    Ok(())
}

/// Milliseconds to each confirmation, sorted.
fn confirmations(chat: &[(TcpStream, i64)], round: usize) -> io::Result<Vec<f64>> {
    let mut all = Vec::new();
    thread::scope(|scope| {
        let senders: Vec<_> =
            chat.iter().map(|(socket, room)| scope.spawn(move || send_on(socket, *room, round))).collect();
        for sender in senders {
            all.extend(sender.join().expect("the thread does not panic")?);
        }
        io::Result::Ok(())
    })?;
    all.sort_by(f64::total_cmp);
    Ok(all)
}

fn send_on(mut socket: &TcpStream, room: i64, round: usize) -> io::Result<Vec<f64>> {
    let end = Instant::now() + ROUND;
    let mut took = Vec::new();
    while Instant::now() < end {
        let id = format!("{round}-{}", took.len());
        let data = json!({ "room_id": room, "message": format!("Is the flat free in May? And what about week {round}.{}?", took.len()), "message_temp_id": id });
        let text = json!({ "type": "SendMessage", "data": data }).to_string();
        let length = u16::try_from(text.len()).expect("below 64 KiB");
        let started = Instant::now();
        // A mask of zeros leaves the payload as it is.
        socket.write_all(&[&[0x81, 0xfe], &length.to_be_bytes()[..], &[0; 4], text.as_bytes()].concat())?;
        let mut head = [0; 2];
        socket.read_exact(&mut head)?;
        let mut answer = vec![0; usize::from(head[1])];
        socket.read_exact(&mut answer)?;
        if !answer.windows(16).any(|part| part == br#""confirmed":true"#) {
            return Err(io::Error::other(String::from_utf8_lossy(&answer)));
        }
        took.push(started.elapsed().as_secs_f64() * 1e3);
        thread::sleep(PAUSE);
    }
    Ok(took)
}

fn at(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or(f64::NAN)
}

fn token(user: Uuid, role: Role) -> io::Result<String> {
    mint(SECRET, user, role, Duration::from_hours(1), None).map_err(io::Error::other)
}

fn back_test(address: &str) -> io::Result<Value> {
    let draft = json!({
        "name": "a rule of the benchmark", "kind": "terms", "category": "other", "action": "hold", "state": "draft",
        "terms": ["heating", "chauffage", "balcony"],
    });
    let body = json!({ "draft": draft }).to_string();
    let token = token(Uuid::from_u128(99), Role::Moderator)?;
    let mut request = TcpStream::connect(address)?;
    write!(
        request,
        "POST /moderation/backtest HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    request.read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    serde_json::from_str(body).map_err(io::Error::other)
}

fn connect(address: &str, user: Uuid) -> io::Result<TcpStream> {
    let token = token(user, Role::User)?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    write!(
        stream,
        "GET /?token={token} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if head.starts_with(b"HTTP/1.1 101") { Ok(stream) } else { Err(io::Error::other("no upgrade")) }
}
