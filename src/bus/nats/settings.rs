//! How NATS is reached.

use std::{fmt, path::PathBuf};

use url::Url;

/// How NATS is reached. Its `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct NatsSettings {
    /// The servers: `nats://host:port` or `tls://host:port`. A `user:password@` or a `token@` in them counts where none is
    /// set here.
    pub servers: Vec<String>,
    /// What the names of all subjects begin with, so that several installations can share a NATS.
    pub prefix: String,
    /// A file of credentials (a JWT and its seed).
    pub credentials_file: Option<PathBuf>,
    /// A file with the seed of an nkey.
    pub nkey_file: Option<PathBuf>,
    /// A token.
    pub token: Option<String>,
    /// A user.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// Certificates of authorities to trust, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// This node's certificate.
    pub certificate_file: Option<PathBuf>,
    /// The key of this node's certificate.
    pub key_file: Option<PathBuf>,
    /// Whether nothing but TLS will do.
    pub require_tls: bool,
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            prefix: Self::DEFAULT_PREFIX.into(),
            credentials_file: None,
            nkey_file: None,
            token: None,
            user: None,
            password: None,
            ca_file: None,
            certificate_file: None,
            key_file: None,
            require_tls: false,
        }
    }
}

impl NatsSettings {
    /// The prefix unless it is said.
    pub const DEFAULT_PREFIX: &str = "plic";

    /// Where the servers are: without users, passwords and tokens.
    pub fn places(&self) -> String {
        let places: Vec<String> = self.servers.iter().map(|server| place(server)).collect();
        places.join(",")
    }
}

impl fmt::Debug for NatsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsSettings")
            .field("servers", &self.places())
            .field("prefix", &self.prefix)
            .field("require_tls", &self.require_tls)
            .finish_non_exhaustive()
    }
}

/// An address without what is secret about it.
fn place(server: &str) -> String {
    let Ok(url) = Url::parse(server) else { return "(not an address)".into() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let settings = NatsSettings {
            servers: vec![
                "nats://me:hush@a.example:4222".into(),
                "tls://hush@b.example".into(),
                "hush".into(),
            ],
            token: Some("hush".into()),
            password: Some("hush".into()),
            ..NatsSettings::default()
        };
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hush"), "{shown}");
        assert_eq!(settings.places(), "nats://a.example:4222,tls://b.example,(not an address)");
    }
}
