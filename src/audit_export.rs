//! Keeps the head of the audit log elsewhere: in the server's log and, where there is one, at a webhook. Who can write to
//! the database can write the whole log anew; a head that was noted outside of it shows that (`audit verify --expect-head`).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::{StatusCode, header::CONTENT_TYPE};
use plic_pipeline::{
    moderation::{Records, audit::AuditHead},
    timestamp::Timestamp,
};
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};
use url::{Host, Url};
use uuid::Uuid;

/// The time from one export to the next; the first one is made at the start.
const PERIOD: Duration = Duration::from_hours(24);
/// The time to the next attempt where the head could not be read.
const READ_RETRY: Duration = Duration::from_mins(1);
/// How long the webhook may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before a head is sent for the second time; each further pause is four times as long, and none is longer than
/// the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);
/// The target of the line with the head, which is logged whatever `RUST_LOG` is.
pub const HEAD_TARGET: &str = "plic_chat::audit_export::head";

/// Why a head was not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("the webhook could not be asked")]
    Request(#[source] reqwest::Error),
    #[error("the webhook answered with the status {0}")]
    Status(StatusCode),
}

/// Takes heads of the audit log by POST.
#[derive(Debug)]
pub struct AuditWebhook {
    client: Client,
    url: Url,
}

impl AuditWebhook {
    /// Makes a client for a URL that [`refusal`] lets pass.
    ///
    /// # Errors
    /// Where TLS is not available.
    pub fn new(url: Url) -> Result<Self, reqwest::Error> {
        let client = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).no_proxy();
        let client =
            if is_loopback(&url) { client } else { client.https_only(true).dns_resolver(PublicOnly) };
        Ok(Self { client: client.build()?, url })
    }

    /// Sends a head until it is taken, or the next one is due.
    async fn send_until(&self, due: Instant, epoch: Uuid, head: AuditHead) {
        let body = json!({
            "seq": head.seq,
            "hash": head.digits(),
            "epoch": epoch,
            "at": Timestamp::now().to_string(),
        })
        .to_string();
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.send(&body).await {
            plic_pipeline::log_limited!(
                WARN,
                error = &error as &dyn std::error::Error,
                "PLIC_AUDIT_WEBHOOK did not take the head of the audit log; it is sent again until the next one is due"
            );
            let next = Instant::now() + pause;
            if next >= due {
                return;
            }
            sleep_until(next).await;
            pause = longer(pause);
        }
    }

    async fn send(&self, body: &str) -> Result<(), NotTaken> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        match request.body(body.to_owned()).send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(NotTaken::Status(response.status())),
            // The address may hold a key.
            Err(error) => Err(NotTaken::Request(error.without_url())),
        }
    }
}

fn longer(pause: Duration) -> Duration {
    (pause * 4).min(LONGEST_PAUSE)
}

/// Exports the head of the audit log at once and every day, for as long as it is polled.
pub async fn keep_exporting(records: Arc<dyn Records>, epoch: Uuid, webhook: Option<AuditWebhook>) {
    loop {
        let head = match records.audit_head().await {
            Ok((seq, hash)) => AuditHead { seq, hash },
            Err(error) => {
                plic_pipeline::log_limited!(
                    WARN,
                    error: &error,
                    "could not read the head of the audit log"
                );
                sleep(READ_RETRY).await;
                continue;
            }
        };
        let due = Instant::now() + PERIOD;
        tracing::info!(target: HEAD_TARGET, %head, %epoch, "head of the audit log");
        if let Some(webhook) = &webhook {
            webhook.send_until(due, epoch, head).await;
        }
        sleep_until(due).await;
    }
}

/// Returns why a URL cannot be a webhook: it is reached over TLS at a public address, or on this machine.
pub(crate) fn refusal(url: &Url) -> Option<&'static str> {
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Some("has a user or a fragment");
    }
    match (url.scheme(), address_of(url)) {
        ("http" | "https", _) if is_loopback(url) => None,
        ("https", None) if url.has_host() => None,
        ("https", Some(address)) if is_public(address) => None,
        ("https", Some(_)) => Some("is a private address"),
        _ => Some("not an https address; http is for this machine alone"),
    }
}

fn address_of(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost") || address_of(url).is_some_and(|address| address.is_loopback())
}

/// Returns whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    // "This network", shared between carriers and customers, protocol assignments, benchmarks, reserved.
    let is_special = first == 0
        || first == 100 && second & 0xc0 == 64
        || (first, second, third) == (192, 0, 0)
        || first == 198 && second & 0xfe == 18
        || first >= 240;
    !is_special
        && !address.is_loopback()
        && !address.is_private()
        && !address.is_link_local()
        && !address.is_multicast()
        && !address.is_documentation()
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Of the addresses that are given out (2000::/3) not those that carry an IPv4 address, nor the documentation's.
    match address.to_ipv4_mapped() {
        Some(mapped) => is_public_v4(mapped),
        None => {
            segments[0] & 0xe000 == 0x2000
                && segments[0] != 0x2002
                && !(segments[0] == 0x2001 && (segments[1] < 0x200 || segments[1] == 0xdb8))
        }
    }
}

/// Resolves names to public addresses only.
#[derive(Debug)]
struct PublicOnly;

/// A name has no public address.
#[derive(Debug, thiserror::Error)]
#[error("the webhook's name has no public address")]
struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_reached_over_tls_at_a_public_address_or_on_this_machine() {
        for url in [
            "https://audit.example/heads?key=secret",
            "https://93.184.215.14/",
            "https://[2606:2800:21f:cb07::1]/",
            "http://127.0.0.1:9/",
            "http://localhost:9/",
            "http://[::1]/",
            "https://127.0.0.1/",
        ] {
            assert_eq!(refusal(&Url::parse(url).expect(url)), None, "{url}");
        }
        for url in [
            "http://audit.example/",
            "http://10.0.0.1/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://2130706433.example@10.0.0.1/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://me:secret@audit.example/",
            "ftp://audit.example/",
            "mailto:a@b.example",
        ] {
            assert!(refusal(&Url::parse(url).expect(url)).is_some(), "{url}");
        }
    }

    #[test]
    fn pauses_between_attempts_grow_to_ten_minutes() {
        let pauses: Vec<u64> = std::iter::successors(Some(FIRST_PAUSE), |pause| Some(longer(*pause)))
            .take(7)
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(pauses, [2, 8, 32, 128, 512, 600, 600]);
    }

    #[tokio::test]
    async fn a_name_of_a_private_address_is_not_resolved() {
        let resolved = PublicOnly.resolve("localhost".parse().expect("a name")).await;
        assert!(resolved.is_err());
    }
}
