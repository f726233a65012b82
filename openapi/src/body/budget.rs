//! How many bytes of request bodies the server holds at once, over all requests: bodies are counted as they arrive, and
//! until what was read from them has been dealt with. A request that would hold more is refused.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use plic_pipeline::id::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Allowance, MAX_BODY_BYTES};
use crate::failure::Failure;

/// The most that is held at once.
const MAX_BYTES: usize = 64 << 20;
/// Of these, what bodies of up to 64 KiB have to themselves: the large ones of moderators never keep users out.
const KEPT_FOR_SMALL: usize = 16 << 20;
/// The most that a user has in flight at once: so many bodies of the largest size that the route takes.
const BODIES_PER_USER: usize = 4;
/// Large bodies that are taken apart at once.
const PARSED_AT_ONCE: usize = 2;

/// The bound; a clone is the same bound.
#[derive(Debug, Clone)]
pub(crate) struct BodyBudget {
    held: Arc<Mutex<Held>>,
    parsing: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    users: HashMap<UserId, usize>,
}

/// What one body holds, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: BodyBudget,
    user: UserId,
    bytes: usize,
}

impl BodyBudget {
    pub(crate) fn new() -> Self {
        Self { held: Arc::default(), parsing: Arc::new(Semaphore::new(PARSED_AT_ONCE)) }
    }

    /// Begins to count a body of `user`.
    pub(super) fn reserve(&self, user: UserId) -> Reservation {
        Reservation { budget: self.clone(), user, bytes: 0 }
    }

    /// Waits for a turn to take a large body apart.
    pub(super) async fn parse(&self) -> Result<OwnedSemaphorePermit, Failure> {
        Arc::clone(&self.parsing).acquire_owned().await.map_err(|_| Failure::Internal)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Holds `more` bytes.
    ///
    /// # Errors
    /// `Overloaded` where all requests together hold too much, `Busy` where those of the user do.
    pub(super) fn grow(&mut self, more: usize, allowance: Allowance) -> Result<(), Failure> {
        let most = if allowance.bytes > MAX_BODY_BYTES { MAX_BYTES - KEPT_FOR_SMALL } else { MAX_BYTES };
        let mut held = self.budget.held();
        if held.bytes + more > most {
            return Err(Failure::Overloaded);
        }
        let own = held.users.entry(self.user).or_default();
        if *own + more > BODIES_PER_USER * allowance.bytes {
            return Err(Failure::Busy(
                "You are sending too much at once. Please wait until your other requests are answered.",
            ));
        }
        *own += more;
        held.bytes += more;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut held = self.budget.held();
        held.bytes -= self.bytes;
        if let Some(own) = held.users.get_mut(&self.user) {
            *own -= self.bytes;
            if *own == 0 {
                held.users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn of(budget: &BodyBudget, user: u128) -> Reservation {
        budget.reserve(UserId(Uuid::from_u128(user)))
    }

    #[test]
    fn large_bodies_leave_room_for_small_ones_and_everything_is_given_back() {
        let budget = BodyBudget::new();
        let mut large: Vec<Reservation> = (0..3).map(|user| of(&budget, user)).collect();
        for reservation in &mut large {
            reservation.grow(16 << 20, Allowance::RULES).expect("48 MiB are for large ones");
        }
        assert!(matches!(of(&budget, 9).grow(1, Allowance::RULE), Err(Failure::Overloaded)));
        let mut small: Vec<Reservation> = (100..356).map(|user| of(&budget, user)).collect();
        for reservation in &mut small {
            reservation.grow(MAX_BODY_BYTES, Allowance::PLAIN).expect("16 MiB are for small ones");
        }
        assert!(matches!(of(&budget, 9).grow(1, Allowance::PLAIN), Err(Failure::Overloaded)));
        drop((large, small));
        let held = budget.held();
        assert_eq!((held.bytes, held.users.len()), (0, 0));
    }

    #[test]
    fn a_user_holds_as_much_as_four_of_the_largest_bodies() {
        let budget = BodyBudget::new();
        let mut own: Vec<Reservation> = (0..4).map(|_| of(&budget, 1)).collect();
        for reservation in &mut own {
            reservation.grow(MAX_BODY_BYTES, Allowance::PLAIN).expect("four fit");
        }
        assert!(matches!(of(&budget, 1).grow(1, Allowance::PLAIN), Err(Failure::Busy(_))));
        assert!(of(&budget, 2).grow(1, Allowance::PLAIN).is_ok());
        own.pop();
        assert!(of(&budget, 1).grow(MAX_BODY_BYTES, Allowance::PLAIN).is_ok());
    }
}
