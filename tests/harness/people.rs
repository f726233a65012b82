//! Users and their access tokens, made here and not by the server: claims as Supabase writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

/// The HS256 secret that every server of these tests is given.
pub(crate) const SECRET: &str = "a secret for tests, and for nothing but tests";

/// Somebody with a token that holds for an hour.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) token: String,
}

impl User {
    /// Somebody new.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// Somebody new who moderates.
    pub(crate) fn moderator() -> Self {
        Self::with(|claims| claims["app_metadata"]["role"] = json!("moderator"))
    }

    /// Somebody new who sets the moderation policy as well.
    pub(crate) fn admin() -> Self {
        Self::with(|claims| claims["app_metadata"]["role"] = json!("admin"))
    }

    /// Somebody new, with other claims than the ordinary ones.
    pub(crate) fn with(change: impl FnOnce(&mut Value)) -> Self {
        let id = Uuid::new_v4();
        let mut claims = claims(id);
        change(&mut claims);
        Self { id, token: sign(&claims) }
    }

    /// Somebody new whose token is at least `bytes` long.
    pub(crate) fn with_token_of(bytes: usize) -> Self {
        let user = Self::with(|claims| claims["user_metadata"] = json!({ "bio": "x".repeat(bytes) }));
        assert!(user.token.len() >= bytes);
        user
    }

    /// The `Authorization` header's value.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// The WebSocket's target with the token as its parameter.
    pub(crate) fn target(&self) -> String {
        format!("/?token={}", self.token)
    }
}

/// The ordinary claims of a user.
pub(crate) fn claims(user: Uuid) -> Value {
    json!({
        "sub": user,
        "aud": "authenticated",
        "role": "authenticated",
        "iat": now(),
        "exp": now() + 3600,
        "app_metadata": { "provider": "email" },
        "user_metadata": {},
    })
}

/// Signs claims with [`SECRET`].
pub(crate) fn sign(claims: &Value) -> String {
    sign_with(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes()))
}

/// Signs claims with any key.
pub(crate) fn sign_with(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).expect("claims can be signed")
}

/// Seconds since the epoch.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("before the year 292 billion")
}
