//! Port: a second opinion on texts of which the classifier is not sure (MODERATION section 2, part 8).

use async_trait::async_trait;

/// What to do with a text of which the classifier is not sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opinion {
    /// It is harmful: it does not pass.
    Harmful,
    /// It is harmless: it is delivered, and moderators look at it.
    Harmless,
    /// A moderator is to decide.
    Unsure,
}

/// Gives a second opinion, in bounded time. Where whoever gives it is away, the operator has declared the answer.
#[async_trait]
pub trait SecondOpinion: Send + Sync {
    /// What to do with a text.
    async fn ask(&self, text: &str) -> Opinion;
}
