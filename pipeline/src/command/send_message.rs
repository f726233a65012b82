//! `SendMessage`: a text for everybody in a room.

use std::{sync::Arc, time::Duration};

use plic_filter::Verdict;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Reply, StructureError, TempId};
use crate::{
    id::{RoomId, UserId},
    json::integer,
    memory::Memory,
    moderation::incident::{Finding, HeldMessage, IncidentKind},
    session::Session,
    store::{Flag, Held, NewMessage, SentKey, Store, StoreError},
};

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
    #[serde(deserialize_with = "integer::deserialize_borrowed")]
    room_id: i64,
    message: String,
    message_temp_id: String,
}

impl Wire {
    pub(super) fn validate(self, max_chars: usize) -> Result<SendMessage, (Option<TempId>, StructureError)> {
        let temp_id = TempId::from(self.message_temp_id.as_str());
        if plic_filter::is_blank(&self.message) {
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
        if let Some(json) = self.temp_id.inexact() {
            // No text has this byte, so that no other text and id have this digest.
            digest.update([0xff]);
            digest.update(json);
        }
        SentKey {
            sender,
            room: self.room,
            digest: digest.finalize().into(),
            window: if self.temp_id.is_counter() { COUNTER_WINDOW } else { WINDOW },
        }
    }

    /// Stores the message, or keeps it for review where its verdict says so. The store hands what it committed to the bus
    /// in the order of commit, so that messages reach every participant in the order of their ids.
    ///
    /// # Errors
    /// `Held` where it is kept for review, `QueueFull` where it is neither; otherwise the store's.
    pub(crate) async fn apply(
        self,
        session: &Session,
        key: Arc<SentKey>,
        verdict: Option<Box<Verdict>>,
        store: &dyn Store,
        memory: &Memory,
    ) -> Result<Reply, StoreError> {
        let (room, temp_id) = (self.room, self.temp_id.clone());
        let (sender, origin) = (session.identity.user, session.connection);
        let key = Arc::unwrap_or_clone(key);
        let verdict = verdict.unwrap_or_default();
        let message = if verdict.holds() {
            let finding = Finding::of(&verdict, &self.text, IncidentKind::Hold);
            let delivered = verdict.masked(&self.text);
            let held =
                HeldMessage { key, origin, temp_id: temp_id.clone(), text: self.text, delivered, finding };
            match store.hold(held).await? {
                Held::Waiting => return Err(StoreError::Held),
                Held::Sent(message) => message,
            }
        } else {
            let flag = verdict.flags().then(|| {
                let finding = Finding::of(&verdict, &self.text, IncidentKind::Flag);
                Box::new(Flag { finding, text: self.text.clone() })
            });
            let text = if verdict.masks.is_empty() { self.text } else { verdict.masked(&self.text) };
            store.append(NewMessage { key, origin, text, flag }).await?
        };
        memory.remember(sender, room, message, verdict.trace);
        Ok(Reply::Sent { temp_id, message })
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
