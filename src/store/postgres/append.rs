//! Storing a batch of messages: one call of `append_new`, or where anything is unusual of `append_messages`; the migrations
//! explain both.
//!
//! It may be tried again after any error: a message that was stored by an attempt whose answer was lost is found to have
//! been stored before.

use plic_pipeline::{
    event::Event,
    id::{MessageId, RoomId, UserId},
    moderation::Incident,
    store::NewMessage,
    timestamp::Timestamp,
};
use sqlx::{FromRow, Row as _, postgres::PgRow, query};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    commit::begin_change,
    connection::Connection,
    feed, flags,
    fresh::Fresh,
    people::{Known, Present},
    reach::Link,
    text::stored,
};

const APPEND: &str =
    "SELECT kind, number, value, seq, users FROM append_messages($1, $2, $3, $4, $5, $6, $7, $8)";

/// What a message comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is stored.
    New { id: MessageId, seq: i64 },
    /// It was stored before, within its window.
    Before(MessageId),
    /// It is held for review, or was decided not to be delivered, within its window.
    Held,
    /// The sender is banned.
    Banned,
    /// The sender is not in the room, or the room is not there.
    NotParticipant,
}

/// What a batch came to.
#[derive(Debug)]
pub(super) struct Placed {
    /// Of each message, in their order.
    pub(super) places: Vec<Place>,
    /// What was opened about them.
    pub(super) incidents: Vec<Option<Incident>>,
    /// What tells other nodes of it.
    pub(super) news: Option<Event>,
}

/// Stores these messages. All of it is durable, or an error: then the link may be inside the transaction still.
pub(super) async fn append(
    link: &mut Link,
    node: i64,
    known: &mut Known,
    messages: &[&NewMessage],
) -> sqlx::Result<Placed> {
    let (begin, pooled) = (link.reach.write(), link.reach.pooled);
    let connection = link.connection().await?;
    if messages.iter().any(|message| message.flag.is_some()) {
        connection.run(begin).await?;
        let placed = append_flagged(connection, node, known, messages).await?;
        connection.run("COMMIT").await?;
        return Ok(placed);
    }
    let places = if pooled {
        connection.run(begin).await?;
        let places = place(connection, known, messages).await?;
        connection.run("COMMIT").await?;
        places
    } else {
        place(connection, known, messages).await?
    };
    Ok(Placed { incidents: vec![None; places.len()], places, news: None })
}

/// Incidents are changes: what they are told by is locked before any room.
async fn append_flagged(
    connection: &mut Connection,
    node: i64,
    known: &mut Known,
    messages: &[&NewMessage],
) -> sqlx::Result<Placed> {
    let (head, now) = begin_change(connection).await?;
    let places = place(connection, known, messages).await?;
    let mut incidents = Vec::with_capacity(places.len());
    for (place, message) in places.iter().zip(messages) {
        incidents.push(match place {
            Place::New { id, .. } => flags::open(connection, message, *id, Timestamp(now)).await?,
            Place::Before(_) | Place::Held | Place::Banned | Place::NotParticipant => None,
        });
    }
    let news: Vec<News> = incidents.iter().flatten().map(|incident| News::Incident(incident.id)).collect();
    let news = match news.as_slice() {
        [] => None,
        news => Some(Event::News(feed::add(connection, node, head, now, news).await?)),
    };
    Ok(Placed { places, incidents, news })
}

#[derive(FromRow)]
struct Found {
    kind: i64,
    number: i64,
    value: Option<i64>,
    seq: Option<i64>,
}

async fn place(
    connection: &mut Connection,
    known: &mut Known,
    messages: &[&NewMessage],
) -> sqlx::Result<Vec<Place>> {
    known.bound();
    if let Some(batch) = Fresh::of(known, messages)
        && let Some(places) = batch.store(&mut *connection, messages).await?
    {
        return Ok(places);
    }
    let mut rooms: Vec<RoomId> = messages.iter().map(|message| message.key.room).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let rows = query(APPEND)
        .bind(messages.iter().map(|message| message.key.room.0).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| message.key.sender.0).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| message.key.digest.as_slice()).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| micros(message)).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| message.origin.0.cast_signed()).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| stored(&message.text)).collect::<Vec<_>>())
        .bind(rooms.iter().map(|room| room.0).collect::<Vec<_>>())
        .bind(rooms.iter().map(|room| known.version(*room)).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let mut places = vec![Place::NotParticipant; messages.len()];
    for row in &rows {
        let found = Found::from_row(row)?;
        if found.kind == 4 {
            learn(known, &found, row)?;
            continue;
        }
        let place = usize::try_from(found.number - 1).ok().and_then(|number| places.get_mut(number));
        *place.ok_or(sqlx::Error::RowNotFound)? = place_of(&found)?;
    }
    Ok(places)
}

fn place_of(found: &Found) -> sqlx::Result<Place> {
    let id = || found.value.map(MessageId).ok_or(sqlx::Error::RowNotFound);
    Ok(match found.kind {
        0 => Place::New { id: id()?, seq: found.seq.ok_or(sqlx::Error::RowNotFound)? },
        1 => Place::Before(id()?),
        2 => Place::Held,
        5 => Place::Banned,
        _ => Place::NotParticipant,
    })
}

fn learn(known: &mut Known, found: &Found, row: &PgRow) -> sqlx::Result<()> {
    let users: Option<Vec<Uuid>> = row.try_get("users")?;
    if let (Some(users), Some(version)) = (users, found.value) {
        known
            .learn(RoomId(found.number), Present { version, users: users.into_iter().map(UserId).collect() });
    }
    Ok(())
}

fn micros(message: &NewMessage) -> i64 {
    i64::try_from(message.key.window.as_micros()).unwrap_or(i64::MAX)
}
