//! One timer for all connections: a wheel of slots, a tick apart, that one task turns. A connection costs a few bytes in
//! a slot, and neither a timer of its own nor a wake of its task for a heartbeat. With nobody connected nothing ticks.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::{
    DoorSettings,
    pulse::{Moment, Pulse},
};

/// How late things may be done, in milliseconds.
const TICK: u64 = 100;
/// How many ticks ahead a connection is put at most: what is due later is looked at again then, and what has gone is
/// noticed.
const SLOTS: u64 = 256;
/// So many connections are looked after before others have their turn.
const AT_ONCE: usize = 64;

/// The connections, by when something is due for them.
#[derive(Debug)]
pub(super) struct Wheel {
    began: Instant,
    slots: Mutex<Slots>,
    /// Something is due before the tick that is waited for.
    sooner: Notify,
}

#[derive(Debug)]
struct Slots {
    /// Tick `n` has the slot `n % SLOTS`.
    due: Box<[Vec<Weak<Pulse>>]>,
    /// How many stand in all slots.
    count: usize,
    /// The first tick that is still to come.
    next: u64,
    /// The tick that is waited for; the last of all where there is none.
    awaited: u64,
}

impl Wheel {
    pub(super) fn new() -> Self {
        let due = (0..SLOTS).map(|_| Vec::new()).collect();
        let slots = Mutex::new(Slots { due, count: 0, next: 0, awaited: u64::MAX });
        Self { began: Instant::now(), slots, sooner: Notify::new() }
    }

    pub(super) fn now(&self) -> Moment {
        Moment(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Looks after a connection for as long as its pulse lives.
    pub(super) fn add(&self, pulse: &Arc<Pulse>, settings: &DoorSettings) {
        let is_sooner = {
            let mut slots = self.lock();
            slots.put(Arc::downgrade(pulse), pulse.next(settings), self.now()) < slots.awaited
        };
        if is_sooner {
            self.sooner.notify_one();
        }
    }

    /// Turns the wheel; does not return.
    pub(super) async fn turn(&self, settings: &DoorSettings) {
        loop {
            let awaited = {
                let mut slots = self.lock();
                slots.awaited = slots.soonest();
                slots.awaited
            };
            if awaited == u64::MAX {
                self.sooner.notified().await;
                continue;
            }
            tokio::select! {
                () = sleep_until(self.began + Duration::from_millis(awaited * TICK)) => {}
                () = self.sooner.notified() => continue,
            }
            let due = self.lock().take(awaited);
            for some in due.chunks(AT_ONCE) {
                self.look_after(some, settings);
                yield_now().await;
            }
        }
    }

    fn look_after(&self, some: &[Weak<Pulse>], settings: &DoorSettings) {
        for weak in some {
            // A connection that has gone is not put back.
            let Some(pulse) = weak.upgrade() else { continue };
            let now = self.now();
            if let Some(next) = pulse.beat(settings, now) {
                self.lock().put(Weak::clone(weak), next, now);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    /// Puts a connection in the slot of the first tick that is not before `due`, or of the last there is; answers the
    /// tick.
    fn put(&mut self, pulse: Weak<Pulse>, due: Moment, now: Moment) -> u64 {
        if self.count == 0 {
            // Ticks have passed while there was nothing to wait for.
            self.next = self.next.max(now.0 / TICK);
        }
        let tick = due.0.div_ceil(TICK).clamp(self.next, self.next + SLOTS - 1);
        self.slot(tick).push(pulse);
        self.count += 1;
        tick
    }

    /// The first tick with something in its slot; the last of all where there is none.
    fn soonest(&mut self) -> u64 {
        let mut ticks = self.next..self.next + SLOTS;
        ticks.find(|tick| !self.slot(*tick).is_empty()).unwrap_or(u64::MAX)
    }

    /// Takes out what is due at `tick`, which is past from now on.
    fn take(&mut self, tick: u64) -> Vec<Weak<Pulse>> {
        self.next = tick + 1;
        let due = mem::take(self.slot(tick));
        self.count -= due.len();
        due
    }

    fn slot(&mut self, tick: u64) -> &mut Vec<Weak<Pulse>> {
        &mut self.due[usize::try_from(tick % SLOTS).expect("a remainder of a small number")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots() -> Slots {
        Wheel::new().slots.into_inner().expect("not poisoned")
    }

    #[test]
    fn nothing_is_early_and_nothing_later_than_a_tick() {
        let mut slots = slots();
        for due in [0, 1, 99, 100, 101, 5_000, 25_000] {
            let tick = slots.put(Weak::new(), Moment(due), Moment(0));
            assert!(tick * TICK >= due && tick * TICK < due + TICK, "{due} at tick {tick}");
        }
    }

    #[test]
    fn all_are_taken_once_in_the_order_in_which_they_are_due() {
        let mut slots = slots();
        let mut ticks: Vec<u64> =
            [700, 100, 25_400, 100, 3].map(|due| slots.put(Weak::new(), Moment(due), Moment(0))).into();
        ticks.sort_unstable();
        let mut taken = Vec::new();
        while slots.soonest() != u64::MAX {
            let tick = slots.soonest();
            taken.extend(slots.take(tick).iter().map(|_| tick));
        }
        assert_eq!(taken, ticks);
    }

    #[test]
    fn what_is_due_beyond_the_wheel_is_looked_at_again_at_its_end() {
        let mut slots = slots();
        assert_eq!(slots.put(Weak::new(), Moment(u64::MAX), Moment(0)), SLOTS - 1);
    }

    #[test]
    fn a_wheel_that_stood_still_goes_on_from_now() {
        let mut slots = slots();
        assert_eq!(slots.put(Weak::new(), Moment(1_000_100), Moment(1_000_000)), 10_001);
        assert_eq!(slots.put(Weak::new(), Moment(5), Moment(1_000_000)), 10_000, "at once");
    }
}
