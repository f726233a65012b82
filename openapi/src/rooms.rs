//! `/rooms`: create a room, list one's rooms, change who is in one.

mod cursor;
mod wire;

use std::sync::Arc;

use plic_pipeline::{
    id::{RoomId, UserId},
    moderation::Desk,
    store::Store,
};
use poem_openapi::{ApiResponse, OpenApi, param::Query, payload::Json};

use self::{
    cursor::{RoomCursor, opaque},
    wire::{Done, NewRoom, ParticipantsChange, Room, RoomCreated, RoomList},
};
use crate::{
    body::JsonBody,
    caller::Caller,
    failure::Failure,
    moderation::actor,
    nullable::Nullable,
    page::{Limit, default_limit, link},
    spec::Tag,
    work::{self, WorkLimit},
};

#[derive(ApiResponse)]
pub(crate) enum Listed {
    /// A page of your rooms.
    #[oai(status = 200)]
    Page(
        Json<RoomList>,
        /// There when there are more rooms: `</rooms?limit=100&after=0000000000232800000000000007>; rel="next"`.
        #[oai(header = "Link")]
        Option<String>,
    ),
}

#[derive(ApiResponse)]
pub(crate) enum Created {
    /// The room is created.
    #[oai(status = 200)]
    Room(Json<RoomCreated>),
}

#[derive(ApiResponse)]
pub(crate) enum Changed {
    /// It is done.
    #[oai(status = 200)]
    Done(Json<Done>),
}

impl Changed {
    pub(crate) const fn done() -> Self {
        Self::Done(Json(Done { error_message: Nullable(None), data: Nullable(None) }))
    }
}

/// The handlers.
pub(crate) struct RoomsApi {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) desk: Desk,
    pub(crate) work: WorkLimit,
}

impl RoomsApi {
    /// Has the store know a moderator or an admin, whom the limits of a day do not bind, before it is asked.
    async fn note_moderator(&self, caller: &Caller) {
        if caller.moderates() {
            self.desk.note_role_before_acting(actor(caller)).await;
        }
    }
}

#[OpenApi(tag = "Tag::Rooms")]
impl RoomsApi {
    /// Create a room
    ///
    /// You own the room and are in it, whether or not `users` names you. A room has at most 1000 participants. How many
    /// rooms you may start, and how many people you may bring into rooms, within 24 hours is limited (429; 422 where more
    /// are named than a day allows), unless you are a moderator or an admin.
    #[oai(path = "/rooms", method = "post", operation_id = "createRoom")]
    async fn create_room(&self, caller: Caller, body: JsonBody<NewRoom>) -> Result<Created, Failure> {
        let named: Vec<UserId> = body.0.users.into_iter().map(UserId).collect();
        self.work.charge(caller.user(), named.len())?;
        self.note_moderator(&caller).await;
        let room = self.store.create_room(caller.user(), &named, body.0.apartment_id.0).await?;
        Ok(Created::Room(Json(RoomCreated { error_message: Nullable(None), data: Nullable(Some(room.0)) })))
    }

    /// List your rooms
    ///
    /// Each with its last message, the room with the newest activity (its last message, or its creation) first. Follow the
    /// `Link` header with `rel="next"` for the rooms after these: a room that gets a message meanwhile moves to the top,
    /// and the following pages repeat no room and leave out none that kept its place. A page ends early once it holds
    /// about 512 KiB.
    #[oai(path = "/rooms", method = "get", operation_id = "listRooms")]
    async fn list_rooms(
        &self,
        caller: Caller,
        /// The most rooms to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Where the page begins: the value that the `Link` header of the page before has, which means nothing to a client;
        /// or the id of a room of yours, for the rooms after its current place.
        after: Query<Option<RoomCursor>>,
    ) -> Result<Listed, Failure> {
        let after = after.0.map(|cursor| cursor.0);
        self.work.charge(caller.user(), 0)?;
        let page = self.store.rooms_of(caller.user(), after, limit.0.items()).await?;
        self.work.owe(caller.user(), work::of_rooms(&page.items));
        let last = page.items.last().filter(|_| page.more);
        let next = last.map(|last| link("/rooms", limit.0, "after", opaque(last.position()), "next"));
        let data = page.items.iter().map(|summary| Room::seen_by(caller.user(), summary)).collect();
        Ok(Listed::Page(Json(RoomList { error_message: Nullable(None), data }), next))
    }

    /// Add and remove participants
    ///
    /// The owner adds and removes; any participant may remove themselves alone, which is to leave. It is all or
    /// nothing. When the owner leaves, the participant who joined first becomes owner; when the last one leaves, the
    /// room is deleted. Adding who is in the room and removing who is not changes nothing.
    #[oai(path = "/rooms", method = "put", operation_id = "changeParticipants")]
    async fn change_participants(
        &self,
        caller: Caller,
        body: JsonBody<ParticipantsChange>,
    ) -> Result<Changed, Failure> {
        let ParticipantsChange { room_id, users_to_add, users_to_remove } = body.0;
        let add: Vec<UserId> = users_to_add.into_iter().map(UserId).collect();
        let remove: Vec<UserId> = users_to_remove.into_iter().map(UserId).collect();
        let room = RoomId(room_id);
        let present = work::of_change(self.store.room(room).await?.as_deref(), caller.user());
        self.work.charge(caller.user(), present + add.len() + remove.len())?;
        self.note_moderator(&caller).await;
        self.store.change_room(room, caller.user(), &add, &remove).await?;
        Ok(Changed::done())
    }
}
