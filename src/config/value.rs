//! How the text of a setting becomes its value, or why it does not.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    num::NonZeroU32,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ipnet::IpNet;
use serde_json::Value;
use url::Url;

use crate::audit_export;

pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or_else(|| "not an address of the form host:port, such as 127.0.0.1:3030".into())
}

pub(super) fn secret(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("empty: anybody could make tokens".into()) } else { Ok(text.into()) }
}

/// A Supabase key that everybody may see: it is put on pages. A secret one there would give the whole project away.
pub(super) fn public_key(text: &str) -> Result<String, String> {
    let payload = text.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = payload.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    let is_public = match claims {
        Some(claims) => claims["role"] == "anon",
        None => text.starts_with("sb_publishable_"),
    };
    if is_public {
        Ok(text.into())
    } else {
        Err("not the project's public key: it begins with sb_publishable_, or is a token of the role anon"
            .into())
    }
}

pub(super) fn http_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
            Err("not an http or https address".into())
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() || has_user(&url) => {
            Err("has a user, a query or a fragment; the address of the project is enough".into())
        }
        Ok(url) => Ok(url),
        Err(_) => Err("not an http or https address".into()),
    }
}

/// Reads where heads of the audit log are sent; there may be a key in it, so that it stands in no refusal.
pub(super) fn webhook(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "not an https address")?;
    audit_export::refusal(&url).map_or(Ok(url), |why| Err(why.into()))
}

/// Shows no more of an address than whose it is: there may be a key in its path or its query.
pub(super) fn whose(url: &Url) -> String {
    match url.path() {
        "/" if url.query().is_none() => url.to_string(),
        _ => format!("{}/{}", url.origin().ascii_serialization(), super::database::HIDDEN),
    }
}

/// Whether an address has a user or a password.
pub(super) fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

pub(super) fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    match text.parse() {
        Ok(number @ 1..=1_000_000) => Ok(NonZeroU32::new(number).expect("at least 1")),
        _ => Err("not a whole number from 1 to 1000000".into()),
    }
}

pub(super) fn message_chars(text: &str) -> Result<usize, String> {
    // More would not fit a frame of 64 KiB once every character is four bytes long.
    match text.parse() {
        Ok(number @ 1..=16_000) => Ok(number),
        _ => Err("not a whole number from 1 to 16000".into()),
    }
}

/// A name that is said to people, in one line.
pub(super) fn site_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    match name.chars().count() {
        0 => Err("empty: name the site as people know it".into()),
        1..=60 if !name.chars().any(char::is_control) => Ok(name.into()),
        _ => Err("not a name of at most 60 characters on one line".into()),
    }
}

pub(super) fn seconds(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(number @ 0..=31_536_000) => Ok(number),
        _ => Err("not a whole number of seconds up to 31536000".into()),
    }
}

pub(super) fn some_seconds(text: &str) -> Result<u64, String> {
    match seconds(text)? {
        0 => Err("must be at least 1 second".into()),
        number => Ok(number),
    }
}

pub(super) fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    let no_origin = || "not an origin such as https://www.example.org".to_owned();
    let url = Url::parse(text).map_err(|_| no_origin())?;
    let host = url.host_str().ok_or_else(no_origin)?;
    // Also of apps, whose schemes (`capacitor://localhost`) have no origin by the URL standard.
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let origin = format!("{}://{host}{port}", url.scheme());
    if origin == text { Ok(origin) } else { Err(format!("not an exact origin; did you mean {origin}?")) }
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "not a network such as 10.0.0.0/8".into())
}
