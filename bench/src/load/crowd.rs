//! The sockets of all members, on one thread and one epoll. What is read goes through one shared buffer; a member keeps bytes
//! only where a frame came in part or the kernel took a message in part.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    thread::sleep,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Registry, Token, net::TcpStream};
use socket2::{Domain, SockRef, Socket, Type};

use super::{
    failure::Failure,
    frame::{self, PONG},
    protocol::{Heard, Protocol},
};

const BUFFER: usize = 256 * 1024;
const EVENTS: usize = 1024;
/// How many connections from one address a port range has room for.
const CONNECTIONS_PER_ADDRESS: usize = 20_000;

/// A wait of less than a timer's grain is slept in naps of this length.
const NAP: Duration = Duration::from_micros(50);

/// What Linux answers while a connection is made; the standard library has no stable name for it.
const EINPROGRESS: i32 = 115;

/// What is done about what members hear.
pub(crate) trait Listener {
    /// A member was let in.
    fn welcomed(&mut self, _member: usize, _at: Instant) {}

    /// A member heard something.
    fn heard(
        &mut self,
        member: usize,
        heard: Heard<'_>,
        at: Instant,
        mouths: &mut Mouths<'_>,
    ) -> Result<(), Failure>;

    /// A member's connection has ended, other than by [`Crowd::leave`].
    fn gone(&mut self, member: usize, end: End) -> Result<(), Failure> {
        Err(Failure::Disconnected { member, end })
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With a close frame, and the code in it.
    Closed(Option<u16>),
    /// Without a word.
    Silent,
    /// With an error.
    Broken(ErrorKind),
}

/// Members of one server.
pub(crate) struct Crowd {
    protocol: Protocol,
    poll: Poll,
    events: Events,
    buffer: Box<[u8]>,
    members: Vec<Member>,
    waiting: Waiting,
}

/// How a crowd waits for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Awake, on a core of its own: waking a client that sleeps is work of whoever writes to it, and the server that is measured
    /// would pay for it, the more the faster it is.
    Awake,
    /// Asleep, where the server runs on the same core too and needs it.
    Asleep,
}

/// The sides of members that speak.
pub(crate) struct Mouths<'a>(&'a mut [Member]);

#[derive(Default)]
struct Member {
    stream: Option<TcpStream>,
    phase: Phase,
    /// A frame that came in part.
    heard: Vec<u8>,
    /// What the kernel has not taken yet.
    unsaid: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    #[default]
    Connecting,
    Greeting,
    Inside,
    /// It does not read, though its socket is open.
    Deaf,
}

impl Crowd {
    /// A crowd without members.
    pub(crate) fn new(protocol: Protocol, waiting: Waiting) -> io::Result<Self> {
        Ok(Self {
            protocol,
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            members: Vec::new(),
            waiting,
        })
    }

    /// Begins to connect a member, a new one or again, and to greet the server with these bytes.
    pub(crate) fn come(
        &mut self,
        member: usize,
        address: SocketAddr,
        greeting: Vec<u8>,
    ) -> Result<(), Failure> {
        if self.members.len() <= member {
            self.members.resize_with(member + 1, Member::default);
        }
        let mut stream = connect(address, member)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(member), interest)?;
        self.members[member] = Member { stream: Some(stream), unsaid: greeting, ..Member::default() };
        Ok(())
    }

    /// Ends a member's connection at once.
    pub(crate) fn leave(&mut self, member: usize) {
        // Linger of nothing: a reset leaves no port waiting behind.
        if let Some(stream) = self.members[member].stream.take() {
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
    }

    /// A member reads no more, unless by [`Crowd::sip`], until [`Crowd::prick_up`].
    pub(crate) fn deafen(&mut self, member: usize) -> Result<(), Failure> {
        let one = &mut self.members[member];
        one.phase = Phase::Deaf;
        if let Some(stream) = &mut one.stream {
            self.poll.registry().deregister(stream)?;
        }
        Ok(())
    }

    /// A member that does not read takes one byte.
    pub(crate) fn sip(&mut self, member: usize) {
        let Member { stream, heard, .. } = &mut self.members[member];
        let mut byte = [0];
        // Nothing there, or nobody any more: both show when it reads again.
        if let Some(Ok(1)) = stream.as_mut().map(|stream| stream.read(&mut byte)) {
            heard.push(byte[0]);
        }
    }

    /// A member reads again.
    pub(crate) fn prick_up(&mut self, member: usize) -> Result<(), Failure> {
        let one = &mut self.members[member];
        one.phase = Phase::Inside;
        if let Some(stream) = &mut one.stream {
            self.poll.registry().register(stream, Token(member), Interest::READABLE | Interest::WRITABLE)?;
        }
        Ok(())
    }

    /// A member's socket takes no more than this many bytes that it has not read.
    pub(crate) fn narrow(&mut self, member: usize, bytes: usize) -> Result<(), Failure> {
        if let Some(stream) = &self.members[member].stream {
            SockRef::from(stream).set_recv_buffer_size(bytes)?;
        }
        Ok(())
    }

    /// The sides of members that speak.
    pub(crate) fn mouths(&mut self) -> Mouths<'_> {
        Mouths(&mut self.members)
    }

    /// Waits for something to happen, at most so long, and tells the listener what did.
    pub(crate) fn turn(&mut self, wait: Duration, listener: &mut impl Listener) -> Result<(), Failure> {
        let Self { protocol, poll, events, buffer, members, waiting } = self;
        let ends = Instant::now() + wait;
        loop {
            let left = ends.saturating_duration_since(Instant::now());
            // Rounded down: the poll rounds up, and would oversleep what is due.
            let whole = match waiting {
                Waiting::Awake => 0,
                Waiting::Asleep => u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            };
            match poll.poll(events, Some(Duration::from_millis(whole))) {
                Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
                polled => polled?,
            }
            if !events.is_empty() || left.is_zero() {
                break;
            }
            if *waiting == Waiting::Asleep && whole == 0 {
                sleep(left.min(NAP));
            }
        }
        for event in &*events {
            let index = event.token().0;
            let broken = if event.is_writable() { members[index].write_rest().err() } else { None };
            // No other event tells of an end that stands behind what is read now.
            let to_the_end = event.is_read_closed() || event.is_error() || broken.is_some();
            if event.is_readable() || to_the_end {
                read(*protocol, members, index, (buffer, to_the_end), poll.registry(), listener)?;
            }
            if let Some(error) = broken {
                end(members, index, poll.registry(), Some(&error), listener)?;
            }
        }
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for member in 0..self.members.len() {
            self.leave(member);
        }
    }
}

