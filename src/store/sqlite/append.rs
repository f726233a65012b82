//! Storing a batch of messages in one transaction.
//!
//! What a message comes to is decided by looking, never by a constraint that fails: one bad message must not fail its
//! neighbours.

use std::collections::{HashMap, HashSet};

use plic_pipeline::{
    id::{MessageId, RoomId},
    store::{NewMessage, SentKey},
    timestamp::Timestamp,
};
use sqlx::{Connection, Row, SqliteConnection};

use super::{
    bulk::Bulk,
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

/// Stores these messages; answers what each comes to, in their order. All of it is durable, or an error.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    people: &mut People,
    messages: &[&NewMessage],
    now: Timestamp,
) -> sqlx::Result<Vec<Place>> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let (last_id, version): (i64, i64) =
        sqlx::query_as("SELECT last_id, data_version FROM meta, pragma_data_version")
            .fetch_one(&mut *transaction)
            .await?;
    people.at_version(version);

    let sent = load_sent(&mut transaction, messages).await?;
    let rooms: HashSet<RoomId> = messages.iter().map(|message| message.key.room).collect();
    let open = load_open_rooms(&mut transaction, &rooms).await?;
    people.load(&mut transaction, &rooms).await?;

    let mut placing = Placing { now, last_id, sent, open };
    let places: Vec<Place> =
        messages.iter().map(|message| placing.place(&message.key, &people.of(message.key.room))).collect();
    if placing.last_id > last_id {
        store(&mut transaction, messages, &places, now).await?;
        store_rooms(&mut transaction, &placing.open).await?;
        sqlx::query("UPDATE meta SET last_id = ?").bind(placing.last_id).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(places)
}

/// What of these was stored before, whenever that was.
async fn load_sent(
    connection: &mut SqliteConnection,
    messages: &[&NewMessage],
) -> sqlx::Result<HashMap<Identity, Sent>> {
    let numbered: Vec<(i64, &SentKey)> = (0..).zip(messages.iter().map(|message| &message.key)).collect();
    let rows = SENT
        .fetch(connection, &numbered, |statement, (n, key)| {
            statement.bind(*n).bind(key.sender.0).bind(key.room.0).bind(key.digest.to_vec())
        })
        .await?;
    let mut sent = HashMap::new();
    for row in rows {
        let n: usize =
            row.try_get::<i64, _>(0)?.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let first = Sent { message: MessageId(row.try_get(1)?), at: Timestamp(row.try_get(2)?) };
        sent.insert(identity(&messages[n].key), first);
    }
    Ok(sent)
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
            Place::Before(_) | Place::NotParticipant => None,
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
