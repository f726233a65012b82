//! What a client can ask for, and what it is answered. A file a command; the enum only delegates.

pub mod send_message;

use std::{fmt, sync::Arc};

pub use send_message::SendMessage;
use serde::Deserialize;

use crate::{
    id::{MessageId, UserId},
    store::SentKey,
};

/// The `message_temp_id` that the front end made for its command; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TempId(Arc<str>);

/// Temp ids shorter than this are taken for counters that restart with the page (CONTRACT section 2).
const COUNTER_LENGTH: usize = 16;

impl TempId {
    /// The id as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is taken for a counter: it names a message within one connection, for a short time.
    pub fn is_counter(&self) -> bool {
        self.0.chars().count() < COUNTER_LENGTH
    }
}

impl From<&str> for TempId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for TempId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A command that was read and is well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send a text to a room.
    SendMessage(SendMessage),
}

/// What a command that was carried out answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The message is durable.
    Sent {
        /// The command's `message_temp_id`.
        temp_id: TempId,
        /// The stored message.
        message: MessageId,
    },
}

/// Why a frame is not a command.
#[derive(Debug, thiserror::Error)]
pub enum StructureError {
    /// Commands are text frames.
    #[error("a binary frame")]
    Binary,
    /// The frame or the message is over the size limit, or in too many fragments.
    #[error("the frame or the message is too large")]
    TooLarge,
    /// The text is not JSON of the command's shape.
    #[error("not a command: {0}")]
    Json(#[from] serde_json::Error),
    /// The message has nothing that can be seen.
    #[error("the message is blank")]
    Blank,
    /// The message is over the length limit.
    #[error("the message is longer than {0} characters")]
    TooLong(usize),
}

/// The envelope of every command: `{"type": <name>, "data": <json>}`; unknown extra keys are ignored.
#[derive(Deserialize)]
#[serde(tag = "type", content = "data")]
enum Wire {
    SendMessage(send_message::Wire),
}

impl Command {
    /// Reads a command from a text frame. Where it cannot be read, the `message_temp_id` is still looked for, so that
    /// the refusal names the command it answers.
    ///
    /// # Errors
    /// The id where there is one, and what is wrong.
    pub fn parse(text: &[u8], max_chars: usize) -> Result<Self, (Option<TempId>, StructureError)> {
        let wire = serde_json::from_slice(text).map_err(|error| (Self::find_temp_id(text), error.into()))?;
        match wire {
            Wire::SendMessage(wire) => wire.validate(max_chars).map(Self::SendMessage),
        }
    }

    /// Looks for the `message_temp_id` in what need not be a command.
    pub(crate) fn find_temp_id(text: &[u8]) -> Option<TempId> {
        let value: serde_json::Value = serde_json::from_slice(text).ok()?;
        value.get("data")?.get("message_temp_id")?.as_str().map(TempId::from)
    }

    /// What makes the command the same one when its sender sends it again.
    pub(crate) fn sent_key(&self, sender: UserId) -> SentKey {
        match self {
            Self::SendMessage(command) => command.sent_key(sender),
        }
    }

