//! Changes of bans.

use async_trait::async_trait;
use plic_pipeline::{
    id::UserId,
    store::{Ban, StoreError},
    timestamp::Timestamp,
};
use sqlx::SqliteConnection;

use super::{people::People, queue::Change};

/// Bans a user, or replaces their ban.
pub(super) struct SetBan(pub(super) Ban);

#[async_trait]
impl Change for SetBan {
    type Done = ();
    type Refusal = StoreError;

    async fn apply(
        &self,
        transaction: &mut SqliteConnection,
        _: &mut People,
        now: Timestamp,
    ) -> sqlx::Result<Result<(), StoreError>> {
        sqlx::query(
            "INSERT INTO bans (user, reason, expires_at, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (user) \
             DO UPDATE SET reason = excluded.reason, expires_at = excluded.expires_at, created_at = excluded.created_at",
        )
        .bind(self.0.user.0)
        .bind(&self.0.reason)
        .bind(self.0.expires_at.map(|end| end.0))
        .bind(now.0)
        .execute(transaction)
        .await?;
        Ok(Ok(()))
    }
}

/// Lifts a ban; answers whether there was one.
pub(super) struct LiftBan(pub(super) UserId);

#[async_trait]
impl Change for LiftBan {
    type Done = bool;
    type Refusal = StoreError;

    async fn apply(
        &self,
        transaction: &mut SqliteConnection,
        _: &mut People,
        _: Timestamp,
    ) -> sqlx::Result<Result<bool, StoreError>> {
        let lifted =
            sqlx::query("DELETE FROM bans WHERE user = ?").bind(self.0.0).execute(transaction).await?;
        Ok(Ok(lifted.rows_affected() > 0))
    }
}
