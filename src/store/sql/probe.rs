//! A write that changes nothing and is stored like any other, to find out whether writes are stored.

use async_trait::async_trait;
use plic_pipeline::store::StoreError;

use super::{
    change::{Change, Work},
    db,
    queue::Queue,
};

/// Rewrites what is there.
struct Probe;

#[async_trait]
impl Change for Probe {
    type Done = ();
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), StoreError>> {
        db::rewrite(work.connection).await.map(Ok)
    }
}

/// Returns whether writes are stored, by the last ones or by a probe where there were none lately.
pub(super) async fn prove_writes(queue: &Queue) -> Result<(), StoreError> {
    if let Some(probe) = queue.health.begin_probe() {
        let probing = queue.clone();
        // By itself: a caller that goes away must not leave the outcome open. It ends within the deadline of a call.
        let probing = tokio::spawn(async move {
            let stored = probing.change(Probe).await;
            probe.ended(stored.is_ok());
            stored
        });
        probing.await.map_err(|error| StoreError::Unavailable(Box::new(error)))??;
    }
    queue.health.verdict().map_err(|error| StoreError::Unavailable(Box::new(error)))
}
