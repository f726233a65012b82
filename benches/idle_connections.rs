//! What an idle connection costs: resident memory of the server with 2,000 connections, each of another user with a
//! checked token, over the same without; at first, and after each has sent one frame of 60 KiB.
//! `cargo bench --bench idle_connections`

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use plic_chat::token::mint;
use plic_pipeline::token::Role;
use uuid::Uuid;

const CONNECTIONS: usize = 2_000;
const SECRET: &str = "a secret of a benchmark, 32 bytes and more";

fn main() -> io::Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let folder = tempfile::tempdir()?;
    let mut server = Command::new(env!("CARGO_BIN_EXE_plic-chat"))
        .arg("serve")
        .env("PLIC_LISTEN", "127.0.0.1:0")
        .env("DATABASE_URL", format!("sqlite://{}", folder.path().join("bench.db").display()))
        .env("SUPABASE_JWT_SECRET", SECRET)
        .env("PLIC_REST_LIMIT_PER_SECOND", "1000000")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let measured = measure(&mut server);
    server.kill()?;
    server.wait()?;
    measured
}

fn measure(server: &mut Child) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line)?;
    let address = line.trim().rsplit('/').next().unwrap_or_default().to_owned();

    // What is allocated once, such as tables and the pools of the runtime, is no connection's.
    drop(connect(&address)?);
    sleep(Duration::from_secs(1));
    let before = resident_bytes(server.id())?;
    let connections = (0..CONNECTIONS).map(|_| connect(&address)).collect::<io::Result<Vec<_>>>()?;
    sleep(Duration::from_secs(2));
    report("idle from the start", &connections, before, resident_bytes(server.id())?);
    for (connection, room) in &connections {
        let mut connection = connection;
        connection.write_all(&large_frame(*room))?;
        connection.read_exact(&mut [0; 2])?;
    }
    sleep(Duration::from_secs(2));
    report("idle after a frame of 60 KiB", &connections, before, resident_bytes(server.id())?);
    Ok(())
}

fn report(what: &str, connections: &[(TcpStream, u64)], before: usize, after: usize) {
    let (count, each) = (connections.len(), after.saturating_sub(before) / connections.len());
    println!(
        "{count} connections, {what}: {each} bytes resident each ({} to {} KiB)",
        before / 1024,
        after / 1024
    );
}

/// A message to a room, padded by a key that is ignored.
fn large_frame(room: u64) -> Vec<u8> {
    let data = format!(r#"{{"room_id":{room},"message":"hello","message_temp_id":"t"}}"#);
    let text = format!(r#"{{"type":"SendMessage","data":{data},"padding":"{}"}}"#, "x".repeat(60 * 1024));
    let length = u16::try_from(text.len()).expect("below 64 KiB");
    // A mask of zeros leaves the payload as it is.
    [&[0x81, 0xfe], &length.to_be_bytes()[..], &[0; 4], text.as_bytes()].concat()
}

/// A connection of a new user, and a room of theirs.
fn connect(address: &str) -> io::Result<(TcpStream, u64)> {
    let token =
        mint(SECRET, Uuid::new_v4(), Role::User, Duration::from_hours(1), None).map_err(io::Error::other)?;
    let mut request = TcpStream::connect(address)?;
    let body = r#"{"users":[],"apartment_id":null}"#;
    write!(
        request,
        "POST /rooms HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    request.read_to_string(&mut answer)?;
    let room = answer.rsplit_once("\"data\":").and_then(|(_, room)| room.trim_end_matches('}').parse().ok());
    let room = room.ok_or_else(|| io::Error::other("no room"))?;

    let mut stream = TcpStream::connect(address)?;
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
    if head.starts_with(b"HTTP/1.1 101") { Ok((stream, room)) } else { Err(io::Error::other("no upgrade")) }
}

fn resident_bytes(pid: u32) -> io::Result<usize> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.split_whitespace().next())
        .and_then(|kib| kib.parse::<usize>().ok())
        .ok_or_else(|| io::Error::other("no VmRSS"))?;
    Ok(kib * 1024)
}
