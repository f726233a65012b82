//! The audit log: entries are added in the transaction of what they tell of, and only ever read after that.

use async_trait::async_trait;
use plic_pipeline::{
    id::UserId,
    moderation::{AuditEntry, Deed, audit::chain},
    store::{Page, StoreError},
    timestamp::Timestamp,
};
use serde_json::Value;
use sqlx::{Row as _, query, query_as};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    change::{Change, Work},
    db::{Connection, Row},
    read::{one_more_than, page},
    words::json,
};

pub(super) const BEFORE: &str =
    "SELECT seq, at, actor, action, detail, hash FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
pub(super) const AFTER: &str =
    "SELECT seq, at, actor, action, detail, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";
/// The most entries that one call reads.
const MAX_ENTRIES: usize = 1000;

/// Adds what was done to the log, inside the transaction that does it.
pub(super) async fn add(connection: &mut Connection, deed: &Deed, now: Timestamp) -> sqlx::Result<()> {
    let (seq, before) = head(&mut *connection).await?;
    let seq = seq + 1;
    let detail = json(&Value::Object(deed.detail.clone()))?;
    let hash = chain(&before, seq, now, deed.actor, deed.action, &detail);
    query("INSERT INTO audit (seq, at, actor, action, detail, hash) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(seq)
        .bind(now.0)
        .bind(deed.actor.map(|actor| actor.0))
        .bind(deed.action)
        .bind(detail)
        .bind(hash.to_vec())
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
    pub(super) disconnects: Option<UserId>,
}

#[async_trait]
impl Change for NoteDeed {
    type Done = ();
    type Refusal = StoreError;

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

pub(super) async fn before(
    connection: &mut Connection,
    before: Option<i64>,
    limit: usize,
) -> sqlx::Result<Page<AuditEntry>> {
    let limit = limit.min(MAX_ENTRIES);
    let rows = query(BEFORE)
        .bind(before.unwrap_or(i64::MAX))
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
    let limit = i64::try_from(limit.min(MAX_ENTRIES)).unwrap_or(i64::MAX);
    let rows = query(AFTER).bind(after).bind(limit).fetch_all(connection).await?;
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
    })
}

fn hash_of(bytes: &[u8]) -> sqlx::Result<[u8; 32]> {
    bytes.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
