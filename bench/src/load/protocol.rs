//! What the servers speak, as far as the load generator must know it. What is heard is told apart by bytes at fixed places:
//! two million deliveries a second leave no time to parse JSON.

use super::{
    failure::Failure,
    frame::{self, CLOSE, PING, TEXT},
    stamp::{self, Stamp},
};
use crate::mqtt::{self, Packet};

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Ours: JSON in a WebSocket, a token in the address.
    Contract,
    /// The floor's: a text in a WebSocket, the room in the address, `ok` to the sender.
    Floor,
    /// MQTT: a room is a topic, and senders get their own messages back.
    Mqtt,
}

/// Something that came from the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// A message of somebody.
    Delivery(Stamp),
    /// The member's own message is kept; which, where the server says so.
    Confirmed(Option<Stamp>),
    /// The member's own message is not kept.
    Unconfirmed(&'a [u8]),
    /// To be answered with a pong.
    Ping(&'a [u8]),
    /// The connection ends.
    Close(Option<u16>),
    /// Whatever else; nothing is to be done.
    Other,
}

/// Who connects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guest<'a> {
    /// The number of the member.
    pub(crate) member: usize,
    /// The access token, for servers that ask for one.
    pub(crate) token: &'a str,
    /// The room, for servers that are told at the door.
    pub(crate) room: u64,
}

/// A message to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    /// Where.
    pub(crate) room: u64,
    /// By which lane.
    pub(crate) lane: usize,
    /// The how many-th of this lane.
    pub(crate) sequence: u32,
    /// How many bytes of text, at least those of a stamp.
    pub(crate) length: usize,
    /// How many bytes a key takes that servers ignore.
    pub(crate) padding: usize,
    /// Different in each run, so that no message is taken for one of an earlier run.
    pub(crate) run: u32,
}

/// `"}}` at the end of a payload of ours.
const TAIL: usize = 3;
/// The length of an id made by [`Message::id`].
const ID: usize = 22;
/// Where `MessageReceived` and `MessageSentConfirmation` begin to differ.
const KIND: usize = r#"{"type":"Message"#.len();
const CONFIRMED: usize = r#"{"type":"MessageSentConfirmation","data":{"confirmed":"#.len();
/// Said over and over where a text is to be longer.
const MORE: &[u8] = b"and then we had tea in the garden while the rain went by, ";

impl Protocol {
    /// The first bytes of a connection.
    pub(crate) fn greeting(self, guest: Guest<'_>) -> Vec<u8> {
        let query = match self {
            Self::Contract => format!("token={}", guest.token),
            Self::Floor => format!("room={}", guest.room),
            Self::Mqtt => {
                let mut packets = Vec::new();
                mqtt::connect(&format!("member-{}", guest.member), &mut packets);
                mqtt::subscribe(1, &topic(guest.room), &mut packets);
                return packets;
            }
        };
        format!(
            "GET /?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .into_bytes()
    }

    /// How many bytes the server's answer to the greeting takes; `None` where it has not come whole.
    pub(crate) fn greeted(self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        if self == Self::Mqtt {
            return subscribed(bytes);
        }
        let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(None) };
        if bytes.starts_with(b"HTTP/1.1 101") {
            return Ok(Some(end + 4));
        }
        let line = bytes.split(|&byte| byte == b'\r').next().unwrap_or_default();
        Err(Failure::Handshake(String::from_utf8_lossy(line).into_owned()))
    }

    /// A message as it is sent.
    pub(crate) fn message(self, message: Message) -> Vec<u8> {
        let text = message.text();
        match self {
            Self::Floor => frame::masked(TEXT, &text),
            Self::Contract => frame::masked(TEXT, &message.json(&text)),
            Self::Mqtt => {
                let mut packet = Vec::with_capacity(text.len() + 16);
                mqtt::publish(&topic(message.room), &text, &mut packet);
                packet
            }
        }
    }

