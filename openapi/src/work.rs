//! How much work a user's requests may be, however few they are: people named in requests about rooms, reports, and what is
//! listed in answers, to moderators too. In memory, one a node.
//!
//! A request that asks for much is carried out while its user is not ahead of their allowance, and puts them ahead of it:
//! what it costs need not be known before, and nothing is too large to be asked for once.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use plic_pipeline::{
    id::UserId,
    room::{MAX_PARTICIPANTS, Room},
    store::{RoomSummary, StoredMessage},
};

use crate::failure::Failure;

/// Units of work for each request that a user may send.
const UNITS_PER_REQUEST: u64 = 100;
/// How far ahead of their allowance a user may be, as with requests.
const BURST: Duration = Duration::from_secs(3);

/// The limit on work; a clone is the same limit.
#[derive(Debug, Clone)]
pub struct WorkLimit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What a unit of work takes of the allowance.
    unit: Duration,
    /// When each user has their whole allowance again.
    whole_at: Mutex<HashMap<UserId, Instant>>,
}

impl WorkLimit {
    /// Allows so many hundred units of work a second. A unit is a person named, or a person, a room, a message or a KiB
    /// of text listed.
    pub fn new(requests_per_second: NonZeroU32) -> Self {
        let units = u64::from(requests_per_second.get()) * UNITS_PER_REQUEST;
        let unit = Duration::from_nanos(1_000_000_000 / units);
        Self(Arc::new(Inner { unit, whole_at: Mutex::default() }))
    }

    /// Forgets users who have their whole allowance again; to be called now and then, or the table grows for ever.
    pub fn forget_idle(&self) {
        let now = Instant::now();
        let mut whole_at = self.0.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        whole_at.retain(|_, at| *at > now);
        whole_at.shrink_to_fit();
    }

    /// Charges work before it is done.
    ///
    /// # Errors
    /// `TooManyRequests` where the user is ahead of their allowance; nothing is charged then.
    pub(crate) fn charge(&self, user: UserId, units: usize) -> Result<(), Failure> {
        self.charge_at(user, units, Instant::now())
    }

    /// Charges work that was done after [`WorkLimit::charge`] let its request through.
    pub(crate) fn owe(&self, user: UserId, units: usize) {
        let mut whole_at = self.0.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let at = whole_at.entry(user).or_insert(now);
        *at = (*at).max(now) + self.cost(units);
    }

    fn charge_at(&self, user: UserId, units: usize, now: Instant) -> Result<(), Failure> {
        let mut whole_at = self.0.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let at = whole_at.get(&user).map_or(now, |at| (*at).max(now));
        let ahead = at.saturating_duration_since(now);
        if ahead >= BURST {
            return Err(Failure::TooManyRequests(ahead.saturating_sub(BURST).max(Duration::from_secs(1))));
        }
        if units > 0 {
            whole_at.insert(user, at + self.cost(units));
        }
        Ok(())
    }

    fn cost(&self, units: usize) -> Duration {
        self.0.unit.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX))
    }
}

/// Returns what listing rooms costs.
pub(crate) fn of_rooms(rooms: &[RoomSummary]) -> usize {
    let of_room = |summary: &RoomSummary| {
        1 + summary.room.participants.len() + summary.last_message.as_ref().map_or(0, of_message)
    };
    rooms.iter().map(of_room).sum()
}

/// Returns what listing a room with messages costs.
pub(crate) fn of_detail(room: &Room, messages: &[StoredMessage]) -> usize {
    room.participants.len() + messages.iter().map(of_message).sum::<usize>()
}

/// Returns what a change of a room costs beside the people named: its participants are read. A room that `user` is not in
/// costs as much as the largest, whether or not it exists, so that the limit does not tell.
pub(crate) fn of_change(room: Option<&Room>, user: UserId) -> usize {
    room.filter(|room| room.has_participant(user)).map_or(MAX_PARTICIPANTS, |room| room.participants.len())
}

/// Returns what a text costs that is to be stored or was answered: a unit, and one for each KiB.
pub(crate) fn of_text(bytes: usize) -> usize {
    1 + bytes / 1024
}

fn of_message(message: &StoredMessage) -> usize {
    of_text(message.text.len())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn large_requests_are_let_through_until_the_allowance_is_used_up_and_again_later() {
        let limit = WorkLimit::new(NonZeroU32::new(20).expect("not zero"));
        let (user, other, now) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)), Instant::now());
        // 2,000 units a second: six times a thousand are three seconds.
        for _ in 0..6 {
            assert!(limit.charge_at(user, 1000, now).is_ok());
        }
        let Err(Failure::TooManyRequests(wait)) = limit.charge_at(user, 1, now) else { panic!("is allowed") };
        assert_eq!(wait, Duration::from_secs(1));
        assert!(limit.charge_at(other, 1000, now).is_ok());
        assert!(limit.charge_at(user, 1000, now + Duration::from_millis(500)).is_ok());
        assert!(limit.charge_at(user, 0, now + Duration::from_millis(500)).is_err());
    }

    #[test]
    fn what_a_listing_turned_out_to_cost_is_waited_for_afterwards() {
        let limit = WorkLimit::new(NonZeroU32::MIN);
        let (user, now) = (UserId(Uuid::from_u128(1)), Instant::now());
        assert!(limit.charge_at(user, 0, now).is_ok());
        limit.owe(user, 10_000);
        let Err(Failure::TooManyRequests(wait)) = limit.charge_at(user, 0, now) else { panic!("is allowed") };
        assert!((97..=101).contains(&wait.as_secs()), "{wait:?}");
        assert!(limit.charge_at(user, 0, now + Duration::from_secs(102)).is_ok());
    }
}
