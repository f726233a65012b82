//! The roles of moderators and admins, as their tokens last said.

use async_trait::async_trait;
use plic_pipeline::{
    id::UserId, moderation::staff::ROLE_KNOWN, store::StoreError, timestamp::Timestamp, token::Role,
};
use sqlx::{query, query_scalar};
use uuid::Uuid;

use super::{
    change::{Change, Work},
    db::Connection,
};

pub(super) const ROLE: &str = "SELECT role FROM staff WHERE \"user\" = $1 AND seen_at > $2";

/// Remembers a role.
pub(super) struct NoteRole {
    pub(super) user: UserId,
    pub(super) role: Role,
}

#[async_trait]
impl Change for NoteRole {
    type Done = ();
    type Refusal = StoreError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), StoreError>> {
        query(
            "INSERT INTO staff (\"user\", role, seen_at) VALUES ($1, $2, $3) \
             ON CONFLICT (\"user\") DO UPDATE SET role = excluded.role, seen_at = excluded.seen_at",
        )
        .bind(self.user.0)
        .bind(self.role.name())
        .bind(work.now.0)
        .execute(&mut *work.connection)
        .await?;
        Ok(Ok(()))
    }
}

/// Returns the role that a user was last seen with, unless that is long ago.
pub(super) async fn role_of(
    connection: &mut Connection,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<Option<Role>> {
    let role: Option<String> =
        query_scalar(ROLE).bind(user.0).bind(now.before(ROLE_KNOWN).0).fetch_optional(connection).await?;
    Ok(role
        .and_then(|role| [Role::User, Role::Moderator, Role::Admin].into_iter().find(|of| of.name() == role)))
}

/// Returns the users who were last seen as moderators or admins, unless that is long ago; at most `limit`.
pub(super) async fn ranked(
    connection: &mut Connection,
    now: Timestamp,
    limit: usize,
) -> sqlx::Result<Vec<UserId>> {
    let users: Vec<Uuid> =
        query_scalar("SELECT \"user\" FROM staff WHERE role <> 'user' AND seen_at > $1 LIMIT $2")
            .bind(now.before(ROLE_KNOWN).0)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(connection)
            .await?;
    Ok(users.into_iter().map(UserId).collect())
}
