//! Storing a batch of messages in one transaction.
//!
//! What a message comes to is decided by looking, never by a constraint that fails: one bad message must not fail its
//! neighbours.

use std::collections::{HashMap, HashSet};

use plic_pipeline::{
    id::{MessageId, RoomId},
    moderation::Incident,
    store::{NewMessage, SentKey},
    timestamp::Timestamp,
};
use sqlx::{Row, SqliteConnection, query, sqlite::SqliteRow};

use super::{
    bulk::{Bound, Bulk, Program, Step},
    flags,
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

/// All that is read of a batch whose rooms are known, under the lock that keeps other processes from writing.
const BEGIN: Program = Program(&[
    Step::Plain("BEGIN IMMEDIATE"),
    Step::Plain("PRAGMA data_version"),
    Step::Plain("SELECT last_id, EXISTS (SELECT 1 FROM held) FROM meta"),
    Step::Rows(SENT),
]);
const STORE: Program = Program(&[
    Step::Rows(INSERT_MESSAGES),
    Step::Rows(INSERT_SENT),
    Step::Rows(UPDATE_ROOMS),
    Step::Plain(UPDATE_META),
]);
const STORE_AND_COMMIT: Program = Program(&[
    Step::Rows(INSERT_MESSAGES),
    Step::Rows(INSERT_SENT),
    Step::Rows(UPDATE_ROOMS),
    Step::Plain(UPDATE_META),
    Step::Plain(COMMIT),
]);
const UPDATE_META: &str = "UPDATE meta SET last_id = ?";
const COMMIT: &str = "COMMIT";

/// Stores these messages; answers what each comes to, in their order. All of it is durable, or an error: then the
/// connection may be inside the transaction still, and is to be closed.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    people: &mut People,
    messages: &[&NewMessage],
    now: Timestamp,
) -> sqlx::Result<Vec<Placed>> {
    let Begun { version, last_id, any_held, sent } = begin(connection, messages).await?;
    people.at_version(version);
    let held = if any_held { load_held(connection, messages).await? } else { HashMap::new() };
    let rooms: HashSet<RoomId> = messages.iter().map(|message| message.key.room).collect();
    people.load(connection, &rooms).await?;
    let open = rooms.iter().filter_map(|room| Some((*room, OpenRoom::at(people.last_seq(*room)?)))).collect();

    let mut placing = Placing { now, last_id, sent, held, open };
    let places: Vec<Place> =
        messages.iter().map(|message| placing.place(&message.key, &people.of(message.key.room))).collect();
    let mut incidents: Vec<Option<Incident>> = vec![None; places.len()];
    if placing.last_id == last_id {
        query(COMMIT).execute(connection).await?;
    } else if messages.iter().all(|message| message.flag.is_none()) {
        store(connection, STORE_AND_COMMIT, messages, &places, &placing).await?;
    } else {
        store(connection, STORE, messages, &places, &placing).await?;
        for ((incident, place), message) in incidents.iter_mut().zip(&places).zip(messages) {
            if let Place::New { id, .. } = place {
                *incident = flags::open(connection, message, *id, now).await?;
            }
        }
        query(COMMIT).execute(connection).await?;
    }
    for (room, state) in &placing.open {
        people.set_last_seq(*room, state.last_seq);
    }
    let together = places.into_iter().zip(incidents);
    Ok(together.map(|(place, incident)| Placed { place, incident }).collect())
}

/// What the transaction finds.
struct Begun {
    /// `PRAGMA data_version`.
    version: i64,
    last_id: i64,
    any_held: bool,
    /// What of the messages was stored before, whenever that was.
    sent: HashMap<Identity, Sent>,
}

async fn begin(connection: &mut SqliteConnection, messages: &[&NewMessage]) -> sqlx::Result<Begun> {
    let program = BEGIN.for_rows(messages.len()).rows(SENT, &numbered(messages), bind_key);
    let mut rows = program.fetch(connection).await?.into_iter();
    let version = rows.next().ok_or(sqlx::Error::RowNotFound)?.try_get(0)?;
    let meta = rows.next().ok_or(sqlx::Error::RowNotFound)?;
    let mut sent = HashMap::new();
    for row in rows {
        let first = Sent { message: MessageId(row.try_get(1)?), at: Timestamp(row.try_get(2)?) };
        sent.insert(identity_of(&row, messages)?, first);
    }
    Ok(Begun { version, last_id: meta.try_get(0)?, any_held: meta.try_get(1)?, sent })
}

/// When these were held last.
async fn load_held(
    connection: &mut SqliteConnection,
    messages: &[&NewMessage],
) -> sqlx::Result<HashMap<Identity, Timestamp>> {
    let mut held = HashMap::new();
    for row in HELD.fetch(connection, &numbered(messages), bind_key).await? {
        held.insert(identity_of(&row, messages)?, Timestamp(row.try_get(1)?));
    }
    Ok(held)
}

/// The keys of messages with the numbers by which a row names them.
fn numbered<'m>(messages: &[&'m NewMessage]) -> Vec<(i64, &'m SentKey)> {
    (0..).zip(messages.iter().map(|message| &message.key)).collect()
}

fn bind_key(statement: Bound, (n, key): &(i64, &SentKey)) -> Bound {
    statement.bind(*n).bind(key.sender.0).bind(key.room.0).bind(key.digest.to_vec())
}

/// Which message a row is about; its first column is the number of the message.
fn identity_of(row: &SqliteRow, messages: &[&NewMessage]) -> sqlx::Result<Identity> {
    let n: usize =
        row.try_get::<i64, _>(0)?.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(identity(&messages[n].key))
}

async fn store(
    connection: &mut SqliteConnection,
    program: Program,
    messages: &[&NewMessage],
    places: &[Place],
    placing: &Placing,
) -> sqlx::Result<()> {
    let now = placing.now;
    let new: Vec<(i64, i64, &NewMessage)> = places
        .iter()
        .zip(messages)
        .filter_map(|(place, message)| match place {
            Place::New { id, seq } => Some((id.0, *seq, *message)),
            Place::Before(_) | Place::Held | Place::NotParticipant => None,
        })
        .collect();
    let rooms: Vec<(i64, i64, i64)> = placing
        .open
        .iter()
        .filter_map(|(room, state)| Some((room.0, state.last_seq, state.newest?.0)))
        .collect();
    program
        .for_rows(new.len())
        .rows(INSERT_MESSAGES, &new, |statement, (id, seq, message)| {
            let key = &message.key;
            let statement = statement.bind(*id).bind(key.room.0).bind(*seq).bind(key.sender.0);
            statement.bind(message.text.clone()).bind(now.0)
        })
        .rows(INSERT_SENT, &new, |statement, (id, _, message)| {
            let key = &message.key;
            statement.bind(*id).bind(key.sender.0).bind(key.room.0).bind(key.digest.to_vec()).bind(now.0)
        })
        .rows(UPDATE_ROOMS, &rooms, |statement, (room, last_seq, activity)| {
            statement.bind(*room).bind(*last_seq).bind(*activity)
        })
        .value(placing.last_id)
        .fetch(connection)
        .await?;
    Ok(())
}
