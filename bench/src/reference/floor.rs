//! What any broadcast server costs at least: one thread, epoll, WebSocket frames, and nothing of a chat. There is no token,
//! no JSON, no filter and no database, and of RFC 6455 no more than a load generator needs (no fragments, no binary, no
//! check of UTF-8): whoever breaks that is dropped.
//!
//! A client joins with `GET /?room=N`. Each text frame goes verbatim to the other members of the room, and its sender gets
//! `ok`. What one turn of the event loop read is joined for each room and written to each member with one system call.

mod member;
mod turn;
mod wire;

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, net::TcpListener};
use slab::Slab;
use socket2::{Domain, Protocol, Socket, Type};

use self::{
    member::{Member, Phase},
    turn::Turn,
    wire::{Broken, Opcode},
};

const LISTENER: Token = Token(usize::MAX);
/// Connections that a herd may leave waiting to be accepted.
const BACKLOG: i32 = 16_384;
/// Sockets that one turn of the loop serves at most.
const EVENTS: usize = 1024;
/// The one buffer that every socket is read into: the longest unfinished frame, and a read behind it.
const INPUT_BYTES: usize = 128 << 10;
/// Rooms are numbered from 0 to below this.
const ROOMS: usize = 1 << 20;
/// A room's turn is written as soon as it has as many bytes, so that a healthy reader is not taken for a slow one.
const TURN_BYTES: usize = 64 << 10;

/// Serves on `address` until it is killed. With `separate` there is one write for each delivery, which is the naive way.
pub(crate) fn serve(address: SocketAddr, separate: bool) -> io::Result<()> {
    // As many connections as this process may have.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let floor = Floor::bind(address, separate)?;
    println!("listening on {}", floor.listener.local_addr()?);
    io::stdout().flush()?;
    floor.run()
}

#[derive(Debug)]
struct Floor {
    poll: Poll,
    listener: TcpListener,
    members: Slab<Member>,
    rooms: Vec<Room>,
    /// The first `busy` belong to rooms in which somebody spoke in this turn; the others wait with their buffers for use.
    turns: Vec<Turn>,
    busy: usize,
    /// Members to read in the next turn without an event, and whether their peer has closed.
    unread: Vec<(usize, bool)>,
    /// Members to remove when the turn is over, so that no key is used twice within it.
    gone: Vec<usize>,
    input: Vec<u8>,
    /// What a sender sees of its room's turn.
    view: Vec<u8>,
    separate: bool,
}

#[derive(Debug, Default)]
struct Room {
    members: Vec<u32>,
    /// Its place in `turns`, when somebody spoke.
    turn: Option<u32>,
}

