//! What the suite needs of an engine beside the port.

pub(crate) mod sqlite;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use plic_pipeline::{
    bus::Bus,
    event::{Committed, Event},
    store::Store,
};

/// An engine under test, with a database of its own.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;

    /// What it published.
    fn bus(&self) -> &Recorder;

    /// Makes everything that was sent so far older by so much.
    async fn age_sent(&self, by: Duration);

    /// Closes the store and opens it again on the same database.
    async fn reopen(&mut self);
}

/// A bus that remembers what was published.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<Arc<Committed>>>);

impl Recorder {
    /// All messages, in the order in which they were published.
    pub(crate) fn messages(&self) -> Vec<Arc<Committed>> {
        self.0.lock().expect("no test panics while it holds this").clone()
    }
}

#[async_trait]
impl Bus for Recorder {
    async fn publish(&self, events: Vec<Event>) {
        let mut messages = self.0.lock().expect("no test panics while it holds this");
        for event in events {
            match event {
                Event::Message(message) => messages.push(message),
                Event::Banned(_) | Event::Disconnected(_) => {}
            }
        }
    }
}
