//! What each message of a batch comes to: its number, or why it has none. No I/O.

use std::collections::HashMap;

use plic_pipeline::{
    id::{MessageId, RoomId, UserId},
    store::SentKey,
    timestamp::Timestamp,
};

use super::window::is_within;

/// What a message comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is stored.
    New { id: MessageId, seq: i64 },
    /// It was stored before, within its window.
    Before(MessageId),
    /// It is held for review, or was decided not to be delivered, within its window.
    Held,
    /// The sender is not in the room, or the room is not there.
    NotParticipant,
}

/// What makes a message the same one, whatever its window: sender, room, digest.
pub(super) type Identity = (UserId, RoomId, [u8; 32]);

pub(super) fn identity(key: &SentKey) -> Identity {
    (key.sender, key.room, key.digest)
}

/// The first time of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) message: MessageId,
    pub(super) at: Timestamp,
}

/// A room that is not deleted.
#[derive(Debug)]
pub(super) struct OpenRoom {
    pub(super) last_seq: i64,
    /// The newest message of this batch.
    pub(super) newest: Option<MessageId>,
}

impl OpenRoom {
    pub(super) fn at(last_seq: i64) -> Self {
        Self { last_seq, newest: None }
    }
}

/// Hands out ids and sequence numbers, in the order of the batch.
#[derive(Debug)]
pub(super) struct Placing {
    pub(super) now: Timestamp,
    pub(super) last_id: i64,
    pub(super) sent: HashMap<Identity, Sent>,
    /// When messages were held last.
    pub(super) held: HashMap<Identity, Timestamp>,
    pub(super) open: HashMap<RoomId, OpenRoom>,
}

impl Placing {
    /// What the message with this key comes to; `people` are the room's participants.
    pub(super) fn place(&mut self, key: &SentKey, people: &[UserId]) -> Place {
        // First of all: a stored message is confirmed again, whoever has left the room since.
        if let Some(sent) = self.sent.get(&identity(key))
            && is_within(key, sent.at, self.now)
        {
            return Place::Before(sent.message);
        }
        if self.held.get(&identity(key)).is_some_and(|at| is_within(key, *at, self.now)) {
            return Place::Held;
        }
        let Some(room) = self.open.get_mut(&key.room).filter(|_| people.contains(&key.sender)) else {
            return Place::NotParticipant;
        };
        self.last_id += 1;
        room.last_seq += 1;
        let id = MessageId(self.last_id);
        room.newest = Some(id);
        self.sent.insert(identity(key), Sent { message: id, at: self.now });
        Place::New { id, seq: room.last_seq }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    const PEOPLE: [UserId; 1] = [UserId(Uuid::from_u128(1))];

    fn key(sender: u128, digest: u8, window: Duration) -> SentKey {
        SentKey { sender: UserId(Uuid::from_u128(sender)), room: RoomId(1), digest: [digest; 32], window }
    }

    fn placing() -> Placing {
        Placing {
            now: Timestamp(1_000_000_000),
            last_id: 10,
            sent: HashMap::new(),
            held: HashMap::new(),
            open: HashMap::from([(RoomId(1), OpenRoom::at(3))]),
        }
    }

    #[test]
    fn ids_and_sequence_grow_by_one_and_refusals_leave_no_gap() {
        let mut placing = placing();
        let minute = Duration::from_mins(1);
        assert_eq!(placing.place(&key(1, 1, minute), &PEOPLE), Place::New { id: MessageId(11), seq: 4 });
        assert_eq!(placing.place(&key(2, 1, minute), &PEOPLE), Place::NotParticipant);
        assert_eq!(placing.place(&key(1, 1, minute), &PEOPLE), Place::Before(MessageId(11)));
        assert_eq!(placing.place(&key(1, 2, minute), &PEOPLE), Place::New { id: MessageId(12), seq: 5 });
        assert_eq!(placing.open[&RoomId(1)].newest, Some(MessageId(12)));
    }

    #[test]
    fn the_window_ends_on_its_last_microsecond() {
        let minute = key(1, 1, Duration::from_mins(1));
        let mut placing = placing();
        let first = Sent { message: MessageId(5), at: placing.now.before(minute.window) };
        placing.sent.insert(identity(&minute), Sent { at: Timestamp(first.at.0 + 1), ..first });
        assert_eq!(placing.place(&minute, &PEOPLE), Place::Before(MessageId(5)));
        placing.sent.insert(identity(&minute), first);
        assert_eq!(placing.place(&minute, &PEOPLE), Place::New { id: MessageId(11), seq: 4 });
    }

    #[test]
    fn a_held_message_is_held_within_its_window_whoever_may_send() {
        let minute = Duration::from_mins(1);
        let mut placing = placing();
        placing.held.insert(identity(&key(1, 1, minute)), Timestamp(placing.now.before(minute).0 + 1));
        assert_eq!(placing.place(&key(1, 1, minute), &[]), Place::Held);
        placing.held.insert(identity(&key(1, 1, minute)), placing.now.before(minute));
        assert_eq!(placing.place(&key(1, 1, minute), &PEOPLE), Place::New { id: MessageId(11), seq: 4 });
    }

    #[test]
    fn a_clock_that_went_back_makes_no_second_message() {
        let mut placing = placing();
        let minute = key(1, 1, Duration::from_mins(1));
        let later = Sent { message: MessageId(5), at: placing.now.after(Duration::from_hours(1)) };
        placing.sent.insert(identity(&minute), later);
        assert_eq!(placing.place(&minute, &PEOPLE), Place::Before(MessageId(5)));
    }
}
