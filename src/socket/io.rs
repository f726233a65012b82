//! The two faces of a [`Sock`]: what hyper reads and writes until the upgrade, and what the WebSocket library does
//! after it.

use std::{
    future::Future,
    io::{self, Read},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use plic_pipeline::rejection::CloseCode;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    time::Sleep,
};

use super::{
    flood::{FloodGuard, Standing},
    sock::Sock,
};

/// How long the answer to a request may stand still because its reader does not read.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// Is told what becomes of the bytes that hyper writes.
pub trait WriteObserver: Send + Sync {
    /// The peer's socket took so many bytes.
    fn wrote(&self, bytes: usize);
    /// Nothing waits to be written.
    fn flushed(&self);
}

/// What hyper reads and writes. There are no frames yet, and nobody else writes: nothing is queued.
pub struct HttpIo {
    sock: Arc<Sock>,
    /// The rest of an answer that was put in place of hyper's own.
    replaced: Bytes,
    /// Runs while the peer takes nothing of what is to be written.
    stalled: Option<Pin<Box<Sleep>>>,
    observer: Arc<dyn WriteObserver>,
}

impl HttpIo {
    /// The face of `sock` for hyper.
    pub fn new(sock: Arc<Sock>, observer: Arc<dyn WriteObserver>) -> Self {
        Self { sock, replaced: Bytes::new(), stalled: None, observer }
    }

    /// Writes what the socket takes now. A peer who takes nothing for too long is not waited for: answers in memory
    /// would pile up behind readers that do not read.
    fn poll_tcp_write(&mut self, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let written = loop {
            if self.sock.tcp().poll_write_ready(context)?.is_pending() {
                break Poll::Pending;
            }
            match self.sock.tcp().try_write(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => break Poll::Ready(written),
            }
        };
        if let Poll::Ready(written) = written {
            self.stalled = None;
            self.observer.wrote(*written.as_ref().unwrap_or(&0));
            return Poll::Ready(written);
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_PATIENCE)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_replaced(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.replaced.is_empty() {
            let rest = self.replaced.clone();
            let written = ready!(self.poll_tcp_write(context, &rest))?;
            drop(self.replaced.split_to(written));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for HttpIo {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(poll_tcp_read(&self.sock, context, buffer.initialize_unfilled()))?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_replaced(context))?;
        if let Some(answer) = in_place_of(buffer) {
            self.replaced = answer;
            return match self.poll_replaced(context) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                _ => Poll::Ready(Ok(buffer.len())),
            };
        }
        self.poll_tcp_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_replaced(context))?;
        self.observer.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_replaced(context))?;
        Poll::Ready(shutdown_write(&self.sock))
    }
}

/// hyper answers a head that it cannot read by itself, with an empty body; the contract has no empty failures. No
/// failure of ours is empty, so that the two cannot be confused.
fn in_place_of(written: &[u8]) -> Option<Bytes> {
    let head = written.strip_prefix(b"HTTP/1.1 ")?;
    let sentence = match head.get(..3)? {
        b"400" => "The request is not valid HTTP.",
        b"414" => "The address of the request is too long.",
        b"431" => "The head of the request is too large.",
        _ => return None,
    };
    let head = std::str::from_utf8(head).ok()?.strip_suffix("\r\n\r\n")?;
    if !head.contains("content-length: 0\r\n") && !head.ends_with("content-length: 0") {
        return None;
    }
    let status = head.lines().next()?;
    let body = format!(r#"{{"error_message":"{sentence}","data":null}}"#);
    Some(Bytes::from(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )))
}

/// What the WebSocket library reads and writes after the upgrade. Writing never waits: what the socket does not take
/// stands in the outbox among the frames of others, whole and in order.
pub(super) struct WsIo {
    sock: Arc<Sock>,
    guard: FloodGuard,
    /// Set once the server drains: nothing more is read.
    draining: Arc<AtomicBool>,
    /// While the flood guard holds back.
    pause: Option<Pin<Box<Sleep>>>,
}

