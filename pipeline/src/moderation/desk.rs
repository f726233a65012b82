//! What the moderation routes do: the rules of the house, over the ports.
//!
//! What a moderator asked for is done to the end, also where they go away meanwhile. Rules are changed one at a time on a
//! node: a change is compiled with all others, off the threads that serve, held to its own examples and to ordinary
//! chat, written, and put in force. Whatever fails leaves the old set in force.

mod backtest;
mod calibrate;
mod candidate;
mod check;
mod evidence;
mod gate;
mod incidents;
mod narrower;
mod people;
mod reading;
mod rules;
mod stats;
mod turns;
mod viewing;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use plic_filter::{RuleError, Rules};
use tokio::{sync::Semaphore, time::sleep};

use self::turns::Turns;
pub use self::{
    backtest::{Backtest, BacktestReport, BacktestRequest, Progress, Sample, Step},
    calibrate::{
        CalibratedLine, CalibrationEffect, CalibrationReport, CalibrationRequest, LineChange, Reaching,
        StoppedCounts,
    },
    check::{Checked, MAX_CHECKED_CHARS},
    people::NewBan,
    rules::ImportReport,
    stats::Numbers,
    turns::Turn,
};
use super::{
    incident::IncidentStatus,
    notice::{Notice, NoticeStream, Notices},
    records::{Records, RecordsError},
    staff::Staff,
    viewing::Viewers,
    watch::Watch,
};
use crate::{
    bus::Bus, event::Event, id::UserId, meaning::ReadsMeaning, store::StoreError, timestamp::Timestamp,
    token::Role,
};

/// Sets that are compiled at once only to be tried, and how many may wait for that.
const TRIALS_AT_ONCE: usize = 2;
const TRIALS_WAITING: usize = 16;
/// Texts that are judged at once by the rules in force, and how many may wait for that.
const CHECKS_AT_ONCE: usize = 2;
const CHECKS_WAITING: usize = 32;
/// Exports of all rules at once, and how many may wait for that.
const EXPORTS_AT_ONCE: usize = 2;
const EXPORTS_WAITING: usize = 8;
/// Calibrations that may wait while one runs: each holds up to 32 MiB of messages.
const CALIBRATIONS_WAITING: usize = 1;
/// Changes of rules that may wait while one is made.
const CHANGES_WAITING: usize = 8;
/// How soon what is in force is read again after a write of which nobody knows whether it was done.
const DOUBT: Duration = Duration::from_secs(5);

/// Who acts on a moderation route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// As what: `Moderator` or `Admin`.
    pub role: Role,
}

