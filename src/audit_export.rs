//! Keeps the head of the audit log elsewhere: in the server's log and, where there is one, at a webhook. Who can write to
//! the database can write the whole log anew; a head that was noted outside of it shows that (`audit verify --expect-head`).

use std::{sync::Arc, time::Duration};

use http::{StatusCode, header::CONTENT_TYPE};
use plic_pipeline::{
    moderation::{Records, audit::AuditHead},
    timestamp::Timestamp,
};
use reqwest::{Client, redirect};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;
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
    /// Makes a client for a URL.
    ///
    /// # Errors
    /// Where TLS is not available.
    pub fn new(url: Url) -> Result<Self, reqwest::Error> {
        let client = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).build()?;
        Ok(Self { client, url })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_attempts_grow_to_ten_minutes() {
        let pauses: Vec<u64> = std::iter::successors(Some(FIRST_PAUSE), |pause| Some(longer(*pause)))
            .take(7)
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(pauses, [2, 8, 32, 128, 512, 600, 600]);
    }
}
