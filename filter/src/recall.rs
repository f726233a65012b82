//! What each sender said lately: in a room, to see one text sent again and again and what is said in pieces; and over rooms,
//! to see one text sent to many people and many people written to for the first time.
//!
//! Nothing of a text is kept but keyed digests and counts, and the letters of a very short one for two minutes or until the
//! sender's next message ([`Trace`]). The memory is this process's, a cache over the
//! database: [`Recall::missing`] says what is to be read before a sender is judged, and [`Recall::learn_in_room`] and
//! [`Recall::learn_over_rooms`] take what was read. What was remembered before the sender's connection was established
//! counts as missing, because they may have written over another node since. While no rule in force looks back, nothing is
//! added.
//!
//! The memory takes at most [`MAX_BYTES`] (48 MiB): 32 MiB for what was said in rooms (of a sender in a room at most 16
//! messages of the last 24 hours, 12 KiB) and 16 MiB for what was said over rooms (of a sender at most 64 messages of the
//! last hour, 7 KiB). Beyond that, what was not asked for longest is forgotten, and read again when it is needed.

mod sketch;
mod trace;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use moka::{Entry, policy::EvictionPolicy, sync::Cache};

pub use self::trace::Trace;
pub(crate) use self::{
    sketch::Sketch,
    trace::{Touch, keyed},
};
use crate::id::{RoomId, UserId};

/// The most bytes that the memory takes.
pub const MAX_BYTES: u64 = MAX_ROOM_BYTES + MAX_SENDER_BYTES;
const MAX_ROOM_BYTES: u64 = 32 << 20;
const MAX_SENDER_BYTES: u64 = 16 << 20;
/// What an entry takes beside its messages: the key, the counters of the cache, its place in the map and in the queues.
const ENTRY_BYTES: usize = 320;
/// Messages of a sender that are remembered in a room, and for how long.
pub const MAX_IN_ROOM: usize = 16;
/// Earlier messages that a word may be split over, and for how long.
const MAX_PIECES: usize = 9;
const PIECES_WITHIN: Duration = Duration::from_mins(2);
/// How long they are remembered.
pub const KEPT_IN_ROOM: Duration = Duration::from_hours(24);
/// Messages of a sender that are remembered over rooms, and for how long.
pub const MAX_OVER_ROOMS: usize = 64;
/// How long they are remembered.
pub const KEPT_OVER_ROOMS: Duration = Duration::from_hours(1);

/// Who writes where, over which connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The sender.
    pub sender: UserId,
    /// The room.
    pub room: RoomId,
    /// The number of the sender's connection; no other has it.
    pub connection: u64,
}

/// A message of a sender, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The message's id, by which the same command sent again counts once. Ids grow with time.
    pub id: i64,
    /// When it was accepted.
    pub at: SystemTime,
    /// What is remembered of its text.
    pub trace: Trace,
}

/// What is to be read before a sender is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// What they said in the room.
    pub in_room: bool,
    /// What they said over rooms.
    pub over_rooms: bool,
}

impl Missing {
    /// Whether nothing is to be read.
    pub const fn is_nothing(self) -> bool {
        !self.in_room && !self.over_rooms
    }
}

/// From when what is remembered is complete.
#[derive(Debug, Clone, Copy)]
struct Read {
    connection: u64,
    at: SystemTime,
}

/// What a sender said in a room.
#[derive(Debug, Clone, Default)]
struct InRoom {
    read: Option<Read>,
    /// Whether they ever said something there, as far as is known.
    has_spoken: bool,
    /// By their ids.
    said: Box<[Remembered]>,
}

/// A message that is remembered to be found from another room.
#[derive(Debug, Clone)]
struct Elsewhere {
    id: i64,
    at: SystemTime,
    room: RoomId,
    digest: u64,
    sketch: Option<Sketch>,
    /// Whether it was the sender's first message in the room.
    is_first: bool,
}

/// What a sender said over rooms.
#[derive(Debug, Clone, Default)]
struct OverRooms {
    read: Option<Read>,
    /// By their ids.
    said: Box<[Elsewhere]>,
}

impl InRoom {
    fn bytes(&self) -> usize {
        let heap: usize = self.said.iter().map(|said| said.trace.heap_bytes()).sum();
        ENTRY_BYTES + size_of::<Self>() + size_of_val(&*self.said) + heap
    }

