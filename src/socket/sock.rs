//! A TCP socket that two sides write to: the connection's own task, and the hub with what others sent. What does not go
//! out at once waits in a bounded outbox; order is the order of the calls, and a frame goes out whole or not at all.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};
use plic_pipeline::rejection::CloseCode;
use tokio::net::TcpStream;

use crate::http_door::Place;

/// How many waiting frames one system call takes along.
const FRAMES_PER_WRITE: usize = 64;

/// A socket and what waits to be written to it.
#[derive(Debug)]
pub struct Sock {
    // Dropped in this order: the place is free once the file is closed.
    tcp: TcpStream,
    place: Place,
    outbox: Mutex<Outbox>,
    /// Bytes: a reader that leaves more waiting is closed with 4009 when something is to be added.
    bound: usize,
}

#[derive(Debug, Default)]
struct Outbox {
    /// The first may be a frame's rest.
    waiting: VecDeque<Bytes>,
    bytes: usize,
    /// The socket took no more; the connection's task waits until it does.
    is_full: bool,
    phase: Phase,
    /// Why the connection is to end, for its task to see.
    ending: Option<CloseCode>,
    /// The connection's task.
    task: Option<Waker>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// HTTP is still spoken: frames wait until the handshake has been answered.
    #[default]
    Held,
    Open,
    /// The last frames are written or about to be: nothing of others follows.
    Closing,
    /// Writing has failed.
    Dead,
}

impl Sock {
    /// Wraps a socket and its place among all connections; `bound` is in bytes.
    pub fn new(tcp: TcpStream, place: Place, bound: usize) -> Self {
        Self { tcp, place, outbox: Mutex::default(), bound }
    }

    /// Its place among all connections.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The socket.
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Writes or queues whole frames, in order, with nothing between them. Nothing happens once the connection is
    /// closing; where more waits already than the bound allows, the connection is told to end with 4009.
    pub fn put(&self, frames: &[Bytes]) {
        let mut outbox = self.lock();
        if outbox.takes_more(self.bound) {
            self.write_or_queue(&mut outbox, frames);
        }
    }

    /// Like [`put`](Self::put), but leaves the writing to the connection's task, which is about to answer a command: both
    /// go out with one system call.
    pub fn put_before_reply(&self, frames: &[Bytes]) {
        let mut outbox = self.lock();
        if outbox.takes_more(self.bound) {
            outbox.queue(frames, 0);
            outbox.wake();
        }
    }

    /// The handshake has been answered: what waits goes out from now on.
    pub(super) fn open(&self) {
        let mut outbox = self.lock();
        if outbox.phase == Phase::Held {
            outbox.phase = Phase::Open;
            self.write_waiting(&mut outbox);
        }
    }

    /// Whether more waits to be written than the bound allows.
    pub(super) fn is_over_bound(&self) -> bool {
        self.lock().bytes > self.bound
    }

    /// Writes or queues the connection's last frames; whatever others put from now on is dropped.
    pub(super) fn put_last(&self, frames: &[Bytes]) {
        let mut outbox = self.lock();
        if outbox.phase != Phase::Dead {
            self.write_or_queue(&mut outbox, frames);
        }
        if outbox.phase == Phase::Open {
            outbox.phase = Phase::Closing;
        }
    }

