//! A connection of the floor: as small as it can be while nothing happens, for the idle figure is read off it.

use std::io::{self, ErrorKind, Write};

use mio::{Interest, Registry, Token, net::TcpStream};

/// Bytes that may wait for a member that does not take them; beyond it the member is dropped.
pub(super) const QUEUE_BYTES: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Member {
    pub(super) tcp: TcpStream,
    /// `u32::MAX` before the handshake.
    pub(super) room: u32,
    /// Its place in the room's list.
    pub(super) seat: u32,
    pub(super) phase: Phase,
    /// Whether the room's turn holds something of its own.
    pub(super) spoke: bool,
    /// The beginning of what is not whole yet.
    #[expect(clippy::box_collection, reason = "8 bytes instead of 24 for what an idle member does not have")]
    rest: Option<Box<Vec<u8>>>,
    /// What the socket did not take.
    queue: Option<Box<Queue>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Greeting,
    Open,
    /// To be removed when the turn is over; nothing is written any more.
    Gone,
}

#[derive(Debug)]
struct Queue {
    bytes: Vec<u8>,
    written: usize,
}

impl Member {
    pub(super) fn new(tcp: TcpStream) -> Self {
        Self { tcp, room: u32::MAX, seat: 0, phase: Phase::Greeting, spoke: false, rest: None, queue: None }
    }

    /// Puts the kept beginning at the front of `input`; how many bytes it has.
    pub(super) fn take_rest(&mut self, input: &mut [u8]) -> usize {
        let Some(rest) = self.rest.take() else { return 0 };
        input[..rest.len()].copy_from_slice(&rest);
        rest.len()
    }

    pub(super) fn keep_rest(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.rest = Some(Box::new(bytes.to_vec()));
        }
    }

    /// Writes at once what goes, and queues the rest. An error says that the member is to be dropped.
    pub(super) fn put(&mut self, bytes: &[u8], token: Token, registry: &Registry) -> io::Result<()> {
        if self.phase == Phase::Gone {
            return Ok(());
        }
        if let Some(queue) = &mut self.queue {
            return queue.add(bytes);
        }
        let written = write(&mut self.tcp, bytes)?;
        if written < bytes.len() {
            let mut queue = Queue { bytes: Vec::new(), written: 0 };
            queue.add(&bytes[written..])?;
            self.queue = Some(Box::new(queue));
            registry.reregister(&mut self.tcp, token, Interest::READABLE | Interest::WRITABLE)?;
        }
        Ok(())
    }

    /// Writes of the queue what goes.
    pub(super) fn drain(&mut self, token: Token, registry: &Registry) -> io::Result<()> {
        if self.phase == Phase::Gone {
            return Ok(());
        }
        let Some(queue) = &mut self.queue else { return Ok(()) };
        queue.written += write(&mut self.tcp, &queue.bytes[queue.written..])?;
        if queue.written == queue.bytes.len() {
            self.queue = None;
            registry.reregister(&mut self.tcp, token, Interest::READABLE)?;
        }
        Ok(())
    }
}

impl Queue {
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.bytes.len() - self.written + bytes.len() > QUEUE_BYTES {
            return Err(io::Error::other("the member reads too slowly"));
        }
        self.bytes.drain(..self.written);
        self.written = 0;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// Writes once; nothing is written where the socket is full.
fn write(tcp: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match tcp.write(bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            written => return written,
        }
    }
}
