//! A second opinion over HTTP, from anything that answers like `OpenAI`'s moderation endpoint: `POST` of
//! `{"input": text}`, answered with `{"results": [{"flagged": bool}]}`.
//!
//! Chat never waits for it longer than its deadline: beyond so many questions at once, and for a while after so many
//! failures in a row, nobody is asked and the declared answer holds.

use std::{
    fmt,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use clap::ValueEnum;
use plic_pipeline::opinion::{Opinion, SecondOpinion};
use reqwest::{Client, StatusCode, Url, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::breaker::Breaker;

/// Questions at once.
const AT_ONCE: usize = 32;
/// How often the log says that nobody was asked.
const TOLD_EVERY: Duration = Duration::from_secs(30);
/// An answer is a few hundred bytes; one that is longer is none.
const MAX_ANSWER: usize = 64 * 1024;

/// What becomes of a text while nobody can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhenAway {
    /// A moderator decides.
    Hold,
    /// It is delivered, and moderators look at it.
    Pass,
    /// It does not pass.
    Reject,
}

impl fmt::Display for WhenAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hold => "hold",
            Self::Pass => "pass",
            Self::Reject => "reject",
        })
    }
}

impl WhenAway {
    const fn opinion(self) -> Opinion {
        match self {
            Self::Hold => Opinion::Unsure,
            Self::Pass => Opinion::Harmless,
            Self::Reject => Opinion::Harmful,
        }
    }
}

/// Asks one address.
pub struct HttpOpinion {
    client: Client,
    url: Url,
    key: Option<String>,
    when_away: WhenAway,
    slots: Semaphore,
    breaker: Breaker,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Judged>,
}

#[derive(Deserialize)]
struct Judged {
    flagged: bool,
}

/// Without the address, which may hold a key.
impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        Self::Request(error.without_url())
    }
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("it could not be asked")]
    Request(#[source] reqwest::Error),
    #[error("its answer is too long")]
    TooLong,
    #[error("its answer cannot be read")]
    Unreadable(#[from] serde_json::Error),
    #[error("its answer holds no result")]
    Empty,
}

impl HttpOpinion {
    /// Asks `url`, with `key` as a bearer token, and waits no longer than `deadline`.
    ///
    /// # Errors
    /// Where no HTTP client can be made: TLS is not available.
    pub fn new(
        url: Url,
        key: Option<String>,
        deadline: Duration,
        when_away: WhenAway,
    ) -> Result<Self, reqwest::Error> {
        let client =
            Client::builder().timeout(deadline).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, url, key, when_away, slots: Semaphore::new(AT_ONCE), breaker: Breaker::default() })
    }

    /// The declared answer, for a text about which nobody was asked.
    fn unasked(&self, why: &'static str) -> Opinion {
        plic_pipeline::log_limited!(
            WARN,
            every: TOLD_EVERY,
            class: why,
            why,
            "no second opinion was asked for: the declared answer holds"
        );
        self.when_away.opinion()
    }

    async fn request(&self, text: &str) -> Result<Opinion, Failed> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(json!({ "input": text }).to_string());
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let mut response = request.send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Failed::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let answer: Answer = serde_json::from_slice(&body)?;
        let judged = answer.results.first().ok_or(Failed::Empty)?;
        Ok(if judged.flagged { Opinion::Harmful } else { Opinion::Harmless })
    }
}

fn is_about_the_text(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
    )
}

#[async_trait]
impl SecondOpinion for HttpOpinion {
    async fn ask(&self, text: &str) -> Opinion {
        let Ok(_slot) = self.slots.try_acquire() else { return self.unasked("too many questions at once") };
        if !self.breaker.lets_through(Instant::now()) {
            return self.unasked("too many questions failed");
        }
        match self.request(text).await {
            Ok(opinion) => {
                self.breaker.succeeded();
                opinion
            }
            Err(error) => {
                // A text that it does not take is no sign that it is away.
                if !matches!(&error, Failed::Request(error) if error.status().is_some_and(is_about_the_text))
                {
                    self.breaker.failed(Instant::now());
                }
                plic_pipeline::log_limited!(WARN, error: &error, "no second opinion");
                self.when_away.opinion()
            }
        }
    }
}
