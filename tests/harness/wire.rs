//! A client that sees every byte: HTTP/1.1 and RFC 6455 over one TCP connection. Written here rather than taken from
//! the library that the server uses, so that a mistake of that library cannot hide on both sides.

use std::{io, net::SocketAddr};

use bytes::{Buf, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::within;

/// The final fragment of a text message.
pub(crate) const TEXT: u8 = 0x81;
/// The final fragment of a binary message.
pub(crate) const BINARY: u8 = 0x82;
/// A close frame.
pub(crate) const CLOSE: u8 = 0x88;
/// A ping frame.
pub(crate) const PING: u8 = 0x89;
/// A pong frame.
pub(crate) const PONG: u8 = 0x8A;

/// What came from the server over a WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(String),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// Code and reason; code 1005 stands for none.
    Close(u16, String),
    /// The connection ended, by FIN or by RST.
    End,
}

/// The head of an HTTP response.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
}

/// A whole HTTP response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The receiving half of a connection.
pub(crate) struct Reader {
    half: OwnedReadHalf,
    buffer: BytesMut,
}

/// The sending half of a connection.
pub(crate) struct Writer {
    half: OwnedWriteHalf,
}

/// Opens a connection.
pub(crate) async fn connect(address: SocketAddr) -> (Reader, Writer) {
    try_connect(address).await.expect("the server listens")
}

/// Opens a connection to a server that may be gone.
pub(crate) async fn try_connect(address: SocketAddr) -> io::Result<(Reader, Writer)> {
    let stream = within("a TCP connection", TcpStream::connect(address)).await?;
    stream.set_nodelay(true)?;
    Ok(split(stream))
}

/// Opens a connection from one of this machine's own addresses: all of `127.0.0.0/8` are.
pub(crate) async fn connect_from(source: [u8; 4], address: SocketAddr) -> (Reader, Writer) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((source, 0).into()).expect("an address of this machine");
    split(within("a TCP connection", socket.connect(address)).await.expect("the server listens"))
}

/// Opens a connection whose receiving kernel buffer is small, so that not reading is soon felt.
pub(crate) async fn connect_narrow(address: SocketAddr) -> (Reader, Writer) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a buffer size");
    split(within("a TCP connection", socket.connect(address)).await.expect("the server listens"))
}

fn split(stream: TcpStream) -> (Reader, Writer) {
    let (read, write) = stream.into_split();
    (Reader { half: read, buffer: BytesMut::new() }, Writer { half: write })
}

/// A client's frame as it goes over the wire; `first` is FIN, RSV and opcode.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let mut bytes = header(first, payload.len(), 0x80);
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame as only a server may send it: without a mask.
pub(crate) fn unmasked_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len(), 0);
    bytes.extend(payload);
    bytes
}

fn header(first: u8, length: usize, mask: u8) -> Vec<u8> {
    let mut bytes = vec![first];
    if let Ok(short @ 0..=125) = u8::try_from(length) {
        bytes.push(mask | short);
    } else if let Ok(medium) = u16::try_from(length) {
        bytes.push(mask | 0x7E);
        bytes.extend(medium.to_be_bytes());
    } else {
        bytes.push(mask | 0x7F);
        bytes.extend((length as u64).to_be_bytes());
    }
    bytes
}

/// Headers as lines of a head.
pub(super) fn header_lines(headers: &[(&str, &str)]) -> String {
    headers.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect()
}

/// The payload of a close frame.
pub(crate) fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), reason].concat()
}

impl Writer {
    /// Writes bytes as they are.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        self.try_bytes(bytes).await.expect("the connection takes bytes");
    }

    /// Writes bytes as they are, to a server that may have closed.
    pub(crate) async fn try_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        within("the connection to take bytes", self.half.write_all(bytes)).await
    }

    /// Writes one masked frame.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.bytes(&frame(first, payload)).await;
    }
}

impl Reader {
    /// Waits for more bytes; false at the end of the connection, however it ended.
    async fn more(&mut self) -> bool {
        self.buffer.reserve(16 * 1024);
        let read = within("bytes from the server", self.half.read_buf(&mut self.buffer)).await;
        matches!(read, Ok(1..))
    }

    /// Waits until `length` bytes are there; false where the connection ends before.
    async fn have(&mut self, length: usize) -> bool {
        while self.buffer.len() < length {
            if !self.more().await {
                return false;
            }
        }
        true
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        self.buffer.split_to(length).into()
    }

