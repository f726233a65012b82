//! Verifies Supabase access tokens (DESIGN section 3): HS256 with the project's secret, asymmetric keys from its JWKS.

mod header;
mod issuer;
mod jwks;
mod numeric_date;
mod refusal;
mod role;

use std::{fmt, future::pending, str::FromStr, time::Duration};

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use plic_pipeline::{
    id::UserId,
    json::Object,
    timestamp::Timestamp,
    token::{Identity, Role, TokenError, Tokens},
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

pub use self::issuer::{AnyBesideOthers, Issuers};
use self::{header::refused_extension, jwks::Jwks, numeric_date::NumericDate, refusal::TokenRefusal};

/// How far clocks may differ: a token holds for so long after its `exp`, and before its `nbf`.
const LEEWAY: Duration = Duration::from_secs(5);
/// `aud` and `role` of a user's token; the project's anon and service keys have another role.
const AUTHENTICATED: &str = "authenticated";

/// Verifies the tokens of one Supabase project.
pub struct SupabaseTokens {
    secret: Option<DecodingKey>,
    jwks: Option<Jwks>,
    issuers: Issuers,
    role_claim: RoleClaim,
}

/// The claims that are asked about, beside those that the library checks and the role of moderators.
#[derive(Debug, Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    exp: Option<NumericDate>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    iss: Option<Value>,
}

/// Where in a token the role of moderators and admins stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleClaim(Vec<String>);

impl FromStr for RoleClaim {
    type Err = &'static str;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let names: Vec<String> = path.split('.').map(str::to_owned).collect();
        if names.iter().any(String::is_empty) {
            return Err("not a path of names such as app_metadata.role");
        }
        if names[0] == "user_metadata" {
            return Err("users write their user_metadata themselves");
        }
        if names == ["role"] {
            return Err("`role` is `authenticated` in every user's token");
        }
        Ok(Self(names))
    }
}

impl fmt::Display for RoleClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl SupabaseTokens {
    /// Verifies with a secret (HS256 alone), with the keys published below `url`, or with either.
    pub fn new(secret: Option<&str>, url: Option<&Url>, issuers: Issuers, role_claim: RoleClaim) -> Self {
        Self {
            role_claim,
            secret: secret.map(|secret| DecodingKey::from_secret(secret.as_bytes())),
            jwks: url.map(Jwks::new),
            issuers,
        }
    }

    /// Fetches the published keys again and again, every ten minutes; does not return.
    pub async fn keep_keys_fresh(&self) {
        match &self.jwks {
            Some(jwks) => jwks.keep_fresh().await,
            None => pending().await,
        }
    }

    async fn key(&self, token: &str) -> Result<(Algorithm, DecodingKey), TokenRefusal> {
        let header = decode_header(token).map_err(|_| TokenRefusal::NoToken)?;
        if let Some(reason) = refused_extension(token) {
            return Err(TokenRefusal::Extension(reason));
        }
        match (header.alg, &self.secret, &self.jwks) {
            (Algorithm::HS256, Some(secret), _) => Ok((Algorithm::HS256, secret.clone())),
            (Algorithm::HS256, None, _) => Err(TokenRefusal::NoSecret),
            (alg, _, Some(jwks)) => {
                let kid = header.kid.ok_or(TokenRefusal::NoKeyId)?;
                let (pinned, key) = jwks.key(&kid).await?;
                if pinned != alg {
                    return Err(TokenRefusal::OtherAlgorithm);
                }
                Ok((pinned, key))
            }
            (_, _, None) => Err(TokenRefusal::OnlyHs256),
        }
    }

    async fn identify(&self, token: &str) -> Result<Identity, TokenRefusal> {
        let (algorithm, key) = self.key(token).await?;
        let Object(claims) = decode::<Object<Claims>>(token, &key, &Self::validation(algorithm))
            .map_err(|error| TokenRefusal::from(&error))?
            .claims;
        if claims.role.ok_or(TokenRefusal::Missing("role"))? != AUTHENTICATED {
            return Err(TokenRefusal::OtherRole);
        }
        let sub = claims.sub.ok_or(TokenRefusal::Missing("sub"))?;
        let user = Uuid::parse_str(&sub).map_err(|_| TokenRefusal::NoUuid)?;
        let role = role::at(&self.role_claim.0, token).ok_or(TokenRefusal::Unreadable)?;
        self.issuers.check(claims.iss.as_ref())?;
        let exp = claims.exp.ok_or(TokenRefusal::Missing("exp"))?;
        Ok(Identity { user: UserId(user), role, expires_at: exp.0.after(LEEWAY) })
    }

    fn validation(algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY.as_secs();
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub", "aud"]);
        validation.set_audience(&[AUTHENTICATED]);
        validation
    }
}

#[async_trait]
impl Tokens for SupabaseTokens {
    async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        let identity = self.identify(token).await;
        if let Err(refusal) = &identity {
            refusal.log();
        }
        Ok(identity?)
    }
}

/// Mints an HS256 token of a user, as Supabase would, which names this issuer; for tests and for `dev`.
///
/// # Errors
/// Where the clock or the library fails.
pub fn mint(
    secret: &str,
    user: Uuid,
    role: Role,
    ttl: Duration,
    issuer: Option<&str>,
) -> Result<String, jsonwebtoken::errors::Error> {
    let expires_at = Timestamp::now().after(ttl).0 / 1_000_000;
    let mut claims = json!({"sub": user, "exp": expires_at, "aud": AUTHENTICATED, "role": AUTHENTICATED});
    if role > Role::User {
        claims["app_metadata"] = json!({"role": role.name()});
    }
    if let Some(issuer) = issuer {
        claims["iss"] = issuer.into();
    }
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_users_write_is_refused() {
        for path in ["", "a..b", "user_metadata.role", "role"] {
            assert!(path.parse::<RoleClaim>().is_err(), "{path}");
        }
    }
}
