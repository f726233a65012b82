//! What the server says over a WebSocket, rendered to the bytes that go out: JSON of CONTRACT section 2 in an unmasked
//! RFC 6455 frame. A frame is rendered once, however many receive it.

use bytes::{BufMut, Bytes, BytesMut};
use plic_pipeline::{
    command::TempId,
    event::Committed,
    rejection::{CloseCode, Closing, Reason},
};
use serde::Serialize;
use uuid::Uuid;

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
/// A server's frames are final and unmasked.
const FINAL: u8 = 0x80;
const MAX_HEADER_BYTES: usize = 10;

#[derive(Serialize)]
struct Envelope<T> {
    r#type: &'static str,
    data: T,
}

#[derive(Serialize)]
struct MessageReceived<'a> {
    room_id: i64,
    sender_id: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct MessageSentConfirmation<T> {
    confirmed: bool,
    reason: &'static str,
    message_id: T,
}

#[derive(Serialize)]
struct Disconnection<'a> {
    code: u16,
    reason: &'a str,
}

/// Appends `MessageReceived`, for every participant but the connection that sent it.
pub fn message_received(frames: &mut BytesMut, message: &Committed) {
    let mut sender = Uuid::encode_buffer();
    let data = MessageReceived {
        room_id: message.room.0,
        sender_id: message.sender.0.hyphenated().encode_lower(&mut sender),
        message: &message.text,
    };
    append(frames, TEXT, &json("MessageReceived", data));
}

/// `MessageSentConfirmation` for a message that is durable.
pub fn confirmed(temp_id: &TempId) -> Bytes {
    text(
        "MessageSentConfirmation",
        MessageSentConfirmation { confirmed: true, reason: "", message_id: temp_id },
    )
}

/// `MessageSentConfirmation` for a command that was not carried out; `""` stands for an id that could not be read.
pub fn unconfirmed(reason: Reason, temp_id: Option<&TempId>) -> Bytes {
    let (confirmed, reason) = (false, reason.as_str());
    let name = "MessageSentConfirmation";
    match temp_id {
        Some(message_id) => text(name, MessageSentConfirmation { confirmed, reason, message_id }),
        None => text(name, MessageSentConfirmation { confirmed, reason, message_id: "" }),
    }
}

/// `Disconnection`, right before the close frame with the same code; on a site of this name.
pub fn disconnection(closing: Closing, site_name: &str) -> Bytes {
    let reason = closing.sentence(site_name);
    text("Disconnection", Disconnection { code: closing.code.number(), reason: &reason })
}

/// The close frame of a code of the contract; its reason is the constant's name.
pub fn close(code: CloseCode) -> Bytes {
    close_with(code.number(), code.name())
}

/// A close frame with any code; `reason` is at most 123 bytes.
pub fn close_with(code: u16, reason: &'static str) -> Bytes {
    let mut payload = Vec::with_capacity(2 + reason.len());
    payload.put_u16(code);
    payload.extend_from_slice(reason.as_bytes());
    frame(CLOSE, &payload)
}

/// A ping without payload.
pub fn ping() -> Bytes {
    Bytes::from_static(&[FINAL | PING, 0])
}

/// A text or binary frame with any payload.
#[cfg(feature = "conformance")]
pub fn echo(binary: bool, payload: &[u8]) -> Bytes {
    frame(if binary { 0x2 } else { TEXT }, payload)
}

fn text<T: Serialize>(name: &'static str, data: T) -> Bytes {
    frame(TEXT, &json(name, data))
}

fn json<T: Serialize>(name: &'static str, data: T) -> Vec<u8> {
    serde_json::to_vec(&Envelope { r#type: name, data }).expect("strings and numbers serialize")
}

fn frame(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    append(&mut frame, opcode, payload);
    frame.freeze()
}

/// RFC 6455 section 5.2.
fn append(frame: &mut BytesMut, opcode: u8, payload: &[u8]) {
    frame.reserve(payload.len() + MAX_HEADER_BYTES);
    frame.put_u8(FINAL | opcode);
    match payload.len() {
        length @ 0..=125 => frame.put_u8(u8::try_from(length).expect("at most 125")),
        length @ 126..=0xffff => {
            frame.put_u8(126);
            frame.put_u16(u16::try_from(length).expect("at most 65,535"));
        }
        length => {
            frame.put_u8(127);
            frame.put_u64(length as u64);
        }
    }
    frame.put_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_the_shortest_form() {
        assert_eq!(frame(TEXT, &[0; 125])[..2], [0x81, 125]);
        assert_eq!(frame(TEXT, &[0; 126])[..4], [0x81, 126, 0, 126]);
        assert_eq!(frame(TEXT, &vec![0; 65_535])[..4], [0x81, 126, 0xff, 0xff]);
        assert_eq!(frame(TEXT, &vec![0; 65_536])[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn keys_come_in_the_contracts_order() {
        assert_eq!(
            &confirmed(&TempId::from("t\""))[2..],
            br#"{"type":"MessageSentConfirmation","data":{"confirmed":true,"reason":"","message_id":"t\""}}"#
        );
    }

    #[test]
    fn every_close_frame_fits_a_control_frame() {
        for code in CloseCode::ALL {
            assert!(close(code).len() <= 127);
        }
    }
}
