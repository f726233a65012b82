//! Bans, as a history: setting one ends the one before, lifting one keeps it on record.

use async_trait::async_trait;
use plic_pipeline::{
    id::{BanId, UserId},
    moderation::{Authority, BanRecord, Deed, records::RecordsError},
    store::{Ban, Page},
    timestamp::Timestamp,
    token::Role,
};
use sqlx::{FromRow, query, query_as, query_scalar};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    audit,
    change::{Change, Work},
    db::{Connection, Text},
    read::{one_more_than, page},
    staff,
    words::variant,
};

pub(super) const ALL: &str = "SELECT id, \"user\", reason, created_by, created_at, expires_at, lifted_at, lifted_by, authority \
                              FROM bans WHERE id < $1 ORDER BY id DESC LIMIT $3";
pub(super) const IN_FORCE: &str = "SELECT id, \"user\", reason, created_by, created_at, expires_at, lifted_at, lifted_by, authority \
     FROM bans WHERE lifted_at IS NULL AND coalesce(position, id) < $1 AND (expires_at IS NULL OR expires_at > $2) \
     ORDER BY coalesce(position, id) DESC LIMIT $3";
const POSITION: &str = "SELECT coalesce(position, id) FROM bans WHERE id = $1";
pub(super) const OF_USER: &str = "SELECT id, \"user\", reason, created_by, created_at, expires_at, lifted_at, lifted_by, authority \
     FROM bans WHERE \"user\" = $1 ORDER BY id DESC LIMIT $2";

#[derive(FromRow)]
struct BanRow {
    id: i64,
    user: Uuid,
    reason: Text,
    created_by: Option<Uuid>,
    created_at: i64,
    expires_at: Option<i64>,
    lifted_at: Option<i64>,
    lifted_by: Option<Uuid>,
    authority: Option<String>,
}

impl TryFrom<BanRow> for BanRecord {
    type Error = sqlx::Error;

    fn try_from(row: BanRow) -> sqlx::Result<Self> {
        let authority = authority(row.authority.as_deref(), row.created_by.is_some())?;
        Ok(Self {
            id: BanId(row.id),
            ban: Ban {
                user: UserId(row.user),
                reason: row.reason.0,
                expires_at: row.expires_at.map(Timestamp),
                authority,
            },
            created_at: Timestamp(row.created_at),
            created_by: row.created_by.map(UserId),
            lifted_at: row.lifted_at.map(Timestamp),
            lifted_by: row.lifted_by.map(UserId),
        })
    }
}

/// Reads the authority of a ban; one from before authorities were kept is the policy's or a moderator's.
pub(super) fn authority(word: Option<&str>, is_somebodys: bool) -> sqlx::Result<Authority> {
    match word {
        Some(word) => variant(word),
        None if is_somebodys => Ok(Authority::Moderator),
        None => Ok(Authority::Policy),
    }
}

/// Bans a user, or replaces their ban.
pub(super) struct SetBan {
    pub(super) ban: Ban,
    pub(super) actor: Option<UserId>,
}

#[async_trait]
impl Change for SetBan {
    type Done = BanRecord;
    type Refusal = RecordsError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<BanRecord, RecordsError>> {
        let standing = standing(work.connection, self.ban.user).await?.map(|record| record.ban);
        if standing.is_some_and(|ban| ban.holds_at(work.now) && ban.authority > self.ban.authority) {
            return Ok(Err(RecordsError::Outranked));
        }
        set(work, &self.ban, self.actor, None).await.map(Ok)
    }
}

/// Lifts a ban; answers whether there was one in force.
pub(super) struct LiftBan {
    pub(super) user: UserId,
    /// Who; nobody on the command line of the server.
    pub(super) actor: Option<UserId>,
    pub(super) authority: Authority,
}

#[async_trait]
impl Change for LiftBan {
    type Done = bool;
    type Refusal = RecordsError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<bool, RecordsError>> {
        let standing = standing(work.connection, self.user).await?;
        let Some(ban) = standing.filter(|record| record.ban.holds_at(work.now)) else { return Ok(Ok(false)) };
        if ban.ban.authority > self.authority {
            return Ok(Err(RecordsError::Outranked));
        }
        query("UPDATE bans SET lifted_at = $1, lifted_by = $2 WHERE id = $3")
            .bind(work.now.0)
            .bind(self.actor.map(|actor| actor.0))
            .bind(ban.id.0)
            .execute(&mut *work.connection)
            .await?;
        let deed =
            Deed::new(self.actor, "ban.lift").with("user_id", self.user.to_string()).with("ban_id", ban.id.0);
        // The policy lifts bans too; what it lifts names an incident.
        let deed = if self.actor.is_none() { deed.with("on_the_command_line", true) } else { deed };
        audit::add(work.connection, &deed, work.now).await?;
        work.news.push(News::BanLifted(self.user));
        Ok(Ok(true))
    }
}

