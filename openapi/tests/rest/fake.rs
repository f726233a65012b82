//! A store in memory and tokens that say who they belong to. Shared by the tests and the example server.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use plic_pipeline::{
    id::{MessageId, RoomId, UserId},
    moderation::{
        Policy,
        incident::{HeldMessage, RefusedMessage},
    },
    room::{Room, RoomError, founding_members},
    store::{
        Ban, Before, Held, NewMessage, Page, Reader, Recorded, RoomHistory, RoomPosition, RoomSummary,
        RoomsAfter, SentKey, Store, StoreError, StoredMessage,
    },
    timestamp::Timestamp,
    token::{Identity, Role, TokenError, Tokens},
};
use uuid::Uuid;

/// The user with this number.
pub(crate) fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

/// Tokens are `user-<number>`, `moderator-<number>`, `admin-<number>` or `no-keys`.
#[derive(Default)]
pub(crate) struct FakeTokens {
    /// How often a token was verified.
    pub(crate) verified: AtomicUsize,
}

#[async_trait]
impl Tokens for FakeTokens {
    async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        self.verified.fetch_add(1, Ordering::Relaxed);
        let (role, number) = match token.split_once('-') {
            Some(("user", number)) => (Role::User, number),
            Some(("moderator", number)) => (Role::Moderator, number),
            Some(("admin", number)) => (Role::Admin, number),
            Some(("no", "keys")) => return Err(TokenError::KeysUnavailable),
            _ => return Err(TokenError::Invalid("unknown".to_owned())),
        };
        let number = number.parse().map_err(|_| TokenError::Invalid("no number".to_owned()))?;
        Ok(Identity { user: user(number), role, expires_at: Timestamp(i64::MAX) })
    }
}

/// Rooms are in the order of their newest activity, the newest last.
#[derive(Default)]
pub(crate) struct FakeStore {
    rooms: Mutex<Vec<Arc<Room>>>,
    messages: Mutex<Vec<StoredMessage>>,
    bans: Mutex<HashMap<UserId, Ban>>,
    away: AtomicBool,
}

impl FakeStore {
    /// Lets every call fail from now on, or no longer.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// Stores a message.
    pub(crate) fn say(&self, room: i64, sender: u128, text: &str) {
        let mut messages = lock(&self.messages);
        let id = MessageId(i64::try_from(messages.len()).expect("few messages") + 1);
        messages.push(StoredMessage {
            id,
            room: RoomId(room),
            sender: user(sender),
            text: text.to_owned(),
            created_at: Timestamp(1_769_860_800_000_000 + id.0),
        });
        let mut rooms = lock(&self.rooms);
        let place = rooms.iter().position(|other| other.id.0 == room).expect("the room exists");
        let room = rooms.remove(place);
        rooms.push(room);
    }

    /// Every message, by id.
    pub(crate) fn all_messages(&self) -> Vec<StoredMessage> {
        lock(&self.messages).clone()
    }

    /// Takes a message's text away; answers whether there is such a message.
    pub(crate) fn redact(&self, id: MessageId) -> bool {
        let mut messages = lock(&self.messages);
        let message = messages.iter_mut().find(|message| message.id == id);
        message.map(|message| message.text.clear()).is_some()
    }

    /// Keeps a user out.
    pub(crate) fn ban(&self, ban: Ban) {
        lock(&self.bans).insert(ban.user, ban);
    }

    /// Lets a user in again; answers whether they were kept out.
    pub(crate) fn lift_ban(&self, user: UserId) -> bool {
        lock(&self.bans).remove(&user).is_some()
    }

    /// An error while calls are to fail.
    pub(crate) fn answer(&self) -> Result<(), StoreError> {
        if self.away.load(Ordering::SeqCst) { Err(StoreError::Unavailable("away".into())) } else { Ok(()) }
    }

