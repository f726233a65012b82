//! What one node tells the others about a room, as bytes. The room itself is in the subject.
//!
//! A version, the message's place in the room and how often who is in it had changed (big-endian, 8 bytes each). Then the
//! message: its id, the connection it came from, its sender (16 bytes), and its text as the rest. A message that does not
//! fit is left out: whoever hears of its place reads it from the database.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use plic_pipeline::{
    event::Committed,
    id::{ConnectionId, MessageId, UserId},
};
use uuid::Uuid;

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 1 + 8 + 8;
const MESSAGE_BYTES: usize = 8 + 8 + 16;
/// A longer text is not sent.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// What a node says about a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The place of a message in the room.
    pub seq: i64,
    /// How often who is in the room had changed.
    pub people_version: i64,
    /// The message, unless it is to be read from the database.
    pub message: Option<HintedMessage>,
}

/// A message in a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintedMessage {
    /// Its id.
    pub id: MessageId,
    /// The connection that it came from.
    pub origin: ConnectionId,
    /// Who sent it.
    pub sender: UserId,
    /// Its text.
    pub text: String,
}

impl Hint {
    /// The bytes that tell of `message`; without the message itself where they would be more than `limit`.
    pub fn encode(message: &Committed, limit: usize) -> Bytes {
        let whole = HEAD_BYTES + MESSAGE_BYTES + message.text.len();
        let is_whole = message.text.len() <= MAX_TEXT_BYTES && whole <= limit;
        let mut bytes = BytesMut::with_capacity(if is_whole { whole } else { HEAD_BYTES });
        bytes.put_u8(VERSION);
        bytes.put_i64(message.seq);
        bytes.put_i64(message.people_version);
        if is_whole {
            bytes.put_i64(message.id.0);
            bytes.put_u64(message.origin.0);
            bytes.put_slice(message.sender.0.as_bytes());
            bytes.put_slice(message.text.as_bytes());
        }
        bytes.freeze()
    }

    /// What these bytes tell, `None` where that is not known: then the room is to be looked at.
    pub fn decode(mut bytes: &[u8]) -> Option<Self> {
        if bytes.len() < HEAD_BYTES || bytes.get_u8() != VERSION {
            return None;
        }
        let (seq, people_version) = (bytes.get_i64(), bytes.get_i64());
        if seq < 1 || people_version < 0 {
            return None;
        }
        let message = match bytes.len() {
            0 => None,
            MESSAGE_BYTES.. => Some(HintedMessage {
                id: MessageId(bytes.get_i64()),
                origin: ConnectionId(bytes.get_u64()),
                sender: UserId(Uuid::from_u128(bytes.get_u128())),
                text: str::from_utf8(bytes).ok()?.to_owned(),
            }),
            _ => return None,
        };
        Some(Self { seq, people_version, message })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plic_pipeline::id::RoomId;
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str) -> Committed {
        Committed {
            id: MessageId(77),
            room: RoomId(5),
            seq: 9,
            sender: UserId(Uuid::from_u128(42)),
            origin: ConnectionId(3 << 32 | 8),
            text: text.into(),
            participants: Arc::default(),
            people_version: 4,
        }
    }

    #[test]
    fn what_is_too_large_for_the_way_is_only_told_of() {
        let bytes = Hint::encode(&message("hello"), 20);
        assert_eq!(Hint::decode(&bytes), Some(Hint { seq: 9, people_version: 4, message: None }));
    }

    #[test]
    fn another_version_and_what_is_cut_off_are_not_understood() {
        let bytes = Hint::encode(&message(""), 1000);
        assert!(Hint::decode(&bytes).is_some());
        for length in (0..bytes.len()).filter(|length| *length != HEAD_BYTES) {
            assert_eq!(Hint::decode(&bytes[..length]), None, "{length}");
        }
        let mut other = bytes.to_vec();
        other[0] = 2;
        assert_eq!(Hint::decode(&other), None);
    }

    proptest! {
        #[test]
        fn what_is_told_is_what_is_heard(text in ".{0,200}") {
            let sent = message(&text);
            let heard = Hint::decode(&Hint::encode(&sent, 10_000)).expect("it was encoded here");
            prop_assert_eq!((heard.seq, heard.people_version), (sent.seq, sent.people_version));
            let HintedMessage { id, origin, sender, text: same } = heard.message.expect("it fits");
            prop_assert_eq!((id, origin, sender, same), (sent.id, sent.origin, sent.sender, text));
        }

        #[test]
        fn no_bytes_are_a_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), whole in any::<bool>()) {
            let mut bytes = bytes;
            if whole && let Some(first) = bytes.first_mut() {
                *first = VERSION;
            }
            let _ = Hint::decode(&bytes);
        }
    }
}
