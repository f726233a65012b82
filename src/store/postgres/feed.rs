//! What nodes tell each other, in the database: written in the transaction of what it tells of.

use plic_pipeline::{
    command::TempId,
    event::Confirmation,
    id::{ConnectionId, IncidentId, RoomId, UserId},
    moderation::{Authority, records::Disconnect},
};
use serde::{Deserialize, Serialize};
use sqlx::{query, query_as};

use crate::cluster::shared::{Arrival, News, NewsItem, RoomHead};

use super::connection::Connection;

/// News as JSON. A node of another version may write kinds that this one does not know.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Body {
    Room {
        room: RoomId,
        seq: i64,
        people_version: i64,
    },
    Banned {
        user: UserId,
    },
    BanLifted {
        user: UserId,
    },
    Disconnected {
        user: UserId,
        /// A node of the release before names none, and disconnects everybody.
        #[serde(default = "everybody")]
        authority: Authority,
    },
    Replaced {
        user: UserId,
        connection: u64,
    },
    Rules,
    Policy,
    Incident {
        incident: IncidentId,
    },
    Decided {
        incident: IncidentId,
    },
    Reopened {
        incident: IncidentId,
    },
    Reported {
        incident: IncidentId,
    },
    Released {
        sender: UserId,
        origin: u64,
        temp_id: String,
        /// Of an id that `temp_id` does not hold exactly. A node of the release before neither writes nor reads it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        temp_id_json: Option<String>,
    },
}

fn everybody() -> Authority {
    Authority::Admin
}

impl From<&News> for Body {
    fn from(news: &News) -> Self {
        match news {
            News::Room(RoomHead { room, seq, people_version }) => {
                Self::Room { room: *room, seq: *seq, people_version: *people_version }
            }
            News::Banned(user) => Self::Banned { user: *user },
            News::BanLifted(user) => Self::BanLifted { user: *user },
            News::Disconnected(Disconnect { user, authority }) => {
                Self::Disconnected { user: *user, authority: *authority }
            }
            News::Replaced(Arrival { user, connection }) => {
                Self::Replaced { user: *user, connection: connection.0 }
            }
            News::Rules => Self::Rules,
            News::Policy => Self::Policy,
            News::Incident(incident) => Self::Incident { incident: *incident },
            News::Decided(incident) => Self::Decided { incident: *incident },
            News::Reopened(incident) => Self::Reopened { incident: *incident },
            News::Reported(incident) => Self::Reported { incident: *incident },
            News::Released(Confirmation { sender, origin, temp_id }) => {
                let (temp_id, temp_id_json) =
                    (temp_id.as_str().to_owned(), temp_id.inexact().map(str::to_owned));
                Self::Released { sender: *sender, origin: origin.0, temp_id, temp_id_json }
            }
        }
    }
}

impl From<Body> for News {
    fn from(body: Body) -> Self {
        match body {
            Body::Room { room, seq, people_version } => Self::Room(RoomHead { room, seq, people_version }),
            Body::Banned { user } => Self::Banned(user),
            Body::BanLifted { user } => Self::BanLifted(user),
            Body::Disconnected { user, authority } => Self::Disconnected(Disconnect { user, authority }),
            Body::Replaced { user, connection } => {
                Self::Replaced(Arrival { user, connection: ConnectionId(connection) })
            }
            Body::Rules => Self::Rules,
            Body::Policy => Self::Policy,
            Body::Incident { incident } => Self::Incident(incident),
            Body::Decided { incident } => Self::Decided(incident),
            Body::Reopened { incident } => Self::Reopened(incident),
            Body::Reported { incident } => Self::Reported(incident),
            Body::Released { sender, origin, temp_id, temp_id_json } => Self::Released(Confirmation {
                sender,
                origin: ConnectionId(origin),
                temp_id: TempId::from_parts(&temp_id, temp_id_json.as_deref()),
            }),
        }
    }
}

