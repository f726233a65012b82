//! As much of RFC 6455 as the floor needs.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

/// The bit that says that a frame is a whole message.
pub(super) const WHOLE: u8 = 0x80;
const MASKED: u8 = 0x80;
/// The longest head of an unmasked frame.
pub(super) const HEAD_BYTES: usize = 10;
/// A longer payload is refused.
const PAYLOAD_BYTES: usize = 64 << 10;
/// A longer head of a request is refused.
const REQUEST_BYTES: usize = 32 << 10;
const HEADERS: usize = 32;
/// From RFC 6455, section 1.3.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The peer does what the floor does not serve, and is to be dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// A request to join.
#[derive(Debug)]
pub(super) struct Greeting {
    pub(super) room: usize,
    pub(super) answer: String,
    /// Bytes that the request has.
    pub(super) length: usize,
}

/// Reads a handshake; `None` while it is not whole.
pub(super) fn greeting(bytes: &[u8]) -> Result<Option<Greeting>, Broken> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes).map_err(|_| Broken)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial if bytes.len() < REQUEST_BYTES => return Ok(None),
        httparse::Status::Partial => return Err(Broken),
    };
    let room = request.path.and_then(|path| path.strip_prefix("/?room=")).ok_or(Broken)?;
    let room = room.parse().map_err(|_| Broken)?;
    let key = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("sec-websocket-key"));
    let key = key.ok_or(Broken)?.value;
    let accept = STANDARD.encode(Sha1::new().chain_update(key).chain_update(ACCEPT_SUFFIX).finalize());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Ok(Some(Greeting { room, answer, length }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Opcode {
    Text = 1,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// A client's frame, still masked.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) opcode: Opcode,
    pub(super) payload: &'a [u8],
    mask: [u8; 4],
    /// Bytes that the frame has with its head.
    pub(super) length: usize,
}

/// Reads a frame; `None` while it is not whole.
pub(super) fn frame(bytes: &[u8]) -> Result<Option<Frame<'_>>, Broken> {
    let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
    let opcode = match first ^ WHOLE {
        1 => Opcode::Text,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        10 => Opcode::Pong,
        _ => return Err(Broken),
    };
    let (payload_length, rest) = match second ^ MASKED {
        126 => {
            let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (usize::try_from(u64::from_be_bytes(*length)).map_err(|_| Broken)?, rest)
        }
        length if length < 126 => (usize::from(length), rest),
        _ => return Err(Broken),
    };
    if payload_length > PAYLOAD_BYTES {
        return Err(Broken);
    }
    let Some((&mask, rest)) = rest.split_first_chunk() else { return Ok(None) };
    let Some(payload) = rest.get(..payload_length) else { return Ok(None) };
    let length = bytes.len() - rest.len() + payload_length;
    Ok(Some(Frame { opcode, payload, mask, length }))
}

impl Frame<'_> {
    /// Appends it unmasked, as a server sends it.
    pub(super) fn render(&self, opcode: Opcode, out: &mut Vec<u8>) {
        let length = self.payload.len();
        out.push(WHOLE | opcode as u8);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(length @ ..126), _) => out.push(length),
            (_, Ok(length)) => {
                out.push(126);
                out.extend_from_slice(&length.to_be_bytes());
            }
            _ => {
                out.push(127);
                out.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        let begin = out.len();
        out.extend_from_slice(self.payload);
        unmask(&mut out[begin..], self.mask);
    }
}

/// Eight bytes at a time: a byte at a time is what a profile would show.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in tail.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}
