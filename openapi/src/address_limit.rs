//! An allowance for each address, charged before any work is done for a caller that nobody knows yet, and given back where
//! the caller turns out to be known. In memory, one a node, bounded.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::address::AddressBlock;

/// Addresses that are remembered at most; those beyond share one allowance.
const MAX_ADDRESSES: usize = 100_000;
/// Tables smaller than this are not swept.
const SWEPT_ADDRESSES: usize = 1024;
/// Time between two sweeps at least: a sweep takes time in proportion to the table.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The limit; a clone is the same limit.
#[derive(Debug, Clone)]
pub(crate) struct AddressLimit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What one charge takes to be refilled.
    interval: Duration,
    /// How far ahead of now an address may have spent.
    horizon: Duration,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    /// When each address that has spent something has its whole allowance again.
    whole_at: HashMap<AddressBlock, Instant>,
    swept_at: Instant,
}

/// An address has nothing left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address has sent too many requests without a token that holds")]
pub struct OverLimit {
    /// When it has something again.
    pub wait: Duration,
}

/// A charge that was made; dropping it keeps it.
#[derive(Debug)]
#[must_use = "a charge that is not given back stays"]
pub(crate) struct Charge {
    limit: AddressLimit,
    address: AddressBlock,
}

impl Charge {
    /// Takes the charge back: it was for somebody known.
    pub(crate) fn give_back(self) {
        self.limit.refund(self.address, Instant::now());
    }
}

impl AddressLimit {
    /// A limit of `per_second` charges an address, and `burst` at once.
    pub(crate) fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let interval = Duration::from_secs(1) / per_second.get();
        let table = Table { whole_at: HashMap::new(), swept_at: Instant::now() };
        Self(Arc::new(Inner { interval, horizon: interval * burst.get(), table: Mutex::new(table) }))
    }

    /// Charges an address once.
    ///
    /// # Errors
    /// Where the address has nothing left.
    pub(crate) fn charge(&self, address: AddressBlock) -> Result<Charge, OverLimit> {
        self.charge_at(address, Instant::now())
    }

    fn charge_at(&self, address: AddressBlock, now: Instant) -> Result<Charge, OverLimit> {
        let Inner { interval, horizon, .. } = *self.0;
        let mut table = self.lock();
        let address = table.entry_of(address, now);
        let whole_at = table.whole_at.get(&address).map_or(now, |whole_at| now.max(*whole_at)) + interval;
        let wait = whole_at.duration_since(now).saturating_sub(horizon);
        if !wait.is_zero() {
            return Err(OverLimit { wait });
        }
        table.whole_at.insert(address, whole_at);
        Ok(Charge { limit: self.clone(), address })
    }

    fn refund(&self, address: AddressBlock, now: Instant) {
        let mut table = self.lock();
        let Some(whole_at) = table.whole_at.get_mut(&address) else { return };
        match whole_at.checked_sub(self.0.interval) {
            Some(earlier) if earlier > now => *whole_at = earlier,
            _ => _ = table.whole_at.remove(&address),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Returns what an address is counted under, having made room for it where that is possible.
    fn entry_of(&mut self, address: AddressBlock, now: Instant) -> AddressBlock {
        let is_due = now.duration_since(self.swept_at) >= SWEEP_INTERVAL;
        if self.whole_at.len() >= SWEPT_ADDRESSES && is_due {
            self.swept_at = now;
            self.whole_at.retain(|_, whole_at| *whole_at > now);
            self.whole_at.shrink_to(2 * self.whole_at.len());
        }
        if self.whole_at.len() >= MAX_ADDRESSES && !self.whole_at.contains_key(&address) {
            return AddressBlock::UNKNOWN;
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: AddressBlock = AddressBlock::V4([192, 0, 2, 1]);
    const OTHER: AddressBlock = AddressBlock::V4([192, 0, 2, 2]);

    fn limit(per_second: u32, burst: u32) -> AddressLimit {
        let number = |number| NonZeroU32::new(number).expect("not zero");
        AddressLimit::new(number(per_second), number(burst))
    }

    #[test]
    fn the_burst_is_charged_and_then_so_many_a_second() {
        let (limit, start) = (limit(2, 6), Instant::now());
        for _ in 0..6 {
            assert!(limit.charge_at(ONE, start).is_ok());
        }
        let wait = Duration::from_millis(500);
        assert_eq!(limit.charge_at(ONE, start).err(), Some(OverLimit { wait }));
        assert!(limit.charge_at(OTHER, start).is_ok());
        assert!(limit.charge_at(ONE, start + wait).is_ok());
        assert!(limit.charge_at(ONE, start + wait).is_err());
    }

    #[test]
    fn what_is_given_back_was_never_charged() {
        let (limit, start) = (limit(1, 3), Instant::now());
        for _ in 0..100 {
            let charge = limit.charge_at(ONE, start).expect("within the burst");
            limit.refund(charge.address, start);
        }
        assert!(limit.lock().whole_at.is_empty());
    }

    #[test]
    fn the_table_is_bounded_and_addresses_beyond_share_one_allowance() {
        let (limit, start) = (limit(1, 2), Instant::now());
        let address = |n: u32| AddressBlock::V6(u64::from(n).to_be_bytes());
        let distinct = u32::try_from(MAX_ADDRESSES).expect("fits") + 10;
        let refused = (0..distinct).filter(|n| limit.charge_at(address(*n), start).is_err()).count();
        assert_eq!(refused, 8, "ten beyond share a burst of two");
        assert_eq!(limit.lock().whole_at.len(), MAX_ADDRESSES + 1);
        let later = start + Duration::from_mins(1);
        assert!(limit.charge_at(ONE, later).is_ok());
        assert_eq!(limit.lock().whole_at.len(), 1);
    }
}
