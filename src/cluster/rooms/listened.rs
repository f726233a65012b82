//! One room that is listened to: what was delivered of it, what waits, and what is missing.

use std::{collections::BTreeMap, mem, sync::Arc};

use plic_pipeline::{
    event::Committed,
    id::{RoomId, UserId},
};

use super::{Gap, stayed::Stayed};
use crate::{bus::nats::HintedMessage, cluster::shared::RoomHead};

/// The most messages of a room that wait for others.
const MAX_PARKED: usize = 256;
/// Bytes that a waiting message counts for beside its text.
const OVERHEAD: usize = 160;
/// Reads that find nothing of what a hint told; then it is not believed any more.
const BELIEF: u32 = 3;

/// A room that is listened to.
pub(super) struct Listened {
    /// The newest message that was delivered.
    cursor: i64,
    /// The newest one that anybody told of.
    head: i64,
    /// The newest one that the database told of.
    until: i64,
    people: Option<Arc<[UserId]>>,
    /// Which `people` these are.
    version: i64,
    /// The newest ones that anybody told of.
    heard_version: i64,
    parked: BTreeMap<i64, Parked>,
    parked_bytes: usize,
    gap: Missing,
    fruitless: u32,
    /// Whether the people wait to be read.
    wants_people: bool,
    /// Whether the head waits to be read.
    wants_look: bool,
    /// Whether it was not read yet since the room is listened to.
    is_fresh: bool,
}

/// A message that waits.
pub(super) enum Parked {
    /// With those who were in the room when it was committed.
    Committed(Arc<Committed>),
    /// With the version of who was.
    Hinted(HintedMessage, i64),
}

/// Whether messages are missing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    No,
    Waiting,
    Reading,
}

impl Parked {
    fn version(&self) -> i64 {
        match self {
            Self::Committed(message) => message.people_version,
            Self::Hinted(_, version) => *version,
        }
    }

    fn bytes(&self) -> usize {
        OVERHEAD
            + match self {
                Self::Committed(message) => message.text.len(),
                Self::Hinted(message, _) => message.text.len(),
            }
    }
}

impl Listened {
    /// A room of which everything up to `head` is done with. Its people, and its head, are about to be read.
    pub(super) fn at(head: RoomHead) -> Self {
        Self {
            cursor: head.seq,
            head: head.seq,
            until: head.seq,
            people: None,
            version: -1,
            heard_version: head.people_version,
            parked: BTreeMap::new(),
            parked_bytes: 0,
            gap: Missing::No,
            fruitless: 0,
            wants_people: true,
            wants_look: true,
            is_fresh: true,
        }
    }

    /// Who is in it, where that is known and nobody told of newer people.
    pub(super) fn people(&self) -> Option<&[UserId]> {
        self.people.as_deref().filter(|_| self.version >= self.heard_version)
    }

    pub(super) fn parked_bytes(&self) -> usize {
        self.parked_bytes
    }

    pub(super) fn is_behind(&self, seq: i64) -> bool {
        self.cursor < seq
    }

    pub(super) fn is_next(&self, seq: i64) -> bool {
        seq == self.cursor + 1
    }

    /// Somebody tells how far the room is; answers whether its people are to be read for it.
    pub(super) fn hear(&mut self, seq: i64, people_version: i64) -> bool {
        self.head = self.head.max(seq);
        if people_version <= self.version.max(self.heard_version) {
            return false;
        }
        self.heard_version = people_version;
        !mem::replace(&mut self.wants_people, true)
    }

    /// The database tells how far the room is.
    pub(super) fn told(&mut self, seq: i64) {
        self.head = self.head.max(seq);
        self.until = self.until.max(seq);
    }

    /// Takes in who was in the room at some moment.
    pub(super) fn learn_people(&mut self, version: i64, users: &Arc<[UserId]>) {
        if self.people.is_none() || version > self.version {
            self.people = Some(Arc::clone(users));
            self.version = version;
            self.heard_version = self.heard_version.max(version);
        }
    }

    /// Takes in who the database says is in the room.
    pub(super) fn read_people(&mut self, version: i64, users: &Arc<[UserId]>) {
        if version == self.version {
            self.people = Some(Arc::clone(users));
        }
        self.learn_people(version, users);
        if self.version < self.heard_version && !self.wants_people {
            // Nobody told of newer people since the database was asked: what was told before is not true.
            self.heard_version = self.version;
            let known = self.version;
            self.parked.retain(|_, parked| parked.version() <= known);
            self.count_parked();
        }
    }

    /// The people are to be read; answers whether that is new.
    pub(super) fn doubt_people(&mut self) -> bool {
        !mem::replace(&mut self.wants_people, true)
    }

