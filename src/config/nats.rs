//! The settings of NATS, by which several nodes tell each other what is new.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use clap::Args;
use url::Url;

use super::{ConfigError, database::HIDDEN, value::has_user};
use crate::bus::nats::NatsSettings;

/// What is said of NATS.
#[derive(Debug, Clone, Args)]
pub struct NatsArguments {
    /// The servers of NATS, separated by commas, by which several nodes tell each other what is new; needs PostgreSQL
    #[arg(long = "nats-url", env = "NATS_URL", value_delimiter = ',', value_parser = server, hide_env_values = true)]
    pub servers: Option<Vec<String>>,

    /// What the names of all subjects begin with, so that several installations can share a NATS
    #[arg(long = "nats-prefix", env = "PLIC_NATS_PREFIX", default_value = NatsSettings::DEFAULT_PREFIX, value_parser = prefix)]
    pub prefix: String,

    /// Signing in to NATS with a file of credentials (a JWT and its seed)
    #[arg(long = "nats-credentials-file", env = "NATS_CREDENTIALS_FILE")]
    pub credentials_file: Option<PathBuf>,

    /// Signing in to NATS with the seed of an nkey, in a file
    #[arg(long = "nats-nkey-file", env = "NATS_NKEY_FILE")]
    pub nkey_file: Option<PathBuf>,

    /// Signing in to NATS with a token
    #[arg(long = "nats-token", env = "NATS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,

    /// Signing in to NATS with a user and a password
    #[arg(long = "nats-user", env = "NATS_USER")]
    pub user: Option<String>,

    /// The password of that user
    #[arg(long = "nats-password", env = "NATS_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,

    /// Certificates of authorities to trust for NATS, in place of the system's; then nothing but TLS will do
    #[arg(long = "nats-ca-file", env = "NATS_CA_FILE")]
    pub ca_file: Option<PathBuf>,

    /// This node's certificate for NATS
    #[arg(long = "nats-certificate-file", env = "NATS_CERTIFICATE_FILE")]
    pub certificate_file: Option<PathBuf>,

    /// The key of that certificate
    #[arg(long = "nats-key-file", env = "NATS_KEY_FILE")]
    pub key_file: Option<PathBuf>,
}

impl NatsArguments {
    /// Whether they fit together, and their files can be read.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.servers.is_none() {
            return match self.set().next() {
                Some(setting) => Err(ConfigError::Needs(setting, "NATS_URL")),
                None => Ok(()),
            };
        }
        for (one, other) in [
            (("NATS_USER", self.user.is_some()), ("NATS_PASSWORD", self.password.is_some())),
            (
                ("NATS_CERTIFICATE_FILE", self.certificate_file.is_some()),
                ("NATS_KEY_FILE", self.key_file.is_some()),
            ),
        ] {
            match (one, other) {
                ((set, true), (missing, false)) | ((missing, false), (set, true)) => {
                    return Err(ConfigError::Needs(set, missing));
                }
                _ => {}
            }
        }
        let ways: Vec<&'static str> = [
            ("a user in NATS_URL", self.addresses().any(|url| has_user(&url))),
            ("NATS_CREDENTIALS_FILE", self.credentials_file.is_some()),
            ("NATS_NKEY_FILE", self.nkey_file.is_some()),
            ("NATS_TOKEN", self.token.is_some()),
            ("NATS_USER", self.user.is_some()),
        ]
        .into_iter()
        .filter_map(|(way, is_used)| is_used.then_some(way))
        .collect();
        if let [one, other, ..] = ways[..] {
            return Err(ConfigError::TwoWaysIn(one, other));
        }
        for (setting, path) in self.files() {
            if let Some(path) = path {
                File::open(path).map_err(|source| ConfigError::File {
                    setting,
                    path: path.to_owned(),
                    source,
                })?;
            }
        }
        Ok(())
    }

    /// How NATS is reached; `None` where there is none.
    pub fn settings(&self) -> Option<NatsSettings> {
        let servers = self.servers.clone()?;
        let has_tls_server = self.addresses().any(|url| url.scheme() == "tls");
        Some(NatsSettings {
            require_tls: has_tls_server || self.ca_file.is_some() || self.certificate_file.is_some(),
            servers,
            prefix: self.prefix.clone(),
            credentials_file: self.credentials_file.clone(),
            nkey_file: self.nkey_file.clone(),
            token: self.token.clone(),
            user: self.user.clone(),
            password: self.password.clone(),
            ca_file: self.ca_file.clone(),
            certificate_file: self.certificate_file.clone(),
            key_file: self.key_file.clone(),
        })
    }

    /// What is in force, secrets hidden.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let not_set = || "not set".to_owned();
        let secret = |value: &Option<String>| value.as_ref().map_or_else(not_set, |_| HIDDEN.into());
        let file = |(name, path): (_, Option<&Path>)| {
            (name, path.map_or_else(not_set, |path| path.display().to_string()))
        };
        let mut rows = vec![
            ("NATS_URL", self.settings().map_or_else(not_set, |settings| settings.places())),
            ("PLIC_NATS_PREFIX", self.prefix.clone()),
            ("NATS_TOKEN", secret(&self.token)),
            ("NATS_USER", self.user.clone().unwrap_or_else(not_set)),
            ("NATS_PASSWORD", secret(&self.password)),
        ];
        rows.extend(self.files().map(file));
        rows
    }

    fn files(&self) -> [(&'static str, Option<&Path>); 5] {
        [
            ("NATS_CREDENTIALS_FILE", self.credentials_file.as_deref()),
            ("NATS_NKEY_FILE", self.nkey_file.as_deref()),
            ("NATS_CA_FILE", self.ca_file.as_deref()),
            ("NATS_CERTIFICATE_FILE", self.certificate_file.as_deref()),
            ("NATS_KEY_FILE", self.key_file.as_deref()),
        ]
    }

    /// The names of what is set beside the servers.
    fn set(&self) -> impl Iterator<Item = &'static str> {
        let words = [
            ("NATS_TOKEN", self.token.is_some()),
            ("NATS_USER", self.user.is_some()),
            ("NATS_PASSWORD", self.password.is_some()),
        ];
        let files = self.files().map(|(setting, path)| (setting, path.is_some()));
        words.into_iter().chain(files).filter_map(|(setting, is_set)| is_set.then_some(setting))
    }

    fn addresses(&self) -> impl Iterator<Item = Url> {
        self.servers.iter().flatten().filter_map(|server| Url::parse(server).ok())
    }
}

/// Reads one server; what was given stands in no refusal, for it may hold a password.
fn server(text: &str) -> Result<String, String> {
    let text = text.trim();
    let refusal = "not servers of the form nats://host:port or tls://host:port, separated by commas; in a password, \
                   characters such as , / ? # @ % are written %2C %2F %3F %23 %40 %25";
    let url = Url::parse(text).map_err(|_| refusal)?;
    let has_more = !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
    let is_server =
        matches!(url.scheme(), "nats" | "tls") && url.host_str().is_some_and(|host| !host.is_empty());
    if is_server && !has_more { Ok(text.into()) } else { Err(refusal.into()) }
}

/// Reads the beginning of a subject: words between full stops, without wildcards.
fn prefix(text: &str) -> Result<String, String> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if text.len() <= 64 && text.split('.').all(is_word) {
        Ok(text.into())
    } else {
        Err("not at most 64 letters, digits, - and _, with . between".into())
    }
}
