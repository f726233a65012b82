//! What senders said lately, for the filter: a cache over the database.
//!
//! What a sender said is read when they first write over a connection: a user writes where their connection is, so that
//! what they said over another node or before a restart is known. Where it cannot be read, the message is judged without
//! it, and the next one asks again.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::{OptionFuture, join};
use plic_filter::{Earlier, Missing, Place, Recall, Remembered, RuleSet, Trace, recall::KEPT_IN_ROOM};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{
    id::{MessageId, RoomId, UserId},
    log_limited,
    metrics::PipelineMetrics,
    said_lately::{SaidElsewhere, SaidLately},
    store::{StoreError, StoredMessage},
};

/// How long a message waits for what its sender said before.
const PATIENCE: Duration = Duration::from_secs(1);

/// What senders said lately.
pub struct Memory {
    recall: Recall,
    said: Arc<dyn SaidLately>,
    metrics: PipelineMetrics,
}

/// What was read of a sender.
#[derive(Default)]
struct Said {
    in_room: Option<Vec<StoredMessage>>,
    over_rooms: Option<Vec<SaidElsewhere>>,
}

impl Memory {
    /// Remembers nothing yet. What is read is complete for `fresh_for`, or where there is no such time, for as long as the
    /// sender's connection lasts.
    pub fn new(said: Arc<dyn SaidLately>, fresh_for: Option<Duration>, metrics: PipelineMetrics) -> Self {
        let recall = Recall::new();
        let recall = match fresh_for {
            Some(time) => recall.fresh_for(time),
            None => recall,
        };
        Self { recall, said, metrics }
    }

    /// Returns what is to be read before the rules can judge at this place.
    pub(crate) fn missing(&self, place: Place, rules: &RuleSet) -> Missing {
        self.recall.missing(place, SystemTime::now(), rules.looks_over_rooms())
    }

    /// Returns what a sender said, as far as it is known.
    pub(crate) fn earlier(&self, sender: UserId, room: RoomId) -> Earlier {
        self.recall.earlier(sender, room, SystemTime::now())
    }

    /// Remembers a message that was confirmed.
    pub(crate) fn remember(&self, sender: UserId, room: RoomId, message: MessageId, trace: Trace) {
        if !trace.is_nothing() {
            self.recall.remember(sender, room, Remembered { id: message.0, at: SystemTime::now(), trace });
        }
    }

    /// Reads what is missing. Where that fails, the memory stays as it is.
    pub(crate) async fn read(&self, place: Place, missing: Missing, rules: &Arc<RuleSet>) {
        let learnt = async { self.learn(place, self.fetch(place, missing).await?, Arc::clone(rules)).await };
        let read = timeout(PATIENCE, learnt).await.unwrap_or(Err(StoreError::TimedOut));
        self.metrics.memory_read(read.is_ok());
        if let Err(error) = &read {
            log_limited!(WARN, error: error, "what senders said before cannot be read: they are judged without it");
        }
    }

    async fn fetch(&self, place: Place, missing: Missing) -> Result<Said, StoreError> {
        let Place { sender, room, .. } = place;
        let in_room = missing.in_room.then(|| self.said.in_room(sender, room));
        let over_rooms = missing.over_rooms.then(|| self.said.over_rooms(sender));
        let (in_room, over_rooms) = join(OptionFuture::from(in_room), OptionFuture::from(over_rooms)).await;
        Ok(Said { in_room: in_room.transpose()?, over_rooms: over_rooms.transpose()? })
    }

    /// Traces what was read, off the threads that serve: texts of strangers take long.
    async fn learn(&self, place: Place, said: Said, rules: Arc<RuleSet>) -> Result<(), StoreError> {
        let recall = self.recall.clone();
        let learnt = spawn_blocking(move || {
            let now = SystemTime::now();
            let remembered = |message: &StoredMessage| Remembered {
                id: message.id.0,
                at: message.created_at.into(),
                trace: rules.trace(&message.text),
            };
            if let Some(messages) = said.in_room {
                let since = now.checked_sub(KEPT_IN_ROOM).unwrap_or(SystemTime::UNIX_EPOCH);
                let lately = messages.iter().filter(|message| SystemTime::from(message.created_at) > since);
                recall.learn_in_room(place, lately.map(remembered).collect(), !messages.is_empty(), now);
            }
            if let Some(messages) = said.over_rooms {
                let messages = messages.iter();
                let said = messages.map(|SaidElsewhere { message, is_first }| {
                    (message.room, remembered(message), *is_first)
                });
                recall.learn_over_rooms(place, said, now);
            }
        });
        learnt.await.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }
}