    fn with(&self, more: impl IntoIterator<Item = Remembered>) -> Self {
        let mut said = merged(&self.said, more, |said| said.id, MAX_IN_ROOM);
        if let Some(latest) = said.iter().map(|said| said.at).max() {
            let is_old = |at: SystemTime| latest.duration_since(at).is_ok_and(|age| age > PIECES_WITHIN);
            said.iter_mut().filter(|said| is_old(said.at)).for_each(|said| said.trace.piece = None);
        }
        Self { read: self.read, has_spoken: self.has_spoken || !said.is_empty(), said }
    }
}

impl OverRooms {
    fn bytes(&self) -> usize {
        ENTRY_BYTES + size_of::<Self>() + size_of_val(&*self.said)
    }

    fn with(&self, more: impl IntoIterator<Item = Elsewhere>) -> Self {
        Self { read: self.read, said: merged(&self.said, more, |said| said.id, MAX_OVER_ROOMS) }
    }
}

impl Elsewhere {
    fn of(room: RoomId, said: &Remembered, is_first: bool) -> Self {
        let Remembered { id, at, ref trace } = *said;
        Self { id, at, room, digest: trace.digest, sketch: trace.sketch, is_first }
    }
}

/// Returns both by their ids, each once, at most so many of the latest. Of two with one id the first one stays.
fn merged<T: Clone>(
    before: &[T],
    more: impl IntoIterator<Item = T>,
    id: impl Fn(&T) -> i64,
    most: usize,
) -> Box<[T]> {
    let mut all: Vec<T> = before.iter().cloned().chain(more).collect();
    all.sort_by_key(&id);
    all.dedup_by_key(|one| id(one));
    all.drain(..all.len().saturating_sub(most));
    all.into_boxed_slice()
}

/// What a sender said before now.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    now: Option<SystemTime>,
    room: Option<RoomId>,
    in_room: Option<Arc<InRoom>>,
    over_rooms: Option<Arc<OverRooms>>,
}

impl Earlier {
    /// Returns how often the same text was said in the room in the time before now.
    pub(crate) fn same(&self, trace: &Trace, window: Duration) -> usize {
        self.in_room(window).filter(|said| said.trace.digest == trace.digest).count()
    }

    /// Returns the concepts that were touched in the room, each with how many words ago.
    pub(crate) fn concepts(&self) -> impl Iterator<Item = (u64, u32)> {
        let mut behind = 0_u32;
        self.in_room(KEPT_IN_ROOM).flat_map(move |said| {
            let words = said.trace.words;
            behind = behind.saturating_add(words);
            let end = behind;
            said.trace.concepts.iter().map(move |touch| (touch.concept, end.saturating_sub(touch.word)))
        })
    }

    /// Returns to how many other rooms the same text or a similar one was sent in the time before now. Short texts are
    /// similar to none.
    pub(crate) fn rooms_with_similar(&self, trace: &Trace, window: Duration) -> usize {
        let Some(sketch) = &trace.sketch else { return 0 };
        self.count_rooms(window, |said| {
            Some(said.room) != self.room
                && (said.digest == trace.digest || said.sketch.is_some_and(|other| other.is_similar(sketch)))
        })
    }

    /// Returns in how many other rooms the sender wrote for the first time in the time before now; nothing where they
    /// have written in this room before.
    pub(crate) fn first_contacts(&self, window: Duration) -> Option<usize> {
        let has_spoken = self.in_room.as_ref().is_some_and(|in_room| in_room.has_spoken);
        (!has_spoken).then(|| self.count_rooms(window, |said| said.is_first && Some(said.room) != self.room))
    }

    /// Returns the short texts that were said in the room in the minutes before now, the latest first, up to a longer one.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &str> {
        self.in_room(PIECES_WITHIN).map_while(|said| said.trace.piece()).take(MAX_PIECES)
    }

    /// The latest first.
    fn in_room(&self, window: Duration) -> impl Iterator<Item = &Remembered> {
        let since = self.since(window);
        self.in_room.iter().flat_map(|in_room| in_room.said.iter().rev()).filter(move |said| said.at > since)
    }

    fn count_rooms(&self, window: Duration, counts: impl Fn(&Elsewhere) -> bool) -> usize {
        let since = self.since(window);
        let said = self.over_rooms.iter().flat_map(|over_rooms| over_rooms.said.iter());
        let mut rooms: Vec<RoomId> =
            said.filter(|said| said.at > since && counts(said)).map(|said| said.room).collect();
        rooms.sort_unstable();
        rooms.dedup();
        rooms.len()
    }

    fn since(&self, window: Duration) -> SystemTime {
        let now = self.now.unwrap_or(UNIX_EPOCH);
        now.checked_sub(window).unwrap_or(UNIX_EPOCH)
    }
}

