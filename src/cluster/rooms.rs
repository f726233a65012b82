//! What was delivered of each room that somebody here is in: every message once, in the order of its place, whatever is lost,
//! late or doubled on the way. No I/O is done here: it says what is to be read, and is told what was read.

mod listened;
mod stayed;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use plic_pipeline::{
    event::Committed,
    id::{RoomId, UserId},
};

use self::listened::{Listened, Parked};
use super::shared::{MAX_ROOMS, People, RoomHead};
use crate::bus::nats::Hint;

/// How long the hint of a message that is missing is waited for.
const PATIENCE: Duration = Duration::from_millis(10);
/// When a room that is listened to from now on is looked at: other servers have heard of it by then.
const FRESH: Duration = Duration::from_millis(100);
/// When it is looked at once more, should word have gone slowly.
const SETTLED: Duration = Duration::from_millis(400);
/// When what failed is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// Bytes of messages that wait for others, over all rooms; what is beyond is read from the database when its time comes.
const MAX_PARKED_BYTES: usize = 16 * 1024 * 1024;

/// The rooms that are listened to.
#[derive(Default)]
pub(super) struct Rooms {
    listened: HashMap<RoomId, Listened>,
    parked_bytes: usize,
    /// Rooms whose people are to be read.
    unknown: BTreeSet<(Instant, RoomId)>,
    /// Rooms whose messages may have to be read.
    gaps: BTreeSet<(Instant, RoomId)>,
    /// Rooms whose heads are to be read.
    fresh: BTreeSet<(Instant, RoomId)>,
}

/// What is to be read from the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    /// Who is in these rooms.
    People(Vec<RoomId>),
    /// How far these rooms are.
    Heads(Vec<RoomId>),
    /// Messages of a room.
    Messages(Gap),
}

/// Messages that were not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) room: RoomId,
    /// The newest that was delivered.
    pub(super) after: i64,
    /// How far the database had come, as it said itself before this read.
    until: i64,
}

impl Rooms {
    /// How many rooms are listened to.
    pub(super) fn len(&self) -> usize {
        self.listened.len()
    }

    /// Every room that is listened to.
    pub(super) fn ids(&self) -> Vec<RoomId> {
        self.listened.keys().copied().collect()
    }

    /// Whether anything is to be read, now or later.
    pub(super) fn has_plans(&self) -> bool {
        !(self.unknown.is_empty() && self.fresh.is_empty() && self.gaps.is_empty())
    }

    pub(super) fn is_listened(&self, room: RoomId) -> bool {
        self.listened.contains_key(&room)
    }

    /// Delivers what comes after `head`, from now on; answers whether that is new. A room that is listened to already
    /// goes on where it is.
    pub(super) fn listen(&mut self, head: RoomHead, now: Instant) -> bool {
        if self.listened.contains_key(&head.room) {
            self.head(head, now);
            return false;
        }
        self.listened.insert(head.room, Listened::at(head));
        self.unknown.insert((now, head.room));
        self.fresh.insert((now + FRESH, head.room));
        true
    }

    /// Whether something of what is up to `head` was not delivered yet.
    pub(super) fn is_behind(&self, head: RoomHead) -> bool {
        self.listened.get(&head.room).is_some_and(|listened| listened.is_behind(head.seq))
    }

    /// Delivers nothing of a room any more; answers whether that is new.
    pub(super) fn forget(&mut self, room: RoomId) -> bool {
        match self.listened.remove(&room) {
            Some(listened) => {
                self.parked_bytes -= listened.parked_bytes();
                true
            }
            None => false,
        }
    }

    /// Whether nobody in a room is one of those whom `is_here` knows; not where its people are not known.
    pub(super) fn is_deserted(&self, room: RoomId, is_here: impl FnOnce(&[UserId]) -> bool) -> bool {
        self.listened.get(&room).and_then(Listened::people).is_some_and(|people| !is_here(people))
    }

    /// Has the people of every room read, and its head.
    pub(super) fn doubt_all(&mut self, now: Instant) {
        for (room, listened) in &mut self.listened {
            if listened.doubt_people() {
                self.unknown.insert((now, *room));
            }
            if listened.wants_look() {
                self.fresh.insert((now, *room));
            }
        }
    }

    /// A message with those who were in its room when it was committed.
    pub(super) fn committed(&mut self, message: Arc<Committed>, now: Instant, out: &mut Vec<Arc<Committed>>) {
        let room = message.room;
        let Some(listened) = self.listened.get_mut(&room) else { return };
        listened.learn_people(message.people_version, &message.participants);
        listened.told(message.seq);
        self.park(room, message.seq, Parked::Committed(message));
        self.settle(room, now, out);
    }

    /// What another node says of a room.
    pub(super) fn hinted(
        &mut self,
        room: RoomId,
        hint: Option<Hint>,
        now: Instant,
        out: &mut Vec<Arc<Committed>>,
    ) {
        let Some(listened) = self.listened.get_mut(&room) else { return };
        let Some(Hint { seq, people_version, message }) = hint else {
            if listened.wants_look() {
                self.fresh.insert((now, room));
            }
            return;
        };
        if listened.hear(seq, people_version) {
            self.unknown.insert((now, room));
        }
        if let Some(message) = message {
            self.park(room, seq, Parked::Hinted(message, people_version));
        }
        self.settle(room, now, out);
    }

