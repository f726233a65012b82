//! Storing a batch of messages in one transaction.
//!
//! What a message comes to is decided by looking, never by a constraint that fails: one bad message must not fail its
//! neighbours.

use std::collections::{HashMap, HashSet};

use plic_pipeline::{
    id::{MessageId, RoomId},
    moderation::{Incident, IncidentKind},
    store::{Flag, NewMessage, SentKey},
    timestamp::Timestamp,
};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    bulk::Bulk,
    incidents::{self, NewIncident},
    lately,
    people::People,
    place::{Identity, OpenRoom, Place, Placing, Sent, identity},
};

const SENT: Bulk = Bulk {
    // CROSS JOIN, because SQLite would otherwise be free to walk all of `sent` and look the rows up in it.
    before: "WITH k (n, sender, room, digest) AS (VALUES ",
    after: ") SELECT k.n, s.message, s.at FROM k CROSS JOIN sent s \
            ON s.sender = k.sender AND s.room = k.room AND s.digest = k.digest",
    columns: 4,
};
const HELD: Bulk = Bulk {
    before: "WITH k (n, sender, room, digest) AS (VALUES ",
    after: ") SELECT k.n, max(h.at) FROM k CROSS JOIN held h \
            ON h.sender = k.sender AND h.room = k.room AND h.digest = k.digest GROUP BY k.n",
    columns: 4,
};
const OPEN_ROOMS: Bulk = Bulk {
    before: "SELECT id, last_seq FROM rooms WHERE deleted_at IS NULL AND id IN (",
    after: ")",
    columns: 1,
};
const INSERT_MESSAGES: Bulk = Bulk {
    before: "INSERT INTO messages (id, room, seq, sender, text, created_at) SELECT * FROM (VALUES ",
    after: ") WHERE column1 IS NOT NULL",
    columns: 6,
};
// A row under the same key is older than its window, or it would have been found.
const INSERT_SENT: Bulk = Bulk {
    before: "INSERT OR REPLACE INTO sent (message, sender, room, digest, at) SELECT * FROM (VALUES ",
    after: ") WHERE column1 IS NOT NULL",
    columns: 5,
};
const UPDATE_ROOMS: Bulk = Bulk {
    before: "UPDATE rooms SET last_seq = v.column2, activity = v.column3 FROM (VALUES ",
    after: ") AS v WHERE rooms.id = v.column1",
    columns: 3,
};

/// What a message came to.
pub(super) struct Placed {
    pub(super) place: Place,
    /// What was opened about it, where a rule flags it.
    pub(super) incident: Option<Incident>,
}

/// Stores these messages; answers what each comes to, in their order. All of it is durable, or an error.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    people: &mut People,
    messages: &[&NewMessage],
    now: Timestamp,
) -> sqlx::Result<Vec<Placed>> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let (last_id, version, any_held): (i64, i64, bool) = sqlx::query_as(
        "SELECT last_id, data_version, EXISTS (SELECT 1 FROM held) FROM meta, pragma_data_version",
    )
    .fetch_one(&mut *transaction)
    .await?;
    people.at_version(version);

    let sent = load_sent(&mut transaction, messages).await?;
    let held = if any_held { load_held(&mut transaction, messages).await? } else { HashMap::new() };
    let rooms: HashSet<RoomId> = messages.iter().map(|message| message.key.room).collect();
    let open = load_open_rooms(&mut transaction, &rooms).await?;
    people.load(&mut transaction, &rooms).await?;

    let mut placing = Placing { now, last_id, sent, held, open };
    let places: Vec<Place> =
        messages.iter().map(|message| placing.place(&message.key, &people.of(message.key.room))).collect();
    let mut incidents: Vec<Option<Incident>> = vec![None; places.len()];
    if placing.last_id > last_id {
        store(&mut transaction, messages, &places, now).await?;
        store_rooms(&mut transaction, &placing.open).await?;
        sqlx::query("UPDATE meta SET last_id = ?").bind(placing.last_id).execute(&mut *transaction).await?;
        for ((incident, place), message) in incidents.iter_mut().zip(&places).zip(messages) {
            if let (Place::New { id, .. }, Some(flag)) = (place, &message.flag)
                && !lately::is_full_of_flags(&mut transaction, message.key.sender, now).await?
            {
                let new = flagged(&message.key, *id, flag);
                *incident = Some(incidents::open(&mut transaction, new, now).await?);
            }
        }
    }
    transaction.commit().await?;
    let together = places.into_iter().zip(incidents);
    Ok(together.map(|(place, incident)| Placed { place, incident }).collect())
}

