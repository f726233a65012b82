//! What somebody wrote, as TEXT holds it: U+001A stands twice, and U+0000 is U+001A and a zero, for TEXT has no U+0000.

use std::borrow::Cow;

use sqlx::{
    Postgres,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef},
};

const MARK: char = '\u{1a}';

/// A text that somebody wrote: it may hold any character, U+0000 too.
#[derive(Debug, Clone)]
pub(super) struct Text(pub(super) String);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A text as it is stored.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', MARK]) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => stored.extend([MARK, '0']),
            MARK => stored.extend([MARK, MARK]),
            other => stored.push(other),
        }
    }
    Cow::Owned(stored)
}

/// A text as it was written.
fn written(stored: &str) -> String {
    let mut text = String::with_capacity(stored.len());
    let mut characters = stored.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            MARK if characters.next() == Some('0') => '\0',
            other => other,
        });
    }
    text
}

impl sqlx::Type<Postgres> for Text {
    fn type_info() -> PgTypeInfo {
        <String as sqlx::Type<Postgres>>::type_info()
    }

    fn compatible(found: &PgTypeInfo) -> bool {
        <String as sqlx::Type<Postgres>>::compatible(found)
    }
}

impl sqlx::Encode<'_, Postgres> for Text {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <&str as sqlx::Encode<'_, Postgres>>::encode(stored(&self.0).as_ref(), buffer)
    }
}

impl<'r> sqlx::Decode<'r, Postgres> for Text {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        <&str as sqlx::Decode<'r, Postgres>>::decode(value).map(|stored| Self(written(stored)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_as_it_was() {
        for text in ["", "plain", "\0", "\u{1a}", "\u{1a}0", "\0\u{1a}\u{1a}0\0", "é\0é"] {
            let kept = stored(text);
            assert!(!kept.contains('\0'));
            assert_eq!(written(&kept), text);
        }
    }
}
