//! What a client can ask for, and what it is answered. A file a command; the enum only delegates.

pub mod send_message;
mod temp_id;

use std::{borrow::Cow, fmt};

pub use send_message::SendMessage;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

pub use self::temp_id::TempId;
use crate::{
    id::{MessageId, UserId},
    json::{Object, Word, replace_lone_surrogates},
    store::SentKey,
};

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

/// A command as it stands in its envelope, `{"type": <name>, "data": <json>}`; other keys are ignored.
enum Wire {
    SendMessage(send_message::Wire),
}

/// The names of the commands.
#[derive(Clone, Copy, Deserialize)]
enum Kind {
    SendMessage,
}

/// The keys of the envelope.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Type,
    Data,
    #[serde(other)]
    Other,
}

/// The data of a command.
enum Data<'a> {
    Read(Wire),
    /// It stands before the type, and is read once that is known.
    Unread(&'a RawValue),
}

impl Wire {
    fn read<'de, D: Deserializer<'de>>(kind: Kind, data: D) -> Result<Self, D::Error> {
        match kind {
            Kind::SendMessage => Object::deserialize(data).map(|Object(wire)| Self::SendMessage(wire)),
        }
    }

    fn validate(self, max_chars: usize) -> Result<Command, (Option<TempId>, StructureError)> {
        match self {
            Self::SendMessage(wire) => wire.validate(max_chars).map(Command::SendMessage),
        }
    }
}

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Wire;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a type and data")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wire, A::Error> {
        let (mut kind, mut data) = (None, None);
        while let Some(key) = map.next_key()? {
            match key {
                Key::Type if kind.is_some() => return Err(A::Error::duplicate_field("type")),
                Key::Type => kind = Some(map.next_value::<Word<Kind>>()?.0),
                Key::Data if data.is_some() => return Err(A::Error::duplicate_field("data")),
                Key::Data => {
                    data = Some(match kind {
                        Some(kind) => Data::Read(map.next_value_seed(DataSeed(kind))?),
                        None => Data::Unread(map.next_value()?),
                    });
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("type"))?;
        match data.ok_or_else(|| A::Error::missing_field("data"))? {
            Data::Read(wire) => Ok(wire),
            Data::Unread(json) => Wire::read(kind, &mut serde_json::Deserializer::from_str(json.get()))
                .map_err(A::Error::custom),
        }
    }
}

struct DataSeed(Kind);

impl<'de> DeserializeSeed<'de> for DataSeed {
    type Value = Wire;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Wire, D::Error> {
        Wire::read(self.0, deserializer)
    }
}

impl Command {
    /// Reads a command from a text frame. Where it cannot be read, the `message_temp_id` is still looked for, so that
    /// the refusal names the command it answers.
    ///
    /// # Errors
    /// The id where there is one, and what is wrong.
    pub fn parse(text: &[u8], max_chars: usize) -> Result<Self, (Option<TempId>, StructureError)> {
        match serde_json::from_slice::<Wire>(text) {
            Ok(wire) => wire.validate(max_chars),
            Err(error) => Self::parse_leniently(text, max_chars, error),
        }
    }

    /// Reads what `serde_json` refuses and is a command nevertheless: texts and keys with half a surrogate pair.
    fn parse_leniently(
        text: &[u8],
        max_chars: usize,
        error: serde_json::Error,
    ) -> Result<Self, (Option<TempId>, StructureError)> {
        let read = match replace_lone_surrogates(text) {
            Cow::Borrowed(_) => Err(error),
            Cow::Owned(readable) => serde_json::from_slice::<Wire>(&readable),
        };
        let command = match read {
            Ok(wire) => wire.validate(max_chars),
            Err(error) => return Err((Self::find_temp_id(text), error.into())),
        };
        match (command, Self::find_temp_id(text)) {
            (Ok(Self::SendMessage(command)), Some(temp_id)) => {
                Ok(Self::SendMessage(SendMessage { temp_id, ..command }))
            }
            (Err((_, error)), Some(temp_id)) => Err((Some(temp_id), error)),
            (command, None) => command,
        }
    }