/// Why a moderator's wish is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// 404: the thing named is not there: `rule`, `version`, `incident`, `message`, `ban`.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// 409: the rule has another version by now.
    #[error("the rule is at version {0}")]
    Stale(u32),
    /// 409: somebody was faster, or the thing is not in a state for it; a sentence for a person.
    #[error("{0}")]
    Conflict(&'static str),
    /// 409: the incident is decided; a sentence for a person that says by whom.
    #[error("{0}")]
    Decided(String),
    /// 403: the moderator may not do this to this user; a sentence for a person.
    #[error("{0}")]
    Forbidden(&'static str),
    /// 403: only admins may do this; a sentence for a person.
    #[error("{0}")]
    AdminsOnly(&'static str),
    /// 422: a field of the request cannot be used: its name, and what is wrong.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field's name in JSON.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// 422: the rule cannot be put in force.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// 429: too much of this is going on at once; a sentence for a person.
    #[error("{0}")]
    Busy(&'static str),
    /// 503: the store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeskError {
    fn from_records(error: RecordsError, thing: &'static str) -> Self {
        match error {
            RecordsError::NotFound => Self::NotFound(thing),
            RecordsError::Conflict => {
                Self::Conflict("Somebody else was faster. Please read it again, then decide.")
            }
            RecordsError::DoesNotFit => Self::Conflict(
                "This does not fit: only a held message can be released, and only a message that was delivered or held can be removed.",
            ),
            RecordsError::Own => Self::Conflict("This is about your own message: another moderator decides."),
            RecordsError::Decided { by, at, status } => Self::Decided(decided(by, at, status)),
            RecordsError::NotDecided => {
                Self::Conflict("The incident is open: there is no decision to take back.")
            }
            RecordsError::NotYours => {
                Self::Forbidden("Only the moderator who decided, or an admin, may reopen an incident.")
            }
            RecordsError::Cleared => Self::Conflict(
                "The text of this incident is gone, because its retention time is over: it cannot be reopened.",
            ),
            RecordsError::Outranked => {
                Self::Forbidden("An admin set this ban: only admins may replace or lift it.")
            }
            RecordsError::TooMany => {
                Self::Busy("You have reported many messages lately. Please wait before you report another.")
            }
            RecordsError::Undeliverable => Self::Conflict(
                "The message cannot be delivered any more: its sender has left the room, or the room is gone.",
            ),
            RecordsError::Store(error) => Self::Store(error),
        }
    }
}

/// Says who decided, when and how.
fn decided(by: Option<UserId>, at: Timestamp, status: IncidentStatus) -> String {
    let status = status.as_str();
    match by {
        Some(user) => format!(
            "Moderator {user} decided already, at {at}: {status}. They or an admin can reopen the incident."
        ),
        None => format!("The policy decided already, at {at}: {status}. An admin can reopen the incident."),
    }
}

/// What a [`Desk`] is made from.
pub struct Parts {
    /// What moderators see and do.
    pub records: Arc<dyn Records>,
    /// The way to live connections.
    pub bus: Arc<dyn Bus>,
    /// The rules in force.
    pub rules: Arc<Rules>,
    /// The policy in force, and what rules did lately.
    pub watch: Arc<Watch>,
    /// What moderators are told.
    pub notices: Notices,
    /// Who is known to be a moderator or an admin.
    pub staff: Staff,
    /// What reads the meaning of texts that are checked.
    pub encoder: Option<Arc<dyn ReadsMeaning>>,
    /// Whether a user is connected to this node.
    pub is_connected: Box<dyn Fn(UserId) -> bool + Send + Sync>,
}

/// Where moderators work; a clone is another chair at it.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// One change of rules at a time, and one of the policy.
    changing: tokio::sync::Mutex<()>,
    changing_policy: tokio::sync::Mutex<()>,
    backtests: Arc<Semaphore>,
    checks: Turns,
    /// Sets that are compiled only to be tried.
    trials: Turns,
    exports: Turns,
    calibrations: Turns,
    /// Changes of rules, before they wait for `changing`.
    changes: Turns,
    viewers: Viewers,
    readings: reading::Readings,
    /// Whether the rules and the policy are being read again.
    in_doubt: AtomicBool,
}

impl std::ops::Deref for Inner {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Desk {
    /// A desk over these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            changing: tokio::sync::Mutex::default(),
            changing_policy: tokio::sync::Mutex::default(),
            backtests: Arc::new(Semaphore::new(backtest::AT_ONCE)),
            checks: Turns::new(
                CHECKS_AT_ONCE,
                CHECKS_WAITING,
                "Too many texts are being checked. Please try again in a moment.",
            ),
            trials: Turns::new(
                TRIALS_AT_ONCE,
                TRIALS_WAITING,
                "Too many rules are being tried. Please try again in a moment.",
            ),
            exports: Turns::new(
                EXPORTS_AT_ONCE,
                EXPORTS_WAITING,
                "Too many exports of the rules are under way. Please try again in a moment.",
            ),
            calibrations: Turns::new(
                1,
                CALIBRATIONS_WAITING,
                "Another calibration is running. Please try again in a moment.",
            ),
            changes: Turns::new(
                1,
                CHANGES_WAITING,
                "Too many changes of rules are waiting. Please try again in a moment.",
            ),
            viewers: Viewers::default(),
            readings: reading::Readings::default(),
            in_doubt: AtomicBool::new(false),
        }))
    }

    /// What happens from now on.
    pub fn notices(&self) -> NoticeStream {
        self.0.notices.subscribe()
    }

    /// Tells moderators, on every node.
    async fn tell(&self, notice: Notice) {
        self.0.bus.publish(vec![Event::Notice(notice)]).await;
    }

    /// A write that failed may have been done all the same: reads the rules and the policy again until the store answers.
    fn reload_when_sure(&self) {
        if self.0.in_doubt.swap(true, Ordering::AcqRel) {
            return;
        }
        let desk = self.clone();
        tokio::spawn(async move {
            loop {
                sleep(DOUBT).await;
                // From here on another failure is another doubt.
                desk.0.in_doubt.store(false, Ordering::Release);
                let read = async {
                    desk.reload_rules().await?;
                    desk.reload_policy().await
                };
                match read.await {
                    Ok(()) => return,
                    Err(error) => {
                        crate::log_limited!(
                            WARN,
                            error = &error as &dyn std::error::Error,
                            "could not read what is in force again"
                        );
                    }
                }
                if desk.0.in_doubt.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        });
    }

    /// Does a deed to the end, also where whoever asked for it goes away meanwhile.
    async fn to_the_end<T: Send + 'static>(
        &self,
        deed: impl Future<Output = Result<T, DeskError>> + Send + 'static,
    ) -> Result<T, DeskError> {
        match tokio::spawn(deed).await {
            Ok(done) => done,
            Err(error) => Err(StoreError::Unavailable(Box::new(error)).into()),
        }
    }
}

/// Work that takes a processor for long: compiling rules, judging stored messages. Off the threads that serve.
async fn off_the_path<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, DeskError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Unavailable(Box::new(error)).into())
}
