//! What lines are set by: messages that were delivered, and messages about which moderators decided. Bounded in messages
//! and in bytes, and read on the connection that only back-tests wait for.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
};

use plic_filter::{Meaning, normalize::is_blank};

use super::CalibrationRequest;
use crate::{
    id::{IncidentId, MessageId, UserId},
    moderation::{Incident, IncidentFilter, IncidentStatus, records::Records},
    store::{StoreError, StoredMessage},
    timestamp::Timestamp,
};

/// Messages and incidents read at a time.
const BATCH: usize = 500;
const PAGE: usize = 100;
/// The text of all messages, in bytes: of more, the oldest are left out.
const MAX_BYTES: usize = 32 << 20;
/// Incidents that are read of each status, the newest.
const MAX_INCIDENTS: usize = 2_000;

/// What is known of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It was delivered, and no incident about it is open or was decided to be right.
    Delivered,
    /// It was stopped, wrongly as a moderator decided.
    Dismissed,
    /// It was rightly stopped, flagged or reported, as a moderator decided.
    Upheld,
}

impl Known {
    /// Whether it counts as ordinary.
    pub(super) fn is_ordinary(self) -> bool {
        self != Self::Upheld
    }
}

/// A message, and what is known of it.
#[derive(Debug, Clone)]
pub(super) struct KnownMessage {
    pub(super) message: StoredMessage,
    pub(super) known: Known,
    /// What the encoder makes of it, where there is one and it answered in time.
    pub(super) meaning: Option<Meaning>,
}

/// Reads delivered messages, the oldest first, then those that moderators decided about in the same time; what the policy
/// decided when its time was over counts neither way. The same text of one sender counts once; so does an incident, however
/// many messages it stands for.
pub(super) async fn read(
    records: &dyn Records,
    request: &CalibrationRequest,
) -> Result<Vec<KnownMessage>, StoreError> {
    let limit = request.limit as usize;
    let Delivered { messages: delivered, is_all } = delivered(records, request.since, limit).await?;
    let oldest = delivered.front().filter(|_| !is_all).map(|oldest| oldest.created_at);
    let since = oldest.or(request.since);
    let mut seen = Seen::default();
    let mut all: Vec<KnownMessage> = Vec::with_capacity(delivered.len());
    for message in delivered {
        if seen.is_new(message.sender, &message.text, Known::Delivered) {
            all.push(KnownMessage { message, known: Known::Delivered, meaning: None });
        }
    }
    for (status, known) in [
        (IncidentStatus::Dismissed, Known::Dismissed),
        (IncidentStatus::Released, Known::Dismissed),
        (IncidentStatus::Upheld, Known::Upheld),
        (IncidentStatus::Removed, Known::Upheld),
    ] {
        for incident in decided(records, status, since).await? {
            // What was delivered after all is among the delivered messages.
            let is_there = known == Known::Dismissed && incident.message.is_some();
            let is_of_policy = incident.decided_by.is_none();
            if is_there
                || is_of_policy
                || is_blank(&incident.text)
                || !seen.is_new(incident.user, &incident.text, known)
            {
                continue;
            }
            all.push(KnownMessage { message: message_of(incident), known, meaning: None });
        }
    }
    Ok(all)
}

/// Delivered messages.
struct Delivered {
    messages: VecDeque<StoredMessage>,
    /// Whether none was left out for the bounds of a sample.
    is_all: bool,
}

async fn delivered(
    records: &dyn Records,
    since: Option<Timestamp>,
    limit: usize,
) -> Result<Delivered, StoreError> {
    let (mut after, number) = records.scan_from(since, Some(limit as u64)).await?;
    let mut is_all = number < limit as u64;
    let mut delivered = VecDeque::new();
    let mut bytes = 0;
    loop {
        let messages = records.ordinary(after, BATCH).await?;
        let is_end = messages.len() < BATCH;
        after = messages.last().map_or(after, |last| last.id);
        for message in messages {
            bytes += message.text.len();
            delivered.push_back(message);
            // Others are sent meanwhile.
            while bytes > MAX_BYTES || delivered.len() > limit {
                bytes -= delivered.pop_front().map_or(0, |oldest| oldest.text.len());
                is_all = false;
            }
        }
        if is_end {
            return Ok(Delivered { messages: delivered, is_all });
        }
    }
}

/// Incidents that were opened since a moment and decided in this way, the newest first.
async fn decided(
    records: &dyn Records,
    status: IncidentStatus,
    since: Option<Timestamp>,
) -> Result<Vec<Incident>, StoreError> {
    let filter = IncidentFilter { status: Some(status), ..IncidentFilter::default() };
    let mut incidents: Vec<Incident> = Vec::new();
    let mut before: Option<IncidentId> = None;
    loop {
        let page = records.incidents(&filter, before, PAGE).await?;
        before = page.items.last().map(|incident| incident.id);
        let is_old = |incident: &Incident| since.is_some_and(|since| incident.created_at < since);
        let is_end = !page.more || page.items.last().is_none_or(is_old);
        incidents.extend(page.items.into_iter().filter(|one| !is_old(one)));
        if is_end || incidents.len() >= MAX_INCIDENTS {
            incidents.truncate(MAX_INCIDENTS);
            return Ok(incidents);
        }
    }
}

/// Texts that were seen, by hashes of them and their senders: ordinary ones, and others.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    fn is_new(&mut self, sender: UserId, text: &str, known: Known) -> bool {
        self.hashes.insert(self.hasher.hash_one((sender, text, known.is_ordinary())))
    }
}

fn message_of(incident: Incident) -> StoredMessage {
    StoredMessage {
        id: incident.message.unwrap_or(MessageId(0)),
        room: incident.room,
        sender: incident.user,
        text: incident.text,
        created_at: incident.created_at,
    }
}
