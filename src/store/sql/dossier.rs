//! What is known about a user.

use plic_pipeline::{
    id::{IncidentId, UserId},
    moderation::{
        Dossier, IncidentFilter, Policy,
        people::{Note, Strike},
    },
    timestamp::Timestamp,
};
use sqlx::{query_as, query_scalar};
use uuid::Uuid;

use super::{
    bans,
    db::{Connection, Text},
    incidents,
};

pub(super) const STRIKES: &str =
    "SELECT incident, at, taken_back_at FROM strikes WHERE \"user\" = $1 ORDER BY at DESC LIMIT $2";
pub(super) const COUNTED: &str =
    "SELECT count(*) FROM strikes WHERE \"user\" = $1 AND at > $2 AND taken_back_at IS NULL";
pub(super) const NOTES: &str = "SELECT id, decided_by, decided_at, note FROM incidents \
                                WHERE \"user\" = $1 AND note IS NOT NULL ORDER BY id DESC LIMIT $2";

pub(super) async fn load(
    connection: &mut Connection,
    user: UserId,
    policy: &Policy,
    now: Timestamp,
) -> sqlx::Result<Dossier> {
    let limit = Dossier::MAX_ITEMS;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let strikes: Vec<(i64, i64, Option<i64>)> =
        query_as(STRIKES).bind(user.0).bind(rows).fetch_all(&mut *connection).await?;
    let counted: i64 = query_scalar(COUNTED)
        .bind(user.0)
        .bind(now.before(policy.strike_window()).0)
        .fetch_one(&mut *connection)
        .await?;
    let notes: Vec<(i64, Option<Uuid>, Option<i64>, Text)> =
        query_as(NOTES).bind(user.0).bind(rows).fetch_all(&mut *connection).await?;
    let filter = IncidentFilter { user: Some(user), ..IncidentFilter::default() };
    Ok(Dossier {
        strikes_counted: u32::try_from(counted).unwrap_or(u32::MAX),
        strikes: strikes
            .into_iter()
            .map(|(incident, at, taken_back_at)| Strike {
                incident: IncidentId(incident),
                at: Timestamp(at),
                taken_back: taken_back_at.is_some(),
            })
            .collect(),
        bans: bans::of_user(connection, user, rows).await?,
        incidents: incidents::list(connection, &filter, None, limit).await?.items,
        notes: notes
            .into_iter()
            .map(|(incident, by, at, text)| Note {
                incident: IncidentId(incident),
                by: by.map(UserId),
                at: Timestamp(at.unwrap_or_default()),
                text: text.0,
            })
            .collect(),
    })
}
