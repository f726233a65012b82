//! `/moderation/users/:user_id`: what is known about a user, and to part them from the chat for now.

mod id_prefix;

use plic_pipeline::{
    id::UserId,
    moderation::{Desk, Dossier, people},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

pub(crate) use self::id_prefix::IdPrefix;
use super::{actor, answer::Answer, bans::Ban, incidents::Incident};
use crate::{
    body::{FromJson, JsonBody, fields::Fields, text},
    caller::Caller,
    failure::Failure,
    moment::Moment,
    nullable::Nullable,
    spec::Tag,
};

/// The most users that are found by the beginning of their id.
const MAX_FOUND: usize = 20;

/// Why a user is disconnected.
#[derive(Debug, Object)]
pub(crate) struct Disconnect {
    /// Why, for the audit log: the user is not told. At most 2,000 characters.
    #[oai(validator(max_length = 2000))]
    reason: String,
}

impl FromJson for Disconnect {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let Fields { values, .. } = Fields::read(json, &["reason"])?;
        Ok(Self { reason: text(&values, "reason")? })
    }
}

/// What came of it.
#[derive(Debug, Object)]
pub(crate) struct Disconnected {
    /// Whether they were connected to the node that you asked; other nodes close their connections too.
    was_connected: bool,
}

/// What is known about a user; each list newest first, and at most 100 long.
#[derive(Debug, Object)]
pub(crate) struct UserRecord {
    /// Who.
    user_id: Uuid,
    /// Whether they are connected to the node that you asked.
    connected: bool,
    /// Strikes that count now, by the policy's window.
    strikes_counted: u32,
    /// Their strikes: a blocked message is one.
    strikes: Vec<Strike>,
    /// Their bans, lifted ones and those that are over too.
    bans: Vec<Ban>,
    /// Incidents about their messages.
    incidents: Vec<Incident>,
    /// What moderators noted when they decided about these.
    notes: Vec<Note>,
}

/// A strike.
#[derive(Debug, Object)]
pub(crate) struct Strike {
    /// The incident that it came with.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    incident_id: i64,
    /// When.
    at: Moment,
    /// Whether it was taken back.
    taken_back: bool,
}

/// A moderator's note.
#[derive(Debug, Object)]
pub(crate) struct Note {
    /// The incident.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    incident_id: i64,
    /// Who noted it.
    by: Nullable<Uuid>,
    /// When.
    at: Moment,
    /// What.
    text: String,
}

/// The handlers.
pub(crate) struct UsersApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::People")]
impl UsersApi {
    /// Find users by the beginning of their id
    ///
    /// Users who were in a room, whom an incident or a ban is about, or who did something as moderators; in the order of
    /// their ids, the first 20.
    #[oai(path = "/moderation/users", method = "get", operation_id = "findUsers")]
    async fn find(
        &self,
        _caller: Caller,
        /// The first 4 to 32 digits of the id, without hyphens.
        id_prefix: Query<IdPrefix>,
    ) -> Result<Answer<Vec<Uuid>>, Failure> {
        let (first, last) = id_prefix.0.range();
        let users = self.desk.users_between(first, last, MAX_FOUND).await?;
        Ok(Answer::with(users.into_iter().map(|user| user.0).collect()))
    }

    /// Read a user's record
    ///
    /// Of whom nothing is known it is empty.
    #[oai(path = "/moderation/users/:user_id", method = "get", operation_id = "readUserRecord")]
    async fn read_record(
        &self,
        caller: Caller,
        /// The user.
        user_id: Path<Uuid>,
    ) -> Result<Answer<UserRecord>, Failure> {
        let (dossier, connected) = self.desk.dossier(UserId(user_id.0)).await?;
        Ok(Answer::with(UserRecord::of(user_id.0, connected, dossier, caller.user())))
    }

    /// Disconnect a user
    ///
    /// Their connections are closed with 4004 on every node. Their client is asked not to reconnect by itself, but they
    /// may come back: to keep them out, ban them. A moderator disconnects no admin: 403 where the user was seen as one
    /// within a day, and otherwise an admin's connections stay.
    #[oai(path = "/moderation/users/:user_id/disconnect", method = "post", operation_id = "disconnectUser")]
    async fn disconnect(
        &self,
        caller: Caller,
        /// The user.
        user_id: Path<Uuid>,
        body: JsonBody<Disconnect>,
    ) -> Result<Answer<Disconnected>, Failure> {
        let user = UserId(user_id.0);
        let was_connected = self.desk.disconnect(actor(&caller), user, body.0.reason).await?;
        Ok(Answer::with(Disconnected { was_connected }))
    }
}

impl UserRecord {
    fn of(user_id: Uuid, connected: bool, dossier: Dossier, caller: UserId) -> Self {
        let strike = |strike: people::Strike| Strike {
            incident_id: strike.incident.0,
            at: Moment(strike.at),
            taken_back: strike.taken_back,
        };
        let note = |note: people::Note| Note {
            incident_id: note.incident.0,
            by: Nullable(note.by.map(|user| user.0)),
            at: Moment(note.at),
            text: note.text,
        };
        Self {
            user_id,
            connected,
            strikes_counted: dossier.strikes_counted,
            strikes: dossier.strikes.into_iter().map(strike).collect(),
            bans: dossier.bans.into_iter().map(Ban::from).collect(),
            incidents: dossier
                .incidents
                .into_iter()
                .map(|incident| Incident::seen_by(caller, incident))
                .collect(),
            notes: dossier.notes.into_iter().map(note).collect(),
        }
    }
}
