//! Port: what the encoder makes of texts of which the linear classifier is not sure (MODERATION section 2, part 5).

use async_trait::async_trait;
use plic_filter::{Asks, Meaning};

/// Reads what texts mean, in bounded time.
#[async_trait]
pub trait ReadsMeaning: Send + Sync {
    /// What a text means; nothing where there is no answer in time: what the linear stage said holds.
    async fn meaning(&self, text: &str, asks: Asks) -> Option<Meaning>;

    /// Which model it is: the beginning of its file's SHA-256.
    fn model(&self) -> &str;
}
