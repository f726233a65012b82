//! So many requests a user and second. In memory, one a node.

use std::{num::NonZeroU32, sync::Arc};

use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock};
use plic_pipeline::id::UserId;

use crate::failure::Failure;

/// The limit on requests; a clone is the same limit.
#[derive(Debug, Clone)]
pub struct RestLimit {
    users: Arc<DefaultKeyedRateLimiter<UserId>>,
}

impl RestLimit {
    /// A limit of `per_second` requests, and three times as many at once.
    pub fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(2));
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { users: Arc::new(DefaultKeyedRateLimiter::keyed(quota)) }
    }

    /// Forgets users who have their whole allowance again; to be called now and then, or the table grows for ever.
    pub fn forget_idle(&self) {
        self.users.retain_recent();
        self.users.shrink_to_fit();
    }

    pub(crate) fn check_user(&self, user: UserId) -> Result<(), Failure> {
        let clock = self.users.clock();
        let checked = self.users.check_key(&user);
        checked.map_err(|refused| Failure::TooManyRequests(refused.wait_time_from(clock.now())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_is_three_times_the_rate_and_the_wait_is_told() {
        let limit = RestLimit::new(NonZeroU32::new(2).expect("not zero"));
        let (alice, bob) = (UserId(uuid::Uuid::from_u128(1)), UserId(uuid::Uuid::from_u128(2)));
        for _ in 0..6 {
            assert!(limit.check_user(alice).is_ok());
        }
        assert!(matches!(limit.check_user(alice), Err(Failure::TooManyRequests(wait)) if !wait.is_zero()));
        assert!(limit.check_user(bob).is_ok());
    }
}
