//! What was committed together, for each connection that it concerns: a room's messages are rendered once and joined,
//! and a connection gets all that is due to it with one system call.

use std::{collections::HashMap, ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use plic_pipeline::{
    event::Committed,
    id::{ConnectionId, UserId},
};

use super::Members;
use crate::{frame, socket::Sock};

/// What one connection is due of a batch.
pub struct Delivery {
    connection: ConnectionId,
    sock: Arc<Sock>,
    /// Whole frames, in order.
    frames: Bytes,
    /// Whether the connection also sent some of the batch: it is about to be answered.
    is_sender: bool,
}

impl Delivery {
    /// Writes what `same` says is due to one connection, in its order.
    pub fn write(same: &[Self]) {
        let [first, more @ ..] = same else { return };
        let joined: Vec<Bytes>;
        let frames = if more.is_empty() {
            std::slice::from_ref(&first.frames)
        } else {
            joined = same.iter().map(|delivery| delivery.frames.clone()).collect();
            &joined
        };
        if same.iter().any(|delivery| delivery.is_sender) {
            first.sock.put_before_reply(frames);
        } else {
            first.sock.put(frames);
        }
    }

    /// Whether both are due to the same connection.
    pub fn is_with(&self, other: &Self) -> bool {
        self.connection == other.connection
    }
}

/// What each connection is due of these messages; what is due to one connection stands together, each room's messages in
/// their order. Answers also how many messages that is in all.
pub(super) fn fan_out(messages: &[Arc<Committed>], users: &HashMap<UserId, Members>) -> (Vec<Delivery>, u64) {
    let mut messages: Vec<&Committed> = messages.iter().map(|message| &**message).collect();
    messages.sort_by_key(|message| message.room);
    let mut deliveries = Vec::new();
    let mut count = 0;
    let mut rooms = 0;
    for of_room in messages.chunk_by(|a, b| a.room == b.room && Arc::ptr_eq(&a.participants, &b.participants))
    {
        rooms += 1;
        // Nothing is rendered for a room in which nobody is connected.
        let mut joined = None;
        for member in of_room[0]
            .participants
            .iter()
            .filter_map(|user| users.get(user))
            .flatten()
            .filter(|member| member.hears)
        {
            let joined = joined.get_or_insert_with(|| Joined::render(of_room));
            let is_sender = joined.has_origin(member.connection);
            count += joined.pieces(member.connection, is_sender, |frames| {
                let sock = Arc::clone(&member.sock);
                deliveries.push(Delivery { connection: member.connection, sock, frames, is_sender });
            });
        }
    }
    if rooms > 1 {
        // Stable: each room's messages stay in their order.
        deliveries.sort_by_key(|delivery| delivery.connection);
    }
    (deliveries, count)
}

/// The frames of one room's messages, one behind the other.
struct Joined {
    bytes: Bytes,
    /// Where each message's frame stands, and which connection sent it.
    frames: Vec<(ConnectionId, Range<usize>)>,
    /// The connections that sent any of them, sorted.
    origins: Vec<ConnectionId>,
}

impl Joined {
    fn render(messages: &[&Committed]) -> Self {
        let mut bytes = BytesMut::new();
        let mut frames = Vec::with_capacity(messages.len());
        for message in messages {
            let start = bytes.len();
            frame::message_received(&mut bytes, message);
            frames.push((message.origin, start..bytes.len()));
        }
        let mut origins: Vec<ConnectionId> = frames.iter().map(|(origin, _)| *origin).collect();
        origins.sort_unstable();
        Self { bytes: bytes.freeze(), frames, origins }
    }

    fn has_origin(&self, connection: ConnectionId) -> bool {
        self.origins.binary_search(&connection).is_ok()
    }

    /// Hands out what `connection` receives, in as few pieces as may be: everything but what it sent itself, where it sent
    /// anything. Answers how many messages that is.
    fn pieces(&self, connection: ConnectionId, is_sender: bool, mut piece: impl FnMut(Bytes)) -> u64 {
        if !is_sender {
            piece(self.bytes.clone());
            return self.frames.len() as u64;
        }
        let others = |(origin, _): &(ConnectionId, Range<usize>)| *origin != connection;
        let mut count = 0;
        for run in self.frames.chunk_by(|a, b| others(a) == others(b)).filter(|run| others(&run[0])) {
            piece(self.bytes.slice(run[0].1.start..run[run.len() - 1].1.end));
            count += run.len() as u64;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use plic_pipeline::id::{MessageId, RoomId};
    use uuid::Uuid;

    use super::*;

    fn message(origin: u64, text: &str) -> Committed {
        Committed {
            id: MessageId(1),
            room: RoomId(7),
            seq: 1,
            sender: UserId(Uuid::nil()),
            origin: ConnectionId(origin),
            text: text.into(),
            participants: Arc::default(),
            people_version: 0,
        }
    }

    fn pieces(joined: &Joined, connection: u64) -> (Vec<Bytes>, u64) {
        let mut pieces = Vec::new();
        let connection = ConnectionId(connection);
        let count = joined.pieces(connection, joined.has_origin(connection), |piece| pieces.push(piece));
        (pieces, count)
    }

    fn frames(messages: &[&Committed]) -> Bytes {
        let mut bytes = BytesMut::new();
        for message in messages {
            frame::message_received(&mut bytes, message);
        }
        bytes.freeze()
    }

    #[test]
    fn a_connection_receives_everything_but_its_own_in_order_and_in_few_pieces() {
        let (a, b, c, d) = (message(1, "a"), message(2, "b"), message(2, "c"), message(3, "d"));
        let joined = Joined::render(&[&a, &b, &c, &d]);
        assert_eq!(pieces(&joined, 9), (vec![frames(&[&a, &b, &c, &d])], 4));
        assert_eq!(pieces(&joined, 1), (vec![frames(&[&b, &c, &d])], 3));
        assert_eq!(pieces(&joined, 2), (vec![frames(&[&a]), frames(&[&d])], 2));
        assert_eq!(pieces(&joined, 3), (vec![frames(&[&a, &b, &c])], 3));
    }

    #[test]
    fn who_sent_all_of_it_receives_nothing() {
        let (a, b) = (message(1, "a"), message(1, "b"));
        assert_eq!(pieces(&Joined::render(&[&a, &b]), 1), (Vec::new(), 0));
    }
}