    /// The first thing in `bytes` and how long it is; `None` where it has not come whole.
    pub(crate) fn first(self, bytes: &[u8]) -> Result<Option<(Heard<'_>, usize)>, Failure> {
        if self == Self::Mqtt {
            let Some((packet, length)) = mqtt::packet(bytes).map_err(|_| Failure::Garbled)? else {
                return Ok(None);
            };
            let Packet::Publish { payload, .. } = packet else { return Ok(Some((Heard::Other, length))) };
            return Ok(Some((Stamp::read(payload).map_or(Heard::Other, Heard::Delivery), length)));
        }
        let Some(frame) = frame::first(bytes)? else { return Ok(None) };
        let heard = match frame.opcode {
            TEXT if self == Self::Contract => contract(frame.payload),
            TEXT => floor(frame.payload),
            PING => Heard::Ping(frame.payload),
            CLOSE => Heard::Close(frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
            _ => Heard::Other,
        };
        Ok(Some((heard, frame.length)))
    }
}

fn topic(room: u64) -> String {
    format!("rooms/{room}")
}

/// How many bytes a broker's answers take up to the one to the subscription.
fn subscribed(bytes: &[u8]) -> Result<Option<usize>, Failure> {
    let mut used = 0;
    while let Some((packet, length)) = mqtt::packet(&bytes[used..]).map_err(|_| Failure::Garbled)? {
        used += length;
        match packet {
            Packet::SubAck { code: 0, .. } => return Ok(Some(used)),
            Packet::ConnAck { code: 0 } => {}
            other => return Err(Failure::Handshake(format!("{other:?}"))),
        }
    }
    Ok(None)
}

fn floor(payload: &[u8]) -> Heard<'_> {
    if payload == b"ok" {
        return Heard::Confirmed(None);
    }
    Stamp::read(payload).map_or(Heard::Other, Heard::Delivery)
}

fn contract(payload: &[u8]) -> Heard<'_> {
    let body = payload.len().checked_sub(TAIL).map_or(payload, |end| &payload[..end]);
    match payload.get(KIND) {
        Some(b'R') => Stamp::read(body).map_or(Heard::Other, Heard::Delivery),
        Some(b'S') if payload.get(CONFIRMED) == Some(&b't') => Heard::Confirmed(stamp_of_id(body)),
        Some(b'S') => Heard::Unconfirmed(payload),
        _ => Heard::Other,
    }
}

/// The stamp in an id of [`Message::id`] at the end of `body`.
fn stamp_of_id(body: &[u8]) -> Option<Stamp> {
    let id = std::str::from_utf8(body.last_chunk::<ID>()?).ok()?;
    let lane = usize::from_str_radix(id.get(9..13)?, 16).ok()?;
    let sequence = u32::from_str_radix(id.get(14..)?, 16).ok()?;
    Some(Stamp::new(lane, sequence))
}

impl Message {
    /// The stamp stands at the end, whatever the length.
    fn text(self) -> Vec<u8> {
        let more = self.length.saturating_sub(stamp::LENGTH);
        let mut text: Vec<u8> = MORE.iter().copied().cycle().take(more).collect();
        text.extend_from_slice(&Stamp::new(self.lane, self.sequence).text());
        text
    }

    /// An id that is no counter: the contract remembers those for a minute only.
    fn id(self) -> String {
        format!("{:08x}-{:04x}-{:08x}", self.run, self.lane, self.sequence)
    }

