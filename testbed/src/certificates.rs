//! A certificate authority for tests, and certificates of it for a server on this machine and for a client.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::tool;

/// Certificates and keys as PEM files, gone when it is dropped.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}

impl Certificates {
    /// A new authority, which has signed for the server `localhost` or 127.0.0.1, and for a client.
    pub fn new() -> Self {
        let certificates = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        certificates.sign("ca", "/CN=authority of a test", &["basicConstraints=critical,CA:TRUE"], None);
        let authority = Some("ca");
        certificates.sign(
            "server",
            "/CN=localhost",
            &["subjectAltName=DNS:localhost,IP:127.0.0.1"],
            authority,
        );
        certificates.sign("client", "/CN=client", &["subjectAltName=DNS:client"], authority);
        certificates
    }

    /// The authority's certificate.
    pub fn ca(&self) -> PathBuf {
        self.file("ca.crt")
    }

    /// The server's certificate.
    pub fn server(&self) -> PathBuf {
        self.file("server.crt")
    }

    /// The server's key.
    pub fn server_key(&self) -> PathBuf {
        self.file("server.key")
    }

    /// The client's certificate.
    pub fn client(&self) -> PathBuf {
        self.file("client.crt")
    }

    /// The client's key.
    pub fn client_key(&self) -> PathBuf {
        self.file("client.key")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A key and a certificate, signed by another one or by itself.
    fn sign(&self, name: &str, subject: &str, extensions: &[&str], by: Option<&str>) {
        let (key, certificate) = (self.file(&format!("{name}.key")), self.file(&format!("{name}.crt")));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        openssl.args(["-days", "30", "-subj", subject, "-keyout", path(&key), "-out", path(&certificate)]);
        for extension in extensions {
            openssl.args(["-addext", extension]);
        }
        if let Some(by) = by {
            openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
            openssl.args(["-CA", path(&self.file(&format!("{by}.crt")))]);
            openssl.args(["-CAkey", path(&self.file(&format!("{by}.key")))]);
        }
        tool::run(&mut openssl);
    }
}

fn path(file: &Path) -> &str {
    file.to_str().expect("a temporary folder's name is text")
}
