//! When a message that is sent again is still the same one.

use plic_pipeline::{store::SentKey, timestamp::Timestamp};

/// Whether `key`, sent at `now`, is still the message that first came at `first`.
pub(super) fn is_within(key: &SentKey, first: Timestamp, now: Timestamp) -> bool {
    now.since(first) < key.window
}