    fn edit<T>(
        &self,
        room: RoomId,
        edit: impl FnOnce(&mut Room) -> Result<T, RoomError>,
    ) -> Result<T, RoomError> {
        self.answer()?;
        let mut rooms = lock(&self.rooms);
        let room = rooms.iter_mut().find(|other| other.id == room).ok_or(RoomError::NotFound)?;
        edit(Arc::make_mut(room))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Store for FakeStore {
    async fn append(&self, _message: NewMessage) -> Result<MessageId, StoreError> {
        unreachable!("REST sends no messages")
    }

    async fn already_sent(&self, _key: &SentKey) -> Result<Option<Before>, StoreError> {
        unreachable!("REST sends no messages")
    }

    async fn record_refused(&self, _: RefusedMessage, _: &Policy) -> Result<Recorded, StoreError> {
        unreachable!("REST sends no messages")
    }

    async fn hold(&self, _held: HeldMessage) -> Result<Held, StoreError> {
        unreachable!("REST sends no messages")
    }

    async fn room(&self, room: RoomId) -> Result<Option<Arc<Room>>, StoreError> {
        self.answer()?;
        Ok(lock(&self.rooms).iter().find(|other| other.id == room).cloned())
    }

    async fn create_room(
        &self,
        owner: UserId,
        named: &[UserId],
        apartment: Option<i64>,
    ) -> Result<RoomId, RoomError> {
        self.answer()?;
        let participants = founding_members(owner, named)?;
        let mut rooms = lock(&self.rooms);
        let id = RoomId(i64::try_from(rooms.len()).expect("few rooms") + 1);
        let created_at = Timestamp(1_769_860_800_000_000);
        rooms.push(Arc::new(Room { id, owner, participants, apartment, created_at, deleted_at: None }));
        Ok(id)
    }

    async fn change_room(
        &self,
        room: RoomId,
        actor: UserId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), RoomError> {
        self.edit(room, |room| {
            let change = room.change(actor, add, remove)?;
            room.participants.retain(|user| !change.leave.contains(user));
            room.participants.extend(change.join);
            room.owner = change.new_owner.unwrap_or(room.owner);
            room.deleted_at = change.empties_room.then(Timestamp::now);
            Ok(())
        })
    }

    async fn delete_room(&self, room: RoomId, actor: UserId, moderates: bool) -> Result<(), RoomError> {
        self.edit(room, |room| {
            room.may_delete(actor, moderates)?;
            room.deleted_at = Some(Timestamp::now());
            Ok(())
        })
    }

    async fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomsAfter>,
        limit: usize,
    ) -> Result<Page<RoomSummary>, RoomError> {
        self.answer()?;
        let rooms = lock(&self.rooms);
        let mine = rooms.iter().rev().filter(|room| room.has_participant(user));
        let messages = lock(&self.messages);
        // Messages count on where rooms end.
        let activity = |room: &Room| {
            let last = messages.iter().rfind(|message| message.room == room.id);
            last.map_or(room.id.0, |message| 1000 + message.id.0)
        };
        let position = match after {
            None => None,
            Some(RoomsAfter::Position(position)) => Some(position),
            Some(RoomsAfter::Room(after)) => {
                let room = mine.clone().find(|room| room.id == after).ok_or(RoomError::UnknownCursor)?;
                Some(RoomPosition { activity: activity(room), room: after })
            }
        };
        let is_after = |room: &&Arc<Room>| {
            position.is_none_or(|after| (activity(room), room.id) < (after.activity, after.room))
        };
        let mut mine = mine.filter(is_after);
        let last = |room: &Room| messages.iter().rfind(|message| message.room == room.id).cloned();
        let items = mine.by_ref().take(limit);
        let items = items
            .map(|room| RoomSummary {
                room: Arc::clone(room),
                activity: activity(room),
                last_message: last(room),
            })
            .collect();
        Ok(Page { items, more: mine.next().is_some() })
    }

    async fn read_room(
        &self,
        room: RoomId,
        reader: Reader,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Option<RoomHistory>, StoreError> {
        self.answer()?;
        let found = lock(&self.rooms).iter().find(|other| other.id == room).map(|room| Room::clone(room));
        let Some(found) = found.filter(|room| reader.may_read(room)) else { return Ok(None) };
        let messages = lock(&self.messages);
        let mut newest = messages
            .iter()
            .rev()
            .filter(|message| message.room == room && before.is_none_or(|before| message.id < before));
        let mut items: Vec<StoredMessage> = newest.by_ref().take(limit).cloned().collect();
        items.reverse();
        let messages = Page { items, more: newest.next().is_some() };
        Ok(Some(RoomHistory { room: found, messages }))
    }

    async fn ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        self.answer()?;
        Ok(lock(&self.bans).get(&user).cloned())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.answer()
    }
}