impl Mouths<'_> {
    /// Sends bytes as one member, at once as far as the kernel takes them.
    pub(crate) fn say(&mut self, member: usize, bytes: &[u8]) -> io::Result<()> {
        let member = &mut self.0[member];
        member.unsaid.extend_from_slice(bytes);
        if member.unsaid.len() == bytes.len() { member.write_rest() } else { Ok(()) }
    }
}

impl Member {
    fn write_rest(&mut self) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        if self.phase == Phase::Connecting {
            if let Some(error) = stream.take_error()? {
                return Err(error);
            }
            if stream.peer_addr().is_err() {
                return Ok(());
            }
            self.phase = Phase::Greeting;
        }
        if self.unsaid.is_empty() {
            return Ok(());
        }
        let mut written = 0;
        while written < self.unsaid.len() {
            match stream.write(&self.unsaid[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsaid.drain(..written);
        if self.unsaid.is_empty() {
            self.unsaid = Vec::new();
        }
        Ok(())
    }
}

fn connect(address: SocketAddr, member: usize) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    let source = u8::try_from(member / CONNECTIONS_PER_ADDRESS).map_err(io::Error::other)?;
    if source > 0 {
        let source = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 1 + source), 0));
        socket.bind(&source.into())?;
    }
    match socket.connect(&address.into()) {
        Err(error) if !is_in_progress(&error) => Err(error),
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(EINPROGRESS)
}

fn end(
    members: &mut [Member],
    index: usize,
    registry: &Registry,
    error: Option<&io::Error>,
    listener: &mut impl Listener,
) -> Result<(), Failure> {
    if let Some(mut stream) = members[index].stream.take() {
        registry.deregister(&mut stream)?;
        let end = error.map_or(End::Silent, |error| End::Broken(error.kind()));
        listener.gone(index, end)?;
    }
    Ok(())
}

fn read(
    protocol: Protocol,
    members: &mut [Member],
    index: usize,
    (buffer, to_the_end): (&mut [u8], bool),
    registry: &Registry,
    listener: &mut impl Listener,
) -> Result<(), Failure> {
    loop {
        let member = &mut members[index];
        let Some(stream) = &mut member.stream else { return Ok(()) };
        let carried = member.heard.len();
        let room = match stream.read(&mut buffer[carried..]) {
            Ok(0) => return end(members, index, registry, None, listener),
            Ok(count) => {
                buffer[..carried].copy_from_slice(&member.heard);
                let filled = carried + count;
                let used = understand(protocol, members, index, &buffer[..filled], registry, listener)?;
                members[index].heard.clear();
                members[index].heard.extend_from_slice(&buffer[used..filled]);
                buffer.len() - filled
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return end(members, index, registry, Some(&error), listener),
        };
        // A buffer that was not filled has emptied the socket: whatever comes then is a new event.
        if room > 0 && !to_the_end {
            return Ok(());
        }
    }
}

/// Tells the listener what is in `bytes`; how many of them were whole frames.
fn understand(
    protocol: Protocol,
    members: &mut [Member],
    index: usize,
    bytes: &[u8],
    registry: &Registry,
    listener: &mut impl Listener,
) -> Result<usize, Failure> {
    let at = Instant::now();
    let mut used = 0;
    if members[index].phase == Phase::Greeting {
        let Some(length) = protocol.greeted(bytes)? else { return Ok(0) };
        members[index].phase = Phase::Inside;
        listener.welcomed(index, at);
        used = length;
    }
    while let Some((heard, length)) = protocol.first(&bytes[used..])? {
        used += length;
        match heard {
            Heard::Ping(payload) => Mouths(members).say(index, &frame::masked(PONG, payload))?,
            Heard::Close(code) => {
                if let Some(mut stream) = members[index].stream.take() {
                    registry.deregister(&mut stream)?;
                }
                listener.gone(index, End::Closed(code))?;
                return Ok(bytes.len());
            }
            heard => listener.heard(index, heard, at, &mut Mouths(members))?,
        }
    }
    Ok(used)
}