    /// The people are read from now on; answers whether that is wanted.
    pub(super) fn begin_people(&mut self) -> bool {
        mem::take(&mut self.wants_people)
    }

    /// The head is to be read; answers whether that is new.
    pub(super) fn wants_look(&mut self) -> bool {
        !mem::replace(&mut self.wants_look, true)
    }

    /// The head is read from now on; answers whether that is wanted.
    pub(super) fn begin_look(&mut self) -> bool {
        mem::take(&mut self.wants_look)
    }

    /// After the first look; a second one follows. Answers whether this was the first.
    pub(super) fn looks_again(&mut self) -> bool {
        let is_fresh = mem::take(&mut self.is_fresh);
        self.wants_look |= is_fresh;
        is_fresh
    }

    /// Keeps a message until its turn comes, where there is room for it.
    pub(super) fn park(&mut self, seq: i64, message: Parked, is_room: bool) {
        let fits = is_room && self.parked.len() < MAX_PARKED || self.is_next(seq);
        if seq > self.cursor && fits && !self.parked.contains_key(&seq) {
            self.parked_bytes += message.bytes();
            self.parked.insert(seq, message);
        }
    }

    /// Hands out what is next, as long as it is here and who is to have it is known.
    pub(super) fn advance(&mut self, room: RoomId, out: &mut Vec<Arc<Committed>>) {
        while let Some(first) = self.parked.first_entry() {
            if *first.key() > self.cursor {
                if *first.key() != self.cursor + 1 || first.get().version() > self.version {
                    return;
                }
                let Some(people) = &self.people else { return };
                let (seq, parked) = first.remove_entry();
                self.parked_bytes -= parked.bytes();
                self.cursor = seq;
                self.fruitless = 0;
                out.push(match parked {
                    Parked::Committed(message) => with_newest(message, self.version, people),
                    Parked::Hinted(message, _) => Arc::new(Committed {
                        id: message.id,
                        room,
                        seq,
                        sender: message.sender,
                        origin: message.origin,
                        text: message.text,
                        participants: Arc::clone(people),
                        people_version: self.version,
                    }),
                });
            } else {
                self.parked_bytes -= first.remove().bytes();
            }
        }
    }

    /// Whether messages are missing and nobody has been told yet.
    pub(super) fn misses(&mut self) -> bool {
        let is_new = self.gap == Missing::No && self.has_gap();
        if is_new {
            self.gap = Missing::Waiting;
        }
        is_new
    }

    /// What is to be read, where anything is still missing.
    pub(super) fn begin_gap(&mut self, room: RoomId) -> Option<Gap> {
        if !self.has_gap() {
            self.gap = Missing::No;
            return None;
        }
        self.gap = Missing::Reading;
        Some(Gap { room, after: self.cursor, until: self.until })
    }

    /// The gap was not read.
    pub(super) fn waits_again(&mut self) {
        self.gap = Missing::Waiting;
    }

    /// Hands out what the database has in a gap, or the beginning of it; it has nothing where this is empty.
    pub(super) fn fill(&mut self, gap: Gap, messages: Vec<Committed>, out: &mut Vec<Arc<Committed>>) {
        self.gap = Missing::No;
        if self.cursor < gap.after {
            // The room was given up and taken up again in between.
            return;
        }
        let is_nothing = messages.is_empty();
        let mut stayed = self.people.clone().map(|people| Stayed::new(self.version, people));
        for message in messages.into_iter().filter(|message| message.seq > gap.after) {
            self.told(message.seq);
            if message.seq > self.cursor {
                self.cursor = message.seq;
                self.fruitless = 0;
                out.push(Arc::new(match &mut stayed {
                    Some(stayed) => stayed.only(message),
                    None => message,
                }));
            }
        }
        if is_nothing {
            // What the database had and has no more is deleted.
            self.cursor = self.cursor.max(gap.until);
            if self.cursor == gap.after {
                self.fruitless += 1;
            }
        }
        if self.fruitless >= BELIEF {
            self.fruitless = 0;
            self.head = self.cursor.max(self.until);
            self.parked.clear();
            self.count_parked();
        }
    }

    fn has_gap(&self) -> bool {
        let next_is_here = self.parked.contains_key(&(self.cursor + 1));
        self.cursor < self.head && !next_is_here
    }

    fn count_parked(&mut self) {
        self.parked_bytes = self.parked.values().map(Parked::bytes).sum();
    }
}

/// The message for those who are in the room by the newest account: whoever left it receives nothing any more.
fn with_newest(message: Arc<Committed>, version: i64, people: &Arc<[UserId]>) -> Arc<Committed> {
    if message.people_version >= version {
        return message;
    }
    Arc::new(Committed {
        text: message.text.clone(),
        participants: Arc::clone(people),
        people_version: version,
        ..*message
    })
}