    /// Writes or queues what the WebSocket library writes by itself: pongs, and the answer to the peer's close frame,
    /// which still go out while the connection is closing.
    pub(super) fn put_own(&self, frame: Bytes) -> io::Result<()> {
        let mut outbox = self.lock();
        if outbox.phase == Phase::Dead {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.write_or_queue(&mut outbox, &[frame]);
        Ok(())
    }

    /// From now on, whatever others put is dropped.
    pub(super) fn close_to_others(&self) {
        let mut outbox = self.lock();
        if outbox.phase == Phase::Open {
            outbox.phase = Phase::Closing;
        }
    }

    /// Tells the connection's task to end with `code`. The first cause stays.
    pub fn end(&self, code: CloseCode) {
        let mut outbox = self.lock();
        outbox.ending.get_or_insert(code);
        outbox.wake();
    }

    /// Why the connection is to end, once somebody has said so.
    pub(super) fn poll_ending(&self, context: &mut Context<'_>) -> Poll<CloseCode> {
        let mut outbox = self.lock();
        outbox.remember(context);
        outbox.ending.map_or(Poll::Pending, Poll::Ready)
    }

    /// Writes what waits; ready once nothing does.
    pub(super) fn poll_drain(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut outbox = self.lock();
        outbox.remember(context);
        while !outbox.waiting.is_empty() {
            if self.tcp.poll_write_ready(context)?.is_pending() {
                return Poll::Pending;
            }
            self.write_waiting(&mut outbox);
        }
        match outbox.phase {
            Phase::Held | Phase::Open | Phase::Closing => Poll::Ready(Ok(())),
            Phase::Dead => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn write_or_queue(&self, outbox: &mut Outbox, frames: &[Bytes]) {
        if outbox.is_full || outbox.phase == Phase::Held {
            return outbox.queue(frames, 0);
        }
        if outbox.waiting.is_empty() {
            match self.write(frames) {
                Ok(written) => outbox.queue(frames, written),
                Err(_gone) => return outbox.die(),
            }
            outbox.is_full = !outbox.waiting.is_empty();
        } else {
            outbox.queue(frames, 0);
            self.write_waiting(outbox);
        }
        // The task does not yet wait for the socket to take more.
        if outbox.is_full {
            outbox.wake();
        }
    }

    /// Writes until nothing waits or the socket takes no more.
    fn write_waiting(&self, outbox: &mut Outbox) {
        outbox.is_full = false;
        while !outbox.waiting.is_empty() && !outbox.is_full {
            let count = outbox.waiting.len().min(FRAMES_PER_WRITE);
            let frames = &outbox.waiting.make_contiguous()[..count];
            let bytes: usize = frames.iter().map(Bytes::len).sum();
            match self.write(frames) {
                Ok(written) => {
                    outbox.advance(written);
                    outbox.is_full = written < bytes;
                }
                Err(_gone) => return outbox.die(),
            }
        }
        if outbox.waiting.is_empty() {
            // An idle connection keeps no memory for what once waited.
            outbox.waiting = VecDeque::new();
        }
    }

    /// Writes what the socket takes now; answers how many bytes that is. An error means that the connection is no more.
    fn write(&self, frames: &[Bytes]) -> io::Result<usize> {
        let mut written = 0;
        for frames in frames.chunks(FRAMES_PER_WRITE) {
            let bytes: usize = frames.iter().map(Bytes::len).sum();
            let took = loop {
                match self.write_once(frames) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break 0,
                    took => break took?,
                }
            };
            written += took;
            if took < bytes {
                break;
            }
        }
        Ok(written)
    }

    fn write_once(&self, frames: &[Bytes]) -> io::Result<usize> {
        if let [frame] = frames {
            return self.tcp.try_write(frame);
        }
        let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
        for (slice, frame) in slices.iter_mut().zip(frames) {
            *slice = IoSlice::new(frame);
        }
        self.tcp.try_write_vectored(&slices[..frames.len()])
    }

    fn lock(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    /// Whether others may put something. Who has left more waiting than `bound` is told to end.
    fn takes_more(&mut self, bound: usize) -> bool {
        if matches!(self.phase, Phase::Closing | Phase::Dead) {
            return false;
        }
        if self.bytes > bound {
            self.ending.get_or_insert(CloseCode::ConnectionClosed);
            // What others send from now on would only add to what nobody reads.
            self.phase = Phase::Closing;
            self.wake();
            return false;
        }
        true
    }

    /// Keeps what is left of `frames` after the first `written` bytes of them.
    fn queue(&mut self, frames: &[Bytes], mut written: usize) {
        for frame in frames {
            let gone = written.min(frame.len());
            written -= gone;
            if gone < frame.len() {
                self.bytes += frame.len() - gone;
                self.waiting.push_back(frame.slice(gone..));
            }
        }
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(first) = self.waiting.front_mut() {
            if written < first.len() {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.waiting.pop_front();
        }
    }

    /// Nothing more goes out. The task sees why when it reads or drains; nobody else is concerned.
    fn die(&mut self) {
        *self = Self { phase: Phase::Dead, task: self.task.take(), ..Self::default() };
        self.wake();
    }

    fn remember(&mut self, context: &Context<'_>) {
        match &mut self.task {
            Some(task) => task.clone_from(context.waker()),
            None => self.task = Some(context.waker().clone()),
        }
    }

    fn wake(&self) {
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }
}