/// The memory of this process.
#[derive(Debug, Clone)]
pub struct Recall {
    in_rooms: Cache<(UserId, RoomId), Arc<InRoom>>,
    over_rooms: Cache<UserId, Arc<OverRooms>>,
    /// For how long what was read is complete; nothing for as long as the connection lasts.
    fresh_for: Option<Duration>,
}

impl Recall {
    /// Remembers nothing yet. What it is told for a connection is complete for as long as the connection lasts: a user
    /// has one at a time.
    pub fn new() -> Self {
        let in_rooms = Cache::builder()
            .max_capacity(MAX_ROOM_BYTES)
            .weigher(|_, in_room: &Arc<InRoom>| weight(in_room.bytes()))
            .time_to_idle(KEPT_IN_ROOM)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let over_rooms = Cache::builder()
            .max_capacity(MAX_SENDER_BYTES)
            .weigher(|_, over_rooms: &Arc<OverRooms>| weight(over_rooms.bytes()))
            .time_to_idle(KEPT_OVER_ROOMS)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { in_rooms, over_rooms, fresh_for: None }
    }

    /// Takes what was read as complete for so long, whatever the connection: for users with several connections at a time,
    /// which may be on several nodes.
    #[must_use]
    pub fn fresh_for(self, time: Duration) -> Self {
        Self { fresh_for: Some(time), ..self }
    }

    /// Returns what is to be read before the sender is judged at this place.
    pub fn missing(&self, place: Place, now: SystemTime, looks_over_rooms: bool) -> Missing {
        let is_complete = |read: Option<Read>| {
            read.is_some_and(|read| match self.fresh_for {
                Some(time) => now.duration_since(read.at).is_ok_and(|age| age < time),
                None => read.connection == place.connection,
            })
        };
        let in_room = self.in_rooms.get(&(place.sender, place.room));
        let over_rooms = || self.over_rooms.get(&place.sender);
        Missing {
            in_room: !in_room.is_some_and(|in_room| is_complete(in_room.read)),
            over_rooms: looks_over_rooms && !over_rooms().is_some_and(|over| is_complete(over.read)),
        }
    }

    /// Takes what a sender said in a room, as it was read at `now`. `has_spoken` says whether they ever said something
    /// there, also where that is too long ago to be remembered.
    pub fn learn_in_room(&self, place: Place, said: Vec<Remembered>, has_spoken: bool, now: SystemTime) {
        let read = Some(Read { connection: place.connection, at: now });
        self.in_rooms.entry((place.sender, place.room)).and_upsert_with(|entry| {
            let known = entry.map(Entry::into_value).unwrap_or_default();
            let with = known.with(said);
            Arc::new(InRoom { read, has_spoken: with.has_spoken || has_spoken, ..with })
        });
    }

    /// Takes what a sender said over rooms, as it was read at `now`: each message with its room, and whether it was their
    /// first one there.
    pub fn learn_over_rooms(
        &self,
        place: Place,
        said: impl IntoIterator<Item = (RoomId, Remembered, bool)>,
        now: SystemTime,
    ) {
        let read = Some(Read { connection: place.connection, at: now });
        let said = said.into_iter().map(|(room, said, is_first)| Elsewhere::of(room, &said, is_first));
        self.over_rooms.entry(place.sender).and_upsert_with(|entry| {
            let known = entry.map(Entry::into_value).unwrap_or_default();
            Arc::new(OverRooms { read, ..known.with(said) })
        });
    }

    /// Returns what a sender said, for judging what they say now in a room.
    pub fn earlier(&self, sender: UserId, room: RoomId, now: SystemTime) -> Earlier {
        Earlier {
            now: Some(now),
            room: Some(room),
            in_room: self.in_rooms.get(&(sender, room)),
            over_rooms: self.over_rooms.get(&sender),
        }
    }

