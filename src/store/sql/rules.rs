//! Rules in immutable versions.

use async_trait::async_trait;
use futures_util::{Stream, TryStreamExt};
use plic_filter::Rule;
use plic_pipeline::{
    id::{RuleId, UserId},
    moderation::{Deed, RuleWrite, Rulebook, StoredRule, records::RecordsError},
    store::Page,
    timestamp::Timestamp,
};
use sqlx::{FromRow, query, query_as};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    audit,
    change::{Change, Work},
    db::Connection,
    read::{MAX_TEXT_BYTES, one_more_than},
    words::{from_json, json},
};

pub(super) const IN_FORCE: &str = "SELECT v.body, v.updated_by, v.updated_at FROM rules r CROSS JOIN rule_versions v \
                                   WHERE v.rule = r.id AND v.version = r.version \
                                   AND r.deleted_at IS NULL ORDER BY r.id";
pub(super) const NEWEST: &str = "SELECT v.body, v.updated_by, v.updated_at FROM rules r CROSS JOIN rule_versions v \
                                 WHERE v.rule = r.id AND v.version = r.version AND r.id = $1 AND r.deleted_at IS NULL";
pub(super) const PAGE: &str = "SELECT v.body, v.updated_by, v.updated_at FROM rules r CROSS JOIN rule_versions v \
                               WHERE v.rule = r.id AND v.version = r.version \
                               AND r.id < $1 AND r.deleted_at IS NULL ORDER BY r.id DESC LIMIT $2";
pub(super) const VERSIONS: &str = "SELECT body, updated_by, updated_at FROM rule_versions \
                                   WHERE rule = $1 AND version < $2 ORDER BY version DESC LIMIT $3";

#[derive(FromRow)]
struct VersionRow {
    body: String,
    updated_by: Option<Uuid>,
    updated_at: i64,
}

impl TryFrom<VersionRow> for StoredRule {
    type Error = sqlx::Error;

    fn try_from(row: VersionRow) -> sqlx::Result<Self> {
        Ok(Self {
            rule: from_json(&row.body)?,
            updated_by: row.updated_by.map(UserId),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

/// Writes rules, all or nothing.
pub(super) struct WriteRules {
    pub(super) revision: i64,
    pub(super) writes: Vec<RuleWrite>,
    pub(super) deeds: Vec<Deed>,
}

#[async_trait]
impl Change for WriteRules {
    type Done = Timestamp;
    type Refusal = RecordsError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<Timestamp, RecordsError>> {
        let raised =
            query("UPDATE moderation SET rules_revision = rules_revision + 1 WHERE rules_revision = $1")
                .bind(self.revision)
                .execute(&mut *work.connection)
                .await?;
        if raised.rows_affected() == 0 {
            return Ok(Err(RecordsError::Conflict));
        }
        let by = self.deeds.first().and_then(|deed| deed.actor);
        for write in &self.writes {
            let written = match write {
                RuleWrite::Put(rule) => put(work, rule, by).await?,
                RuleWrite::Delete(rule) => delete(work, *rule).await?,
            };
            if let Err(refusal) = written {
                return Ok(Err(refusal));
            }
        }
        for deed in &self.deeds {
            audit::add(work.connection, deed, work.now).await?;
        }
        work.news.push(News::Rules);
        Ok(Ok(work.now))
    }
}

async fn put(work: &mut Work<'_>, rule: &Rule, by: Option<UserId>) -> sqlx::Result<Result<(), RecordsError>> {
    let written = query(
        "INSERT INTO rules (id, version) VALUES ($1, $2) ON CONFLICT (id) \
         DO UPDATE SET version = excluded.version, deleted_at = NULL WHERE rules.version = excluded.version - 1",
    )
    .bind(rule.id.0)
    .bind(i64::from(rule.version))
    .execute(&mut *work.connection)
    .await?;
    if written.rows_affected() == 0 {
        return Ok(Err(RecordsError::Conflict));
    }
    query(
        "INSERT INTO rule_versions (rule, version, body, updated_by, updated_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(rule.id.0)
    .bind(i64::from(rule.version))
    .bind(json(rule)?)
    .bind(by.map(|by| by.0))
    .bind(work.now.0)
    .execute(&mut *work.connection)
    .await?;
    query("UPDATE moderation SET last_rule = $1 WHERE last_rule < $1")
        .bind(rule.id.0)
        .execute(&mut *work.connection)
        .await?;
    Ok(Ok(()))
}

async fn delete(work: &mut Work<'_>, rule: RuleId) -> sqlx::Result<Result<(), RecordsError>> {
    let deleted = query("UPDATE rules SET deleted_at = $1 WHERE id = $2 AND deleted_at IS NULL")
        .bind(work.now.0)
        .bind(rule.0)
        .execute(&mut *work.connection)
        .await?;
    Ok(if deleted.rows_affected() == 0 { Err(RecordsError::NotFound) } else { Ok(()) })
}

pub(super) async fn rulebook(connection: &mut Connection) -> sqlx::Result<Rulebook> {
    let (revision, last_rule): (i64, i64) =
        query_as("SELECT rules_revision, last_rule FROM moderation").fetch_one(&mut *connection).await?;
    let rows: Vec<VersionRow> = query_as(IN_FORCE).fetch_all(&mut *connection).await?;
    let rules = rows.into_iter().map(StoredRule::try_from).collect::<sqlx::Result<_>>()?;
    Ok(Rulebook { revision, next_id: last_rule + 1, rules })
}

pub(super) async fn newest(connection: &mut Connection, rule: RuleId) -> sqlx::Result<Option<StoredRule>> {
    let row: Option<VersionRow> = query_as(NEWEST).bind(rule.0).fetch_optional(connection).await?;
    row.map(StoredRule::try_from).transpose()
}

pub(super) async fn rules(
    connection: &mut Connection,
    before: Option<RuleId>,
    limit: usize,
) -> sqlx::Result<Page<StoredRule>> {
    let before = before.map_or(i64::MAX, |before| before.0);
    bounded(query_as(PAGE).bind(before).bind(one_more_than(limit)).fetch(connection), limit).await
}

pub(super) async fn versions(
    connection: &mut Connection,
    rule: RuleId,
    before: Option<u32>,
    limit: usize,
) -> sqlx::Result<Page<StoredRule>> {
    let before = before.map_or(i64::MAX, i64::from);
    let rows = query_as(VERSIONS).bind(rule.0).bind(before).bind(one_more_than(limit)).fetch(connection);
    bounded(rows, limit).await
}

/// A page that ends early once it holds much JSON.
async fn bounded(
    mut rows: impl Stream<Item = sqlx::Result<VersionRow>> + Unpin,
    limit: usize,
) -> sqlx::Result<Page<StoredRule>> {
    let mut page = Page { items: Vec::new(), more: false };
    let mut bytes = 0;
    while let Some(row) = rows.try_next().await? {
        if page.items.len() == limit || bytes > MAX_TEXT_BYTES {
            page.more = true;
            break;
        }
        bytes += row.body.len();
        page.items.push(row.try_into()?);
    }
    Ok(page)
}
