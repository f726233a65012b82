//! Why a token is refused, and the line of the log that says so.

use jsonwebtoken::errors::{Error, ErrorKind};
use plic_pipeline::{log_line::THROTTLE_INTERVAL, token::TokenError};

/// Why a token gives no identity. The texts name no value of the token: they are logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenRefusal {
    #[error("it is no JSON Web Token")]
    NoToken,
    #[error("{0}")]
    Extension(&'static str),
    #[error("it is signed with HS256, and SUPABASE_JWT_SECRET is not set")]
    NoSecret,
    #[error("only HS256 can be verified while SUPABASE_URL is not set")]
    OnlyHs256,
    #[error("it is signed with a published key and names none (kid)")]
    NoKeyId,
    #[error("it is signed with a key that SUPABASE_URL does not publish")]
    UnknownKey,
    #[error("its algorithm is not that of its key")]
    OtherAlgorithm,
    #[error("the signature is not that of the secret or the key")]
    BadSignature,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet (nbf)")]
    NotYetValid,
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    #[error("the claim aud is not \"authenticated\"")]
    OtherAudience,
    #[error("the claim role is not \"authenticated\"")]
    OtherRole,
    #[error("the claim sub is not a uuid")]
    NoUuid,
    #[error("a claim is not of its type")]
    Unreadable,
    #[error("another issuer: {0}")]
    OtherIssuer(String),
    #[error("the signing keys are not available")]
    KeysUnavailable,
}

impl TokenRefusal {
    /// Whether a good signature shows that the sender is no stranger, so that most likely whoever makes the tokens has to
    /// change something.
    fn is_mistake_of_the_signer(&self) -> bool {
        matches!(
            self,
            Self::Missing(_) | Self::OtherAudience | Self::OtherRole | Self::NoUuid | Self::Unreadable
        )
    }

    /// Logs the refusal, once a minute for each cause.
    pub(super) fn log(&self) {
        match self {
            // These are logged where they are found, with more fields.
            Self::OtherIssuer(_) | Self::KeysUnavailable => {}
            cause if cause.is_mistake_of_the_signer() => {
                plic_pipeline::log_limited!(WARN, every: THROTTLE_INTERVAL, class: &cause.to_string(), "refused a token: {cause}");
            }
            cause => {
                plic_pipeline::log_limited!(INFO, every: THROTTLE_INTERVAL, class: &cause.to_string(), "refused a token: {cause}");
            }
        }
    }
}

impl From<&Error> for TokenRefusal {
    fn from(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidSignature => Self::BadSignature,
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::ImmatureSignature => Self::NotYetValid,
            ErrorKind::InvalidAudience => Self::OtherAudience,
            ErrorKind::MissingRequiredClaim(name) => match name.as_str() {
                "sub" => Self::Missing("sub"),
                "exp" => Self::Missing("exp"),
                _ => Self::Missing("aud"),
            },
            ErrorKind::InvalidClaimFormat(_) | ErrorKind::Json(_) => Self::Unreadable,
            ErrorKind::InvalidAlgorithm => Self::OtherAlgorithm,
            _ => Self::NoToken,
        }
    }
}

impl From<TokenRefusal> for TokenError {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::KeysUnavailable => Self::KeysUnavailable,
            refusal => Self::Invalid(refusal.to_string()),
        }
    }
}
