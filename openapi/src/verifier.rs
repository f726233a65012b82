//! Verifies tokens, for REST and for handshakes. The address of a caller whom nobody knows yet is charged before a signature
//! is verified, so that made-up tokens cost next to nothing; a token that holds gives the charge back.
//!
//! Who is known is not charged, so that users go on behind an address that others have used up: a connection over which a
//! token has come that holds, and a token that was verified lately, on whichever connection. Their tokens are verified like
//! all others.

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use moka::{Expiry, sync::Cache};
use plic_pipeline::{
    timestamp::Timestamp,
    token::{Identity, TokenError, Tokens},
};
use sha2::{Digest, Sha256};

use crate::{
    address::AddressBlock,
    address_limit::{AddressLimit, OverLimit},
    standing::Standing,
};

/// Tokens that are remembered at most; each takes some 200 bytes.
const MAX_REMEMBERED: u64 = 65_536;
/// How long a token is remembered at most, however long it holds.
const LONGEST_MEMORY: Duration = Duration::from_hours(24);

/// What stands for a token in memory.
type TokenDigest = [u8; 32];

/// Verifies tokens within the limits of addresses; a clone has the same limits.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    tokens: Arc<dyn Tokens>,
    limit: AddressLimit,
    /// Tokens that were verified lately, and until when they hold.
    lately: Cache<TokenDigest, Timestamp>,
}

/// Why a token gives no identity.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The address has sent too many tokens that do not hold; this one was not looked at.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// It was looked at.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Verifier {
    /// Charges an address for at most `per_second` tokens that do not hold, and for `burst` at once.
    pub fn new(tokens: Arc<dyn Tokens>, per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let lately = Cache::builder().max_capacity(MAX_REMEMBERED).expire_after(AsLongAsItHolds).build();
        Self(Arc::new(Inner { tokens, limit: AddressLimit::new(per_second, burst), lately }))
    }

    /// Returns whose a token is that came from an address over a connection of this standing, and notes in the standing
    /// whether it holds. A proxy's connection has no standing: it carries the requests of many.
    ///
    /// # Errors
    /// Where the token does not hold, the keys are away, or the address is over its limit.
    pub async fn verify(
        &self,
        token: &str,
        address: AddressBlock,
        standing: Option<&Standing>,
    ) -> Result<Identity, VerifyError> {
        let Inner { tokens, limit, lately } = &*self.0;
        let digest: TokenDigest = Sha256::digest(token).into();
        let is_remembered = lately.contains_key(&digest);
        let is_known = is_remembered || standing.is_some_and(Standing::is_known);
        let charge = if is_known { None } else { Some(limit.charge(address)?) };
        let verified = tokens.verify(token).await;
        if !matches!(verified, Err(TokenError::Invalid(_)))
            && let Some(charge) = charge
        {
            charge.give_back();
        }
        match verified {
            Ok(identity) => {
                if !is_remembered {
                    lately.insert(digest, identity.expires_at);
                }
                if let Some(standing) = standing {
                    standing.become_known();
                }
                Ok(identity)
            }
            Err(error @ TokenError::KeysUnavailable) => Err(error.into()),
            Err(error @ TokenError::Invalid(_)) => {
                // Whoever is known has one attempt: it is charged afterwards, and the next one before.
                if is_known {
                    let _ = limit.charge(address);
                    lately.invalidate(&digest);
                }
                if let Some(standing) = standing {
                    standing.become_stranger();
                }
                Err(error.into())
            }
        }
    }

    /// Charges an address for a request without a token.
    ///
    /// # Errors
    /// Where the address is over its limit.
    pub(crate) fn charge(&self, address: AddressBlock) -> Result<(), OverLimit> {
        self.0.limit.charge(address).map(drop)
    }
}

/// A token is forgotten when it stops holding.
struct AsLongAsItHolds;

impl Expiry<TokenDigest, Timestamp> for AsLongAsItHolds {
    fn expire_after_create(&self, _: &TokenDigest, expires_at: &Timestamp, _: Instant) -> Option<Duration> {
        Some(expires_at.since(Timestamp::now()).min(LONGEST_MEMORY))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use plic_pipeline::{id::UserId, token::Role};
    use uuid::Uuid;

    use super::*;

    const ONE: AddressBlock = AddressBlock::V4([192, 0, 2, 1]);

    /// Tokens that begin with `good` hold, for an hour or for no time at all.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    #[async_trait]
    impl Tokens for Counted {
        async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if !token.starts_with("good") {
                return Err(TokenError::Invalid("made up".to_owned()));
            }
            let holds = Duration::from_secs(if token.ends_with("brief") { 0 } else { 3600 });
            let expires_at = Timestamp::now().after(holds);
            Ok(Identity { user: UserId(Uuid::nil()), role: Role::User, expires_at })
        }
    }

    fn verifier() -> (Arc<Counted>, Verifier) {
        let tokens = Arc::new(Counted::default());
        let verifier = Verifier::new(Arc::clone(&tokens) as _, NonZeroU32::MIN, NonZeroU32::MIN);
        (tokens, verifier)
    }

    async fn use_up(verifier: &Verifier) {
        while !matches!(verifier.verify("junk", ONE, None).await, Err(VerifyError::OverLimit(_))) {}
    }

    #[tokio::test]
    async fn a_token_that_was_verified_lately_passes_an_address_that_is_used_up() {
        let (tokens, verifier) = verifier();
        verifier.verify("good", ONE, None).await.expect("it holds");
        verifier.verify("good and brief", ONE, None).await.expect("it holds");
        use_up(&verifier).await;
        let before = tokens.0.load(Ordering::Relaxed);
        verifier.verify("good", ONE, None).await.expect("it is known");
        assert_eq!(tokens.0.load(Ordering::Relaxed), before + 1, "it is verified all the same");
        let brief = verifier.verify("good and brief", ONE, None).await;
        assert!(matches!(brief, Err(VerifyError::OverLimit(_))), "it is forgotten when it stops holding");
        assert!(matches!(verifier.verify("good, new", ONE, None).await, Err(VerifyError::OverLimit(_))));
    }

    #[tokio::test]
    async fn a_known_connection_passes_with_a_new_token_until_one_does_not_hold() {
        let (tokens, verifier) = verifier();
        let standing = Standing::default();
        verifier.verify("good", ONE, Some(&standing)).await.expect("it holds");
        use_up(&verifier).await;
        verifier.verify("good, refreshed", ONE, Some(&standing)).await.expect("the connection is known");
        let before = tokens.0.load(Ordering::Relaxed);
        for attempt in 0..10 {
            let refused = verifier.verify("junk", ONE, Some(&standing)).await;
            assert_eq!(matches!(refused, Err(VerifyError::Token(_))), attempt == 0, "{attempt}");
        }
        assert_eq!(tokens.0.load(Ordering::Relaxed), before + 1);
        assert!(!standing.is_known());
    }
}
