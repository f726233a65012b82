//! Port: a second opinion on texts of which the classifier is not sure (MODERATION section 2, part 8).

use async_trait::async_trait;
pub use plic_filter::Opinion;

/// Gives a second opinion, in bounded time. Where whoever gives it is away, the operator has declared the answer.
#[async_trait]
pub trait SecondOpinion: Send + Sync {
    /// What to do with a text.
    async fn ask(&self, text: &str) -> Opinion;
}
