//! How many connections there are, and the order in which those that only wait make room.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use plic_openapi::{AddressBlock, TurnedAway};

use super::{connections::ConnectionLimits, visit::Visit};

/// Connections that are turned away at the same time. They are files too, and so are health probes, which are answered.
pub(super) const TURNED_AWAY_AT_ONCE: usize = 32;
/// With so many of them, the one that has waited longest makes room for the next.
pub(super) const TURNED_AWAY_WAITING: usize = 16;
/// Connections that were told to make room and are not closed yet.
pub(super) const CLOSING_AT_ONCE: usize = 32;
/// Connections of one address that were answered, showed no token and wait for another request: the memory that their
/// requests needed stays with them.
pub(super) const IDLE_STRANGERS_PER_ADDRESS: usize = 256;

/// The connections that there are, and those among them that may be told to make room.
#[derive(Debug, Default)]
pub(super) struct ConnectionTable {
    pub(super) served: usize,
    pub(super) turned_away: usize,
    pub(super) of_address: HashMap<AddressBlock, usize>,
    /// Connections that may be told to make room, in the order in which they would be.
    pub(super) waiting: BTreeMap<WaitPosition, Arc<Visit>>,
    /// The same by address.
    pub(super) waiting_of: BTreeSet<(AddressBlock, WaitPosition)>,
    next_arrival: u64,
}

/// Who makes room first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    TurnedAway,
    /// Was answered and has shown no token, or its WebSocket was refused.
    IdleStranger,
    /// Has sent no request yet, or one that is being answered.
    Newcomer,
    /// Has shown a token that holds, and waits for another request.
    Known,
}

/// A place in the order: by rank, then by how long the connection has waited.
pub(super) type WaitPosition = (Rank, u64);

impl ConnectionTable {
    /// Makes room for one more connection of `address` where there is none.
    pub(super) fn room_for(
        &mut self,
        address: Option<AddressBlock>,
        limits: ConnectionLimits,
    ) -> Result<(), TurnedAway> {
        // One that was told to leave is counted until its socket is closed: there may be a few more for a moment.
        if let Some(address) = address
            && self.count_of(address) >= limits.per_address
            && !self.displace_of(address)
        {
            return Err(TurnedAway::AddressFull);
        }
        let is_full = self.served >= limits.in_all
            && (self.served >= limits.in_all.saturating_add(CLOSING_AT_ONCE) || !self.displace_any());
        if is_full { Err(TurnedAway::ServerFull) } else { Ok(()) }
    }

    /// Tells the connection of this rank that has waited longest to leave; returns whether there was one.
    fn displace(&mut self, rank: Rank) -> bool {
        let first =
            self.waiting.range((rank, 0)..=(rank, u64::MAX)).next().map(|(_, visit)| Arc::clone(visit));
        first.is_some_and(|visit| self.send_away(&visit))
    }

    /// Makes room for one more connection that is turned away: an orchestrator's probe must get its answer while others
    /// send nothing.
    pub(super) fn has_room_to_turn_away(&mut self) -> bool {
        let is_within = self.turned_away < TURNED_AWAY_AT_ONCE;
        is_within && (self.turned_away < TURNED_AWAY_WAITING || self.displace(Rank::TurnedAway))
    }

    fn displace_any(&mut self) -> bool {
        self.displace(Rank::IdleStranger) || self.displace(Rank::Newcomer) || self.displace(Rank::Known)
    }

    /// Keeps no more idle strangers of an address than it may have.
    pub(super) fn bound_idle_strangers(&mut self, address: AddressBlock) {
        let positions = (address, (Rank::IdleStranger, 0))..=(address, (Rank::IdleStranger, u64::MAX));
        if self.waiting_of.range(positions).nth(IDLE_STRANGERS_PER_ADDRESS).is_some() {
            self.displace_of(address);
        }
    }

    /// Tells the connection of this address that makes room first to leave; returns whether there was one.
    fn displace_of(&mut self, address: AddressBlock) -> bool {
        let positions = (address, (Rank::IdleStranger, 0))..=(address, (Rank::Known, u64::MAX));
        let first = self
            .waiting_of
            .range(positions)
            .next()
            .and_then(|(_, position)| self.waiting.get(position))
            .cloned();
        first.is_some_and(|visit| self.send_away(&visit))
    }

    fn send_away(&mut self, visit: &Visit) -> bool {
        self.stop_waiting(visit);
        visit.send_away();
        true
    }

    pub(super) fn wait(&mut self, visit: &Arc<Visit>) {
        if !visit.may_make_room() {
            return;
        }
        let position = (visit.rank(), self.next_arrival);
        self.next_arrival += 1;
        visit.set_position(Some(position));
        if let Some(address) = visit.address() {
            self.waiting_of.insert((address, position));
        }
        self.waiting.insert(position, Arc::clone(visit));
    }

    pub(super) fn stop_waiting(&mut self, visit: &Visit) {
        let Some(position) = visit.set_position(None) else { return };
        self.waiting.remove(&position);
        if let Some(address) = visit.address() {
            self.waiting_of.remove(&(address, position));
        }
    }

    pub(super) fn count_of(&self, address: AddressBlock) -> usize {
        self.of_address.get(&address).copied().unwrap_or(0)
    }

    pub(super) fn count_in(&mut self, address: AddressBlock) {
        *self.of_address.entry(address).or_insert(0) += 1;
    }

    pub(super) fn count_out(&mut self, address: AddressBlock) {
        if let Some(count) = self.of_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(&address);
            }
        }
    }
}
