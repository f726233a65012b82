//! Who comes and goes: registered in the database, where one user's connections on all nodes are counted, and the rooms of
//! whoever comes are listened to before they are let in. Those who wait are registered together: a crowd costs a few
//! transactions.

use std::{
    collections::HashSet,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use plic_pipeline::{
    id::{ConnectionId, UserId},
    store::StoreError,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

use super::{
    node::Node,
    shared::{Arrival, Attendance, Registered, RoomHead, RoomsOf},
};

/// Arrivals that are registered together at most.
pub(super) const TOGETHER: usize = 256;
/// Arrivals and departures that wait at most.
const WAITING: usize = 16 * 1024;
/// Departures that are remembered at most while the database is away. What is beyond stays registered until this node
/// ends; it counts as the oldest of its user's connections, and is the first to be replaced.
const REMEMBERED: usize = 64 * 1024;
/// Departures that are sent together at most.
const DEPARTURES: usize = 1024;
/// How long somebody who comes waits.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what was said before somebody came may hold them up, and how often that is looked at.
const CATCH_UP: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(3);
/// How long an established connection waits for a transaction of arrivals to replace older ones in: with a transaction of its
/// own it would hold up whoever comes next.
const LINGER: Duration = Duration::from_millis(50);
/// When departures that could not be sent are tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Somebody who comes or goes.
pub(super) enum Coming {
    Arrived(Arrival, oneshot::Sender<Result<(), StoreError>>),
    Established(ConnectionId),
    Left(ConnectionId),
}

/// The way to the task that registers.
pub(super) struct Register {
    way: mpsc::Sender<Coming>,
}

impl Register {
    pub(super) fn new() -> (Self, mpsc::Receiver<Coming>) {
        let (way, coming) = mpsc::channel(WAITING);
        (Self { way }, coming)
    }
}

#[async_trait]
impl Attendance for Register {
    async fn arrived(&self, arrival: Arrival) -> Result<(), StoreError> {
        let registered = async {
            let (done, registered) = oneshot::channel();
            let sent = self.way.send(Coming::Arrived(arrival, done)).await;
            sent.map_err(|_| StoreError::Overloaded)?;
            registered.await.map_err(|failed| StoreError::Unavailable(Box::new(failed)))?
        };
        timeout(PATIENCE, registered).await.unwrap_or(Err(StoreError::TimedOut))
    }

    fn established(&self, arrival: Arrival) {
        if self.way.try_send(Coming::Established(arrival.connection)).is_err() {
            plic_pipeline::log_limited!(WARN, "a new connection replaces no older one: too many wait");
        }
    }

    fn left(&self, arrival: Arrival) {
        if self.way.try_send(Coming::Left(arrival.connection)).is_err() {
            plic_pipeline::log_limited!(WARN, "a connection that ended stays registered: too many wait");
        }
    }
}

impl Node {
    /// Registers those who come and go, in their order, for as long as it is polled.
    pub(super) async fn keep_register(self: Arc<Self>, mut coming: mpsc::Receiver<Coming>) {
        let (mut departures, mut established): (Vec<ConnectionId>, Vec<ConnectionId>) = Default::default();
        let mut due_at = Instant::now();
        let mut some = Vec::with_capacity(TOGETHER);
        loop {
            let mut pause = if departures.is_empty() { Duration::MAX } else { AGAIN };
            if !established.is_empty() {
                pause = pause.min(due_at.saturating_duration_since(Instant::now()));
            }
            // What waits is tried again also where nobody comes.
            if let Ok(0) = timeout(pause, coming.recv_many(&mut some, TOGETHER)).await {
                return;
            }
            let (mut arrivals, mut waiting, mut left) = (Vec::new(), Vec::new(), Vec::new());
            for one in some.drain(..) {
                match one {
                    Coming::Arrived(arrival, done) => {
                        arrivals.push(arrival);
                        waiting.push((arrival, done));
                    }
                    Coming::Established(connection) => {
                        if established.is_empty() {
                            due_at = Instant::now() + LINGER;
                        }
                        if established.len() < REMEMBERED {
                            established.push(connection);
                        }
                    }
                    Coming::Left(connection) => {
                        left.push(connection);
                        if departures.len() < REMEMBERED {
                            departures.push(connection);
                        }
                    }
                }
            }
            let is_due = !established.is_empty() && due_at <= Instant::now();
            if !arrivals.is_empty() || is_due {
                match self.register(arrivals, established.clone()).await {
                    Ok(banned) => {
                        established = Vec::new();
                        let (refused, admitted): (Vec<_>, Vec<_>) =
                            waiting.into_iter().partition(|(arrival, _)| banned.contains(&arrival.user));
                        self.registered().extend(admitted.iter().map(|(arrival, _)| arrival.connection));
                        // A connection that has ended meanwhile says so by `left`.
                        for (_, done) in admitted {
                            let _ = done.send(Ok(()));
                        }
                        for (_, done) in refused {
                            let _ = done.send(Err(StoreError::Banned));
                        }
                    }
                    Err(error) => {
                        due_at = Instant::now() + AGAIN;
                        plic_pipeline::log_limited!(
                            WARN,
                            error: &error,
                            arrivals = waiting.len(),
                            "those who came could not be registered"
                        );
                    }
                }
            }
            if !left.is_empty() {
                let mut registered = self.registered();
                for connection in &left {
                    registered.remove(connection);
                }
            }
            departures = self.unregister(departures).await;
        }
    }

    fn registered(&self) -> MutexGuard<'_, HashSet<ConnectionId>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who are connected here and whose arrival is complete, the oldest first.
    pub(super) fn all_registered(&self) -> Vec<Arrival> {
        let mut registered = self.registered();
        let connected = self.hub.connections().into_iter();
        let here: Vec<Arrival> = connected
            .filter(|(_, connection)| registered.contains(connection))
            .map(|(user, connection)| Arrival { user, connection })
            .collect();
        // Whoever could not say that they left is let go here.
        *registered = here.iter().map(|arrival| arrival.connection).collect();
        here
    }

    /// Registers connections, and has those that are established replace older ones; returns the users who are banned, whose connections are not registered.
    async fn register(
        &self,
        arrivals: Vec<Arrival>,
        established: Vec<ConnectionId>,
    ) -> Result<Vec<UserId>, StoreError> {
        let arrived = self.shared.arrived(arrivals, established, self.connections_per_user);
        let Registered { rooms, banned } = arrived.await?;
        let heads: Vec<RoomHead> = rooms.iter().flat_map(|of| of.rooms.iter().copied()).collect();
        self.listen_for(rooms).await?;
        self.deliver_up_to(heads).await;
        Ok(banned)
    }

    /// Waits until what was said before somebody came is delivered to the others: it is not said to whoever comes.
    async fn deliver_up_to(&self, mut heads: Vec<RoomHead>) {
        let delivered = async {
            loop {
                self.with_rooms(|rooms, _, _| heads.retain(|head| rooms.is_behind(*head))).await;
                if heads.is_empty() {
                    return;
                }
                sleep(LOOK).await;
            }
        };
        if timeout(CATCH_UP, delivered).await.is_err() {
            tracing::debug!("somebody who came may receive what was said shortly before");
        }
    }

    /// Listens to all rooms of those who came.
    pub(super) async fn listen_for(&self, users: Vec<RoomsOf>) -> Result<(), StoreError> {
        let mut more: Vec<RoomsOf> = users.iter().filter(|of| of.more).cloned().collect();
        self.listen(users.into_iter().flat_map(|of| of.rooms)).await;
        for of in &mut more {
            while let Some(last) = of.rooms.last().filter(|_| of.more) {
                *of = self.shared.rooms_after(of.user, last.room).await?;
                self.listen(of.rooms.clone()).await;
            }
        }
        Ok(())
    }

    /// Answers those that are still registered.
    async fn unregister(&self, departures: Vec<ConnectionId>) -> Vec<ConnectionId> {
        let mut sent = 0;
        for some in departures.chunks(DEPARTURES) {
            if let Err(error) = self.shared.left(some.to_vec()).await {
                plic_pipeline::log_limited!(
                    WARN,
                    error: &error,
                    "connections that ended are still registered"
                );
                break;
            }
            sent += some.len();
        }
        departures[sent..].to_vec()
    }
}
