//! Which connections there may be: so many an address, and no more than there are files for. At a limit the connection
//! that has waited longest makes room for a newcomer, strangers first; where nothing waits, the newcomer is turned away.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use plic_openapi::{AddressBlock, TurnedAway};

use super::{
    visit::Visit,
    waiting::{CLOSING_AT_ONCE, ConnectionTable, Rank, TURNED_AWAY_AT_ONCE},
};
use crate::metrics::ListenerMetrics;

/// Files that are kept for the server's own use: what is open at the start, readers and logs of an SQLite database, signing
/// keys, second opinions, NATS, name resolution, backups.
const RESERVED_FILES: u64 = 128;
/// With fewer, hardly anybody could connect.
const FEWEST_CONNECTIONS: u64 = 16;
/// Connections of one address unless the operator says otherwise, where there are files for more: an office or a carrier's
/// shared IPv4 address with thousands of users has a WebSocket and some REST connections for each of them.
pub const DEFAULT_CONNECTIONS_PER_ADDRESS: usize = 20_000;
/// The limits in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections that are served at once.
    pub in_all: usize,
    /// Connections of one address.
    pub per_address: usize,
}

impl ConnectionLimits {
    /// The limits of a process that may open `files`, of which its database takes `database_files`. Unless the operator
    /// names a number, one address has at most three quarters of all connections.
    pub fn new(files: u64, database_files: u64, per_address: Option<usize>) -> Self {
        let kept = RESERVED_FILES + database_files + (TURNED_AWAY_AT_ONCE + CLOSING_AT_ONCE) as u64;
        let in_all = files.saturating_sub(kept).max(FEWEST_CONNECTIONS);
        let in_all = usize::try_from(in_all).unwrap_or(usize::MAX);
        let per_address = per_address.unwrap_or_else(|| DEFAULT_CONNECTIONS_PER_ADDRESS.min(in_all / 4 * 3));
        Self { in_all, per_address }
    }
}

/// The connections that there are.
#[derive(Debug)]
pub struct Connections {
    limits: ConnectionLimits,
    state: Mutex<ConnectionTable>,
    has_displaced: AtomicBool,
    metrics: ListenerMetrics,
}

/// The place of a connection among all, for as long as its socket is open.
#[derive(Debug)]
pub struct Place {
    connections: Arc<Connections>,
    /// Behind a trusted proxy nothing, until its WebSocket says whose it is.
    counted: OnceLock<Counted>,
}

/// What a connection is counted as.
#[derive(Debug, Clone, Copy)]
enum Counted {
    Served(AddressBlock),
    TurnedAway,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.connections.lock();
        match self.counted.get() {
            Some(Counted::TurnedAway) => state.turned_away -= 1,
            Some(Counted::Served(address)) => {
                state.served -= 1;
                state.count_out(*address);
            }
            None => state.served -= 1,
        }
        drop(state);
        self.connections.metrics.closed();
    }
}

impl Place {
    /// Counts the connection of a proxy under its client's address.
    ///
    /// # Errors
    /// `AddressFull` where the address has as many connections as it may have.
    pub fn count_under(&self, address: AddressBlock) -> Result<(), TurnedAway> {
        let mut state = self.connections.lock();
        if self.counted.get().is_some() {
            return Ok(());
        }
        if state.count_of(address) >= self.connections.limits.per_address {
            drop(state);
            self.connections.say_turned_away(TurnedAway::AddressFull, Some(address));
            return Err(TurnedAway::AddressFull);
        }
        state.count_in(address);
        self.counted.get_or_init(|| Counted::Served(address));
        Ok(())
    }
}

impl Connections {
    /// No connections yet.
    pub fn new(limits: ConnectionLimits, metrics: ListenerMetrics) -> Arc<Self> {
        Arc::new(Self { limits, state: Mutex::default(), has_displaced: AtomicBool::default(), metrics })
    }

