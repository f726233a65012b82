//! What moderators are told as it happens (`GET /moderation/events`).

use std::sync::Arc;

use plic_filter::rule::State;
use tokio::sync::broadcast;

use super::{incident::Incident, people::BanRecord, records::Disconnect, viewing::Viewing};
use crate::id::{RuleId, UserId};

/// Something that moderators are told.
#[derive(Debug, Clone)]
pub enum Notice {
    /// An incident was opened.
    Incident(Arc<Incident>),
    /// An incident was decided.
    Decided(Arc<Incident>),
    /// A decided incident was opened again.
    Reopened(Arc<Incident>),
    /// An open incident was joined by one more report of its message.
    Reported(Arc<Incident>),
    /// A user was banned.
    Banned(Arc<BanRecord>),
    /// A ban was lifted.
    BanLifted(UserId),
    /// A user was disconnected.
    Disconnected(Disconnect),
    /// A rule was written; other nodes read the rules again. Not the whole rule, which may be megabytes.
    RuleChanged {
        /// The rule.
        rule: RuleId,
        /// Its version now.
        version: u32,
        /// Its name.
        name: String,
        /// Whether it acts.
        state: State,
        /// Who wrote it.
        by: UserId,
    },
    /// A rule was deleted.
    RuleDeleted(RuleId),
    /// Many rules changed at once: an import, or another node's change.
    RulesReplaced,
    /// The policy was changed.
    PolicyChanged,
    /// A moderator looks at an incident, or does not any more.
    Viewing(Viewing),
}

/// Carries notices to whoever listens on this node; a clone is another handle.
#[derive(Debug, Clone)]
pub struct Notices(broadcast::Sender<Notice>);

/// What one listener hears.
#[derive(Debug)]
pub struct NoticeStream(broadcast::Receiver<Notice>);

/// Notices that a slow listener may be behind; it is told that it missed some.
const BEHIND: usize = 256;

impl Default for Notices {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

impl Notices {
    /// Tells everybody who listens.
    pub fn tell(&self, notice: Notice) {
        // An error means that nobody listens.
        let _ = self.0.send(notice);
    }

    /// Whether anybody listens.
    pub fn has_listeners(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> NoticeStream {
        NoticeStream(self.0.subscribe())
    }
}

impl NoticeStream {
    /// The next notice, or `Err` where some were missed: whoever shows lists reads them again. `None` when the server stops.
    pub async fn next(&mut self) -> Option<Result<Notice, Missed>> {
        match self.0.recv().await {
            Ok(notice) => Some(Ok(notice)),
            Err(broadcast::error::RecvError::Lagged(count)) => Some(Err(Missed(count))),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// So many notices were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed(pub u64);
