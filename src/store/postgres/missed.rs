//! Messages that a node has not heard of, each with those of the room's people who were in it by then.

use std::sync::Arc;

use futures_util::TryStreamExt;
use plic_pipeline::{
    event::Committed,
    id::{ConnectionId, MessageId, RoomId, UserId},
};
use sqlx::query_as;
use uuid::Uuid;

use crate::cluster::shared::MAX_MESSAGES;

use super::{cluster::as_limit, connection::Connection, text::Text};

/// An answer ends early once it holds so many bytes of text.
const MAX_TEXT_BYTES: usize = 2 << 20;

/// The first messages of a room after the sequence number `after`; none where the room is deleted.
pub(super) async fn after(
    connection: &mut Connection,
    room: RoomId,
    after: i64,
) -> sqlx::Result<Vec<Committed>> {
    let found: Option<(i64,)> =
        query_as("SELECT people_version FROM rooms WHERE id = $1 AND deleted_at IS NULL")
            .bind(room.0)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((people_version,)) = found else { return Ok(Vec::new()) };
    let present: Vec<(Uuid, i64)> = query_as(
        "SELECT \"user\", joined_at FROM participants WHERE room = $1 AND left_at IS NULL ORDER BY joined",
    )
    .bind(room.0)
    .fetch_all(&mut *connection)
    .await?;
    let mut present = Present { since: present, newest: (0, Arc::default()) };
    let mut rows = query_as::<_, (i64, i64, Uuid, Text, i64, Option<i64>)>(
        "SELECT id, seq, sender, text, created_at, origin FROM messages \
         WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    )
    .bind(room.0)
    .bind(after)
    .bind(as_limit(MAX_MESSAGES))
    .fetch(connection);
    let (mut messages, mut bytes) = (Vec::new(), 0);
    while bytes <= MAX_TEXT_BYTES
        && let Some((id, seq, sender, text, created_at, origin)) = rows.try_next().await?
    {
        bytes += text.0.len();
        messages.push(Committed {
            id: MessageId(id),
            room,
            seq,
            sender: UserId(sender),
            origin: origin.map_or(ConnectionId::ENDED, |origin| ConnectionId(origin.cast_unsigned())),
            text: text.0,
            participants: present.at(created_at),
            people_version,
        });
    }
    Ok(messages)
}

/// Who is in a room, and since when, in the order in which they joined.
struct Present {
    since: Vec<(Uuid, i64)>,
    /// The last answer, and of how many it is.
    newest: (usize, Arc<[UserId]>),
}

impl Present {
    /// Those who were there already.
    fn at(&mut self, moment: i64) -> Arc<[UserId]> {
        let count = self.since.partition_point(|(_, joined_at)| *joined_at <= moment);
        if count != self.newest.0 {
            let users = self.since[..count].iter().map(|(user, _)| UserId(*user)).collect();
            self.newest = (count, users);
        }
        Arc::clone(&self.newest.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_joined_later_is_not_among_those_of_an_older_message() {
        let users: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        let since = users.iter().copied().zip([10, 10, 20]).collect();
        let mut present = Present { since, newest: (0, Arc::default()) };
        let mut count = |moment| present.at(moment).len();
        assert_eq!([9, 10, 19, 20, 10].map(&mut count), [0, 2, 2, 3, 2]);
    }
}