    /// Looks for the `message_temp_id` in what need not be a command.
    pub(crate) fn find_temp_id(text: &[u8]) -> Option<TempId> {
        TempId::find(text)
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
        refused_with(r#"["SendMessage",{"room_id":7,"message":"a","message_temp_id":"t"}]"#, None);
        refused_with(r#"{"type":"SendMessage","data":[7,"a","t"]}"#, None);
        refused_with(r#"{"data":[7,"a","t"],"type":"SendMessage"}"#, None);
        refused_with(r#"["SendMessage",[7,"\ud800","t"]]"#, None);
        refused_with("{\"type\":\"SendMessage\"}", None);
        refused_with(r#"{"type":"SendMessage","data":null}"#, None);
        refused_with(r#"{"type":"Dance","data":{"message_temp_id":"t"}}"#, Some("t"));
        refused_with(r#"{"type":1,"data":{"message_temp_id":"t"}}"#, Some("t"));
        let data = r#"{"room_id":7,"message":"a","message_temp_id":"t"}"#;
        for envelope in [
            format!(r#"{{"type":{{"SendMessage":null}},"data":{data}}}"#),
            format!(r#"{{"data":{data},"type":{{"SendMessage":null}}}}"#),
            format!(r#"{{"type":"SendMessage","type":"SendMessage","data":{data}}}"#),
            format!(r#"{{"data":{data},"type":"SendMessage","data":{data}}}"#),
            format!(r#"{{"type":"SendMessage","data":{}}}"#, data.replace("7,", r#"7,"room_id":7,"#)),
        ] {
            refused_with(&envelope, Some("t"));
        }
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
            r#"{"type":"SendMessage","data":{"room_id":7,"message":"a","message_temp_id":"t"}} x"#,
            None,
        );
    }

    fn accepted(text: &str) -> SendMessage {
        let Command::SendMessage(command) = parse(text).expect(text);
        command
    }

    #[test]
    fn half_a_surrogate_pair_becomes_u_fffd_in_the_text_and_does_not_matter_in_unknown_keys() {
        for text in [
            r#"{"type":"SendMessage","data":{"room_id":7,"message":"cut \ud83d","message_temp_id":"t"}}"#,
            r#"{"data":{"message_temp_id":"t","message":"cut \uDE00","room_id":7.0},"type":"SendMessage"}"#,
            r#"{"\ud83d":1,"type":"SendMessage","data":{"\ud83d":[],"room_id":7,"message":"cut \ufffd","message_temp_id":"t"}}"#,
        ] {
            let command = accepted(text);
            assert_eq!((command.room, command.text.as_str()), (RoomId(7), "cut \u{fffd}"), "{text}");
            assert_eq!(command.temp_id, TempId::from("t"), "{text}");
        }
    }

    #[test]
    fn the_temp_id_is_found_beside_half_a_surrogate_pair_and_numbers_out_of_range() {
        for text in [
            r#"{"type":"Send\ud83d","data":{"room_id":7,"message":"a","message_temp_id":"t"}}"#,
            r#"{"type":"SendMessage","data":{"room_id":1e999,"message":"a","message_temp_id":"t"}}"#,
            r#"{"type":"SendMessage","data":{"room_id":7,"message":"","x":"\ud83d","\ud83d":1,"message_temp_id":"t"}}"#,
            r#"{"\ud83d":1e999,"data":{"room_id":"7","message_temp_id":"t"}}"#,
        ] {
            refused_with(text, Some("t"));
        }
    }

    #[test]
    fn what_stands_under_keys_to_ignore_does_not_matter_whatever_the_order() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        for ignored in ["1e999", r#""\ud83d""#, &deep] {
            let data = format!(r#"{{"x":{ignored},"room_id":7,"message":"a","message_temp_id":"t"}}"#);
            accepted(&format!(r#"{{"x":{ignored},"type":"SendMessage","data":{data}}}"#));
            accepted(&format!(r#"{{"data":{data},"x":{ignored},"type":"SendMessage"}}"#));
        }
    }

    #[test]
    fn temp_ids_that_differ_in_half_a_surrogate_pair_alone_are_different_ids() {
        let with = |id: &str| {
            accepted(&format!(
                r#"{{"type":"SendMessage","data":{{"room_id":7,"message":"a","message_temp_id":"{id}"}}}}"#
            ))
        };
        let keys: Vec<_> = [r"0123456789abcde\ud83d", r"0123456789abcde\ude00", "0123456789abcde\u{fffd}"]
            .map(|id| with(id).sent_key(UserId(uuid::Uuid::nil())))
            .into();
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
        assert_eq!(serde_json::to_string(&with(r"a\ud83d").temp_id).expect("JSON"), r#""a\ud83d""#);
    }

    #[test]
    fn an_integer_may_be_written_with_a_fraction_or_an_exponent() {
        for (room, id) in
            [("7.0", 7), ("7e0", 7), ("1e3", 1000), ("-0", 0), ("9007199254740991.0", (1 << 53) - 1)]
        {
            let text = format!(
                r#"{{"type":"SendMessage","data":{{"room_id":{room},"message":"a","message_temp_id":"t"}}}}"#
            );
            assert_eq!(accepted(&text).room, RoomId(id), "{room}");
        }
        for room in ["7.5", "1e300", "9223372036854775808", "7.00000000000000000001", "1e-400"] {
            refused_with(
                &format!(
                    r#"{{"type":"SendMessage","data":{{"room_id":{room},"message":"a","message_temp_id":"t"}}}}"#
                ),
                Some("t"),
            );
        }
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