/// Adds news after the entry `head`, which is the last one and locked; answers the number of the last one then.
pub(super) async fn add(
    connection: &mut Connection,
    node: i64,
    head: i64,
    now: i64,
    news: &[News],
) -> sqlx::Result<i64> {
    let mut bodies = Vec::with_capacity(news.len());
    for news in news {
        let body = serde_json::to_string(&Body::from(news));
        bodies.push(body.map_err(|error| sqlx::Error::Encode(Box::new(error)))?);
    }
    let added: (i64,) = query_as(
        "WITH added AS (INSERT INTO feed (number, node, at, body) \
             SELECT $1 + n, $2, $3, body FROM unnest($4) WITH ORDINALITY AS b (body, n)) \
         UPDATE feed_head SET number = $1 + cardinality($4) RETURNING number",
    )
    .bind(head)
    .bind(node)
    .bind(now)
    .bind(bodies)
    .fetch_one(connection)
    .await?;
    Ok(added.0)
}

/// The number of the newest entry.
pub(super) async fn head(connection: &mut Connection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT number FROM feed_head").fetch_one(connection).await
}

/// The first entries after `after`, at most `limit`; `None` where some are forgotten already, or `after` is of another
/// time of the database.
pub(super) async fn after(
    connection: &mut Connection,
    after: i64,
    limit: usize,
) -> sqlx::Result<Option<Vec<NewsItem>>> {
    let head = head(&mut *connection).await?;
    let rows: Vec<(i64, i64, String)> =
        query_as("SELECT number, node, body FROM feed WHERE number > $1 ORDER BY number LIMIT $2")
            .bind(after)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(connection)
            .await?;
    let is_whole = match rows.first() {
        Some((first, ..)) => *first == after + 1,
        None => head == after,
    };
    if !is_whole {
        return Ok(None);
    }
    let item = |(number, node, body): (i64, i64, String)| {
        let body = serde_json::from_str::<Body>(&body).inspect_err(|error| {
            plic_pipeline::log_limited!(WARN, error: error, number, node, "a newer node tells what this one does not know");
        });
        NewsItem { number, node, news: body.ok().map(News::from) }
    };
    Ok(Some(rows.into_iter().map(item).collect()))
}

/// Forgets entries from before `until`, some of them at a time.
pub(super) async fn forget(connection: &mut Connection, until: i64) -> sqlx::Result<()> {
    query(
        "DELETE FROM feed WHERE at < $1 AND number IN (SELECT number FROM feed ORDER BY number LIMIT 10000)",
    )
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_kind_comes_back_as_it_was() {
        let user = UserId(Uuid::from_u128(7));
        let released = |text, json| {
            let temp_id = TempId::from_parts(text, json);
            News::Released(Confirmation { sender: user, origin: ConnectionId(6), temp_id })
        };
        let all = [
            News::Room(RoomHead { room: RoomId(1), seq: 2, people_version: 3 }),
            News::Banned(user),
            News::BanLifted(user),
            News::Disconnected(Disconnect { user, authority: Authority::Moderator }),
            News::Replaced(Arrival { user, connection: ConnectionId(u64::MAX) }),
            News::Rules,
            News::Policy,
            News::Incident(IncidentId(4)),
            News::Decided(IncidentId(5)),
            News::Reopened(IncidentId(6)),
            News::Reported(IncidentId(7)),
            released("a\0b", None),
            released("a\u{fffd}", Some(r#""a\ud83d""#)),
        ];
        for news in all {
            let json = serde_json::to_string(&Body::from(&news)).expect("it is JSON");
            assert!(!json.contains('\0'));
            assert_eq!(News::from(serde_json::from_str::<Body>(&json).expect("it is news")), news);
        }
        let old = serde_json::from_str::<Body>(&format!(r#"{{"kind":"disconnected","user":"{user}"}}"#));
        let disconnect = Disconnect { user, authority: Authority::Admin };
        assert_eq!(News::from(old.expect("it is news")), News::Disconnected(disconnect));
        let old = format!(r#"{{"kind":"released","sender":"{user}","origin":6,"temp_id":"a"}}"#);
        let old = serde_json::from_str::<Body>(&old).expect("it is news");
        assert_eq!(News::from(old), released("a", None));
        assert!(serde_json::from_str::<Body>(r#"{"kind":"of the future","user":1}"#).is_err());
    }
}
