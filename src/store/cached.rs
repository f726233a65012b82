//! Caches rooms and bans, which every command asks for, so that most commands read no database.
//!
//! Never stale after a change that this node acknowledged (`memory` says why). A change that another node made shows when
//! this one reads of it in the feed ([`Forget`]), and at the latest after ten seconds. So on several nodes the cache only
//! refuses commands early, and whatever is shown to a user is read past it ([`Writers::OthersToo`]).

mod bans;
mod memory;
mod records;

use std::{future, panic, sync::Arc, time::Duration};

use async_trait::async_trait;
use moka::future::Cache;
use plic_pipeline::{
    id::{MessageId, RoomId, UserId},
    moderation::{
        Policy, Records,
        incident::{HeldMessage, RefusedMessage},
    },
    room::{Room, RoomError},
    store::{
        Ban, Before, Held, NewMessage, Page, Reader, Recorded, RoomHistory, RoomSummary, RoomsAfter, SentKey,
        Store, StoreError,
    },
    timestamp::Timestamp,
};

use self::{bans::Bans, memory::Memory};
use crate::cluster::shared::Forget;

/// The longest that anything is remembered.
const KEPT: Duration = Duration::from_secs(10);
/// Participants remembered over all rooms, 16 bytes each; a room counts for a few more.
const ROOMS_WEIGHT: u64 = 4_000_000;
const ROOM_OVERHEAD: usize = 16;
/// Users whose ban, or lack of one, is remembered for them alone.
const USERS: u64 = 200_000;

/// Who changes what a cache stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writers {
    /// Only this process: the cache is exact.
    ThisProcess,
    /// Other processes too: the cache lags behind their changes until it is told to forget.
    OthersToo,
}

/// A store in front of which rooms and bans are remembered.
pub struct Cached<S> {
    store: Arc<S>,
    writers: Writers,
    rooms: Memory<RoomId, Option<Arc<Room>>>,
    bans: Bans<S>,
}

impl<S: Store + Records + 'static> Cached<S> {
    /// Caches what `store` answers. All changes of this process must go through the value that this returns.
    pub fn new(store: S, writers: Writers) -> Self {
        let rooms = Cache::builder().max_capacity(ROOMS_WEIGHT).weigher(|_, room: &Option<Arc<Room>>| {
            let people = room.as_ref().map_or(0, |room| room.participants.len());
            u32::try_from(people + ROOM_OVERHEAD).unwrap_or(u32::MAX)
        });
        let bans = Cache::builder().max_capacity(USERS);
        let store = Arc::new(store);
        Self {
            rooms: Memory::new(rooms.time_to_live(KEPT).build()),
            bans: Bans::new(Arc::clone(&store), Memory::new(bans.time_to_live(KEPT).build())),
            store,
            writers,
        }
    }

    /// Reads what everybody who comes back after a restart is asked about.
    pub async fn warm_up(&self)
    where
        S: Records,
    {
        self.bans.read().await;
    }

    /// The store itself.
    pub fn inner(&self) -> &Arc<S> {
        &self.store
    }

    /// Runs a change and what follows it to the end, whether or not the caller waits: a change that commits after its
    /// caller has gone must be forgotten here all the same.
    async fn to_the_end<T: Send + 'static>(change: impl Future<Output = T> + Send + 'static) -> T {
        match tokio::spawn(change).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => panic::resume_unwind(panic),
                // The runtime is shutting down, and the caller's task with it.
                Err(_) => future::pending().await,
            },
        }
    }
}

impl<S: Send + Sync> Forget for Cached<S> {
    fn room(&self, room: RoomId) {
        self.rooms.forget(room);
    }

    fn ban(&self, user: UserId) {
        self.bans.forget(user);
    }

    fn everything(&self) {
        self.rooms.forget_all();
        self.bans.forget_all();
    }
}

#[async_trait]
impl<S: Store + Records + 'static> Store for Cached<S> {
    fn now(&self) -> Timestamp {
        self.store.now()
    }

    async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        self.store.append(message).await
    }

    async fn record_refused(&self, refused: RefusedMessage, policy: &Policy) -> Result<Recorded, StoreError> {
        let (store, bans, policy) = (Arc::clone(&self.store), self.bans.clone(), policy.clone());
        Self::to_the_end(async move {
            let user = refused.key.sender;
            let done = store.record_refused(refused, &policy).await;
            // Also after an error: a strike that timed out may have been the last.
            if !matches!(done, Ok(Recorded { banned: None })) {
                bans.forget(user);
            }
            done
        })
        .await
    }

    async fn hold(&self, held: HeldMessage) -> Result<Held, StoreError> {
        self.store.hold(held).await
    }

    async fn already_sent(&self, key: &SentKey) -> Result<Option<Before>, StoreError> {
        self.store.already_sent(key).await
    }

    async fn room(&self, room: RoomId) -> Result<Option<Arc<Room>>, StoreError> {
        self.rooms.get(room, self.store.room(room)).await
    }

    async fn create_room(
        &self,
        owner: UserId,
        named: &[UserId],
        apartment: Option<i64>,
    ) -> Result<RoomId, RoomError> {
        let (store, rooms, named) = (Arc::clone(&self.store), self.rooms.clone(), named.to_vec());
        Self::to_the_end(async move {
            let room = store.create_room(owner, &named, apartment).await?;
            // Somebody may have asked for this id before it was a room.
            rooms.forget(room);
            Ok(room)
        })
        .await
    }

    async fn change_room(
        &self,
        room: RoomId,
        actor: UserId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), RoomError> {
        let (store, rooms) = (Arc::clone(&self.store), self.rooms.clone());
        let (add, remove) = (add.to_vec(), remove.to_vec());
        Self::to_the_end(async move {
            let done = store.change_room(room, actor, &add, &remove).await;
            // Also after an error: a change that timed out may have been committed.
            rooms.forget(room);
            done
        })
        .await
    }

    async fn delete_room(&self, room: RoomId, actor: UserId, moderates: bool) -> Result<(), RoomError> {
        let (store, rooms) = (Arc::clone(&self.store), self.rooms.clone());
        Self::to_the_end(async move {
            let done = store.delete_room(room, actor, moderates).await;
            rooms.forget(room);
            done
        })
        .await
    }

    async fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomsAfter>,
        limit: usize,
    ) -> Result<Page<RoomSummary>, RoomError> {
        self.store.rooms_of(user, after, limit).await
    }

    async fn read_room(
        &self,
        room: RoomId,
        reader: Reader,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Option<RoomHistory>, StoreError> {
        // Past the cache: the right to read belongs to the moment in which the messages are read.
        self.store.read_room(room, reader, before, limit).await
    }

    async fn ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        match self.writers {
            Writers::ThisProcess => self.bans.of(user).await,
            Writers::OthersToo => self.store.ban_of(user).await,
        }
    }

    async fn cached_ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        self.bans.of(user).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}
