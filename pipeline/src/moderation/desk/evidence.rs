//! What a rule is tried on before it is put in force, of what this site has stored: messages that were delivered and
//! that nobody minded, and messages that were refused rightly. Bounded in rows, bytes and time, read on the connection
//! that only back-tests wait for.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Desk, DeskError};
use crate::{
    id::MessageId,
    moderation::{IncidentFilter, IncidentKind, IncidentStatus},
    store::StoredMessage,
};

/// The newest messages that are read, and how many at a time.
const NEWEST: usize = 2_500;
const BATCH: usize = 500;
/// Older ones: so many blocks, evenly spread, each of so many messages in a row.
const BLOCKS: i64 = 10;
const BLOCK: usize = 250;
/// The text of all of them, in bytes.
const MAX_BYTES: usize = 4 << 20;
/// Upheld incidents that are read.
const UPHELD: usize = 200;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a rule is tried on.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Messages that were delivered and about which no incident is open or upheld, oldest first.
    pub(super) delivered: Vec<StoredMessage>,
    /// Texts of messages that were stopped, as moderators say rightly.
    pub(super) upheld: Vec<String>,
}

impl Desk {
    /// Reads what rules are tried on. What was not read in time is left out, but nothing at all is an error.
    pub(super) async fn evidence(&self) -> Result<Evidence, DeskError> {
        let until = Instant::now() + PATIENCE;
        let too_slow = DeskError::Busy(
            "The stored messages could not be read in time to try the rule on them. Please try again in a moment.",
        );
        let Ok(newest) = timeout_at(until, self.0.records.scan_from(None, Some(NEWEST as u64))).await else {
            return Err(too_slow);
        };
        let (start, _) = newest?;
        let mut sample = Sample { desk: self, until, delivered: Vec::new(), bytes: 0 };
        if !sample.read(start, None, NEWEST).await? && sample.delivered.is_empty() {
            return Err(too_slow);
        }
        let newest = std::mem::take(&mut sample.delivered);
        let mut last = MessageId(0);
        for block in 0..BLOCKS {
            let from = MessageId(start.0 / BLOCKS * block).max(last);
            if from >= start || !sample.read(from, Some(start), BLOCK).await? {
                break;
            }
            last = sample.delivered.last().map_or(from, |message| message.id);
        }
        let mut delivered = sample.delivered;
        delivered.extend(newest);
        Ok(Evidence { delivered, upheld: self.upheld(until).await? })
    }

    async fn upheld(&self, until: Instant) -> Result<Vec<String>, DeskError> {
        let filter = IncidentFilter { status: Some(IncidentStatus::Upheld), ..IncidentFilter::default() };
        let Ok(page) = timeout_at(until, self.0.records.incidents(&filter, None, UPHELD)).await else {
            return Ok(Vec::new());
        };
        let stopped = |kind| matches!(kind, IncidentKind::Block | IncidentKind::Reject | IncidentKind::Hold);
        Ok(page?.items.into_iter().filter(|one| stopped(one.kind)).map(|one| one.text).collect())
    }
}

/// A sample that is being read.
struct Sample<'d> {
    desk: &'d Desk,
    until: Instant,
    delivered: Vec<StoredMessage>,
    bytes: usize,
}

impl Sample<'_> {
    /// Reads at most `limit` messages after `after`, up to `last`; returns whether there was time and room for all.
    async fn read(
        &mut self,
        mut after: MessageId,
        last: Option<MessageId>,
        limit: usize,
    ) -> Result<bool, DeskError> {
        let mut left = limit;
        while left > 0 {
            let asked = left.min(BATCH);
            let read = timeout_at(self.until, self.desk.0.records.ordinary(after, asked)).await;
            let Ok(messages) = read else { return Ok(false) };
            let messages = messages?;
            let is_all = messages.len() < asked;
            for message in messages {
                if last.is_some_and(|last| message.id > last) {
                    return Ok(true);
                }
                self.bytes += message.text.len();
                if self.bytes > MAX_BYTES {
                    return Ok(false);
                }
                after = message.id;
                left -= 1;
                self.delivered.push(message);
            }
            if is_all {
                break;
            }
        }
        Ok(true)
    }
}