impl WsIo {
    /// The face of `sock` for the WebSocket library; `read` are the bytes behind the request's head.
    pub(super) fn new(
        sock: Arc<Sock>,
        mut guard: FloodGuard,
        draining: Arc<AtomicBool>,
        read: &[u8],
    ) -> Self {
        guard.read(read, Instant::now());
        Self { sock, guard, draining, pause: None }
    }

    /// Whether what was read ends with a whole message.
    pub(super) fn is_between_messages(&self) -> bool {
        self.guard.is_between_messages()
    }

    /// Reads and drops until the peer has sent its close frame or has gone.
    pub(super) fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut dropped = [0; 1024];
        while !self.guard.peer_closed() {
            match ready!(poll_tcp_read(&self.sock, context, &mut dropped)) {
                Ok(read @ 1..) => self.guard.read(&dropped[..read], Instant::now()),
                Ok(0) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }

    /// Reads what there is, where reading is allowed.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // What waits does not keep anything from being read: a slow reader answers heartbeats like everybody.
        if let Poll::Ready(Err(error)) = self.sock.poll_drain(context) {
            return Poll::Ready(Err(error));
        }
        // Who does not read their answers cannot ask for more; the outbox wakes this task when it drains.
        if self.draining.load(Ordering::Acquire) || self.sock.is_over_bound() {
            return Poll::Pending;
        }
        ready!(self.poll_guard(context));
        let read = ready!(poll_tcp_read(&self.sock, context, buffer))?;
        self.guard.read(&buffer[..read], Instant::now());
        if self.guard.is_over_fragmented() {
            return Poll::Ready(Err(io::Error::other(OverFragmented)));
        }
        Poll::Ready(Ok(read))
    }

    /// Writes what the WebSocket library has to say by itself.
    pub(super) fn write(&self, frame: &[u8]) -> io::Result<()> {
        self.sock.put_own(Bytes::copy_from_slice(frame))
    }

    /// Waits out the flood guard's pause, where there is one.
    fn poll_guard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match self.guard.standing(Instant::now()) {
                Standing::Within => return Poll::Ready(()),
                Standing::Until(moment) => {
                    self.pause = Some(Box::pin(tokio::time::sleep_until(moment.into())));
                }
                Standing::Flooding => {
                    self.sock.end(CloseCode::UnauthorizedAction);
                    return Poll::Pending;
                }
            }
        }
    }
}

/// One message came in more fragments than any client has reason to send.
#[derive(Debug, thiserror::Error)]
#[error("a message in too many fragments")]
pub(super) struct OverFragmented;

/// Reads what has come. A read that does not fill the buffer has emptied the socket: it is not asked again until the
/// system says that there is more, which spares a system call for each message.
fn poll_tcp_read(sock: &Sock, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    let tcp = sock.tcp();
    loop {
        ready!(tcp.poll_read_ready(context))?;
        let mut short = None;
        let result = tcp.try_io(Interest::READABLE, || match (&*SockRef::from(tcp)).read(buffer) {
            Ok(read) if (1..buffer.len()).contains(&read) => {
                short = Some(read);
                // Only this lets go of the readiness that was seen before the read, and of no later one.
                Err(io::ErrorKind::WouldBlock.into())
            }
            result => result,
        });
        match (short, result) {
            (Some(read), _) => return Poll::Ready(Ok(read)),
            (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            (None, Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            (None, result) => return Poll::Ready(result),
        }
    }
}

/// Ends our half of the connection; the peer reads to the end of what was written.
pub(super) fn shutdown_write(sock: &Sock) -> io::Result<()> {
    match SockRef::from(sock.tcp()).shutdown(std::net::Shutdown::Write) {
        // The peer has gone first.
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypers_own_empty_refusal_gets_the_envelope() {
        let written = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let answer = in_place_of(written).expect("replaced");
        let text = std::str::from_utf8(&answer).expect("text");
        assert!(text.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
        assert!(text.ends_with(r#"{"error_message":"The head of the request is too large.","data":null}"#));
    }

    #[test]
    fn answers_of_ours_stay_as_they_are() {
        assert!(in_place_of(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 40\r\n\r\n{}").is_none());
        assert!(in_place_of(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").is_none());
        assert!(in_place_of(b"x").is_none());
    }
}
