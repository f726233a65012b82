//! Port: who a token belongs to (DESIGN section 3).

use async_trait::async_trait;

use crate::{id::UserId, timestamp::Timestamp};

/// What a user may do, from `app_metadata.role` of their token; never from `user_metadata`, which users write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Chats.
    User,
    /// Moderates as well.
    Moderator,
    /// Sets the moderation policy as well.
    Admin,
}

impl Role {
    /// As tokens name it, where they do.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

/// A verified token's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The token's `sub`.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// When the token stops holding: its `exp`, and the leeway with which it was verified.
    pub expires_at: Timestamp,
}

/// Why a token gives no identity.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The token is not one of ours, is malformed, or does not hold now.
    #[error("the token is not valid: {0}")]
    Invalid(String),
    /// The key to check it with could not be had; the token may well be good.
    #[error("the signing keys are not available")]
    KeysUnavailable,
}

/// Verifies access tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// The owner of a token that holds now.
    async fn verify(&self, token: &str) -> Result<Identity, TokenError>;
}