    /// The command's `message_temp_id`.
    pub fn temp_id(&self) -> &TempId {
        match self {
            Self::SendMessage(command) => &command.temp_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::RoomId;

    fn parse(text: &str) -> Result<Command, (Option<TempId>, StructureError)> {
        Command::parse(text.as_bytes(), 4000)
    }

    fn refused_with(text: &str, temp_id: Option<&str>) {
        let (id, _) = parse(text).expect_err(text);
        assert_eq!(id.as_ref().map(TempId::as_str), temp_id, "{text}");
    }

    #[test]
    fn a_well_formed_command_is_read_in_any_key_order_and_with_extra_keys() {
        for text in [
            r#"{"type":"SendMessage","data":{"room_id":7,"message":"hé","message_temp_id":"t"}}"#,
            r#"{"data":{"message_temp_id":"t","x":[1],"message":"h\u00e9","room_id":7},"y":null,"type":"SendMessage"}"#,
        ] {
            let Command::SendMessage(command) = parse(text).expect(text);
            assert_eq!(command.room, RoomId(7));
            assert_eq!(command.text, "hé");
            assert_eq!(command.temp_id.as_str(), "t");
        }
    }

    #[test]
    fn what_is_not_a_command_is_refused_and_names_the_temp_id_where_one_can_be_read() {
        refused_with("", None);
        refused_with("null", None);
        refused_with("[1]", None);
        refused_with("{\"type\":\"SendMessage\"}", None);
        refused_with(r#"{"type":"SendMessage","data":null}"#, None);
        refused_with(r#"{"type":"Dance","data":{"message_temp_id":"t"}}"#, Some("t"));
        refused_with(r#"{"type":1,"data":{"message_temp_id":"t"}}"#, Some("t"));
        refused_with(
            r#"{"type":"SendMessage","data":{"room_id":"7","message":"a","message_temp_id":"t"}}"#,
            Some("t"),
        );
        refused_with(
            r#"{"type":"SendMessage","data":{"room_id":7.5,"message":"a","message_temp_id":"t"}}"#,
            Some("t"),
        );
        refused_with(
            r#"{"type":"SendMessage","data":{"room_id":7,"message":null,"message_temp_id":"t"}}"#,
            Some("t"),
        );
        refused_with(
            r#"{"type":"SendMessage","data":{"room_id":7,"message":"a","message_temp_id":7}}"#,
            None,
        );
        refused_with(r#"{"type":"SendMessage","data":{"room_id":7,"message":"a"}}"#, None);
        refused_with(
            r#"{"type":"SendMessage","data":{"room_id":7,"message":"\ud800","message_temp_id":"t"}}"#,
            None,
        );
        refused_with(
            r#"{"type":"SendMessage","data":{"room_id":7,"message":"a","message_temp_id":"t"}} x"#,
            None,
        );
    }

    #[test]
    fn blank_and_overlong_messages_are_refused() {
        let with = |message: &str| {
            parse(&serde_json::json!({"type": "SendMessage", "data": {"room_id": 7, "message": message, "message_temp_id": "t"}}).to_string())
        };
        for blank in ["", " \t\n", "\u{200b}\u{2060}", "\u{3000}", "\u{2800}", "\u{3164}", "\u{202e}"] {
            assert!(matches!(with(blank), Err((Some(_), StructureError::Blank))), "{blank:?}");
        }
        assert!(with(&"é".repeat(4000)).is_ok());
        assert!(with(&"😀".repeat(4000)).is_ok());
        assert!(matches!(with(&"é".repeat(4001)), Err((Some(_), StructureError::TooLong(4000)))));
    }

    #[test]
    fn deep_nesting_is_refused_without_overflow() {
        let text = format!(r#"{{"type":"SendMessage","data":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
        assert!(parse(&text).is_err());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Command::parse(&bytes, 4000);
        }

        #[test]
        fn parsing_json_like_text_never_panics(text in r#"(\{|\}|\[|\]|"type"|"data"|"SendMessage"|:|,|"message_temp_id"|"\\ud800"|1e999|-|null| ){0,40}"#) {
            let _ = Command::parse(text.as_bytes(), 4000);
        }

        #[test]
        fn any_visible_text_round_trips(text in "\\PC{1,200}", room in any::<i64>(), temp in ".{0,40}") {
            prop_assume!(!text.trim().is_empty());
            let frame = serde_json::json!({"type": "SendMessage", "data": {"room_id": room, "message": text, "message_temp_id": temp}});
            if let Ok(Command::SendMessage(command)) = parse(&frame.to_string()) {
                prop_assert_eq!(command.text, text);
                prop_assert_eq!(command.temp_id.as_str(), temp.as_str());
                prop_assert_eq!(command.room, RoomId(room));
            }
        }
    }
}
