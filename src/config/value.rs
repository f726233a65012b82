//! How the text of a setting becomes its value, or why it does not.

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    num::NonZeroU32,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ipnet::IpNet;
use serde_json::Value;
use url::{Host, Url};

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
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
            Err("not an http or https address".into())
        }
        Ok(url) if url.fragment().is_some() || has_user(&url) => Err("has a user or a fragment".into()),
        Ok(url) => Ok(url),
        Err(_) => Err("not an http or https address".into()),
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

/// Reads an issuer of tokens.
pub(crate) fn issuer(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("empty: the issuers that tokens name, separated by commas, or `any`".into());
    }
    Ok(text.into())
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "neither `true` nor `false`".into())
}

/// Whether what is sent to an address could be read on the way: it is plain `http://` and leaves this machine.
pub(super) fn is_readable_on_the_way(url: &Url) -> bool {
    let stays_here = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !stays_here
}

/// Returns an address without its path, which may hold a key.
pub(super) fn without_path(url: &Url) -> String {
    url.origin().ascii_serialization()
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "not a network such as 10.0.0.0/8".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_has_a_host_and_neither_a_user_nor_a_fragment() {
        for url in ["https://audit.example/heads?key=secret", "https://10.0.0.1/", "http://collector:9/"] {
            assert!(webhook(url).is_ok(), "{url}");
        }
        for url in [
            "https://me:secret@audit.example/",
            "https://a.example/#x",
            "ftp://a.example/",
            "mailto:a@b.c",
            "x",
        ] {
            let refused = webhook(url).expect_err(url);
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn plain_http_is_readable_on_the_way_outside_of_this_machine() {
        let readable = |text: &str| is_readable_on_the_way(&text.parse().expect(text));
        for here in [
            "http://localhost:54321",
            "http://LOCALHOST.",
            "http://kong.localhost",
            "http://127.0.0.1:9",
            "http://127.8.8.8",
            "http://[::1]:9",
            "http://[::ffff:127.0.0.1]",
            "https://project.supabase.co",
            "https://10.0.0.1",
        ] {
            assert!(!readable(here), "{here}");
        }
        for elsewhere in [
            "http://kong:8000",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://[fe80::1]",
            "HTTP://project.supabase.co",
        ] {
            assert!(readable(elsewhere), "{elsewhere}");
        }
    }
}
