use std::collections::VecDeque;

use plic_pipeline::id::{ConnectionId, MessageId};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::bus::nats::HintedMessage;

const ROOM: RoomId = RoomId(7);

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

/// The people of each version: one more with each.
fn people(version: i64) -> Arc<[UserId]> {
    (0..=u128::try_from(version).expect("versions are not negative")).map(user).collect()
}

fn message(seq: i64, version: i64) -> Committed {
    Committed {
        id: MessageId(seq),
        room: ROOM,
        seq,
        sender: user(0),
        origin: ConnectionId(1),
        text: format!("message {seq}"),
        participants: people(version),
        people_version: version,
    }
}

fn hint(seq: i64, version: i64) -> Hint {
    let Committed { id, origin, sender, text, .. } = message(seq, version);
    let message = Some(HintedMessage { id, origin, sender, text });
    Hint { seq, people_version: version, message }
}

/// A node, and the database that it reads.
struct World {
    rooms: Rooms,
    now: Instant,
    /// The version of the people at each message.
    stored: Vec<i64>,
    version: i64,
    reading: Reads,
    out: Vec<Arc<Committed>>,
}

/// Reads that are on their way, with what the database had when they began.
type Reads = VecDeque<(Read, usize, i64)>;

impl World {
    fn new(seq: i64) -> Self {
        let stored = vec![0; usize::try_from(seq).expect("small")];
        let (mut rooms, now) = (Rooms::default(), Instant::now());
        assert!(rooms.listen(RoomHead { room: ROOM, seq, people_version: 0 }, now));
        Self { rooms, now, stored, version: 0, reading: Reads::new(), out: Vec::new() }
    }

    fn head(&self) -> RoomHead {
        let seq = i64::try_from(self.stored.len()).expect("small");
        RoomHead { room: ROOM, seq, people_version: self.version }
    }

    fn own(&mut self) {
        self.stored.push(self.version);
        let message = Arc::new(message(self.head().seq, self.version));
        self.rooms.committed(message, self.now, &mut self.out);
    }

    fn hint(&mut self, seq: i64) {
        let index = usize::try_from(seq - 1).ok();
        let Some(version) = index.and_then(|index| self.stored.get(index)).copied() else { return };
        self.rooms.hinted(ROOM, Some(hint(seq, version)), self.now, &mut self.out);
    }

    /// Begins what is due; its answer is what the database has now.
    fn begin(&mut self) -> bool {
        match self.rooms.due(self.now) {
            Ok(read) => {
                self.reading.push_back((read, self.stored.len(), self.version));
                true
            }
            Err(_) => false,
        }
    }

    fn finish(&mut self) {
        let Some((read, stored, version)) = self.reading.pop_front() else { return };
        match read {
            Read::People(rooms) => {
                assert_eq!(rooms, [ROOM]);
                let people = People { room: ROOM, version, users: people(version) };
                self.rooms.people(&people, self.now, &mut self.out);
            }
            Read::Heads(rooms) => {
                assert_eq!(rooms, [ROOM]);
                let seq = i64::try_from(stored).expect("small");
                self.rooms.head(RoomHead { room: ROOM, seq, people_version: version }, self.now);
            }
            Read::Messages(gap) => {
                let stored = i64::try_from(stored).expect("small");
                // Answers may be parts.
                let messages = (gap.after + 1..=stored).take(3);
                let messages = messages.map(|seq| message(seq, version)).collect();
                self.rooms.read(gap, messages, self.now, &mut self.out);
            }
        }
    }

    fn fail(&mut self) {
        if let Some((read, _, _)) = self.reading.pop_front() {
            self.rooms.failed(read, self.now);
        }
    }

    /// All is well again: the head is looked at, and what is due is read until nothing is.
    fn heal(&mut self) {
        self.rooms.head(self.head(), self.now);
        for _ in 0..5000 {
            while !self.reading.is_empty() {
                self.finish();
            }
            if !self.begin() {
                match self.rooms.due(self.now) {
                    Err(Some(due)) => self.now = due,
                    Err(None) => return,
                    Ok(read) => self.reading.push_back((read, self.stored.len(), self.version)),
                }
            }
        }
        panic!("it reads for ever");
    }

    fn delivered(&self) -> Vec<i64> {
        self.out.iter().map(|message| message.seq).collect()
    }
}

#[test]
fn a_gap_is_waited_for_and_then_read() {
    let mut world = World::new(3);
    world.heal();
    world.stored.extend([0, 0, 0]);
    world.hint(6);
    assert!(!world.begin(), "the others may be on their way");
    world.hint(4);
    world.now += PATIENCE;
    assert!(world.begin());
    world.finish();
    world.hint(5);
    assert_eq!(world.delivered(), [4, 5, 6]);
}

