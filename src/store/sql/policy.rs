//! The policy in force, one row.

use async_trait::async_trait;
use plic_pipeline::{
    id::UserId,
    moderation::{Deed, Policy},
    store::StoreError,
};
use sqlx::{query, query_scalar};

use crate::cluster::shared::News;

use super::{
    audit,
    change::{Change, Work},
    db::Connection,
    words::{from_json, json},
};

/// Puts a policy in force.
pub(super) struct SetPolicy {
    pub(super) policy: Policy,
    pub(super) actor: UserId,
}

#[async_trait]
impl Change for SetPolicy {
    type Done = ();
    type Refusal = StoreError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), StoreError>> {
        let policy = json(&self.policy)?;
        query("UPDATE moderation SET policy = $1").bind(&policy).execute(&mut *work.connection).await?;
        let mut deed = Deed::new(Some(self.actor), "policy.set");
        deed.detail = from_json(&policy)?;
        audit::add(work.connection, &deed, work.now).await?;
        work.news.push(News::Policy);
        Ok(Ok(()))
    }
}

/// The policy in force: the default one until there is another.
pub(super) async fn load(connection: &mut Connection) -> sqlx::Result<Policy> {
    let policy: Option<String> = query_scalar("SELECT policy FROM moderation").fetch_one(connection).await?;
    policy.map_or_else(|| Ok(Policy::default()), |policy| from_json(&policy))
}
