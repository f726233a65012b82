//! Which rooms are listened to. A subscription costs a client some kilobytes and a server a look-up, so rooms share slots,
//! and there are never more subscriptions than slots, whatever the number of rooms.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Mutex, PoisonError},
};

use plic_pipeline::id::RoomId;
use tokio::sync::Notify;

/// How many slots there are. Every node has to take the same.
const SLOTS: i64 = 4096;

/// Rooms that share a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slot(pub(super) u16);

impl Slot {
    pub(super) fn of(room: RoomId) -> Self {
        Self(u16::try_from(room.0.rem_euclid(SLOTS)).expect("a remainder of a small number"))
    }
}

/// How many rooms are listened to in each slot.
#[derive(Default)]
pub(super) struct Slots {
    counts: Mutex<Counts>,
    changed: Notify,
}

#[derive(Default)]
struct Counts {
    rooms: HashMap<Slot, u32>,
    /// Slots that got their first room or lost their last one since somebody asked.
    changed: HashSet<Slot>,
}

impl Slots {
    pub(super) fn add(&self, room: RoomId) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Slot::of(room);
        let rooms = counts.rooms.entry(slot).or_default();
        *rooms += 1;
        if *rooms == 1 {
            counts.changed.insert(slot);
            self.changed.notify_one();
        }
    }

    pub(super) fn remove(&self, room: RoomId) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Slot::of(room);
        if let Some(rooms) = counts.rooms.get_mut(&slot) {
            *rooms -= 1;
            if *rooms == 0 {
                counts.rooms.remove(&slot);
                counts.changed.insert(slot);
                self.changed.notify_one();
            }
        }
    }

    /// Waits until [`Slots::changes`] may have something.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Slots that may have changed, and whether each is wanted.
    pub(super) fn changes(&self) -> Vec<(Slot, bool)> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = mem::take(&mut counts.changed);
        changed.into_iter().map(|slot| (slot, counts.rooms.contains_key(&slot))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_wanted_from_its_first_room_to_its_last() {
        let slots = Slots::default();
        let (a, b) = (RoomId(7), RoomId(7 + SLOTS));
        assert_eq!(Slot::of(a), Slot::of(b));
        slots.add(a);
        assert_eq!(slots.changes(), [(Slot(7), true)]);
        slots.add(b);
        slots.remove(a);
        assert_eq!(slots.changes(), []);
        slots.remove(b);
        assert_eq!(slots.changes(), [(Slot(7), false)]);
        slots.remove(b);
        assert_eq!(slots.changes(), []);
    }
}