    /// Waits for the end of the connection, whatever comes before; answers what came.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.buffer).into()
    }

    /// What has come and was not read, once there is any; nothing at the end.
    pub(crate) async fn some(&mut self) -> String {
        if self.buffer.is_empty() {
            self.more().await;
        }
        String::from_utf8_lossy(&self.buffer.split()).into_owned()
    }

    /// The next response's head.
    pub(crate) async fn head(&mut self) -> Head {
        let head = self.try_head().await;
        head.unwrap_or_else(|| panic!("the connection ended in place of an answer: {self:?}"))
    }

    /// The next response's head, from a server that may be gone.
    pub(crate) async fn try_head(&mut self) -> Option<Head> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let text = String::from_utf8(self.take(end)).expect("a response head is ASCII");
        let mut lines = text.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| {
                let name = HeaderName::try_from(name).expect("a header's name");
                (name, HeaderValue::try_from(value.trim()).expect("a header's value"))
            })
            .fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            });
        Some(Head { status: status.parse().expect("a status"), headers })
    }

    /// The next response, whole.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.head().await;
        self.answer_behind(head).await
    }

    /// The rest of a response whose head was read.
    pub(crate) async fn answer_behind(&mut self, Head { status, headers }: Head) -> Answer {
        let body = if headers.get("transfer-encoding").is_some_and(|value| value == "chunked") {
            self.chunks().await
        } else if let Some(length) = headers.get("content-length") {
            let length = length.to_str().expect("ASCII").parse().expect("a length");
            assert!(self.have(length).await, "the connection ended within a body: {self:?}");
            self.take(length)
        } else if status == 204 || status == 101 {
            Vec::new()
        } else {
            self.rest().await
        };
        Answer { status, headers, body: String::from_utf8(body).expect("a body is text") }
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(at) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                    break at;
                }
                assert!(self.more().await, "the connection ended within a chunked body");
            };
            let line = self.take(end + 2);
            let size = std::str::from_utf8(&line[..end]).expect("ASCII");
            let size = usize::from_str_radix(size, 16).expect("a chunk's size");
            assert!(self.have(size + 2).await, "the connection ended within a chunk");
            body.extend(&self.take(size + 2)[..size]);
            if size == 0 {
                return body;
            }
        }
    }

    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Frame {
        if !self.have(2).await {
            return Frame::End;
        }
        let (first, second) = (self.buffer[0], self.buffer[1]);
        assert_eq!(first & 0xF0, 0x80, "the server's frames are whole and use no extension");
        assert_eq!(second & 0x80, 0, "the server's frames are not masked");
        let extended = match second {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if !self.have(2 + extended).await {
            return Frame::End;
        }
        let length = match extended {
            0 => usize::from(second),
            _ => {
                self.buffer[2..2 + extended].iter().fold(0, |length, byte| (length << 8) | usize::from(*byte))
            }
        };
        if !self.have(2 + extended + length).await {
            return Frame::End;
        }
        self.buffer.advance(2 + extended);
        let payload = self.take(length);
        match first {
            TEXT => Frame::Text(String::from_utf8(payload).expect("a text frame is UTF-8")),
            PING => Frame::Ping(payload),
            PONG => Frame::Pong(payload),
            CLOSE if payload.is_empty() => Frame::Close(1005, String::new()),
            CLOSE => {
                let code = u16::from_be_bytes([payload[0], payload[1]]);
                Frame::Close(code, String::from_utf8(payload[2..].to_vec()).expect("a reason is UTF-8"))
            }
            other => panic!("the server sent a frame with first byte {other:#x}"),
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "unread: {:?}", String::from_utf8_lossy(&self.buffer))
    }
}

impl Answer {
    /// A header's value, empty where it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// What a success carries in its envelope.
    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        let mut envelope = self.json();
        assert_eq!(envelope["error_message"], Value::Null, "{self:?}");
        envelope["data"].take()
    }

    /// Asserts that this is a failure with `status` and the contract's envelope.
    #[track_caller]
    pub(crate) fn fails_with(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        self.is_envelope_of_failure();
    }

    /// Asserts the contract's envelope for a failure: `{"error_message": "<a sentence for a person>", "data": null}`.
    #[track_caller]
    pub(crate) fn is_envelope_of_failure(&self) {
        assert!(self.status >= 400, "{self:?}");
        assert!(self.header("content-type").starts_with("application/json"), "{self:?}");
        let sentence = self.json()["error_message"].as_str().unwrap_or_default().to_owned();
        assert!(sentence.contains(' '), "no sentence for a person: {self:?}");
        let sentence = Value::String(sentence);
        assert_eq!(self.body, format!(r#"{{"error_message":{sentence},"data":null}}"#));
    }

    /// The target of the `Link` header, and its `rel`.
    pub(crate) fn link(&self) -> Option<(String, String)> {
        let link = self.headers.get("link")?.to_str().expect("ASCII");
        let (target, parameters) = link.strip_prefix('<')?.split_once('>')?;
        let rel = parameters.split("rel=\"").nth(1)?.split('"').next()?;
        // Relative and absolute targets are both a right answer: what counts is where they lead on this server.
        let path = target.split_once("://").map_or(target, |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]);
        Some((path.to_owned(), rel.to_owned()))
    }
}
