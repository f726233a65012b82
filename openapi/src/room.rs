//! `/rooms/:id`: read a room with its messages, delete it.

use std::sync::Arc;

use plic_pipeline::{
    id::{MessageId, RoomId},
    moderation::Desk,
    store::{Reader, RoomHistory, Store, StoredMessage},
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    caller::Caller,
    failure::Failure,
    moderation::actor,
    moment::Moment,
    nullable::Nullable,
    number::Id,
    page::{Limit, default_limit, link},
    rooms::Changed,
    spec::Tag,
    work::{self, WorkLimit},
};

/// A room with a page of its messages.
#[derive(Debug, Object)]
pub(crate) struct RoomDetail {
    /// The apartment that it is about.
    #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
    apartment_id: Nullable<i64>,
    /// When it was created.
    created_at: Moment,
    /// A page of its messages, the oldest first.
    messages: Vec<Message>,
    /// Who owns it.
    owner_id: Uuid,
    /// Everybody in it, in the order in which they joined.
    participants_id: Vec<Uuid>,
    /// Its id.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    room_id: i64,
}

/// A message.
#[derive(Debug, Object)]
pub(crate) struct Message {
    /// Its id, growing with the message's place in its room.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    id: i64,
    /// Its room.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    room_id: i64,
    /// Its text.
    #[oai(rename = "message")]
    text: String,
    /// Who sent it.
    sender_id: Uuid,
    /// When.
    created_at: Moment,
}

#[derive(ApiResponse)]
pub(crate) enum Read {
    /// The room, without an envelope.
    #[oai(status = 200)]
    Room(
        Json<RoomDetail>,
        /// There when there are older messages: `</rooms/7?limit=100&before=123>; rel="prev"`.
        #[oai(header = "Link")]
        Option<String>,
    ),
}

/// The handlers.
pub(crate) struct RoomApi {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) desk: Desk,
    pub(crate) work: WorkLimit,
}

#[OpenApi(tag = "Tag::Rooms")]
impl RoomApi {
    /// Read a room
    ///
    /// For its participants; moderators may read any room, deleted ones too. A moderator who is not a participant leaves
    /// an audit entry (`room.read`): one stands for all their reads of that room within ten minutes, on each node. The
    /// newest messages come first by page and the oldest first within a page: follow the `Link` header with `rel="prev"`
    /// to read back.
    #[oai(path = "/rooms/:id", method = "get", operation_id = "readRoom")]
    async fn read_room(
        &self,
        caller: Caller,
        /// The room's id.
        id: Path<Id>,
        /// The most messages to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Return messages before the one with this id.
        before: Query<Option<Id>>,
    ) -> Result<Read, Failure> {
        let id = RoomId(id.0.0);
        let reader = if caller.moderates() { Reader::Moderator } else { Reader::Participant(caller.user()) };
        self.work.charge(caller.user(), 0)?;
        let before = before.0.map(|id| MessageId(id.0));
        let found = self.store.read_room(id, reader, before, limit.0.items()).await?;
        let RoomHistory { room, messages: page } = found.ok_or(Failure::NoSuchRoom)?;
        if !room.has_participant(caller.user()) {
            self.desk.note_reading(actor(&caller), id).await?;
        }
        self.work.owe(caller.user(), work::of_detail(&room, &page.items));
        let oldest = page.items.first().filter(|_| page.more);
        let previous =
            oldest.map(|oldest| link(&format!("/rooms/{id}"), limit.0, "before", oldest.id.0, "prev"));
        let detail = RoomDetail {
            apartment_id: Nullable(room.apartment),
            created_at: Moment(room.created_at),
            messages: page.items.into_iter().map(Message::from).collect(),
            owner_id: room.owner.0,
            participants_id: room.participants.iter().map(|user| user.0).collect(),
            room_id: room.id.0,
        };
        Ok(Read::Room(Json(detail), previous))
    }

    /// Delete a room
    ///
    /// For its owner and for moderators. The room is gone for its participants at once.
    #[oai(path = "/rooms/:id", method = "delete", operation_id = "deleteRoom")]
    async fn delete_room(
        &self,
        caller: Caller,
        /// The room's id.
        id: Path<Id>,
    ) -> Result<Changed, Failure> {
        let id = RoomId(id.0.0);
        let present = work::of_change(self.store.room(id).await?.as_deref(), caller.user());
        self.work.charge(caller.user(), present)?;
        self.store.delete_room(id, caller.user(), caller.moderates()).await?;
        Ok(Changed::done())
    }
}

impl From<StoredMessage> for Message {
    fn from(message: StoredMessage) -> Self {
        Self {
            id: message.id.0,
            room_id: message.room.0,
            text: message.text,
            sender_id: message.sender.0,
            created_at: Moment(message.created_at),
        }
    }
}