/// Sets a ban in place of the one that stands; in a transaction, audited. `strikes` is how many the policy asked for,
/// where it is the policy's.
pub(super) async fn set(
    work: &mut Work<'_>,
    ban: &Ban,
    by: Option<UserId>,
    strikes: Option<u32>,
) -> sqlx::Result<BanRecord> {
    let now = work.now;
    let replaced: Option<(i64, Option<i64>)> = query_as(
        "UPDATE bans SET lifted_at = $1, lifted_by = $2 WHERE \"user\" = $3 AND lifted_at IS NULL \
         RETURNING coalesce(position, id), expires_at",
    )
    .bind(now.0)
    .bind(by.map(|by| by.0))
    .bind(ban.user.0)
    .fetch_optional(&mut *work.connection)
    .await?;
    // A ban that was over is not in the list, and has no place there to keep.
    let position =
        replaced.filter(|(_, end)| end.is_none_or(|end| end > now.0)).map(|(position, _)| position);
    let id: i64 = query_scalar(
        "INSERT INTO bans (\"user\", reason, created_by, created_at, expires_at, strikes, authority, position) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
    )
    .bind(ban.user.0)
    .bind(Text::from(ban.reason.as_str()))
    .bind(by.map(|by| by.0))
    .bind(now.0)
    .bind(ban.expires_at.map(|end| end.0))
    .bind(strikes.map(i64::from))
    .bind(ban.authority.as_str())
    .bind(position)
    .fetch_one(&mut *work.connection)
    .await?;
    let deed = Deed::new(by, "ban.set")
        .with("user_id", ban.user.to_string())
        .with("ban_id", id)
        .with("reason", ban.reason.as_str())
        .with("authority", ban.authority.as_str())
        .with("expires_at", ban.expires_at.map(|end| end.to_string()));
    audit::add(work.connection, &deed, now).await?;
    work.news.push(News::Banned(ban.user));
    Ok(BanRecord {
        id: BanId(id),
        ban: ban.clone(),
        created_at: now,
        created_by: by,
        lifted_at: None,
        lifted_by: None,
    })
}

/// The user's ban that was not lifted, in force or expired.
pub(super) async fn standing(connection: &mut Connection, user: UserId) -> sqlx::Result<Option<BanRecord>> {
    let row: Option<BanRow> = query_as(
        "SELECT id, \"user\", reason, created_by, created_at, expires_at, lifted_at, lifted_by, authority \
         FROM bans WHERE \"user\" = $1 AND lifted_at IS NULL",
    )
    .bind(user.0)
    .fetch_optional(connection)
    .await?;
    row.map(BanRecord::try_from).transpose()
}

/// Returns whether a ban keeps a user from sending. A ban that does not bind admins keeps nobody who was last seen as one.
pub(super) async fn silences(
    connection: &mut Connection,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let Some(record) = standing(&mut *connection, user).await? else { return Ok(false) };
    if !record.ban.holds_at(now) {
        return Ok(false);
    }
    let binds_all = record.ban.authority.binds(Role::Admin);
    Ok(binds_all || staff::role_of(connection, user, now).await? != Some(Role::Admin))
}

/// Returns a page of bans, newest first. One that replaced another while that was in force has its place among those in
/// force.
pub(super) async fn list(
    connection: &mut Connection,
    all: bool,
    before: Option<BanId>,
    limit: usize,
    now: Timestamp,
) -> sqlx::Result<Page<BanRecord>> {
    let mut end = before.map_or(i64::MAX, |before| before.0);
    if !all && before.is_some() {
        let position: Option<i64> = query_scalar(POSITION).bind(end).fetch_optional(&mut *connection).await?;
        end = position.unwrap_or(end);
    }
    let rows: Vec<BanRow> = query_as(if all { ALL } else { IN_FORCE })
        .bind(end)
        .bind(now.0)
        .bind(one_more_than(limit))
        .fetch_all(connection)
        .await?;
    Ok(page(rows.into_iter().map(BanRecord::try_from).collect::<sqlx::Result<_>>()?, limit))
}

/// The newest bans of a user.
pub(super) async fn of_user(
    connection: &mut Connection,
    user: UserId,
    limit: i64,
) -> sqlx::Result<Vec<BanRecord>> {
    let rows: Vec<BanRow> = query_as(OF_USER).bind(user.0).bind(limit).fetch_all(connection).await?;
    rows.into_iter().map(BanRecord::try_from).collect()
}
