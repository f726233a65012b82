//! The JSON of `/rooms`.

use plic_pipeline::{
    id::UserId,
    room::{MAX_APARTMENT_ID, MAX_USERS_PER_REQUEST},
    store::{RoomSummary, StoredMessage},
};
use poem_openapi::Object;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    body::{FromObject, integer, users},
    failure::{Failure, too_many_users},
    moment::Moment,
    nullable::Nullable,
    number::MAX_SAFE_INTEGER,
};

/// A room to create.
#[derive(Debug, Object)]
pub(crate) struct NewRoom {
    /// Who is to be in the room; you are in it as well, named or not. Repeats count once.
    #[oai(validator(max_items = 1000))]
    pub(super) users: Vec<Uuid>,
    /// The apartment that the room is about.
    #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
    pub(super) apartment_id: Nullable<i64>,
}

/// A change of who is in a room: all of it is done, or nothing.
#[derive(Debug, Object)]
pub(crate) struct ParticipantsChange {
    /// The room.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub(super) room_id: i64,
    /// Who joins; nobody may be named in both lists, and the two name at most 1000 users together.
    #[oai(validator(max_items = 1000))]
    pub(super) users_to_add: Vec<Uuid>,
    /// Who leaves.
    #[oai(validator(max_items = 1000))]
    pub(super) users_to_remove: Vec<Uuid>,
}

/// The answer to the creation of a room.
#[derive(Debug, Object)]
pub(crate) struct RoomCreated {
    /// `null`: it went well.
    pub(super) error_message: Nullable<String>,
    /// The new room's id.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub(super) data: Nullable<i64>,
}

/// The answer to what has no result.
#[derive(Debug, Object)]
pub(crate) struct Done {
    /// `null`: it went well.
    pub(super) error_message: Nullable<String>,
    /// Always `null`.
    pub(super) data: Nullable<bool>,
}

/// A page of rooms.
#[derive(Debug, Object)]
pub(crate) struct RoomList {
    /// `null`: it went well.
    pub(super) error_message: Nullable<String>,
    /// The rooms, the one with the newest activity first.
    pub(super) data: Vec<Room>,
}

/// A room in the list of one's rooms.
#[derive(Debug, Object)]
pub(crate) struct Room {
    /// Its id.
    #[oai(rename = "room_id", validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub(super) id: i64,
    /// Everybody in it, you too, in the order in which they joined.
    pub(super) participants_id: Vec<Uuid>,
    /// The apartment that it is about.
    #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
    pub(super) apartment_id: Nullable<i64>,
    /// Whether it is yours.
    pub(super) is_owner: bool,
    /// Its newest message; `null` while there is none.
    pub(super) last_message: Nullable<LastMessage>,
}

/// A room's newest message.
#[derive(Debug, Object)]
pub(crate) struct LastMessage {
    /// Its room.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub(super) room_id: i64,
    /// Its text.
    pub(super) message: String,
    /// Who sent it.
    pub(super) sender_id: Uuid,
    /// When.
    pub(super) created_at: Moment,
}

impl Room {
    pub(super) fn seen_by(user: UserId, summary: &RoomSummary) -> Self {
        let room = &summary.room;
        Self {
            id: room.id.0,
            participants_id: room.participants.iter().map(|user| user.0).collect(),
            apartment_id: Nullable(room.apartment),
            is_owner: room.owner == user,
            last_message: Nullable(summary.last_message.as_ref().map(LastMessage::from)),
        }
    }
}

impl From<&StoredMessage> for LastMessage {
    fn from(message: &StoredMessage) -> Self {
        Self {
            room_id: message.room.0,
            message: message.text.clone(),
            sender_id: message.sender.0,
            created_at: Moment(message.created_at),
        }
    }
}

impl FromObject for NewRoom {
    const KEYS: &'static [&'static str] = &["users", "apartment_id"];

    fn from_object(object: &Map<String, Value>) -> Result<Self, Failure> {
        let users = users(object, "users")?;
        if users.len() > MAX_USERS_PER_REQUEST {
            return Err(too_many_users());
        }
        let apartment_id = Nullable(integer(object, "apartment_id", 0, MAX_APARTMENT_ID)?);
        Ok(Self { users, apartment_id })
    }
}

impl FromObject for ParticipantsChange {
    const KEYS: &'static [&'static str] = &["room_id", "users_to_add", "users_to_remove"];

    fn from_object(object: &Map<String, Value>) -> Result<Self, Failure> {
        let room_id = integer(object, "room_id", 1, MAX_SAFE_INTEGER)?
            .ok_or_else(|| Failure::Invalid("`room_id` is missing.".to_owned()))?;
        let users_to_add = users(object, "users_to_add")?;
        let users_to_remove = users(object, "users_to_remove")?;
        if users_to_add.len() + users_to_remove.len() > MAX_USERS_PER_REQUEST {
            return Err(too_many_users());
        }
        Ok(Self { room_id, users_to_add, users_to_remove })
    }
}
