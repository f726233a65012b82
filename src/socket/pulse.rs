//! What time does to a connection: heartbeats (4009), absence (4003) and the end of the token (4002).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use plic_pipeline::rejection::CloseCode;

use super::{DoorSettings, Sock};
use crate::frame;

/// Pings that may stay unanswered.
const UNANSWERED: u32 = 2;

/// A moment, in milliseconds since the server's wheel began to turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) u64);

impl Moment {
    fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// When a connection is to be pinged or ended. Nothing is reset by what is read: the connection's task only notes that
/// something was, and the wheel looks at the notes when a moment has come.
#[derive(Debug)]
pub(super) struct Pulse {
    sock: Arc<Sock>,
    expires_at: Moment,
    last_command: AtomicU64,
    /// The wheel's alone, as is what follows but for being set to nothing.
    next_ping: AtomicU64,
    unanswered_pings: AtomicU32,
}

impl Pulse {
    pub(super) fn new(sock: Arc<Sock>, settings: &DoorSettings, now: Moment, token_holds: Duration) -> Self {
        Self {
            sock,
            expires_at: now.after(token_holds),
            last_command: AtomicU64::new(now.0),
            next_ping: AtomicU64::new(now.after(settings.ping).0),
            unanswered_pings: AtomicU32::new(0),
        }
    }

    /// Something was read.
    pub(super) fn alive(&self) {
        self.unanswered_pings.store(0, Ordering::Relaxed);
    }

    /// A command was read.
    pub(super) fn command(&self, now: Moment) {
        self.last_command.store(now.0, Ordering::Relaxed);
    }

    fn away_at(&self, settings: &DoorSettings) -> Option<Moment> {
        settings.afk.map(|afk| Moment(self.last_command.load(Ordering::Relaxed)).after(afk))
    }

    /// When something is due next, unless a command comes first.
    pub(super) fn next(&self, settings: &DoorSettings) -> Moment {
        let soonest = self.expires_at.min(Moment(self.next_ping.load(Ordering::Relaxed)));
        self.away_at(settings).map_or(soonest, |away| away.min(soonest))
    }

    /// Does what is due: sends a ping, or tells the connection to end; answers when something is due next, or nothing
    /// where it ends.
    pub(super) fn beat(&self, settings: &DoorSettings, now: Moment) -> Option<Moment> {
        if let Some(code) = self.ending(settings, now) {
            self.sock.end(code);
            return None;
        }
        if self.next_ping.load(Ordering::Relaxed) <= now.0 {
            // Before the ping goes out: its answer may come while this is still on its way.
            self.unanswered_pings.fetch_add(1, Ordering::Relaxed);
            self.next_ping.store(now.after(settings.ping).0, Ordering::Relaxed);
            self.sock.put(&[frame::ping()]);
        }
        Some(self.next(settings))
    }

    fn ending(&self, settings: &DoorSettings, now: Moment) -> Option<CloseCode> {
        if self.expires_at <= now {
            return Some(CloseCode::InvalidToken);
        }
        if self.away_at(settings).is_some_and(|away| away <= now) {
            return Some(CloseCode::Afk);
        }
        let is_silent = self.unanswered_pings.load(Ordering::Relaxed) >= UNANSWERED;
        (is_silent && self.next_ping.load(Ordering::Relaxed) <= now.0).then_some(CloseCode::ConnectionClosed)
    }
}
