//! What time does to a connection: heartbeats (4009), absence (4003) and the end of the token (4002).

use std::time::Duration;

use plic_pipeline::{rejection::CloseCode, timestamp::Timestamp};
use tokio::time::Instant;

use super::DoorSettings;

/// When a connection is to be pinged or ended. One timer serves all causes: it is not reset by what is read, but looks
/// at what was read when it fires.
pub(super) struct Pulse {
    ping: Duration,
    afk: Option<Duration>,
    expires_at: Instant,
    next_ping: Instant,
    last_command: Instant,
    unanswered_pings: u32,
}

pub(super) enum Due {
    Nothing,
    Ping,
    Close(CloseCode),
}

impl Pulse {
    pub(super) fn new(settings: &DoorSettings, expires_at: Timestamp) -> Self {
        let now = Instant::now();
        let left = expires_at.since(Timestamp::now());
        Self {
            ping: settings.ping,
            afk: settings.afk,
            // A moment that the clock cannot hold is as good as a year.
            expires_at: now.checked_add(left).unwrap_or(now + Duration::from_hours(24 * 365)),
            next_ping: now + settings.ping,
            last_command: now,
            unanswered_pings: 0,
        }
    }

    pub(super) fn alive(&mut self) {
        self.unanswered_pings = 0;
    }

    pub(super) fn command(&mut self) {
        self.last_command = Instant::now();
    }

    fn away_at(&self) -> Option<Instant> {
        self.afk.map(|afk| self.last_command + afk)
    }

    pub(super) fn next(&self) -> Instant {
        let soonest = self.next_ping.min(self.expires_at);
        self.away_at().map_or(soonest, |away| away.min(soonest))
    }

    pub(super) fn due(&mut self, now: Instant) -> Due {
        if self.expires_at <= now {
            return Due::Close(CloseCode::InvalidToken);
        }
        if self.away_at().is_some_and(|away| away <= now) {
            return Due::Close(CloseCode::Afk);
        }
        if self.next_ping > now {
            return Due::Nothing;
        }
        if self.unanswered_pings == 2 {
            return Due::Close(CloseCode::ConnectionClosed);
        }
        self.unanswered_pings += 1;
        self.next_ping = now + self.ping;
        Due::Ping
    }
}
