//! A connection while it speaks HTTP: what is known of it, and when it has been idle for too long.

use std::{
    future::pending,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::StatusCode;
use hyper::body::{Body, Frame, SizeHint};
use plic_openapi::{AddressBlock, Standing, TurnedAway};
use tokio::{sync::Notify, time::sleep};

use super::{
    connections::Connections,
    waiting::{Rank, WaitPosition},
};
use crate::socket::WriteObserver;

/// How often a stranger is looked at ...
const IDLE_CHECK: Duration = Duration::from_secs(5);
/// ... and how often nothing may have happened in between before the connection is closed: after 15 seconds.
const IDLE_CHECKS: u32 = 3;

/// One connection until its end or its upgrade.
#[derive(Debug)]
pub(super) struct Visit {
    /// Where it comes from; `None` is a trusted proxy, which is never taken for a stranger.
    address: Option<AddressBlock>,
    turned_away: Option<TurnedAway>,
    standing: Standing,
    /// Its place in the order of those who make room; changed under the lock of [`Connections`] alone.
    position: Mutex<Option<WaitPosition>>,
    is_sent_away: AtomicBool,
    /// Its handshake was answered with 101: it is in use from now on.
    is_upgraded: AtomicBool,
    /// Its handshake was answered with 101, and all that is left is to say why the user is not let in.
    is_refused: AtomicBool,
    leaves: Notify,
    /// Requests that have no answer yet.
    in_service: AtomicU32,
    /// Answers that have begun and whose body has not ended.
    open_answers: AtomicU32,
    /// Whether the rest of an answer whose body has ended is still to be written.
    has_unwritten: AtomicBool,
    requests: AtomicU32,
    /// Bytes that the peer has taken of answers.
    taken: AtomicU64,
}

impl Visit {
    pub(super) fn new(address: Option<AddressBlock>, turned_away: Option<TurnedAway>) -> Self {
        Self {
            address,
            turned_away,
            standing: Standing::default(),
            position: Mutex::default(),
            is_sent_away: AtomicBool::default(),
            is_upgraded: AtomicBool::default(),
            is_refused: AtomicBool::default(),
            leaves: Notify::new(),
            in_service: AtomicU32::default(),
            open_answers: AtomicU32::default(),
            has_unwritten: AtomicBool::default(),
            requests: AtomicU32::default(),
            taken: AtomicU64::default(),
        }
    }

    pub(super) fn address(&self) -> Option<AddressBlock> {
        self.address
    }

    pub(super) fn turned_away(&self) -> Option<TurnedAway> {
        self.turned_away
    }

    pub(super) fn standing(&self) -> &Standing {
        &self.standing
    }

    pub(super) fn rank(&self) -> Rank {
        match self.turned_away {
            Some(_) => Rank::TurnedAway,
            None if self.is_refused() => Rank::IdleStranger,
            None if self.is_known() => Rank::Known,
            None if self.has_been_answered() => Rank::IdleStranger,
            None => Rank::Newcomer,
        }
    }

    fn is_known(&self) -> bool {
        self.address.is_none() || self.standing.is_known()
    }

    fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    fn has_been_answered(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0 && self.in_service.load(Ordering::Relaxed) == 0
    }

    /// Whether a request of somebody known is being answered, up to the last byte of the answer: a stream of events is.
    /// A stranger may take as long as they like to read, which keeps nobody else out.
    fn is_in_use(&self) -> bool {
        self.is_known()
            && !self.is_refused()
            && (self.in_service.load(Ordering::Relaxed) > 0
                || self.open_answers.load(Ordering::Relaxed) > 0
                || self.has_unwritten.load(Ordering::Relaxed))
    }

    pub(super) fn note_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Sets its place in the order; returns the one before.
    pub(super) fn set_position(&self, position: Option<WaitPosition>) -> Option<WaitPosition> {
        std::mem::replace(&mut *self.position.lock().unwrap_or_else(PoisonError::into_inner), position)
    }

    /// Tells the connection to make room for another.
    pub(super) fn send_away(&self) {
        self.is_sent_away.store(true, Ordering::Relaxed);
        self.leaves.notify_one();
    }

    pub(super) fn is_sent_away(&self) -> bool {
        self.is_sent_away.load(Ordering::Relaxed)
    }

    /// Waits until the connection is to make room.
    pub(super) async fn leaves(&self) -> Leaving {
        self.leaves.notified().await;
        if self.is_in_use() { Leaving::WhenDone } else { Leaving::AtOnce }
    }

    /// Whether the connection is in the order of those who may be told to make room.
    pub(super) fn may_make_room(&self) -> bool {
        !self.is_sent_away() && !self.is_upgraded.load(Ordering::Relaxed) && !self.is_in_use()
    }

    /// Waits until a stranger has been idle for too long; for ever where the connection is known.
    pub(super) async fn has_idled(&self) {
        let (mut seen, mut idle) = (self.activity(), 0);
        while idle < IDLE_CHECKS {
            sleep(IDLE_CHECK).await;
            if self.is_known() {
                pending::<()>().await;
            }
            let now = self.activity();
            let is_idle = now == seen && self.in_service.load(Ordering::Relaxed) == 0;
            idle = if is_idle { idle + 1 } else { 0 };
            seen = now;
        }
    }

    fn activity(&self) -> (u32, u64) {
        (self.requests.load(Ordering::Relaxed), self.taken.load(Ordering::Relaxed))
    }
}

/// How a connection makes room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Whatever it is doing.
    AtOnce,
    /// Once the request is answered whose token has been verified meanwhile.
    WhenDone,
}