    /// Takes a new connection in, from an address or from a trusted proxy. Returns `None` where there is no room even to
    /// turn it away: it is to be closed at once.
    pub(super) fn admit(self: &Arc<Self>, address: Option<AddressBlock>) -> Option<(Place, Arc<Visit>)> {
        let mut state = self.lock();
        let before = state.waiting.len();
        let turned_away = state.room_for(address, self.limits).err();
        let has_room = turned_away.is_none() || state.has_room_to_turn_away();
        self.has_displaced.fetch_or(state.waiting.len() < before, Ordering::Relaxed);
        if !has_room {
            drop(state);
            self.metrics.dropped();
            return None;
        }
        let counted = OnceLock::new();
        if turned_away.is_some() {
            state.turned_away += 1;
            counted.get_or_init(|| Counted::TurnedAway);
        } else {
            state.served += 1;
            if let Some(address) = address {
                state.count_in(address);
                counted.get_or_init(|| Counted::Served(address));
            }
        }
        let visit = Arc::new(Visit::new(address, turned_away));
        state.wait(&visit);
        drop(state);
        self.metrics.opened();
        if let Some(reason) = turned_away {
            self.say_turned_away(reason, address);
        }
        Some((Place { connections: Arc::clone(self), counted }, visit))
    }

    /// Returns whether one more newcomer for whom there is no place would get an answer.
    pub(super) fn can_turn_away(&self) -> bool {
        self.lock().turned_away < TURNED_AWAY_AT_ONCE
    }

    /// Returns whether connections were told to make room since this was last asked.
    pub(super) fn has_displaced(&self) -> bool {
        self.has_displaced.swap(false, Ordering::Relaxed)
    }

    /// Puts a connection at the end of its rank: it was heard of just now.
    pub(super) fn wait(&self, visit: &Arc<Visit>) {
        let mut state = self.lock();
        state.stop_waiting(visit);
        state.wait(visit);
        if let Some(address) = visit.address().filter(|_| visit.rank() == Rank::IdleStranger) {
            state.bound_idle_strangers(address);
        }
    }

    /// Takes a connection out of the order: it does not make room for others any more.
    pub(super) fn stop_waiting(&self, visit: &Visit) {
        self.lock().stop_waiting(visit);
    }

