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

/// How many waiting frames one system call takes along.
const FRAMES_PER_WRITE: usize = 64;

/// A socket and what waits to be written to it.
#[derive(Debug)]
pub struct Sock {
    tcp: TcpStream,
    outbox: Mutex<Outbox>,
    /// How many bytes may wait; a reader that leaves more is closed with 4009.
    bound: usize,
}

#[derive(Debug, Default)]
struct Outbox {
    /// The first may be a frame's rest.
    waiting: VecDeque<Bytes>,
    bytes: usize,
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
    /// Wraps a socket; `bound` is in bytes.
    pub fn new(tcp: TcpStream, bound: usize) -> Self {
        Self { tcp, outbox: Mutex::default(), bound }
    }

    /// The socket.
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Writes or queues whole frames, in order, with nothing between them. Nothing happens once the connection is
    /// closing; where more waits already than the bound allows, the connection is told to end with 4009.
    pub fn put(&self, frames: &[Bytes]) {
        let mut outbox = self.lock();
        if matches!(outbox.phase, Phase::Closing | Phase::Dead) {
            return;
        }
        if outbox.bytes > self.bound {
            outbox.ending.get_or_insert(CloseCode::ConnectionClosed);
            // What others send from now on would only add to what nobody reads.
            outbox.phase = Phase::Closing;
            outbox.wake();
            return;
        }
        self.write_or_queue(&mut outbox, frames);
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
        let idle = outbox.waiting.is_empty();
        outbox.waiting.extend(frames.iter().cloned());
        outbox.bytes += frames.iter().map(Bytes::len).sum::<usize>();
        if idle && outbox.phase != Phase::Held {
            self.write_waiting(outbox);
        }
        // A task that had nothing to write does not yet wait for the socket to take more.
        if idle && !outbox.waiting.is_empty() {
            outbox.wake();
        }
    }

    /// Writes until nothing waits or the socket takes no more.
    fn write_waiting(&self, outbox: &mut Outbox) {
        while !outbox.waiting.is_empty() {
            let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
            let count = outbox.waiting.len().min(FRAMES_PER_WRITE);
            for (slice, frame) in slices.iter_mut().zip(&outbox.waiting) {
                *slice = IoSlice::new(frame);
            }
            match self.tcp.try_write_vectored(&slices[..count]) {
                Ok(written) => outbox.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_gone) => {
                    // The task sees the same error when it reads or drains; nobody else is concerned.
                    *outbox = Outbox { phase: Phase::Dead, task: outbox.task.take(), ..Outbox::default() };
                    outbox.wake();
                    return;
                }
            }
        }
        // An idle connection keeps no memory for what once waited.
        outbox.waiting.shrink_to(0);
    }

    fn lock(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
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
