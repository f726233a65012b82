//! What the tasks of a node share, and the one place where messages are handed to connections.

use std::{
    collections::HashSet,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use plic_pipeline::{
    event::Committed,
    id::{ConnectionId, RoomId},
};
use tokio::sync::{Mutex, Notify, watch};

use super::{
    Parts,
    reload::Reload,
    rooms::{Read, Rooms},
    shared::RoomHead,
};
use crate::{
    bus::nats::{Heard, Hearing, Hint, Nats},
    metrics::ClusterMetrics,
};

/// This process among others.
pub(super) struct Node {
    parts: Parts,
    pub(super) wire: Option<Arc<Nats>>,
    pub(super) metrics: ClusterMetrics,
    /// Whoever delivers holds it meanwhile: so each room's messages stay in order, whichever way they came.
    rooms: Mutex<Rooms>,
    /// Something may be due to be read.
    pub(super) due: Notify,
    /// The heads of all rooms are to be looked at now.
    pub(super) look: Notify,
    /// How far the feed of changes was acted on, and how far it is known to be.
    pub(super) news: watch::Sender<i64>,
    pub(super) announced: AtomicI64,
    pub(super) more_news: Notify,
    /// How many tasks read everything again, or register everybody again.
    pub(super) reading_everything: AtomicUsize,
    pub(super) reload: Reload,
    /// The connections whose arrival is complete and that have not left.
    pub(super) registered: std::sync::Mutex<HashSet<ConnectionId>>,
}

/// That everything is being read again; it is over when this is dropped.
pub(super) struct ReadingEverything<'a>(&'a AtomicUsize);

impl Drop for ReadingEverything<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Deref for Node {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Node {
    pub(super) fn new(parts: Parts, wire: Option<Arc<Nats>>, metrics: ClusterMetrics) -> Self {
        let news = watch::Sender::new(parts.news_from);
        Self {
            announced: AtomicI64::new(parts.news_from),
            parts,
            wire,
            metrics,
            rooms: Mutex::default(),
            due: Notify::new(),
            look: Notify::new(),
            news,
            more_news: Notify::new(),
            reading_everything: AtomicUsize::new(0),
            reload: Reload::default(),
            registered: std::sync::Mutex::default(),
        }
    }

    /// Everything is read again from now on.
    pub(super) fn reading_everything(&self) -> ReadingEverything<'_> {
        self.reading_everything.fetch_add(1, Ordering::AcqRel);
        ReadingEverything(&self.reading_everything)
    }

    /// Messages that this node committed: to its own connections, then to the other nodes.
    pub(super) async fn committed(&self, messages: &[Arc<Committed>]) {
        if messages.is_empty() {
            return;
        }
        self.with_rooms(|rooms, now, out| {
            for message in messages {
                rooms.committed(Arc::clone(message), now, out);
            }
        })
        .await;
        if let Some(wire) = &self.wire {
            for message in messages {
                wire.tell(message);
            }
        }
    }

    /// Acts on what other nodes say, for as long as they can be heard.
    pub(super) async fn hear(self: Arc<Self>, mut hearing: Hearing) {
        while let Some(heard) = hearing.next().await {
            match heard {
                Heard::Hints(hints) => self.hinted(hints).await,
                Heard::News(number) => self.announce(number),
                Heard::Viewing(viewing) => self.hub.tell(self.desk.viewed_elsewhere(viewing)),
                Heard::Check => self.look.notify_one(),
            }
        }
    }

    async fn hinted(&self, hints: Vec<(RoomId, Bytes)>) {
        self.with_rooms(|rooms, now, out| {
            // Nothing is decoded that concerns nobody here.
            for (room, hint) in
                hints.into_iter().filter(|(room, _)| rooms.is_listened(*room)).collect::<Vec<_>>()
            {
                rooms.hinted(room, Hint::decode(&hint), now, out);
            }
        })
        .await;
    }

    /// Listens to rooms from these heads on.
    pub(super) async fn listen(&self, heads: impl IntoIterator<Item = RoomHead>) {
        self.with_rooms(|rooms, now, _| {
            for head in heads {
                self.listen_to(rooms, head, now);
            }
        })
        .await;
    }

    pub(super) fn listen_to(&self, rooms: &mut Rooms, head: RoomHead, now: Instant) {
        if rooms.listen(head, now)
            && let Some(wire) = &self.wire
        {
            wire.listen(head.room);
        }
    }

    pub(super) fn forget_room(&self, rooms: &mut Rooms, room: RoomId) {
        if rooms.forget(room)
            && let Some(wire) = &self.wire
        {
            wire.unlisten(room);
        }
    }

    /// What is to be read now, or when something will be.
    pub(super) async fn next_read(&self) -> Result<Read, Option<Instant>> {
        self.rooms.lock().await.due(Instant::now())
    }

    /// Does something with the rooms, and delivers what comes out of it.
    pub(super) async fn with_rooms<T>(
        &self,
        change: impl FnOnce(&mut Rooms, Instant, &mut Vec<Arc<Committed>>) -> T,
    ) -> T {
        let mut rooms = self.rooms.lock().await;
        let mut out = Vec::new();
        let done = change(&mut rooms, Instant::now(), &mut out);
        self.hub.deliver(&out).await;
        self.metrics.rooms.set(i64::try_from(rooms.len()).unwrap_or(i64::MAX));
        if rooms.has_plans() {
            self.due.notify_one();
        }
        done
    }
}
