//! The audit log: entries are added in the transaction of what they tell of, and only ever read after that.

use async_trait::async_trait;
use plic_pipeline::{
    id::UserId,
    moderation::{
        ActionFilter, AuditEntry, AuditFilter, Deed,
        audit::{ChainFormat, chain},
        records::Disconnect,
    },
    store::{Page, StoreError},
    timestamp::Timestamp,
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row as _, query, query_as, query_scalar};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    change::{Change, Work},
    db::{Connection, HAS_FORMATS, HIDDEN, Row, SUBJECT},
    read::{one_more_than, page},
    words::json,
};

/// The first and the last entry of a span of time, from the index alone.
pub(super) const SPAN: &str = "SELECT min(seq), max(seq) FROM audit WHERE at >= $1 AND at < $2";
pub(super) const AFTER: &str =
    "SELECT seq, at, actor, action, detail, hash, format FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";
/// The same of a database to which the formats have not been added yet.
const AFTER_UNFORMATTED: &str = "SELECT seq, at, actor, action, detail, hash, CAST(1 AS BIGINT) FROM audit \
                                 WHERE seq > $1 ORDER BY seq LIMIT $2";
/// The most entries that one call reads.
const MAX_ENTRIES: usize = 1000;

/// Adds what was done to the log, inside the transaction that does it.
pub(super) async fn add(connection: &mut Connection, deed: &Deed, now: Timestamp) -> sqlx::Result<()> {
    let (seq, before) = head(&mut *connection).await?;
    let seq = seq + 1;
    let detail = json(&Value::Object(deed.detail.clone()))?;
    let format = ChainFormat::CURRENT;
    let hash = chain(format, &before, seq, now, deed.actor, deed.action, &detail);
    query("INSERT INTO audit (seq, at, actor, action, detail, hash, format) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(seq)
        .bind(now.0)
        .bind(deed.actor.map(|actor| actor.0))
        .bind(deed.action)
        .bind(detail)
        .bind(hash.to_vec())
        .bind(format.number())
        .execute(&mut *connection)
        .await?;
    query("UPDATE moderation SET audit_seq = $1, audit_hash = $2")
        .bind(seq)
        .bind(hash.to_vec())
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds what was done without any other write.
pub(super) struct NoteDeed {
    pub(super) deed: Deed,
    /// Whom it disconnects.
    pub(super) disconnects: Option<Disconnect>,
}

#[async_trait]
impl Change for NoteDeed {
    type Done = ();
    type Refusal = StoreError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), StoreError>> {
        work.news.extend(self.disconnects.map(News::Disconnected));
        add(work.connection, &self.deed, work.now).await.map(Ok)
    }
}

/// The last number and hash, as kept beside the log.
pub(super) async fn head(connection: &mut Connection) -> sqlx::Result<(i64, [u8; 32])> {
    let (seq, hash): (i64, Vec<u8>) =
        query_as("SELECT audit_seq, audit_hash FROM moderation").fetch_one(connection).await?;
    Ok((seq, hash_of(&hash)?))
}

/// A list of entries between two numbers. The first condition, the one that most likely leaves the fewest, is served by
/// its index, newest first; the others are hidden from the planner.
pub(super) fn list_sql(filter: &AuditFilter) -> String {
    let of_subject = format!("{SUBJECT} = $4");
    let action = filter.action.as_ref().map(|action| match action {
        ActionFilter::Exactly(_) => "action = $4",
        ActionFilter::About(_) => of_subject.as_str(),
    });
    let actor = filter.actor.map(|_| "actor = $3");
    // The numbers are the indexes' last column.
    let mut sql =
        "SELECT seq, at, actor, action, detail, hash, format FROM audit WHERE seq >= $1 AND seq < $2"
            .to_owned();
    for (place, condition) in actor.into_iter().chain(action).enumerate() {
        sql += " AND ";
        sql += if place == 0 { "" } else { HIDDEN };
        sql += condition;
    }
    if has_span(filter) {
        // Times need not grow with the numbers: a clock can be set back.
        for condition in ["at >= $5", "at < $6"] {
            sql += " AND ";
            sql += HIDDEN;
            sql += condition;
        }
    }
    sql += " ORDER BY seq DESC LIMIT $7";
    sql
}

fn has_span(filter: &AuditFilter) -> bool {
    filter.since.is_some() || filter.until.is_some()
}

/// A page of the log before an entry, newest first.
pub(super) async fn list(
    connection: &mut Connection,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: usize,
) -> sqlx::Result<Page<AuditEntry>> {
    let limit = limit.min(MAX_ENTRIES);
    let since = filter.since.map_or(i64::MIN, |since| since.0);
    let until = filter.until.map_or(i64::MAX, |until| until.0);
    let (mut first, mut end) = (1, before.unwrap_or(i64::MAX));
    if has_span(filter) {
        let span: (Option<i64>, Option<i64>) =
            query_as(SPAN).bind(since).bind(until).fetch_one(&mut *connection).await?;
        let (Some(oldest), Some(newest)) = span else { return Ok(page(Vec::new(), limit)) };
        first = oldest;
        end = end.min(newest.saturating_add(1));
    }
    // Safe: made of constants.
    let rows = query(AssertSqlSafe(list_sql(filter)))
        .bind(first)
        .bind(end)
        .bind(filter.actor.map(|actor| actor.0))
        .bind(filter.action.as_ref().map(ActionFilter::as_str))
        .bind(since)
        .bind(until)
        .bind(one_more_than(limit))
        .fetch_all(connection)
        .await?;
    Ok(page(rows.iter().map(entry).collect::<sqlx::Result<_>>()?, limit))
}

pub(super) async fn entries_after(
    connection: &mut Connection,
    after: i64,
    limit: usize,
) -> sqlx::Result<Vec<AuditEntry>> {
    read_after(connection, AFTER, after, limit).await
}

/// The same of a database of any release: a backup, or one that this program has not migrated yet.
pub(super) async fn entries_of_any_release_after(
    connection: &mut Connection,
    after: i64,
    limit: usize,
) -> sqlx::Result<Vec<AuditEntry>> {
    let has_formats: bool = query_scalar(HAS_FORMATS).fetch_one(&mut *connection).await?;
    read_after(connection, if has_formats { AFTER } else { AFTER_UNFORMATTED }, after, limit).await
}

async fn read_after(
    connection: &mut Connection,
    sql: &'static str,
    after: i64,
    limit: usize,
) -> sqlx::Result<Vec<AuditEntry>> {
    let limit = i64::try_from(limit.min(MAX_ENTRIES)).unwrap_or(i64::MAX);
    let rows = query(sql).bind(after).bind(limit).fetch_all(connection).await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &Row) -> sqlx::Result<AuditEntry> {
    Ok(AuditEntry {
        seq: row.try_get(0)?,
        at: Timestamp(row.try_get(1)?),
        actor: row.try_get::<Option<Uuid>, _>(2)?.map(UserId),
        action: row.try_get(3)?,
        detail: row.try_get(4)?,
        hash: hash_of(row.try_get(5)?)?,
        format: row.try_get(6)?,
    })
}

fn hash_of(bytes: &[u8]) -> sqlx::Result<[u8; 32]> {
    bytes.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