/// A visit in the order of those who make room; dropping it takes it out.
pub(super) struct Visiting {
    pub(super) connections: Arc<Connections>,
    pub(super) visit: Arc<Visit>,
}

impl Visiting {
    /// Runs a conversation until its end, or until the connection is to make room.
    pub(super) async fn unless_sent_away(self: Arc<Self>, conversation: impl Future<Output = ()>) {
        tokio::select! {
            () = conversation => {}
            _ = self.visit.leaves() => {}
        }
    }
}

impl Drop for Visiting {
    fn drop(&mut self) {
        self.connections.stop_waiting(&self.visit);
    }
}

/// hyper has given everything to the socket that it had to write.
impl WriteObserver for Visiting {
    fn wrote(&self, bytes: usize) {
        self.visit.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn flushed(&self) {
        if self.visit.has_unwritten.swap(false, Ordering::Relaxed) && self.visit.is_known() {
            self.connections.wait(&self.visit);
        }
    }
}

/// A request that has no answer yet.
pub(super) struct InService(Arc<Visiting>);

impl InService {
    /// Notes that a request has come. A stranger may still be told to make room while it is answered: they may take as long
    /// as they like to read the answer.
    pub(super) fn begin(visiting: Arc<Visiting>) -> Self {
        let Visiting { connections, visit } = &*visiting;
        visit.note_request();
        visit.in_service.fetch_add(1, Ordering::Relaxed);
        connections.wait(visit);
        Self(visiting)
    }

    /// Notes with which status the request was answered, and whether a WebSocket is only to say why it is refused. The connection of somebody known stays in use until what this
    /// returns is dropped and everything is written.
    pub(super) fn end(self, status: StatusCode, is_refusal: bool) -> OpenAnswer {
        let visit = &self.0.visit;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let kind = if is_refusal { &visit.is_refused } else { &visit.is_upgraded };
            kind.store(true, Ordering::Relaxed);
        }
        visit.open_answers.fetch_add(1, Ordering::Relaxed);
        OpenAnswer(Arc::clone(&self.0))
    }

    pub(super) fn visit(&self) -> &Visit {
        &self.0.visit
    }
}

/// The answer has begun, or nobody waits for it any more.
impl Drop for InService {
    fn drop(&mut self) {
        self.0.visit.in_service.fetch_sub(1, Ordering::Relaxed);
        self.0.connections.wait(&self.0.visit);
    }
}

/// An answer that has begun and whose body has not ended.
pub(super) struct OpenAnswer(Arc<Visiting>);

impl Drop for OpenAnswer {
    fn drop(&mut self) {
        // In this order, so that the connection is in use all the time until hyper has written the rest.
        self.0.visit.has_unwritten.store(true, Ordering::Relaxed);
        self.0.visit.open_answers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer, which is open for as long as hyper keeps it.
pub(super) struct AnswerBody<B> {
    pub(super) inner: B,
    pub(super) _open: OpenAnswer,
}

impl<B: Body<Data = Bytes> + Unpin> Body for AnswerBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
