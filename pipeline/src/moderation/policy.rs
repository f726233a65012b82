//! What happens by itself: strikes to a ban, held messages in time, retention.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The moderation policy; admins change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// So many strikes (blocked messages) within `strike_window_seconds` ban the sender; `None` never does.
    pub strikes_to_ban: Option<u32>,
    /// How long a strike counts.
    pub strike_window_seconds: u64,
    /// How long such a ban lasts; `None` is for good.
    pub ban_seconds: Option<u64>,
    /// What becomes of a held message that nobody decided about after `held_seconds`.
    pub held_then: HeldThen,
    /// How long a held message waits.
    pub held_seconds: u64,
    /// How long the messages of a deleted room are kept; `None` is for good.
    pub deleted_room_days: Option<u32>,
    /// How long decided incidents keep the text, the matches, the reporter's reason and the moderator's note; `None` is
    /// for good. Those that nobody decided about keep them twice as long; what was held cannot be released after that.
    pub incident_days: Option<u32>,
    /// How long messages are kept; `None` is for good.
    pub message_days: Option<u32>,
}

/// What becomes of held messages in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldThen {
    /// They wait for a moderator.
    Keep,
    /// They are delivered; dismissed where the sender is banned by then.
    Release,
    /// They are dropped: the incident counts as upheld.
    Drop,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            strikes_to_ban: Some(5),
            strike_window_seconds: 86_400,
            ban_seconds: Some(86_400),
            held_then: HeldThen::Keep,
            held_seconds: 259_200,
            deleted_room_days: Some(90),
            incident_days: Some(365),
            message_days: None,
        }
    }
}

/// The longest time that a policy may name: ten years.
const MAX_SECONDS: u64 = 315_360_000;
const MAX_DAYS: u32 = 3_650;

impl Policy {
    /// What is wrong with the policy: the field, and a sentence.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let within = |field, value: u64, most| {
            if (1..=most).contains(&value) {
                Ok(())
            } else {
                Err((field, format!("must be from 1 to {most}")))
            }
        };
        if let Some(strikes) = self.strikes_to_ban {
            within("strikes_to_ban", strikes.into(), 1_000)?;
        }
        within("strike_window_seconds", self.strike_window_seconds, MAX_SECONDS)?;
        if let Some(seconds) = self.ban_seconds {
            within("ban_seconds", seconds, MAX_SECONDS)?;
        }
        within("held_seconds", self.held_seconds, MAX_SECONDS)?;
        let days = [
            ("deleted_room_days", self.deleted_room_days),
            ("incident_days", self.incident_days),
            ("message_days", self.message_days),
        ];
        for (field, days) in days {
            if let Some(days) = days {
                within(field, days.into(), MAX_DAYS.into())?;
            }
        }
        Ok(())
    }

    /// How long a strike counts.
    pub fn strike_window(&self) -> Duration {
        Duration::from_secs(self.strike_window_seconds)
    }
}
