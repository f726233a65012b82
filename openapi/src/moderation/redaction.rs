//! `DELETE /moderation/messages/:id`: takes a message's text away.

use plic_pipeline::{id::MessageId, moderation::Desk};
use poem_openapi::{OpenApi, param::Path};

use super::actor;
use crate::{caller::Caller, failure::Failure, number::Id, rooms::Changed, spec::Tag};

/// The handlers.
pub(crate) struct RedactionApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Incidents")]
impl RedactionApi {
    /// Redact a message
    ///
    /// Its text is removed from its room and from decided incidents, for good; that there was a message, whose and when,
    /// stays. An open incident keeps the text, which is its evidence: decide it first, then redact again if the text is to
    /// go there too. You cannot redact your own message while an incident about it is open (409), and never take its text
    /// from an incident.
    #[oai(path = "/moderation/messages/:id", method = "delete", operation_id = "redactMessage")]
    async fn redact(
        &self,
        caller: Caller,
        /// The message's id.
        id: Path<Id>,
    ) -> Result<Changed, Failure> {
        self.desk.redact(actor(&caller), MessageId(id.0.0)).await?;
        Ok(Changed::done())
    }
}
