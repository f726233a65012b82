//! Refused bodies, through a socket: the client sees the answer.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::Rest;

const PIECE: [u8; 16 * 1024] = [b' '; 16 * 1024];

async fn connect(rest: &Rest) -> TcpStream {
    TcpStream::connect(rest.listen().await).await.expect("connects")
}

fn head(method: &str, length: usize, more: &str) -> String {
    format!("{method} /rooms HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{more}\r\n")
}

/// Reads one answer with a body of declared length.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a length")) {
                return text;
            }
        }
        let mut buffer = [0; 4096];
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut buffer));
        let count = read.await.expect("an answer in time").expect("no reset");
        assert!(count > 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..count]).expect("text"));
    }
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_sees_the_refusal_and_may_go_on() {
    let rest = Rest::new();
    let mut stream = connect(&rest).await;
    let length = 3 * 1024 * 1024;
    stream.write_all(head("POST", length, "").as_bytes()).await.expect("writes");
    for _ in 0..length / PIECE.len() {
        stream.write_all(&PIECE).await.expect("the body is taken");
    }
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 401"));
    let next = "GET /rooms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer user-1\r\n\r\n";
    stream.write_all(next.as_bytes()).await.expect("writes");
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_body_of_a_signed_in_user_that_is_too_large_is_drained_too() {
    let rest = Rest::new();
    let mut stream = connect(&rest).await;
    let token = "authorization: Bearer user-1\r\n";
    for request in [
        head("POST", 64 * PIECE.len(), token),
        format!("POST /rooms HTTP/1.1\r\nhost: x\r\n{token}transfer-encoding: chunked\r\n\r\n100000\r\n"),
    ] {
        stream.write_all(request.as_bytes()).await.expect("writes");
        for _ in 0..64 {
            stream.write_all(&PIECE).await.expect("the body is taken");
        }
        if request.contains("chunked") {
            stream.write_all(b"\r\n0\r\n\r\n").await.expect("writes");
        }
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413"));
    }
}

#[tokio::test]
async fn the_refusal_is_sent_before_the_body_has_arrived() {
    let rest = Rest::new();
    let mut stream = connect(&rest).await;
    stream.write_all(head("POST", 1_000_000, "").as_bytes()).await.expect("writes");
    let before = Instant::now();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 401"));
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_body_that_never_comes_is_waited_for_two_seconds() {
    let rest = Rest::new();
    let mut stream = connect(&rest).await;
    stream.write_all(head("POST", 1_000_000, "").as_bytes()).await.expect("writes");
    answer(&mut stream).await;
    let before = Instant::now();
    let mut buffer = [0; 64];
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut buffer));
    assert_eq!(closed.await.expect("closes").expect("cleanly"), 0);
    assert!((1500..3500).contains(&before.elapsed().as_millis()), "{:?}", before.elapsed());
}

#[tokio::test]
async fn no_more_than_four_mebibytes_are_read_of_a_refused_body() {
    let rest = Rest::new();
    let mut stream = connect(&rest).await;
    stream.write_all(head("POST", 1 << 30, "").as_bytes()).await.expect("writes");
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 401"));
    let mut sent = 0;
    let writing = async {
        while stream.write_all(&PIECE).await.is_ok() {
            sent += PIECE.len();
        }
    };
    tokio::time::timeout(Duration::from_secs(5), writing).await.expect("the server closes");
    // What the kernels hold between the two is sent as well.
    assert!((4 << 20..24 << 20).contains(&sent), "{sent}");
}

#[tokio::test]
async fn a_client_that_asks_first_is_refused_without_being_asked_for_its_body() {
    let rest = Rest::new();
    let mut stream = connect(&rest).await;
    let request = head("POST", 1_000_000, "expect: 100-continue\r\n");
    stream.write_all(request.as_bytes()).await.expect("writes");
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let rest = Rest::new();
    let mut stream = connect(&rest).await;
    let request =
        "HEAD /rooms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer user-1\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-length: 32"), "{head}");
    assert_eq!(body, "");
}
