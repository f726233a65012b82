//! The cursor of `GET /rooms`. It names a position in the list rather than a room, so that a room that moves, is deleted
//! or loses the caller between two pages neither repeats others nor breaks the link.

use std::borrow::Cow;

use plic_pipeline::{
    id::RoomId,
    store::{RoomPosition, RoomsAfter},
};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};

use crate::number::{Id, MAX_SAFE_INTEGER};

/// Hexadecimal digits of a number up to 2^53.
const DIGITS: usize = 14;
/// A cursor of a `Link` header, or the id of a room.
const PATTERN: &str = "^([1-9][0-9]{0,15}|[0-9a-f]{28})$";

/// Where a page of rooms begins: a cursor of a `Link` header, or the id of the last room of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoomCursor(pub(super) RoomsAfter);

/// Returns the cursor of the page after `position`, as a `Link` header carries it.
pub(super) fn opaque(position: RoomPosition) -> String {
    let RoomPosition { activity, room: RoomId(room) } = position;
    format!("{activity:0DIGITS$x}{room:0DIGITS$x}")
}

/// Reads what [`opaque`] wrote.
fn position(text: &str) -> Option<RoomPosition> {
    let is_lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * DIGITS || !text.bytes().all(is_lower_hex) {
        return None;
    }
    let (activity, room) = text.split_at(DIGITS);
    let number = |digits| {
        let number = i64::from_str_radix(digits, 16).ok()?;
        (number <= MAX_SAFE_INTEGER).then_some(number)
    };
    Some(RoomPosition { activity: number(activity)?, room: RoomId(number(room)?) })
}

impl Type for RoomCursor {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "room_cursor".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some(PATTERN.to_owned()),
            ..MetaSchema::new("string")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromParameter for RoomCursor {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        if let Some(position) = position(value) {
            return Ok(Self(RoomsAfter::Position(position)));
        }
        let id = Id::parse_from_parameter(value).map_err(|_| ParseError::custom("no cursor"))?;
        Ok(Self(RoomsAfter::Room(RoomId(id.0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<RoomsAfter> {
        RoomCursor::parse_from_parameter(text).ok().map(|cursor| cursor.0)
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_an_id_is_still_an_id() {
        for (activity, room) in [(1, 1), (9_000, 7), (MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)] {
            let position = RoomPosition { activity, room: RoomId(room) };
            assert_eq!(parsed(&opaque(position)), Some(RoomsAfter::Position(position)));
        }
        assert_eq!(parsed("7"), Some(RoomsAfter::Room(RoomId(7))));
        assert_eq!(parsed("9007199254740991"), Some(RoomsAfter::Room(RoomId(MAX_SAFE_INTEGER))));
    }

    #[test]
    fn anything_else_is_no_cursor() {
        let digits = "0".repeat(27);
        let upper = format!("{digits}A");
        let too_large = "f".repeat(28);
        for bad in [
            "",
            "0",
            "-1",
            "1.5",
            " 7",
            "next",
            &*digits,
            &upper,
            &too_large,
            "00000000000007\u{e9}0000000000000",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
