//! The last change of a node: who was connected to it is gone, and so is the node.

use async_trait::async_trait;
use plic_pipeline::store::StoreError;
use sqlx::query;

use super::{
    PostgresStore,
    change::{Change, Work},
};

impl PostgresStore {
    /// Says that this node is gone. Where that fails, the others find it out after a while.
    pub(super) async fn depart(&self) {
        if let Err(error) = self.queue.change(Departed { node: self.node }).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "could not say that this node is gone: others find it out in a minute"
            );
        }
    }
}

/// This node is gone, with all connections to it.
struct Departed {
    node: i64,
}

#[async_trait]
impl Change for Departed {
    type Done = ();
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), StoreError>> {
        query("DELETE FROM connections WHERE node = $1")
            .bind(self.node)
            .execute(&mut *work.connection)
            .await?;
        query("DELETE FROM nodes WHERE node = $1").bind(self.node).execute(&mut *work.connection).await?;
        Ok(Ok(()))
    }
}
