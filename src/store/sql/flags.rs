//! Messages that a rule flags: delivered, and shown to moderators.

use plic_pipeline::{
    id::MessageId,
    moderation::{Incident, IncidentKind},
    store::NewMessage,
    timestamp::Timestamp,
};

use super::{
    db::Connection,
    incidents::{self, NewIncident},
    lately,
};

/// Opens the incident of a message that was stored just now, in the same transaction; nothing where it is not flagged, or
/// its sender has had too many opened lately.
pub(super) async fn open(
    connection: &mut Connection,
    message: &NewMessage,
    id: MessageId,
    now: Timestamp,
) -> sqlx::Result<Option<Incident>> {
    let Some(flag) = &message.flag else { return Ok(None) };
    if lately::is_full_of_flags(connection, message.key.sender, now).await? {
        return Ok(None);
    }
    let new = NewIncident {
        kind: IncidentKind::Flag,
        category: flag.finding.category,
        user: message.key.sender,
        room: message.key.room,
        message: Some(id),
        text: flag.text.clone(),
        matches: flag.finding.matches.clone(),
        report: None,
    };
    incidents::open(connection, new, now).await.map(Some)
}