    fn say_turned_away(&self, reason: TurnedAway, address: Option<AddressBlock>) {
        self.metrics.turned_away(reason);
        let limits = self.limits;
        match reason {
            TurnedAway::AddressFull => {
                plic_pipeline::log_limited!(
                    WARN,
                    address = %address.unwrap_or(AddressBlock::UNKNOWN),
                    limit = limits.per_address,
                    "an address has all the connections it may have (PLIC_CONNECTIONS_PER_ADDRESS); \
                     is it a proxy that PLIC_TRUSTED_PROXIES should name?"
                );
            }
            TurnedAway::ServerFull => {
                let limit = limits.in_all;
                plic_pipeline::log_limited!(
                    WARN,
                    limit,
                    "all connections that there are files for are in use"
                );
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionTable> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::waiting::{IDLE_STRANGERS_PER_ADDRESS, TURNED_AWAY_WAITING},
        *,
    };

    const ONE: AddressBlock = AddressBlock::V4([192, 0, 2, 1]);
    const OTHER: AddressBlock = AddressBlock::V4([192, 0, 2, 2]);

    fn connections(in_all: usize, per_address: usize) -> Arc<Connections> {
        Connections::new(ConnectionLimits { in_all, per_address }, ListenerMetrics::default())
    }

    fn admit(connections: &Arc<Connections>, address: AddressBlock) -> (Place, Arc<Visit>) {
        connections.admit(Some(address)).expect("room at least to be turned away")
    }

    #[test]
    fn an_address_has_at_most_three_quarters_of_the_connections_that_there_are_files_for() {
        assert_eq!(ConnectionLimits::new(1024, 0, None), ConnectionLimits { in_all: 832, per_address: 624 });
        assert_eq!(ConnectionLimits::new(1024, 0, Some(5000)).per_address, 5000);
        let many = ConnectionLimits::new(1_048_576, 100, None);
        assert_eq!(
            many,
            ConnectionLimits { in_all: 1_048_284, per_address: DEFAULT_CONNECTIONS_PER_ADDRESS }
        );
        assert_eq!(ConnectionLimits::new(64, 0, None), ConnectionLimits { in_all: 16, per_address: 12 });
    }

    #[test]
    fn at_its_limit_an_address_displaces_its_own_stranger_that_waited_longest() {
        let connections = connections(100, 2);
        let ((_a, first), (_b, second)) = (admit(&connections, ONE), admit(&connections, ONE));
        connections.wait(&first);
        let (_c, third) = admit(&connections, ONE);
        assert!(second.is_sent_away() && !first.is_sent_away() && third.turned_away().is_none());
    }

    #[test]
    fn an_address_keeps_a_bounded_number_of_idle_strangers() {
        let connections = connections(10_000, 10_000);
        let mut places = Vec::new();
        for _ in 0..IDLE_STRANGERS_PER_ADDRESS + 10 {
            let (place, visit) = admit(&connections, ONE);
            visit.note_request();
            connections.wait(&visit);
            places.push((place, visit));
        }
        let fresh = admit(&connections, ONE);
        let sent_away = places.iter().filter(|(_, visit)| visit.is_sent_away()).count();
        assert_eq!(sent_away, 10);
        assert!(places[..10].iter().all(|(_, visit)| visit.is_sent_away()), "those that waited longest");
        assert!(!fresh.1.is_sent_away());
    }

    #[test]
    fn known_connections_are_displaced_after_strangers_and_those_in_use_never() {
        let connections = connections(2, 100);
        let ((_a, known), (_b, stranger)) = (admit(&connections, ONE), admit(&connections, OTHER));
        known.standing().become_known();
        connections.wait(&known);
        let (_c, newcomer) = admit(&connections, ONE);
        assert!(stranger.is_sent_away() && !known.is_sent_away());
        connections.stop_waiting(&newcomer);
        let (_d, next) = admit(&connections, ONE);
        assert!(known.is_sent_away());
        connections.stop_waiting(&next);
        let (place, last) = admit(&connections, ONE);
        assert_eq!(last.turned_away(), Some(TurnedAway::ServerFull));
        assert!(!newcomer.is_sent_away() && !next.is_sent_away());
        drop(place);
    }

    #[test]
    fn who_is_turned_away_last_displaces_who_was_turned_away_first() {
        let connections = connections(100, 1);
        let (_place, in_use) = admit(&connections, ONE);
        connections.stop_waiting(&in_use);
        let turned: Vec<_> = (0..TURNED_AWAY_WAITING).map(|_| admit(&connections, ONE)).collect();
        assert!(turned.iter().all(|(_, visit)| visit.turned_away() == Some(TurnedAway::AddressFull)));
        let (_, newest) = admit(&connections, ONE);
        assert!(turned[0].1.is_sent_away() && !turned[1].1.is_sent_away());
        connections.stop_waiting(&newest);
        for (_, visit) in &turned {
            connections.stop_waiting(visit);
        }
        assert!(connections.admit(Some(ONE)).is_none(), "nobody is left to make room");
        assert!(admit(&connections, OTHER).1.turned_away().is_none());
    }

    #[test]
    fn places_are_given_back_and_addresses_forgotten() {
        let connections = connections(100, 1);
        let (place, visit) = admit(&connections, ONE);
        connections.stop_waiting(&visit);
        drop(place);
        let state = connections.lock();
        assert!(state.served == 0 && state.turned_away == 0);
        assert!(state.of_address.is_empty() && state.waiting.is_empty() && state.waiting_of.is_empty());
    }

    #[test]
    fn a_websocket_of_a_proxy_is_counted_under_its_client() {
        let connections = connections(100, 1);
        let proxied = || connections.admit(None).expect("room").0;
        let (first, second) = (proxied(), proxied());
        assert_eq!(first.count_under(ONE), Ok(()));
        assert_eq!(first.count_under(ONE), Ok(()), "it is counted once");
        assert_eq!(second.count_under(ONE), Err(TurnedAway::AddressFull));
        assert_eq!(second.count_under(OTHER), Ok(()));
        drop(first);
        assert_eq!(proxied().count_under(ONE), Ok(()));
    }
}
