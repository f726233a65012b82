//! Hints between nodes over NATS: what was committed, as soon as it was. They may be lost, late or doubled; the database is
//! the truth. So nothing here waits, and nothing fails a message.

mod connect;
mod hint;
mod settings;
mod slots;
mod viewing;

use std::{collections::HashMap, sync::Arc};

use async_nats::{Client, Message, Subscriber, connection::State};
use bytes::Bytes;
use futures_util::{
    FutureExt, StreamExt,
    stream::{AbortHandle, Abortable, SelectAll},
};
use plic_pipeline::{event::Committed, id::RoomId, moderation::Viewing};
use tokio::{sync::mpsc, task::unconstrained};

use self::slots::{Slot, Slots};
pub use self::{
    connect::NatsError,
    hint::{Hint, HintedMessage},
    settings::NatsSettings,
};
use crate::metrics::ClusterMetrics;

/// Hints that are handed on together at most.
const TOGETHER: usize = 256;

/// The sending side; and what is to be heard.
pub struct Nats {
    client: Client,
    prefix: String,
    slots: Arc<Slots>,
    metrics: ClusterMetrics,
}

/// What was heard from other nodes.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Hints, in the order in which they came: of which room, and what [`Hint::decode`] takes.
    Hints(Vec<(RoomId, Bytes)>),
    /// The feed of changes has grown to this number.
    News(i64),
    /// A moderator looks at an incident on another node, or does not any more.
    Viewing(Viewing),
    /// Hints may have been missed: NATS is connected anew, or they came too fast.
    Check,
}

/// The hearing side.
pub struct Hearing {
    client: Client,
    rooms_prefix: String,
    news_subject: String,
    viewing_subject: String,
    slots: Arc<Slots>,
    subscriptions: SelectAll<Abortable<Subscriber>>,
    by_slot: HashMap<Slot, AbortHandle>,
    checks: mpsc::Receiver<()>,
    /// What came behind what was answered last.
    next: Option<Heard>,
    metrics: ClusterMetrics,
}

impl Nats {
    /// Begins to connect; returns before it is. From then on it connects again whenever the connection is lost.
    pub async fn connect(
        settings: &NatsSettings,
        metrics: ClusterMetrics,
    ) -> Result<(Self, Hearing), NatsError> {
        let (check, checks) = mpsc::channel(1);
        let client = connect::connect(settings, metrics.clone(), check).await?;
        let slots = Arc::new(Slots::default());
        let news_subject = format!("{}.news", settings.prefix);
        let viewing_subject = format!("{}.viewing", settings.prefix);
        let mut subscriptions = SelectAll::new();
        for subject in [&news_subject, &viewing_subject] {
            let told = client.subscribe(subject.clone()).await;
            let told = told.map_err(|error| NatsError::Client(Box::new(error)))?;
            subscriptions.push(Abortable::new(told, AbortHandle::new_pair().1));
        }
        let hearing = Hearing {
            client: client.clone(),
            rooms_prefix: format!("{}.room.", settings.prefix),
            news_subject,
            viewing_subject,
            slots: Arc::clone(&slots),
            subscriptions,
            by_slot: HashMap::new(),
            checks,
            next: None,
            metrics: metrics.clone(),
        };
        Ok((Self { client, prefix: settings.prefix.clone(), slots, metrics }, hearing))
    }

    /// Whether NATS is connected.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Tells other nodes of a message.
    pub fn tell(&self, message: &Committed) {
        let Slot(slot) = Slot::of(message.room);
        let subject = format!("{}.room.{slot}.{}", self.prefix, message.room);
        self.publish(subject, || Hint::encode(message, self.client.max_payload()));
    }

    /// Tells other nodes that the feed of changes has grown to `number`.
    pub fn tell_news(&self, number: i64) {
        self.publish(format!("{}.news", self.prefix), || Bytes::from(number.to_string()));
    }

    /// Tells other nodes who looks at an incident.
    pub fn tell_viewing(&self, viewing: &Viewing) {
        self.publish(format!("{}.viewing", self.prefix), || viewing::encode(viewing));
    }

    /// Listens to a room once more.
    pub fn listen(&self, room: RoomId) {
        self.slots.add(room);
    }

    /// Listens to a room once less.
    pub fn unlisten(&self, room: RoomId) {
        self.slots.remove(room);
    }

    fn publish(&self, subject: String, payload: impl FnOnce() -> Bytes) {
        // What waits for a server that is away is old by the time it is back. And whether there is room is known at once:
        // the task's budget has nothing to do with it.
        let is_sent = self.is_connected()
            && matches!(unconstrained(self.client.publish(subject, payload())).now_or_never(), Some(Ok(())));
        if is_sent {
            self.metrics.sent.inc()
        } else {
            self.metrics.dropped.inc()
        };
    }
}

impl Hearing {
    /// What is heard next; `None` when the client has ended.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(next) = self.next.take() {
                return Some(next);
            }
            tokio::select! {
                biased;
                check = self.checks.recv() => return check.map(|()| Heard::Check),
                () = self.slots.changed() => self.follow_slots().await,
                Some(message) = self.subscriptions.next() => {
                    let heard = self.gather(message);
                    if heard.is_some() {
                        return heard;
                    }
                }
            }
        }
    }

    /// What came already, as far as it can be handed on together.
    fn gather(&mut self, first: Message) -> Option<Heard> {
        let mut hints = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            if message.subject.as_str() == self.news_subject {
                let number = str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok());
                self.next = number.map(Heard::News);
                break;
            }
            if message.subject.as_str() == self.viewing_subject {
                self.next = viewing::decode(&message.payload).map(Heard::Viewing);
                break;
            }
            if let Some(room) = self.room_of(message.subject.as_str()) {
                hints.push((room, message.payload));
            }
            if hints.len() >= TOGETHER {
                break;
            }
            next = self.subscriptions.next().now_or_never().flatten();
        }
        self.metrics.received.inc_by(hints.len() as u64);
        if hints.is_empty() { self.next.take() } else { Some(Heard::Hints(hints)) }
    }

    fn room_of(&self, subject: &str) -> Option<RoomId> {
        let (_, room) = subject.strip_prefix(&self.rooms_prefix)?.split_once('.')?;
        room.parse().ok().map(RoomId)
    }

    /// Subscribes to what is wanted, and to nothing else.
    async fn follow_slots(&mut self) {
        for (slot, is_wanted) in self.slots.changes() {
            if !is_wanted {
                if let Some(subscription) = self.by_slot.remove(&slot) {
                    subscription.abort();
                }
                continue;
            }
            if self.by_slot.contains_key(&slot) {
                continue;
            }
            match self.client.subscribe(format!("{}{}.*", self.rooms_prefix, slot.0)).await {
                Ok(subscriber) => {
                    let (handle, registration) = AbortHandle::new_pair();
                    self.subscriptions.push(Abortable::new(subscriber, registration));
                    self.by_slot.insert(slot, handle);
                }
                Err(error) => {
                    plic_pipeline::log_limited!(
                        WARN,
                        error: &error,
                        "could not listen to rooms"
                    );
                }
            }
        }
    }
}
