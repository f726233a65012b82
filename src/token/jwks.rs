//! The project's published keys: fetched every ten minutes, and once more for a key that is not known yet. The last
//! good set survives an outage.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, sleep},
};
use url::Url;

use super::refusal::TokenRefusal;

const REFRESH: Duration = Duration::from_mins(10);
/// An unknown key makes us fetch at most so often.
const PAUSE_BETWEEN_FETCHES: Duration = Duration::from_secs(30);
/// For the whole of a fetch.
const FETCH_DEADLINE: Duration = Duration::from_secs(5);
/// A key set is a few kilobytes; one that is larger is no key set.
const MAX_SET_BYTES: usize = 256 * 1024;

type Keys = HashMap<String, (Algorithm, DecodingKey)>;

/// The keys below `<SUPABASE_URL>/auth/v1/.well-known/jwks.json`.
pub(super) struct Jwks {
    source: Arc<Source>,
    /// The last fetch; held while one is under way, so that all who wait share it.
    last: Arc<Mutex<Option<Fetch>>>,
}

struct Source {
    url: String,
    client: reqwest::Client,
    keys: RwLock<Keys>,
}

#[derive(Clone, Copy)]
struct Fetch {
    at: Instant,
    succeeded: bool,
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("the key set is larger than {MAX_SET_BYTES} bytes")]
    TooLarge,
    #[error("no key in the set signs tokens")]
    NoKeys,
    #[error("not a key set")]
    Malformed(#[from] serde_json::Error),
}

impl Jwks {
    pub(super) fn new(project: &Url) -> Self {
        let client = reqwest::Client::builder()
            .timeout(FETCH_DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("the TLS backend is compiled in");
        let url = format!("{}/auth/v1/.well-known/jwks.json", project.as_str().trim_end_matches('/'));
        let source = Source { url, client, keys: RwLock::default() };
        Self { source: Arc::new(source), last: Arc::default() }
    }

    pub(super) async fn keep_fresh(&self) {
        loop {
            let last = Arc::clone(&self.last).lock_owned().await;
            let fetch = self.fetch(last).await;
            sleep(if fetch.succeeded { REFRESH } else { PAUSE_BETWEEN_FETCHES }).await;
        }
    }

    /// The key with this id, and the one algorithm that it serves.
    pub(super) async fn key(&self, kid: &str) -> Result<(Algorithm, DecodingKey), TokenRefusal> {
        if let Some(key) = self.source.known(kid) {
            return Ok(key);
        }
        let last = Arc::clone(&self.last).lock_owned().await;
        if let Some(key) = self.source.known(kid) {
            return Ok(key);
        }
        let fetch = match *last {
            Some(fetch) if fetch.at.elapsed() < PAUSE_BETWEEN_FETCHES => fetch,
            _ => self.fetch(last).await,
        };
        match self.source.known(kid) {
            Some(key) => Ok(key),
            None if fetch.succeeded => Err(TokenRefusal::UnknownKey),
            None => Err(TokenRefusal::KeysUnavailable),
        }
    }

    /// Fetches in a task of its own: whoever asks may go away, and the fetch counts all the same.
    async fn fetch(&self, mut last: OwnedMutexGuard<Option<Fetch>>) -> Fetch {
        let source = Arc::clone(&self.source);
        let fetching = tokio::spawn(async move { *last.insert(source.fetch().await) });
        fetching.await.unwrap_or_else(|_| Fetch { at: Instant::now(), succeeded: false })
    }
}

impl Source {
    fn known(&self, kid: &str) -> Option<(Algorithm, DecodingKey)> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(kid).cloned()
    }

    async fn fetch(&self) -> Fetch {
        let downloaded = self.download().await;
        if let Err(error) = &downloaded {
            plic_pipeline::log_limited!(
                WARN,
                error: error,
                "could not fetch the signing keys"
            );
        }
        let succeeded = downloaded.is_ok();
        if let Ok(keys) = downloaded {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Fetch { at: Instant::now(), succeeded }
    }

    async fn download(&self) -> Result<Keys, FetchError> {
        let mut response = self.client.get(&self.url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_SET_BYTES {
                return Err(FetchError::TooLarge);
            }
        }
        let set: LenientSet = serde_json::from_slice(&body)?;
        let keys: Keys = set.keys.into_iter().filter_map(usable).collect();
        // The last good set is better than none.
        if keys.is_empty() { Err(FetchError::NoKeys) } else { Ok(keys) }
    }
}

/// A key set in which one key of a kind that we do not know spoils nothing.
#[derive(serde::Deserialize)]
struct LenientSet {
    keys: Vec<serde_json::Value>,
}

/// A key that signs tokens, with its id and the algorithm that its kind pins.
fn usable(value: serde_json::Value) -> Option<(String, (Algorithm, DecodingKey))> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        _ => return None,
    };
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some((jwk.common.key_id?, (algorithm, key)))
}
