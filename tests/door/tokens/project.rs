//! A Supabase project as the server sees it: signing keys, and an address that publishes their public halves.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use crate::harness::{Chat, User, claims, sign_with};

/// A signing key of the project.
pub(super) struct Key {
    kid: &'static str,
    algorithm: Algorithm,
    pub(super) private: EncodingKey,
}

impl Key {
    pub(super) fn es256(kid: &'static str) -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let key = EncodingKey::from_ec_der(document.expect("a key").as_ref());
        Self { kid, algorithm: Algorithm::ES256, private: key }
    }

    pub(super) fn eddsa(kid: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).expect("a key");
        Self { kid, algorithm: Algorithm::EdDSA, private: EncodingKey::from_ed_der(document.as_ref()) }
    }

    pub(super) fn rs256(kid: &'static str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let document: Pkcs8V1Der<'_> = pair.as_der().expect("a key");
        let body = STANDARD.encode(document.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
        Self { kid, algorithm: Algorithm::RS256, private: key }
    }

    /// The public half, as the project publishes it.
    pub(super) fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.private, self.algorithm).expect("a public half");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    pub(super) fn header(&self) -> Header {
        Header { kid: Some(self.kid.to_owned()), ..Header::new(self.algorithm) }
    }

    /// Somebody with a token of this key.
    pub(super) fn user(&self, project: &Project) -> User {
        let id = Uuid::new_v4();
        User { id, token: sign_with(&self.header(), &project.claims(id), &self.private) }
    }
}

/// A Supabase project's key server.
pub(super) struct Project {
    address: SocketAddr,
    keys: Arc<Mutex<Vec<Value>>>,
    fetches: Arc<AtomicUsize>,
    pub(super) away: Arc<AtomicBool>,
}

impl Project {
    pub(super) async fn with(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let project = Self {
            address: listener.local_addr().expect("an address"),
            keys: Arc::default(),
            fetches: Arc::default(),
            away: Arc::default(),
        };
        project.publish(keys);
        let (keys, fetches, away) =
            (Arc::clone(&project.keys), Arc::clone(&project.fetches), Arc::clone(&project.away));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let set = json!({ "keys": *keys.lock().unwrap_or_else(PoisonError::into_inner) });
                let away = away.load(Ordering::SeqCst);
                tokio::spawn(answer(stream, set, Arc::clone(&fetches), away));
            }
        });
        project
    }

    pub(super) fn publish(&self, keys: &[&Key]) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) =
            keys.iter().map(|key| key.jwk()).collect();
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn claims(&self, user: Uuid) -> Value {
        let mut claims = claims(user);
        claims["iss"] = json!(format!("{}/auth/v1", self.url()));
        claims
    }

    pub(super) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// A server that takes this project's tokens, and none of a shared secret unless one is given.
    pub(super) async fn serve(&self, secret: &str) -> Chat {
        self.serve_with(&[("SUPABASE_JWT_SECRET", secret)]).await
    }

    /// A server of this project with more settings.
    pub(super) async fn serve_with(&self, settings: &[(&str, &str)]) -> Chat {
        let url = self.url();
        let settings: Vec<_> = settings.iter().copied().chain([("SUPABASE_URL", &*url)]).collect();
        Chat::with(&settings).await
    }
}

async fn answer(mut stream: TcpStream, set: Value, fetches: Arc<AtomicUsize>, away: bool) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let known = head.starts_with(b"GET /auth/v1/.well-known/jwks.json ");
    let (status, body) = match (known, away) {
        (true, false) => ("200 OK", set.to_string()),
        (true, true) => ("503 Service Unavailable", "<html>away</html>".to_owned()),
        (false, _) => ("404 Not Found", String::new()),
    };
    fetches.fetch_add(1, Ordering::SeqCst);
    // Slow enough that those who come at the same moment meet one fetch under way.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}
