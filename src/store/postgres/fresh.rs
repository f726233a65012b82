//! A batch in which nothing is unusual as far as this node knows: every sender is in their room, and no message stands
//! in it twice.

use std::collections::{BTreeMap, HashSet};

use plic_pipeline::{
    id::{MessageId, RoomId},
    store::NewMessage,
};
use sqlx::query_as;

use super::{append::Place, connection::Connection, people::Known, text::stored};

const APPEND: &str = "SELECT ids, counted FROM append_new($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// How a batch falls into rooms; arrays as `append_new` takes them, whose indexes begin with 1.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fresh {
    rooms: Vec<i64>,
    versions: Vec<i64>,
    counts: Vec<i64>,
    lasts: Vec<i64>,
    places: Vec<i64>,
    nths: Vec<i64>,
}

impl Fresh {
    /// Nothing where a room is not known, or anybody or anything unusual is in the batch.
    pub(super) fn of(known: &Known, messages: &[&NewMessage]) -> Option<Self> {
        let mut seen = HashSet::with_capacity(messages.len());
        let mut rooms: BTreeMap<RoomId, i64> = BTreeMap::new();
        for NewMessage { key, .. } in messages {
            let is_there = || known.of(key.room).is_some_and(|present| present.users.contains(&key.sender));
            if !is_there() || !seen.insert((key.room, key.sender, key.digest)) {
                return None;
            }
            rooms.insert(key.room, 0);
        }
        let mut batch = Self::default();
        for (room, place) in &mut rooms {
            batch.rooms.push(room.0);
            batch.versions.push(known.version(*room));
            *place = i64::try_from(batch.rooms.len()).ok()?;
        }
        batch.counts = vec![0; rooms.len()];
        batch.lasts = vec![0; rooms.len()];
        for (message, number) in messages.iter().zip(1..) {
            let place = rooms[&message.key.room];
            let index = usize::try_from(place - 1).ok()?;
            batch.counts[index] += 1;
            batch.lasts[index] = number;
            batch.places.push(place);
            batch.nths.push(batch.counts[index]);
        }
        Some(batch)
    }

    /// Stores it; nothing where the database knows better.
    pub(super) async fn store(
        self,
        connection: &mut Connection,
        messages: &[&NewMessage],
    ) -> sqlx::Result<Option<Vec<Place>>> {
        let stored: Option<(Vec<i64>, Vec<i64>)> = query_as(APPEND)
            .bind(&self.rooms)
            .bind(&self.versions)
            .bind(&self.counts)
            .bind(&self.lasts)
            .bind(&self.places)
            .bind(&self.nths)
            .bind(messages.iter().map(|message| message.key.sender.0).collect::<Vec<_>>())
            .bind(messages.iter().map(|message| message.key.digest.as_slice()).collect::<Vec<_>>())
            .bind(messages.iter().map(|message| message.origin.0.cast_signed()).collect::<Vec<_>>())
            .bind(messages.iter().map(|message| stored(&message.text)).collect::<Vec<_>>())
            .fetch_optional(connection)
            .await?;
        let Some((ids, counted)) = stored else { return Ok(None) };
        let places = self.places.iter().zip(&self.nths).zip(ids).map(|((place, nth), id)| {
            let before = usize::try_from(place - 1).ok().and_then(|index| counted.get(index));
            before.map(|before| Place::New { id: MessageId(id), seq: before + nth })
        });
        places.collect::<Option<Vec<Place>>>().ok_or(sqlx::Error::RowNotFound).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plic_pipeline::{
        id::{ConnectionId, UserId},
        store::SentKey,
    };
    use uuid::Uuid;

    use super::{super::people::Present, *};

    fn known() -> Known {
        let mut known = Known::default();
        for (room, version) in [(7, 2), (3, 5)] {
            let users = [UserId(Uuid::from_u128(1))].into();
            known.learn(RoomId(room), Present { version, users });
        }
        known
    }

    fn message(room: i64, sender: u128, digest: u8) -> NewMessage {
        let (room, sender) = (RoomId(room), UserId(Uuid::from_u128(sender)));
        let key = SentKey { room, sender, digest: [digest; 32], window: Duration::from_hours(24) };
        NewMessage { key, origin: ConnectionId(1), text: String::new(), flag: None }
    }

    fn batch(messages: &[(i64, u128, u8)]) -> Option<Fresh> {
        let messages: Vec<NewMessage> =
            messages.iter().map(|(room, sender, digest)| message(*room, *sender, *digest)).collect();
        Fresh::of(&known(), &messages.iter().collect::<Vec<_>>())
    }

    #[test]
    fn each_message_has_its_room_and_its_place_there() {
        let expected = Fresh {
            rooms: vec![3, 7],
            versions: vec![5, 2],
            counts: vec![1, 2],
            lasts: vec![2, 3],
            places: vec![2, 1, 2],
            nths: vec![1, 1, 2],
        };
        assert_eq!(batch(&[(7, 1, 1), (3, 1, 1), (7, 1, 2)]), Some(expected));
    }

    #[test]
    fn strangers_unknown_rooms_and_repeats_are_unusual() {
        assert_eq!(batch(&[(7, 1, 1), (7, 2, 2)]), None);
        assert_eq!(batch(&[(8, 1, 1)]), None);
        assert_eq!(batch(&[(7, 1, 1), (7, 1, 1)]), None);
    }
}
