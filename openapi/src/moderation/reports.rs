//! `POST /reports`: a participant tells moderators of a message. The one route here that every user has.

use plic_pipeline::{
    id::{MessageId, RoomId},
    moderation::Desk,
};
use poem_openapi::{Object, OpenApi};

use super::answer::Answer;
use crate::{
    body::{FromJson, JsonBody, fields::Fields, integer, missing, text},
    caller::Caller,
    failure::Failure,
    number::MAX_SAFE_INTEGER,
    spec::Tag,
    work::{self, WorkLimit},
};

/// A message to report.
#[derive(Debug, Object)]
pub(crate) struct NewReport {
    /// The room that it is in, and you are or were in.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    room_id: i64,
    /// The message.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    message_id: i64,
    /// Why, for moderators; at most 2,000 characters.
    #[oai(validator(min_length = 1, max_length = 2000))]
    reason: String,
}

impl FromJson for NewReport {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let Fields { values, .. } = Fields::read(json, &["room_id", "message_id", "reason"])?;
        let id = |key| integer(&values, key, 1, MAX_SAFE_INTEGER)?.ok_or_else(|| missing(key));
        Ok(Self { room_id: id("room_id")?, message_id: id("message_id")?, reason: text(&values, "reason")? })
    }
}

/// The handlers.
pub(crate) struct ReportsApi {
    pub(crate) desk: Desk,
    pub(crate) work: WorkLimit,
}

#[OpenApi(tag = "Tag::Reports")]
impl ReportsApi {
    /// Report a message
    ///
    /// For participants of the room, and those who were when it was said. Moderators see the message with what was said
    /// around it, and who reported it. `data` is the number of the message's incident, to name when asking about it: every
    /// report of a message has the same, and reporting it again changes nothing.
    #[oai(path = "/reports", method = "post", operation_id = "reportMessage")]
    async fn report(&self, caller: Caller, body: JsonBody<NewReport>) -> Result<Answer<i64>, Failure> {
        let NewReport { room_id, message_id, reason } = body.0;
        self.work.charge(caller.user(), work::of_text(reason.len()))?;
        let (room, message) = (RoomId(room_id), MessageId(message_id));
        Ok(Answer::with(self.desk.report(caller.user(), room, message, reason).await?.0))
    }
}