    /// Remembers a message that was accepted.
    pub fn remember(&self, sender: UserId, room: RoomId, said: Remembered) {
        let is_over_rooms = said.trace.is_over_rooms;
        let mut elsewhere = Elsewhere::of(room, &said, false);
        self.in_rooms.entry((sender, room)).and_upsert_with(|entry| {
            let known = entry.map(Entry::into_value).unwrap_or_default();
            elsewhere.is_first = !known.has_spoken;
            Arc::new(known.with([said]))
        });
        if is_over_rooms {
            self.over_rooms.entry(sender).and_upsert_with(|entry| {
                let known = entry.map(Entry::into_value).unwrap_or_default();
                Arc::new(known.with([elsewhere]))
            });
        }
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Default for Recall {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn largest(id: i64) -> Remembered {
        let touches = (0..64).map(|concept| Touch { concept, word: 1 }).collect();
        let words = || "one two three four five six seven".split(' ').map(str::as_bytes);
        let trace = Trace::new("letters", 7, touches).over_rooms(Sketch::of(words()));
        Remembered { id, at: UNIX_EPOCH + KEPT_IN_ROOM, trace }
    }

    #[test]
    fn memory_stays_within_its_bytes_however_much_is_said() {
        let recall = Recall::new();
        // Twice what fits, of the largest there is.
        for sender in 0..8_000 {
            let place = Place { sender: user(sender), room: RoomId(1), connection: 1 };
            let all = || (0..100).map(largest);
            recall.learn_in_room(place, all().collect(), true, UNIX_EPOCH);
            recall.learn_over_rooms(place, all().map(|said| (RoomId(said.id), said, true)), UNIX_EPOCH);
        }
        recall.in_rooms.run_pending_tasks();
        recall.over_rooms.run_pending_tasks();
        let (rooms, senders) = (recall.in_rooms.weighted_size(), recall.over_rooms.weighted_size());
        assert!(rooms <= MAX_ROOM_BYTES && senders <= MAX_SENDER_BYTES, "{rooms} {senders}");
        assert!(rooms > MAX_ROOM_BYTES / 2 && senders > MAX_SENDER_BYTES / 2, "{rooms} {senders}");
        for in_room in recall.in_rooms.iter().map(|(_, in_room)| in_room) {
            assert!(in_room.said.len() == MAX_IN_ROOM && in_room.bytes() <= 12 << 10, "{}", in_room.bytes());
        }
        for over_rooms in recall.over_rooms.iter().map(|(_, over_rooms)| over_rooms) {
            assert!(over_rooms.said.len() == MAX_OVER_ROOMS && over_rooms.bytes() <= 7 << 10);
        }
    }

    #[test]
    fn what_was_read_for_another_connection_or_too_long_ago_is_missing() {
        let nothing = Missing { in_room: false, over_rooms: false };
        let place = Place { sender: user(1), room: RoomId(1), connection: 1 };
        let after = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let read = |recall: &Recall, place| {
            recall.learn_in_room(place, Vec::new(), false, after(10));
            recall.learn_over_rooms(place, [], after(10));
        };
        let recall = Recall::new();
        assert!(!recall.missing(place, after(10), false).over_rooms, "nobody asks for it");
        recall.remember(place.sender, place.room, largest(1));
        assert_eq!(recall.missing(place, after(10), true), Missing { in_room: true, over_rooms: true });
        read(&recall, place);
        assert_eq!(recall.missing(place, after(9_999), true), nothing);
        let elsewhere = Place { room: RoomId(2), ..place };
        assert_eq!(recall.missing(elsewhere, after(10), true), Missing { in_room: true, over_rooms: false });
        let later = Place { connection: 2, ..place };
        assert_eq!(recall.missing(later, after(10), true), Missing { in_room: true, over_rooms: true });

        let recall = Recall::new().fresh_for(Duration::from_secs(5));
        read(&recall, place);
        assert_eq!(recall.missing(place, after(14), true), nothing);
        assert!(recall.missing(place, after(15), true).in_room);
        assert!(recall.missing(place, after(9), true).in_room, "the clock was set back");
    }

    #[test]
    fn a_message_that_was_read_and_remembered_counts_once() {
        let recall = Recall::new();
        let place = Place { sender: user(1), room: RoomId(1), connection: 1 };
        recall.remember(place.sender, place.room, largest(7));
        recall.learn_in_room(place, vec![largest(5), largest(7)], true, UNIX_EPOCH);
        recall.remember(place.sender, place.room, largest(6));
        recall.remember(place.sender, place.room, largest(6));
        let earlier = recall.earlier(place.sender, place.room, UNIX_EPOCH + KEPT_IN_ROOM);
        assert_eq!(earlier.same(&largest(8).trace, KEPT_IN_ROOM), 3);
    }
}