impl Floor {
    fn bind(address: SocketAddr, separate: bool) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        // Accepted sockets inherit it: a system call less for each.
        socket.set_tcp_nodelay(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let mut listener = TcpListener::from_std(socket.into());
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            members: Slab::new(),
            rooms: Vec::new(),
            turns: Vec::new(),
            busy: 0,
            unread: Vec::new(),
            gone: Vec::new(),
            input: vec![0; INPUT_BYTES],
            view: Vec::new(),
            separate,
        })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let wait = if self.unread.is_empty() { None } else { Some(Duration::ZERO) };
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for (key, closed) in std::mem::take(&mut self.unread) {
                self.read(key, closed);
            }
            for event in &events {
                let Token(key) = event.token();
                if event.token() == LISTENER {
                    self.accept()?;
                    continue;
                }
                if event.is_writable() {
                    self.drain(key);
                }
                if event.is_readable() || event.is_error() {
                    self.read(key, event.is_read_closed() || event.is_error());
                }
            }
            self.end_turn();
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut tcp = match self.listener.accept() {
                Ok((tcp, _)) => tcp,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error)
                    if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            let place = self.members.vacant_entry();
            self.poll.registry().register(&mut tcp, Token(place.key()), Interest::READABLE)?;
            place.insert(Member::new(tcp));
        }
    }

    /// Reads a member once and serves what came whole. A read that does not fill the buffer has emptied the socket: asking
    /// it until it would block costs a system call more.
    fn read(&mut self, key: usize, closed: bool) {
        let Some(member) = self.members.get_mut(key) else { return };
        if member.phase == Phase::Gone {
            return;
        }
        let mut input = std::mem::take(&mut self.input);
        let kept = member.take_rest(&mut input);
        match member.tcp.read(&mut input[kept..]) {
            Ok(0) => self.leave(key),
            Ok(count) => {
                if closed || kept + count == input.len() {
                    self.unread.push((key, closed));
                }
                self.serve(key, &input[..kept + count]);
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                member.keep_rest(&input[..kept]);
            }
            Err(_) => self.leave(key),
        }
        self.input = input;
    }

    fn serve(&mut self, key: usize, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let step = match self.members[key].phase {
                Phase::Greeting => self.greet(key, bytes),
                Phase::Open => self.frame(key, bytes),
                Phase::Gone => return,
            };
            match step {
                Ok(Some(taken)) => bytes = &bytes[taken..],
                Ok(None) => return self.members[key].keep_rest(bytes),
                Err(Broken) => return self.leave(key),
            }
        }
    }

    /// Answers a handshake; the bytes that it took, or `None` while it is not whole.
    fn greet(&mut self, key: usize, bytes: &[u8]) -> Result<Option<usize>, Broken> {
        let Some(greeting) = wire::greeting(bytes)? else { return Ok(None) };
        if greeting.room >= ROOMS {
            return Err(Broken);
        }
        if self.rooms.len() <= greeting.room {
            self.rooms.resize_with(greeting.room + 1, Room::default);
        }
        let seats = &mut self.rooms[greeting.room].members;
        let member = &mut self.members[key];
        member.phase = Phase::Open;
        member.room = u32::try_from(greeting.room).expect("rooms are fewer than 2^20");
        member.seat = u32::try_from(seats.len()).expect("members are fewer than descriptors");
        seats.push(short(key));
        self.put(key, greeting.answer.as_bytes());
        Ok(Some(greeting.length))
    }

    /// Serves a frame; the bytes that it took, or `None` while it is not whole.
    fn frame(&mut self, key: usize, bytes: &[u8]) -> Result<Option<usize>, Broken> {
        let Some(frame) = wire::frame(bytes)? else { return Ok(None) };
        match frame.opcode {
            Opcode::Text => {
                let member = &mut self.members[key];
                member.spoke = true;
                let turn = self.turn_of(key);
                self.turns[turn].add(short(key), &frame);
                if self.separate || self.turns[turn].len() >= TURN_BYTES {
                    self.deliver(turn);
                }
            }
            Opcode::Ping => {
                let mut pong = Vec::with_capacity(frame.payload.len() + wire::HEAD_BYTES);
                frame.render(Opcode::Pong, &mut pong);
                self.put(key, &pong);
            }
            Opcode::Pong => {}
            Opcode::Close => {
                // What it said before comes before the echo.
                let turn = self.turn_of(key);
                self.deliver(turn);
                let mut echo = Vec::with_capacity(frame.payload.len() + wire::HEAD_BYTES);
                frame.render(Opcode::Close, &mut echo);
                self.put(key, &echo);
                self.leave(key);
            }
        }
        Ok(Some(frame.length))
    }

    /// The turn of a member's room, begun if there is none.
    fn turn_of(&mut self, key: usize) -> usize {
        let room = self.members[key].room;
        if let Some(turn) = self.rooms[room as usize].turn {
            return turn as usize;
        }
        let turn = self.busy;
        if turn == self.turns.len() {
            self.turns.push(Turn::default());
        }
        self.turns[turn].room = room;
        self.rooms[room as usize].turn = Some(short(turn));
        self.busy += 1;
        turn
    }

    /// Writes what a room's turn has to every member, and empties it.
    fn deliver(&mut self, turn: usize) {
        let mut said = std::mem::take(&mut self.turns[turn]);
        let room = said.room as usize;
        for seat in 0..self.rooms[room].members.len() {
            let key = self.rooms[room].members[seat];
            let member = &mut self.members[key as usize];
            if !member.spoke {
                self.put(key as usize, said.bytes());
                continue;
            }
            member.spoke = false;
            let mut view = std::mem::take(&mut self.view);
            said.seen_by(key, &mut view);
            self.put(key as usize, &view);
            self.view = view;
        }
        said.clear();
        self.turns[turn] = said;
    }

    fn end_turn(&mut self) {
        for turn in 0..self.busy {
            if self.turns[turn].len() > 0 {
                self.deliver(turn);
            }
            self.rooms[self.turns[turn].room as usize].turn = None;
        }
        self.busy = 0;
        while let Some(key) = self.gone.pop() {
            let member = self.members.remove(key);
            let Some(room) = self.rooms.get_mut(member.room as usize) else { continue };
            room.members.swap_remove(member.seat as usize);
            if let Some(&moved) = room.members.get(member.seat as usize) {
                self.members[moved as usize].seat = member.seat;
            }
        }
    }

    fn put(&mut self, key: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.members[key].put(bytes, Token(key), self.poll.registry()).is_err() {
            self.leave(key);
        }
    }

    fn drain(&mut self, key: usize) {
        let Some(member) = self.members.get_mut(key) else { return };
        if member.drain(Token(key), self.poll.registry()).is_err() {
            self.leave(key);
        }
    }

    fn leave(&mut self, key: usize) {
        let member = &mut self.members[key];
        if member.phase != Phase::Gone {
            member.phase = Phase::Gone;
            self.gone.push(key);
        }
    }
}

/// Half the size of a key, of which every member and every room's list holds some.
fn short(key: usize) -> u32 {
    u32::try_from(key).expect("members are fewer than descriptors")
}

#[cfg(test)]
mod tests;