#[test]
fn a_message_waits_for_the_people_whom_it_is_for() {
    let mut world = World::new(0);
    world.heal();
    world.version = 2;
    world.stored.push(2);
    world.hint(1);
    assert!(world.delivered().is_empty());
    world.heal();
    assert_eq!(world.out[0].participants, people(2));
}

#[test]
fn who_left_receives_nothing_that_comes_late() {
    let mut world = World::new(0);
    world.heal();
    world.stored.push(0);
    world.version = 1;
    let newer = People { room: ROOM, version: 1, users: people(1) };
    world.rooms.people(&newer, world.now, &mut world.out);
    world.hint(1);
    world.rooms.committed(Arc::new(message(2, 0)), world.now, &mut world.out);
    assert!(world.out.iter().all(|message| message.participants == people(1)));
    assert_eq!(world.delivered(), [1, 2]);
}

#[test]
fn what_is_not_true_is_not_asked_for_for_ever() {
    let mut world = World::new(2);
    world.rooms.hinted(ROOM, Some(hint(9, 0)), world.now, &mut world.out);
    world.rooms.hinted(ROOM, Some(hint(3, 8)), world.now, &mut world.out);
    world.heal();
    world.own();
    world.heal();
    assert_eq!(world.delivered(), [3]);
    assert_eq!(world.rooms.parked_bytes, 0);
}

#[test]
fn what_is_deleted_is_passed_over() {
    let mut world = World::new(2);
    world.heal();
    world.rooms.head(RoomHead { room: ROOM, seq: 5, people_version: 0 }, world.now);
    let Ok(Read::Messages(gap)) = world.rooms.due(world.now) else { panic!("a gap is due") };
    world.rooms.read(gap, vec![message(4, 0)], world.now, &mut world.out);
    world.now += PATIENCE;
    let Ok(Read::Messages(gap)) = world.rooms.due(world.now) else { panic!("more is missing") };
    world.rooms.read(gap, Vec::new(), world.now, &mut world.out);
    assert_eq!(world.rooms.due(world.now), Err(None));
    world.rooms.hinted(ROOM, Some(hint(6, 0)), world.now, &mut world.out);
    assert_eq!(world.delivered(), [4, 6]);
}

#[test]
fn bytes_that_nobody_understands_lead_to_one_look() {
    let mut world = World::new(0);
    world.heal();
    for _ in 0..10 {
        world.now += Duration::from_millis(1);
        world.rooms.hinted(ROOM, None, world.now, &mut world.out);
    }
    assert_eq!(world.rooms.due(world.now), Ok(Read::Heads(vec![ROOM])));
    assert_eq!(world.rooms.due(world.now), Err(None));
}

#[test]
fn what_waits_is_bounded() {
    let mut world = World::new(0);
    world.heal();
    world.stored = vec![0; 2000];
    for seq in 2..=2000 {
        world.hint(seq);
    }
    assert!(world.rooms.parked_bytes <= 256 * 200);
    world.heal();
    assert_eq!(world.delivered(), (1..=2000).collect::<Vec<_>>());
    assert!(world.rooms.forget(ROOM));
    assert_eq!(world.rooms.parked_bytes, 0);
}

proptest! {
    #[test]
    fn every_message_is_delivered_once_and_in_order(
        start in 0_i64..3,
        steps in prop::collection::vec((0_u8..9, 0_i64..12), 0..120),
    ) {
        let mut world = World::new(start);
        for (step, number) in steps {
            match step {
                0 => world.own(),
                1 => world.stored.push(world.version),
                // Lost where nobody does this; late, doubled, in any order where somebody does.
                2 | 3 => world.hint(world.head().seq - number),
                4 => { world.begin(); }
                5 => world.finish(),
                6 => world.fail(),
                7 => world.now += Duration::from_millis(u64::try_from(number).expect("small") * 60),
                _ if number == 0 => world.version += 1,
                _ => world.rooms.head(world.head(), world.now),
            }
        }
        world.heal();
        let all: Vec<i64> = (start + 1..=world.head().seq).collect();
        prop_assert_eq!(world.delivered(), all);
        let is_for_those_in_the_room = |message: &Arc<Committed>| {
            let people = people(message.people_version);
            message.participants.iter().all(|user| people.contains(user))
        };
        prop_assert!(world.out.iter().all(is_for_those_in_the_room));
        let is_its_own = |message: &Arc<Committed>| message.text == format!("message {}", message.seq);
        prop_assert!(world.out.iter().all(is_its_own));
        prop_assert_eq!(world.rooms.parked_bytes, 0);
    }
}
