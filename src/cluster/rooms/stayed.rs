//! Who of a message's people are still in its room by a newer account.

use std::{collections::HashSet, sync::Arc};

use plic_pipeline::{event::Committed, id::UserId};

/// The newest account of who is in a room, for many messages of it: most share their people.
pub(super) struct Stayed {
    version: i64,
    people: Arc<[UserId]>,
    /// The same people, once somebody has to be looked for among them.
    known: Option<HashSet<UserId>>,
    /// The last people that were looked for, and who of them stayed.
    last: Option<Remembered>,
}

/// People, and who of them stayed.
type Remembered = (Arc<[UserId]>, Arc<[UserId]>);

impl Stayed {
    pub(super) fn new(version: i64, people: Arc<[UserId]>) -> Self {
        Self { version, people, known: None, last: None }
    }

    /// The message without those who have left.
    pub(super) fn only(&mut self, message: Committed) -> Committed {
        if message.people_version >= self.version {
            return message;
        }
        Committed { participants: self.of(&message.participants), people_version: self.version, ..message }
    }

    fn of(&mut self, participants: &Arc<[UserId]>) -> Arc<[UserId]> {
        if let Some((_, stayed)) = self.last.as_ref().filter(|(before, _)| Arc::ptr_eq(before, participants))
        {
            return Arc::clone(stayed);
        }
        let known = self.known.get_or_insert_with(|| self.people.iter().copied().collect());
        let stayed: Arc<[UserId]> =
            participants.iter().copied().filter(|user| known.contains(user)).collect();
        self.last = Some((Arc::clone(participants), Arc::clone(&stayed)));
        stayed
    }
}

#[cfg(test)]
mod tests {
    use plic_pipeline::id::{ConnectionId, MessageId, RoomId};
    use uuid::Uuid;

    use super::*;

    fn users(ids: &[u128]) -> Arc<[UserId]> {
        ids.iter().map(|id| UserId(Uuid::from_u128(*id))).collect()
    }

    fn message(people_version: i64, participants: &Arc<[UserId]>) -> Committed {
        Committed {
            id: MessageId(1),
            room: RoomId(1),
            seq: 1,
            sender: participants[0],
            origin: ConnectionId(1),
            text: "hello".into(),
            participants: Arc::clone(participants),
            people_version,
        }
    }

    #[test]
    fn whoever_left_receives_nothing_and_the_same_people_are_looked_for_once() {
        let mut stayed = Stayed::new(3, users(&[1, 3, 4]));
        let before = users(&[1, 2, 3]);
        let (first, second) = (stayed.only(message(2, &before)), stayed.only(message(2, &before)));
        assert_eq!(first.participants, users(&[1, 3]));
        assert_eq!(first.people_version, 3);
        assert!(Arc::ptr_eq(&first.participants, &second.participants));
        assert_eq!(stayed.only(message(1, &users(&[2, 4]))).participants, users(&[4]));
    }

    #[test]
    fn an_account_that_is_as_new_stays_as_it_is() {
        let newest = users(&[1, 2]);
        let kept = Stayed::new(3, users(&[1])).only(message(3, &newest));
        assert!(Arc::ptr_eq(&kept.participants, &newest));
    }
}
