//! The port of chat: which part of it is where.

use std::sync::Arc;

use async_trait::async_trait;
use plic_pipeline::{
    id::{MessageId, RoomId, UserId},
    moderation::{
        Policy,
        incident::{HeldMessage, RefusedMessage},
    },
    room::{Room, RoomError},
    store::{
        Ban, Before, Held, NewMessage, Page, Reader, Recorded, RoomHistory, RoomSummary, RoomsAfter, SentKey,
        Store, StoreError,
    },
    timestamp::Timestamp,
};

use super::{
    db::Engine,
    deadline::in_time,
    held::Hold,
    probe, read,
    refused::RecordRefused,
    rooms::{ChangeRoom, CreateRoom, DeleteRoom},
};

#[async_trait]
impl Store for Engine {
    fn now(&self) -> Timestamp {
        self.moment()
    }

    async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        self.queue.append(message).await
    }

    async fn record_refused(&self, refused: RefusedMessage, policy: &Policy) -> Result<Recorded, StoreError> {
        self.queue.change(RecordRefused { refused, policy: policy.clone() }).await
    }

    async fn hold(&self, held: HeldMessage) -> Result<Held, StoreError> {
        self.queue.change(Hold(held)).await
    }

    async fn already_sent(&self, key: &SentKey) -> Result<Option<Before>, StoreError> {
        in_time(|| async {
            read::already_sent(&mut *self.lookups.snapshot().await?, key, self.moment()).await
        })
        .await
    }

    async fn room(&self, room: RoomId) -> Result<Option<Arc<Room>>, StoreError> {
        in_time(|| async { read::load_room(&mut *self.lookups.snapshot().await?, room).await })
            .await
            .map(|room| room.map(Arc::new))
    }

    async fn create_room(
        &self,
        owner: UserId,
        named: &[UserId],
        apartment: Option<i64>,
    ) -> Result<RoomId, RoomError> {
        self.queue
            .change(CreateRoom { owner, named: named.to_vec(), apartment, limits: self.daily_limits })
            .await
    }

    async fn change_room(
        &self,
        room: RoomId,
        actor: UserId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), RoomError> {
        self.queue
            .change(ChangeRoom {
                room,
                actor,
                add: add.to_vec(),
                remove: remove.to_vec(),
                limits: self.daily_limits,
            })
            .await
    }

    async fn delete_room(&self, room: RoomId, actor: UserId, moderates: bool) -> Result<(), RoomError> {
        self.queue.change(DeleteRoom { room, actor, moderates }).await
    }

    async fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomsAfter>,
        limit: usize,
    ) -> Result<Page<RoomSummary>, RoomError> {
        in_time(|| async { read::rooms_of(&mut *self.lists.snapshot().await?, user, after, limit).await })
            .await?
            .ok_or(RoomError::UnknownCursor)
    }

    async fn read_room(
        &self,
        room: RoomId,
        reader: Reader,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Option<RoomHistory>, StoreError> {
        in_time(|| async {
            read::read_room(&mut *self.lists.snapshot().await?, room, reader, before, limit).await
        })
        .await
    }

    async fn ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        in_time(|| async { read::ban_of(&mut *self.lookups.single().await?, user).await }).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.queue.ping()?;
        in_time(|| async { read::ping(&mut *self.lookups.single().await?).await }).await?;
        probe::prove_writes(&self.queue).await
    }
}
