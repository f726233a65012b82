//! `SendMessage`: a text for everybody in a room.

use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Reply, StructureError, TempId};
use crate::{
    filter,
    id::{RoomId, UserId},
    session::Session,
    store::{NewMessage, SentKey, Store, StoreError},
};

/// Temp ids shorter than this are taken for counters that restart with the page (CONTRACT section 2).
const COUNTER_LENGTH: usize = 16;
const COUNTER_WINDOW: Duration = Duration::from_mins(1);
const WINDOW: Duration = Duration::from_hours(24);

/// A text for everybody in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// Where to.
    pub room: RoomId,
    /// The text, not blank and within the length limit.
    pub text: String,
    /// The front end's id for this command.
    pub temp_id: TempId,
}

/// The command's `data` on the wire; unknown extra keys are ignored.
#[derive(Deserialize)]
pub(super) struct Wire {
    room_id: i64,
    message: String,
    message_temp_id: String,
}

impl Wire {
    pub(super) fn validate(self, max_chars: usize) -> Result<SendMessage, (Option<TempId>, StructureError)> {
        let temp_id = TempId::from(self.message_temp_id.as_str());
        if filter::is_blank(&self.message) {
            return Err((Some(temp_id), StructureError::Blank));
        }
        // A text of at most that many bytes cannot have more characters: most texts are not counted.
        if self.message.len() > max_chars && self.message.chars().count() > max_chars {
            return Err((Some(temp_id), StructureError::TooLong(max_chars)));
        }
        Ok(SendMessage { room: RoomId(self.room_id), text: self.message, temp_id })
    }
}

impl SendMessage {
    /// What makes a resent command the same one: sender, room, temp id and text, within the window.
    pub fn sent_key(&self, sender: UserId) -> SentKey {
        let mut digest = Sha256::new();
        digest.update((self.temp_id.as_str().len() as u64).to_le_bytes());
        digest.update(self.temp_id.as_str());
        digest.update(&self.text);
        let counter = self.temp_id.as_str().chars().count() < COUNTER_LENGTH;
        SentKey {
            sender,
            room: self.room,
            digest: digest.finalize().into(),
            window: if counter { COUNTER_WINDOW } else { WINDOW },
        }
    }

    /// Stores the message. The store hands what it committed to the bus in the order of commit, so that messages
    /// reach every participant in the order of their ids.
    pub(crate) async fn apply(self, session: &Session, store: &dyn Store) -> Result<Reply, StoreError> {
        let key = self.sent_key(session.identity.user);
        let message = store.append(NewMessage { key, origin: session.connection, text: self.text }).await?;
        Ok(Reply::Sent { temp_id: self.temp_id, message })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(temp_id: &str, text: &str) -> SentKey {
        SendMessage { room: RoomId(1), text: text.into(), temp_id: temp_id.into() }
            .sent_key(UserId(Uuid::nil()))
    }

    #[test]
    fn temp_id_and_text_do_not_run_into_each_other() {
        assert_ne!(key("ab", "c").digest, key("a", "bc").digest);
        assert_eq!(key("a", "bc"), key("a", "bc"));
    }

    #[test]
    fn short_temp_ids_have_the_short_window() {
        assert_eq!(key("123456789012345", "x").window, Duration::from_mins(1));
        assert_eq!(key("1234567890123456", "x").window, Duration::from_hours(24));
        assert_eq!(key("éééééééééééééé", "x").window, Duration::from_mins(1));
    }
}