    /// How far the database says that a room is.
    pub(super) fn head(&mut self, head: RoomHead, now: Instant) {
        let Some(listened) = self.listened.get_mut(&head.room) else { return };
        listened.told(head.seq);
        if listened.hear(head.seq, head.people_version) {
            self.unknown.insert((now, head.room));
        }
        if listened.misses() {
            self.gaps.insert((now, head.room));
        }
    }

    /// Who the database says is in a room.
    pub(super) fn people(&mut self, people: &People, now: Instant, out: &mut Vec<Arc<Committed>>) {
        let Some(listened) = self.listened.get_mut(&people.room) else { return };
        self.parked_bytes -= listened.parked_bytes();
        listened.read_people(people.version, &people.users);
        self.parked_bytes += listened.parked_bytes();
        self.settle(people.room, now, out);
    }

    /// The messages that the database has in a gap.
    pub(super) fn read(
        &mut self,
        gap: Gap,
        messages: Vec<Committed>,
        now: Instant,
        out: &mut Vec<Arc<Committed>>,
    ) {
        let Some(listened) = self.listened.get_mut(&gap.room) else { return };
        self.parked_bytes -= listened.parked_bytes();
        listened.fill(gap, messages, out);
        self.parked_bytes += listened.parked_bytes();
        self.settle(gap.room, now, out);
    }

    /// A read could not be done: it will be due again.
    pub(super) fn failed(&mut self, read: Read, now: Instant) {
        let due = now + AGAIN;
        match read {
            Read::People(rooms) => {
                for room in rooms {
                    if self.listened.get_mut(&room).is_some_and(Listened::doubt_people) {
                        self.unknown.insert((due, room));
                    }
                }
            }
            Read::Heads(rooms) => {
                for room in rooms {
                    if self.listened.get_mut(&room).is_some_and(Listened::wants_look) {
                        self.fresh.insert((due, room));
                    }
                }
            }
            Read::Messages(gap) => {
                if let Some(listened) = self.listened.get_mut(&gap.room) {
                    listened.waits_again();
                    self.gaps.insert((due, gap.room));
                }
            }
        }
    }

    /// What is to be read next, and may be read now; otherwise when something may be.
    pub(super) fn due(&mut self, now: Instant) -> Result<Read, Option<Instant>> {
        let rooms = &mut self.listened;
        let people =
            take_due(&mut self.unknown, now, |room| rooms.get_mut(&room).is_some_and(Listened::begin_people));
        if !people.is_empty() {
            return Ok(Read::People(people));
        }
        let heads =
            take_due(&mut self.fresh, now, |room| rooms.get_mut(&room).is_some_and(Listened::begin_look));
        if !heads.is_empty() {
            for room in &heads {
                if rooms.get_mut(room).is_some_and(Listened::looks_again) {
                    self.fresh.insert((now + SETTLED, *room));
                }
            }
            return Ok(Read::Heads(heads));
        }
        while let Some(room) = pop_due(&mut self.gaps, now) {
            if let Some(gap) = rooms.get_mut(&room).and_then(|listened| listened.begin_gap(room)) {
                return Ok(Read::Messages(gap));
            }
        }
        let next = [self.unknown.first(), self.fresh.first(), self.gaps.first()];
        Err(next.into_iter().flatten().map(|(due, _)| *due).min())
    }

    fn park(&mut self, room: RoomId, seq: i64, message: Parked) {
        let Some(listened) = self.listened.get_mut(&room) else { return };
        let before = listened.parked_bytes();
        // What comes next goes out at once and waits for nothing.
        let is_room = self.parked_bytes < MAX_PARKED_BYTES || listened.is_next(seq);
        listened.park(seq, message, is_room);
        self.parked_bytes = self.parked_bytes - before + listened.parked_bytes();
    }

    /// Hands out what may go out, and has read what is missing.
    fn settle(&mut self, room: RoomId, now: Instant, out: &mut Vec<Arc<Committed>>) {
        let Some(listened) = self.listened.get_mut(&room) else { return };
        let before = listened.parked_bytes();
        listened.advance(room, out);
        self.parked_bytes = self.parked_bytes - before + listened.parked_bytes();
        if listened.misses() {
            self.gaps.insert((now + PATIENCE, room));
        }
    }
}

/// Rooms whose time has come and that are `wanted`, each once, at most as many as one call may ask for.
fn take_due(
    queue: &mut BTreeSet<(Instant, RoomId)>,
    now: Instant,
    mut wanted: impl FnMut(RoomId) -> bool,
) -> Vec<RoomId> {
    let mut rooms = Vec::new();
    while rooms.len() < MAX_ROOMS
        && let Some(room) = pop_due(queue, now)
    {
        // Whoever is wanted is so once: the second time it is not wanted any more.
        if wanted(room) {
            rooms.push(room);
        }
    }
    rooms
}

fn pop_due(queue: &mut BTreeSet<(Instant, RoomId)>, now: Instant) -> Option<RoomId> {
    queue
        .first()
        .is_some_and(|(due, _)| *due <= now)
        .then(|| queue.pop_first())
        .flatten()
        .map(|(_, room)| room)
}

#[cfg(test)]
mod tests;