fn flagged(key: &SentKey, message: MessageId, flag: &Flag) -> NewIncident {
    NewIncident {
        kind: IncidentKind::Flag,
        category: flag.finding.category,
        user: key.sender,
        room: key.room,
        message: Some(message),
        text: flag.text.clone(),
        matches: flag.finding.matches.clone(),
        report: None,
    }
}

/// What of these was stored before, whenever that was.
async fn load_sent(
    connection: &mut SqliteConnection,
    messages: &[&NewMessage],
) -> sqlx::Result<HashMap<Identity, Sent>> {
    let mut sent = HashMap::new();
    for (identity, row) in by_key(connection, SENT, messages).await? {
        sent.insert(identity, Sent { message: MessageId(row.try_get(1)?), at: Timestamp(row.try_get(2)?) });
    }
    Ok(sent)
}

/// When these were held last.
async fn load_held(
    connection: &mut SqliteConnection,
    messages: &[&NewMessage],
) -> sqlx::Result<HashMap<Identity, Timestamp>> {
    let mut held = HashMap::new();
    for (identity, row) in by_key(connection, HELD, messages).await? {
        held.insert(identity, Timestamp(row.try_get(1)?));
    }
    Ok(held)
}

/// What a statement finds under the keys of these messages; its first column is the number of the message.
async fn by_key(
    connection: &mut SqliteConnection,
    statement: Bulk,
    messages: &[&NewMessage],
) -> sqlx::Result<Vec<(Identity, SqliteRow)>> {
    let numbered: Vec<(i64, &SentKey)> = (0..).zip(messages.iter().map(|message| &message.key)).collect();
    let rows = statement
        .fetch(connection, &numbered, |statement, (n, key)| {
            statement.bind(*n).bind(key.sender.0).bind(key.room.0).bind(key.digest.to_vec())
        })
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let n: usize =
            row.try_get::<i64, _>(0)?.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        found.push((identity(&messages[n].key), row));
    }
    Ok(found)
}

async fn load_open_rooms(
    connection: &mut SqliteConnection,
    rooms: &HashSet<RoomId>,
) -> sqlx::Result<HashMap<RoomId, OpenRoom>> {
    let ids: Vec<RoomId> = rooms.iter().copied().collect();
    let rows = OPEN_ROOMS.fetch(connection, &ids, |statement, room| statement.bind(room.0)).await?;
    let mut open = HashMap::with_capacity(rows.len());
    for row in rows {
        open.insert(RoomId(row.try_get(0)?), OpenRoom { last_seq: row.try_get(1)?, newest: None });
    }
    Ok(open)
}

async fn store(
    connection: &mut SqliteConnection,
    messages: &[&NewMessage],
    places: &[Place],
    now: Timestamp,
) -> sqlx::Result<()> {
    let new: Vec<(i64, i64, &NewMessage)> = places
        .iter()
        .zip(messages)
        .filter_map(|(place, message)| match place {
            Place::New { id, seq } => Some((id.0, *seq, *message)),
            Place::Before(_) | Place::Held | Place::NotParticipant => None,
        })
        .collect();
    INSERT_MESSAGES
        .execute(connection, &new, move |statement, (id, seq, message)| {
            let key = &message.key;
            let statement = statement.bind(*id).bind(key.room.0).bind(*seq).bind(key.sender.0);
            statement.bind(message.text.clone()).bind(now.0)
        })
        .await?;
    INSERT_SENT
        .execute(connection, &new, move |statement, (id, _, message)| {
            let key = &message.key;
            statement.bind(*id).bind(key.sender.0).bind(key.room.0).bind(key.digest.to_vec()).bind(now.0)
        })
        .await
}

async fn store_rooms(
    connection: &mut SqliteConnection,
    open: &HashMap<RoomId, OpenRoom>,
) -> sqlx::Result<()> {
    let changed: Vec<(i64, i64, i64)> =
        open.iter().filter_map(|(room, state)| Some((room.0, state.last_seq, state.newest?.0))).collect();
    UPDATE_ROOMS
        .execute(connection, &changed, |statement, (room, last_seq, activity)| {
            statement.bind(*room).bind(*last_seq).bind(*activity)
        })
        .await
}
