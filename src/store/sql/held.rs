//! Messages kept for review: taken in, recognised when sent again, and delivered when they are released.

use std::sync::Arc;

use async_trait::async_trait;
use plic_pipeline::{
    command::TempId,
    event::{Committed, Confirmation, Event},
    id::{ConnectionId, MessageId, RoomId, UserId},
    moderation::{Incident, IncidentKind, incident::HeldMessage},
    store::{Before, Held, StoreError},
};
use sqlx::{FromRow, query, query_as, query_scalar};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    bans,
    change::{Change, Work},
    db::{Present, Text, next_id, present, store_message},
    incidents::{self, NewIncident},
    lately,
    read::already_sent,
};

/// Keeps a message for review.
pub(super) struct Hold(pub(super) HeldMessage);

#[async_trait]
impl Change for Hold {
    type Done = Held;
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Held, StoreError>> {
        let HeldMessage { key, origin, temp_id, text, delivered, finding } = &self.0;
        // First of all, so that none of its messages is being stored meanwhile.
        let present = present(work, key.room).await?;
        match already_sent(work.connection, key, work.now).await? {
            Some(Before::Sent(message)) => return Ok(Ok(Held::Sent(message))),
            Some(Before::Held) => return Ok(Ok(Held::Waiting)),
            None => {}
        }
        if bans::silences(work.connection, key.sender, work.now).await? {
            return Ok(Err(StoreError::Banned));
        }
        if !present.is_some_and(|present| present.users.contains(&key.sender)) {
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
            "INSERT INTO held (incident, sender, room, digest, origin, temp_id, temp_id_json, delivered, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(incident.id.0)
        .bind(key.sender.0)
        .bind(key.room.0)
        .bind(key.digest.to_vec())
        .bind(origin.0.cast_signed())
        .bind(Text::from(temp_id.as_str()))
        .bind(temp_id.inexact().map(Text::from))
        .bind((delivered != text).then(|| Text::from(delivered.as_str())))
        .bind(work.now.0)
        .execute(&mut *work.connection)
        .await?;
        incidents::announce(work, incident);
        Ok(Ok(Held::Waiting))
    }
}

#[derive(FromRow)]
struct HeldRow {
    sender: Uuid,
    room: i64,
    digest: Vec<u8>,
    origin: Option<i64>,
    temp_id: Text,
    temp_id_json: Option<Text>,
    delivered: Option<Text>,
}

/// Stores a held message as the newest of its room, and publishes it and its confirmation; answers its id, or nothing
/// where it cannot be delivered any more.
pub(super) async fn deliver(work: &mut Work<'_>, incident: &Incident) -> sqlx::Result<Option<MessageId>> {
    let row: Option<HeldRow> = query_as(
        "SELECT sender, room, digest, origin, temp_id, temp_id_json, delivered FROM held WHERE incident = $1",
    )
    .bind(incident.id.0)
    .fetch_optional(&mut *work.connection)
    .await?;
    let Some(HeldRow { sender, room, digest, origin, temp_id, temp_id_json, delivered }) = row else {
        return Ok(None);
    };
    let (sender, room) = (UserId(sender), RoomId(room));
    let present = present(work, room).await?;
    // It counts on here, or did so before in this transaction.
    work.people.forget(room);
    let Some(Present { users, people_version }) = present.filter(|present| present.users.contains(&sender))
    else {
        return Ok(None);
    };
    // The connections of a process that has ended have the numbers of others by now.
    let origin = origin.map_or(ConnectionId::ENDED, |origin| ConnectionId(origin.cast_unsigned()));
    let text = delivered.map_or_else(|| incident.text.clone(), |text| text.0);

    let id = next_id(work.connection).await?;
    let seq: i64 = query_scalar(
        "UPDATE rooms SET last_seq = last_seq + 1, activity = $1 WHERE id = $2 RETURNING last_seq",
    )
    .bind(id)
    .bind(room.0)
    .fetch_one(&mut *work.connection)
    .await?;
    let committed =
        Committed { id: MessageId(id), room, seq, sender, origin, text, participants: users, people_version };
    store_message(work.connection, &committed, work.now).await?;
    query(
        "INSERT INTO sent (message, sender, room, digest, at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (sender, room, digest) DO UPDATE SET message = excluded.message, at = excluded.at",
    )
    .bind(id)
    .bind(sender.0)
    .bind(room.0)
    .bind(digest)
    .bind(work.now.0)
    .execute(&mut *work.connection)
    .await?;
    query("DELETE FROM held WHERE incident = $1").bind(incident.id.0).execute(&mut *work.connection).await?;
    query("UPDATE incidents SET message = $1 WHERE id = $2")
        .bind(id)
        .bind(incident.id.0)
        .execute(&mut *work.connection)
        .await?;
    work.events.push(Event::Message(Arc::new(committed)));
    let temp_id = TempId::from_parts(&temp_id.0, temp_id_json.as_ref().map(|json| json.0.as_str()));
    let confirmation = Confirmation { sender, origin, temp_id };
    work.events.push(Event::Confirmed(confirmation.clone()));
    work.news.push(News::Released(confirmation));
    Ok(Some(MessageId(id)))
}
