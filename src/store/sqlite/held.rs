//! Messages kept for review: taken in, recognised when sent again, and delivered when they are released.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use plic_pipeline::{
    command::TempId,
    event::{Committed, Confirmation, Event},
    id::{ConnectionId, MessageId, RoomId, UserId},
    moderation::{Incident, IncidentKind, incident::HeldMessage},
    store::{Before, Held, StoreError},
};
use sqlx::{FromRow, Row, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    incidents::{self, NewIncident},
    lately,
    queue::{Change, Work},
    read::sent_before,
};

/// Keeps a message for review.
pub(super) struct Hold(pub(super) HeldMessage);

#[async_trait]
impl Change for Hold {
    type Done = Held;
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Held, StoreError>> {
        let HeldMessage { key, origin, temp_id, text, delivered, finding } = &self.0;
        match sent_before(work.connection, key, work.now).await? {
            Some(Before::Sent(message)) => return Ok(Ok(Held::Sent(message))),
            Some(Before::Held) => return Ok(Ok(Held::Waiting)),
            None => {}
        }
        if participants(work, key.room, key.sender).await?.is_none() {
            return Ok(Err(StoreError::NotParticipant));
        }
        if temp_id.as_str().len() > HeldMessage::MAX_TEMP_ID_BYTES
            || lately::is_full_of_holds(work.connection, key.sender, work.now).await?
        {
            return Ok(Err(StoreError::QueueFull));
        }
        let new = NewIncident {
            kind: IncidentKind::Hold,
            category: finding.category,
            user: key.sender,
            room: key.room,
            message: None,
            text: text.clone(),
            matches: finding.matches.clone(),
            report: None,
        };
        let incident = incidents::open(work.connection, new, work.now).await?;
        query(
            "INSERT INTO held (incident, sender, room, digest, origin, temp_id, delivered, at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(incident.id.0)
        .bind(key.sender.0)
        .bind(key.room.0)
        .bind(key.digest.to_vec())
        .bind(origin.0.cast_signed())
        .bind(temp_id.as_str())
        .bind((delivered != text).then_some(delivered))
        .bind(work.now.0)
        .execute(&mut *work.connection)
        .await?;
        work.events.push(incidents::opened(incident));
        Ok(Ok(Held::Waiting))
    }
}

/// Everybody in a room that is not deleted; nothing where `user` is not among them.
async fn participants(
    work: &mut Work<'_>,
    room: RoomId,
    user: UserId,
) -> sqlx::Result<Option<Arc<[UserId]>>> {
    let row = query(
        "SELECT data_version, EXISTS (SELECT 1 FROM rooms WHERE id = ? AND deleted_at IS NULL) \
         FROM pragma_data_version",
    )
    .bind(room.0)
    .fetch_one(&mut *work.connection)
    .await?;
    work.people.at_version(row.try_get(0)?);
    if !row.try_get::<bool, _>(1)? {
        return Ok(None);
    }
    work.people.load(work.connection, &HashSet::from([room])).await?;
    let people = work.people.of(room);
    Ok(people.contains(&user).then_some(people))
}

#[derive(FromRow)]
struct HeldRow {
    sender: Uuid,
    room: i64,
    digest: Vec<u8>,
    origin: Option<i64>,
    temp_id: String,
    delivered: Option<String>,
}

/// Stores a held message as the newest of its room, and publishes it and its confirmation; answers its id, or nothing
/// where it cannot be delivered any more.
pub(super) async fn deliver(work: &mut Work<'_>, incident: &Incident) -> sqlx::Result<Option<MessageId>> {
    let row: Option<HeldRow> =
        query_as("SELECT sender, room, digest, origin, temp_id, delivered FROM held WHERE incident = ?")
            .bind(incident.id.0)
            .fetch_optional(&mut *work.connection)
            .await?;
    let Some(HeldRow { sender, room, digest, origin, temp_id, delivered }) = row else { return Ok(None) };
    let (sender, room) = (UserId(sender), RoomId(room));
    let participants = participants(work, room, sender).await?;
    // It counts on here, or did so before in this transaction.
    work.people.forget(room);
    let Some(participants) = participants else { return Ok(None) };
    // The connections of a process that has ended have the numbers of others by now.
    let origin = origin.map_or(ConnectionId::ENDED, |origin| ConnectionId(origin.cast_unsigned()));
    let text = delivered.unwrap_or_else(|| incident.text.clone());

    let id: i64 = query_scalar("UPDATE meta SET last_id = last_id + 1 RETURNING last_id")
        .fetch_one(&mut *work.connection)
        .await?;
    let seq: i64 = query_scalar(
        "UPDATE rooms SET last_seq = last_seq + 1, activity = ? WHERE id = ? RETURNING last_seq",
    )
    .bind(id)
    .bind(room.0)
    .fetch_one(&mut *work.connection)
    .await?;
    query("INSERT INTO messages (id, room, seq, sender, text, created_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(id)
        .bind(room.0)
        .bind(seq)
        .bind(sender.0)
        .bind(&text)
        .bind(work.now.0)
        .execute(&mut *work.connection)
        .await?;
    query("INSERT OR REPLACE INTO sent (message, sender, room, digest, at) VALUES (?, ?, ?, ?, ?)")
        .bind(id)
        .bind(sender.0)
        .bind(room.0)
        .bind(digest)
        .bind(work.now.0)
        .execute(&mut *work.connection)
        .await?;
    query("DELETE FROM held WHERE incident = ?").bind(incident.id.0).execute(&mut *work.connection).await?;
    query("UPDATE incidents SET message = ? WHERE id = ?")
        .bind(id)
        .bind(incident.id.0)
        .execute(&mut *work.connection)
        .await?;
    work.events.push(Event::Message(Arc::new(Committed {
        id: MessageId(id),
        room,
        seq,
        sender,
        origin,
        text,
        participants,
    })));
    let temp_id = TempId::from(temp_id.as_str());
    work.events.push(Event::Confirmed(Confirmation { sender, origin, temp_id }));
    Ok(Some(MessageId(id)))
}
