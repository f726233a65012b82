//! Who is connected to this node, and what they are sent.

mod deliver;
mod fan_out;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock},
};

use plic_pipeline::{
    event::{Committed, Confirmation, Event},
    id::{ConnectionId, UserId},
    moderation::{Authority, Notice, notice::Notices},
    rejection::CloseCode,
    token::Role,
};

pub use self::fan_out::Delivery;
use crate::{frame, metrics::HubMetrics, socket::Sock};

/// The connections of this node.
pub struct Hub {
    /// Each user's connections, the oldest first.
    users: RwLock<HashMap<UserId, Members>>,
    connections_per_user: usize,
    /// Moderators who follow what happens.
    notices: Notices,
    metrics: HubMetrics,
}

/// That a connection is in the hub; dropping it takes the connection out, whatever ended it.
pub struct Membership {
    hub: Arc<Hub>,
    user: UserId,
    connection: ConnectionId,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.leave(self.user, self.connection);
    }
}

/// A user's connections, the oldest first.
type Members = VecDeque<Member>;

struct Member {
    connection: ConnectionId,
    /// What the token of this connection lets the user do.
    role: Role,
    sock: Arc<Sock>,
    /// Whether it receives messages yet.
    hears: bool,
    /// Whether its handshake has succeeded; only then does it count among the user's connections.
    is_established: bool,
}

impl Membership {
    /// From now on the connection receives messages: what was said before it came is not said to it.
    pub fn hear(&self) {
        let mut users = self.hub.users.write().unwrap_or_else(PoisonError::into_inner);
        let members = users.get_mut(&self.user).into_iter().flatten();
        for member in members.filter(|member| member.connection == self.connection) {
            member.hears = true;
        }
    }
}

impl Membership {
    /// Marks the connection as established: its handshake has succeeded. Where the user has more established connections
    /// than they may, the oldest are told to end with 4008, by the order of their handshakes.
    pub fn establish(&self) {
        let mut users = self.hub.users.write().unwrap_or_else(PoisonError::into_inner);
        let Some(members) = users.get_mut(&self.user) else { return };
        let mut established = 0;
        for member in members.iter_mut() {
            member.is_established |= member.connection == self.connection;
            established += usize::from(member.is_established);
        }
        let mut surplus = established.saturating_sub(self.hub.connections_per_user);
        members.retain(|member| {
            let ends = member.is_established && surplus > 0;
            if ends {
                surplus -= 1;
                member.sock.end(CloseCode::NewDevice);
            }
            !ends
        });
    }
}

impl Hub {
    /// A hub that lets each user have so many connections at once. Where users have connections to several nodes, the
    /// database decides which are too many, and a hub that decided too would end others: there it lets them have any number.
    pub fn new(connections_per_user: usize, notices: Notices, metrics: HubMetrics) -> Self {
        Self { users: RwLock::default(), connections_per_user, notices, metrics }
    }

    /// Adds a connection, which receives messages once [`Membership::hear`] was called, and takes the place of the user's
    /// older ones once [`Membership::establish`] was. It is in the hub until what this returns is dropped.
    pub fn join(
        self: &Arc<Self>,
        user: UserId,
        role: Role,
        connection: ConnectionId,
        sock: Arc<Sock>,
    ) -> Membership {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let members = users.entry(user).or_insert_with(|| VecDeque::with_capacity(1));
        let place = members.partition_point(|member| member.connection < connection);
        members.insert(place, Member { connection, role, sock, hears: false, is_established: false });
        Membership { hub: Arc::clone(self), user, connection }
    }

    fn leave(&self, user: UserId, connection: ConnectionId) {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(members) = users.get_mut(&user) {
            members.retain(|member| member.connection != connection);
            if members.is_empty() {
                users.remove(&user);
            }
        }
    }

    /// Whether a user is connected now.
    pub fn is_connected(&self, user: UserId) -> bool {
        self.users.read().unwrap_or_else(PoisonError::into_inner).contains_key(&user)
    }

    /// Whether any of these users is connected now.
    pub fn is_any_connected(&self, some: &[UserId]) -> bool {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        some.iter().any(|user| users.contains_key(user))
    }

    /// Every connection and whose it is, the oldest first.
    pub fn connections(&self) -> Vec<(UserId, ConnectionId)> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let of_user = |(user, members): (&UserId, &Members)| {
            members.iter().map(|member| (*user, member.connection)).collect::<Vec<_>>()
        };
        let mut connections: Vec<_> = users.iter().flat_map(of_user).collect();
        connections.sort_unstable_by_key(|(_, connection)| *connection);
        connections
    }

    /// Everybody who is connected now.
    pub fn connected(&self) -> Vec<Arc<Sock>> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.values().flatten().map(|member| Arc::clone(&member.sock)).collect()
    }

    /// What each connection is due of messages that were committed together, in the order of commit; what is due to one
    /// connection stands together. Nothing is written yet: a write is a system call, and there may be many.
    pub fn fan_out(&self, messages: &[Arc<Committed>]) -> Vec<Delivery> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let (deliveries, count) = fan_out::fan_out(messages, &users);
        self.metrics.deliveries.inc_by(count);
        deliveries
    }

    /// Confirms a released message to its sender.
    pub fn confirm(&self, confirmation: &Confirmation) {
        let frame = [frame::confirmed(&confirmation.temp_id)];
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let members = users.get(&confirmation.sender).into_iter().flatten();
        for member in members.filter(|member| confirmation.concerns(member.connection)) {
            member.sock.put(&frame);
        }
    }

    /// Whether any moderator follows what happens here.
    pub fn has_listeners(&self) -> bool {
        self.notices.has_listeners()
    }

    /// Tells moderators who follow what happens.
    pub fn tell(&self, notice: Notice) {
        self.notices.tell(notice);
    }

    /// Does what follows an event, but for messages, which [`Hub::deliver`] takes together.
    pub fn act_on(&self, event: Event) {
        match event {
            Event::Banned(user, authority) => self.end_bound(user, authority, CloseCode::Banned),
            Event::Disconnected(user, authority) => self.end_bound(user, authority, CloseCode::AdminAction),
            Event::Confirmed(confirmation) => self.confirm(&confirmation),
            Event::Notice(notice) => self.tell(notice),
            Event::Message(_) | Event::News(_) => {}
        }
    }

    /// Ends one connection of a user's with `code`.
    pub fn end_one(&self, user: UserId, connection: ConnectionId, code: CloseCode) {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let members = users.get(&user).into_iter().flatten();
        for member in members.filter(|member| member.connection == connection) {
            member.sock.end(code);
        }
    }

    /// Ends with `code` those of a user's connections whose role `authority` binds.
    pub fn end_bound(&self, user: UserId, authority: Authority, code: CloseCode) {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let members = users.get(&user).into_iter().flatten();
        for member in members.filter(|member| authority.binds(member.role)) {
            member.sock.end(code);
        }
    }
}
