//! What the suite needs of an engine beside the port.

mod front;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use plic_pipeline::{
    bus::Bus,
    daily::DailyLimits,
    event::{Committed, Event},
    id::ConnectionId,
    moderation::Records,
    said_lately::SaidLately,
    store::Store,
};

/// What an engine keeps: for chat and for moderators.
pub(crate) trait Kept: Store + Records {}

impl<K: Store + Records> Kept for K {}

/// An engine under test, with a database of its own.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;

    /// What moderators see and do, of the same store.
    fn records(&self) -> Arc<dyn Kept>;

    /// What senders said lately, by the same store.
    fn said(&self) -> Arc<dyn SaidLately>;

    /// What it published.
    fn bus(&self) -> &Recorder;

    /// Makes everything that was sent so far older by so much.
    async fn age_sent(&self, by: Duration);

    /// Makes everything that there is so far older by so much.
    async fn age(&self, by: Duration);

    /// What a connection is called once its process has ended: nothing where a later one may have its number.
    fn ended(&self, connection: ConnectionId) -> ConnectionId;

    /// Closes the store and opens it again with these limits of a day, also from then on.
    async fn limit(&mut self, limits: DailyLimits);

    /// Closes the store and opens it again on the same database.
    async fn reopen(&mut self);
}

/// A bus that remembers what was published.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// Everything that is for users, in the order in which it was published.
    pub(crate) fn events(&self) -> Vec<Event> {
        let events = self.0.lock().expect("no test panics while it holds this");
        events.iter().filter(|event| !matches!(event, Event::News(_))).cloned().collect()
    }

    /// All messages, in the order in which they were published.
    pub(crate) fn messages(&self) -> Vec<Arc<Committed>> {
        let messages = |event| if let Event::Message(message) = event { Some(message) } else { None };
        self.events().into_iter().filter_map(messages).collect()
    }
}

#[async_trait]
impl Bus for Recorder {
    async fn publish(&self, events: Vec<Event>) {
        self.0.lock().expect("no test panics while it holds this").extend(events);
    }
}