    fn json(self, text: &[u8]) -> Vec<u8> {
        let head = format!(r#"{{"type":"SendMessage","data":{{"room_id":{},"message":""#, self.room);
        let padding = match self.padding {
            0 => String::new(),
            size => format!(r#","padding":"{}""#, "x".repeat(size)),
        };
        let tail = format!(r#"","message_temp_id":"{}"}}{padding}}}"#, self.id());
        [head.as_bytes(), text, tail.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(payload: &str) -> Vec<u8> {
        let mut frame = vec![0x81, 126];
        frame.extend_from_slice(&u16::try_from(payload.len()).expect("as the test says").to_be_bytes());
        frame.extend_from_slice(payload.as_bytes());
        frame
    }

    const MESSAGE: Message = Message { room: 7, lane: 3, sequence: 258, length: 64, padding: 0, run: 9 };

    #[test]
    fn deliveries_and_confirmations_of_the_contract_are_told_apart() {
        let stamp = Stamp::new(3, 258);
        let text = String::from_utf8(stamp.text().to_vec()).expect("as the test says");
        let received = framed(&format!(
            r#"{{"type":"MessageReceived","data":{{"room_id":7,"sender_id":"a11ce000-0000-4000-8000-000000000001","message":"{text}"}}}}"#
        ));
        assert_eq!(
            Protocol::Contract.first(&received).expect("as the test says"),
            Some((Heard::Delivery(stamp), received.len()))
        );
        let answer = |confirmed: &str| {
            framed(&format!(
                r#"{{"type":"MessageSentConfirmation","data":{{"confirmed":{confirmed},"reason":"","message_id":"{}"}}}}"#,
                MESSAGE.id()
            ))
        };
        let (yes, no) = (answer("true"), answer("false"));
        assert_eq!(
            Protocol::Contract.first(&yes).expect("as the test says"),
            Some((Heard::Confirmed(Some(stamp)), yes.len()))
        );
        assert!(matches!(
            Protocol::Contract.first(&no).expect("as the test says"),
            Some((Heard::Unconfirmed(_), _))
        ));
    }

    #[test]
    fn the_floor_says_ok_and_texts() {
        assert_eq!(
            Protocol::Floor.first(b"\x81\x02ok").expect("as the test says"),
            Some((Heard::Confirmed(None), 4))
        );
        let stamp = Stamp::new(1, 2);
        let text = [&[0x81, 64][..], &stamp.text()].concat();
        assert_eq!(
            Protocol::Floor.first(&text).expect("as the test says"),
            Some((Heard::Delivery(stamp), 66))
        );
    }

    #[test]
    fn a_broker_is_greeted_once_the_room_is_subscribed_to() {
        assert_eq!(Protocol::Mqtt.greeted(b"\x20\x02\x00\x00").expect("as the test says"), None);
        assert_eq!(
            Protocol::Mqtt.greeted(b"\x20\x02\x00\x00\x90\x03\x00\x01\x00").expect("as the test says"),
            Some(9)
        );
        assert!(Protocol::Mqtt.greeted(b"\x20\x02\x00\x05").is_err());
        let message = Protocol::Mqtt.message(MESSAGE);
        let heard = Protocol::Mqtt.first(&message).expect("as the test says");
        assert_eq!(heard, Some((Heard::Delivery(Stamp::new(3, 258)), message.len())));
    }

    #[test]
    fn a_long_text_ends_with_its_stamp() {
        let text = Message { length: 3_000, ..MESSAGE }.text();
        assert_eq!((text.len(), Stamp::read(&text)), (3_000, Some(Stamp::new(3, 258))));
        assert_eq!(MESSAGE.text(), Stamp::new(3, 258).text());
    }

    #[test]
    fn a_message_is_json_with_and_without_padding() {
        for padding in [0, 3] {
            let message = Message { padding, ..MESSAGE };
            let json: serde_json::Value =
                serde_json::from_slice(&message.json(&message.text())).expect("as the test says");
            assert_eq!(json["data"]["message_temp_id"], "00000009-0003-00000102");
            assert_eq!(json["padding"].as_str().map_or(0, str::len), padding);
        }
    }

    #[test]
    fn a_greeting_is_answered_with_101_or_fails() {
        let protocol = Protocol::Contract;
        assert_eq!(protocol.greeted(b"HTTP/1.1 101 Switching\r\n").expect("as the test says"), None);
        assert_eq!(
            protocol.greeted(b"HTTP/1.1 101 Switching\r\n\r\nrest").expect("as the test says"),
            Some(26)
        );
        assert!(protocol.greeted(b"HTTP/1.1 400 Bad Request\r\n\r\n").is_err());
    }
}
