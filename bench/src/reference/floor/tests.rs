//! The floor through real sockets.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use super::{Floor, member::QUEUE_BYTES};

#[test]
fn frames_come_in_order_and_a_senders_own_as_ok() {
    for separate in [false, true] {
        let address = floor(separate);
        let [mut first, mut second, mut third] = [1, 1, 1].map(|room| Client::join(address, room));
        let mut elsewhere = Client::join(address, 2);
        first.send(&[text("one"), text("two")].concat());
        assert_eq!([first.next(), first.next()], ["ok", "ok"]);
        assert_eq!([second.next(), second.next()], ["one", "two"]);
        second.send(&text("three"));
        assert_eq!(second.next(), "ok");
        assert_eq!(first.next(), "three");
        assert_eq!([third.next(), third.next(), third.next()], ["one", "two", "three"]);
        elsewhere.send(&text("alone"));
        assert_eq!(elsewhere.next(), "ok");
    }
}

#[test]
fn ping_is_answered_and_close_is_echoed_behind_what_was_said() {
    let mut client = Client::join(floor(false), 0);
    client.send(&[frame(9, b"there?"), text("said"), frame(8, &1000_u16.to_be_bytes())].concat());
    assert_eq!(client.frame(), (10, b"there?".to_vec()));
    assert_eq!(client.frame(), (1, b"ok".to_vec()));
    assert_eq!(client.frame(), (8, 1000_u16.to_be_bytes().to_vec()));
    assert!(client.ended());
}

#[test]
fn handshake_and_frames_may_come_a_byte_at_a_time() {
    let address = floor(false);
    let mut other = Client::join(address, 0);
    let mut slow = Client::connect(address);
    let long = "x".repeat(300);
    for byte in [greeting(0), text(&long)].concat() {
        slow.send(&[byte]);
    }
    slow.greeted();
    assert_eq!(slow.next(), "ok");
    assert_eq!(other.next(), long);
}

#[test]
fn member_that_does_not_read_is_dropped_and_the_others_get_everything() {
    let address = floor(false);
    let [mut speaker, mut listener, mut deaf] = [0; 3].map(|room| Client::join(address, room));
    let long = "x".repeat(16 << 10);
    // More than the kernel takes for a reader that does not read.
    let count = (32 << 20) / long.len();
    assert!(count * long.len() > 8 * QUEUE_BYTES);
    for _ in 0..count {
        speaker.send(&text(&long));
        assert_eq!(speaker.next(), "ok");
        assert_eq!(listener.next().len(), long.len());
    }
    let mut taken = Vec::new();
    let ended = deaf.input.read_to_end(&mut taken);
    assert!(ended.is_err() || taken.len() < count * long.len());
}

#[test]
fn unmasked_binary_and_fragmented_frames_end_the_connection() {
    let address = floor(false);
    for broken in [vec![0x81, 2, b'o', b'k'], frame(2, b"bytes"), vec![0x01, 0x80, 0, 0, 0, 0]] {
        let mut client = Client::join(address, 0);
        client.send(&broken);
        assert!(client.ended());
    }
}

fn floor(separate: bool) -> SocketAddr {
    let floor = Floor::bind("127.0.0.1:0".parse().expect("an address"), separate).expect("a free port");
    let address = floor.listener.local_addr().expect("a bound socket");
    thread::spawn(|| floor.run());
    address
}

fn greeting(room: usize) -> Vec<u8> {
    // The key and its answer are the example of RFC 6455.
    format!(
        "GET /?room={room} HTTP/1.1\r\nHost: floor\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

fn text(payload: &str) -> Vec<u8> {
    frame(1, payload.as_bytes())
}

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [7, 77, 177, 250];
    let mut frame = vec![0x80 | opcode];
    match u16::try_from(payload.len()).expect("a short payload") {
        length @ ..126 => frame.push(0x80 | u8::try_from(length).expect("at most 125")),
        length => {
            frame.push(0x80 | 0x7e);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

struct Client {
    input: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let tcp = TcpStream::connect(address).expect("a listening floor");
        tcp.set_nodelay(true).expect("an open socket");
        tcp.set_read_timeout(Some(Duration::from_secs(20))).expect("an open socket");
        Self { input: BufReader::new(tcp) }
    }

    fn join(address: SocketAddr, room: usize) -> Self {
        let mut client = Self::connect(address);
        client.send(&greeting(room));
        client.greeted();
        client
    }

    fn greeted(&mut self) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.input.read_line(&mut head).expect("a head"), 0);
        }
        assert!(head.starts_with("HTTP/1.1 101 "));
        assert!(head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    }

    fn send(&mut self, bytes: &[u8]) {
        self.input.get_mut().write_all(bytes).expect("an open socket");
    }

    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.input.read_exact(&mut head).expect("a frame");
        let mut length = usize::from(head[1]);
        if length == 126 {
            let mut long = [0; 2];
            self.input.read_exact(&mut long).expect("a frame");
            length = u16::from_be_bytes(long).into();
        }
        let mut payload = vec![0; length];
        self.input.read_exact(&mut payload).expect("a frame");
        (head[0] & 0x0f, payload)
    }

    fn next(&mut self) -> String {
        let (opcode, payload) = self.frame();
        assert_eq!(opcode, 1);
        String::from_utf8(payload).expect("text")
    }

    /// Whether the server has closed, with whatever was left unread.
    fn ended(&mut self) -> bool {
        match self.input.read(&mut [0; 1]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
