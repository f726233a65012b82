//! Who sends, how often, and what becomes of it: each lane is a sender with at most one message on its way.

use std::time::{Duration, Instant};

use super::{
    crowd::{Crowd, Listener, Mouths},
    failure::Failure,
    protocol::{Heard, Message, Protocol},
    stamp::{self, Stamp},
};
use crate::measure::latency::Latency;

/// Nothing heard for so long is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// When a lane sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Once its last message is confirmed and has reached everybody.
    Closed,
    /// One lane after the other, this far apart, whatever the server does; latency counts from when it was due.
    Open(Duration),
}

/// A sender.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    member: usize,
    room: u64,
    /// How many hear it whose hearing counts.
    recipients: usize,
    /// Whether it is told in a room of those who may not read.
    is_noise: bool,
    text_length: usize,
    sequence: u32,
    flight: Option<Flight>,
}

/// A message on its way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    due: Instant,
    missing: usize,
    is_confirmed: bool,
}

impl Lane {
    /// A member who sends to a room with so many others in it.
    pub(crate) fn new(member: usize, room: u64, recipients: usize) -> Self {
        let text_length = stamp::LENGTH;
        Self { member, room, recipients, is_noise: false, text_length, sequence: 0, flight: None }
    }

    /// A member who sends texts of so many bytes to a room in which the hearing of so many others who send counts, and of nobody
    /// else.
    pub(crate) fn noise(member: usize, room: u64, recipients: usize, text_length: usize) -> Self {
        Self { is_noise: true, text_length, ..Self::new(member, room, recipients) }
    }
}

/// What was counted since [`Traffic::reset`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Count {
    /// Messages that members received of others.
    pub(crate) deliveries: u64,
    /// Messages of which their senders know that they are kept.
    pub(crate) confirmed: u64,
    /// From sending, or from when that was due, to the confirmation.
    pub(crate) to_sender: Latency,
    /// The same to the last recipient.
    pub(crate) to_last: Latency,
    /// The same of noise, which counts nowhere else.
    pub(crate) noise_to_last: Latency,
}

/// The traffic of a crowd.
pub(crate) struct Traffic {
    protocol: Protocol,
    pace: Pace,
    run: u32,
    lanes: Vec<Lane>,
    /// The lane of a member who sends.
    lane_of: Vec<Option<usize>>,
    in_flight: usize,
    goes_on: bool,
    /// When the schedule began, and the how many-th message is next; anew after everything has arrived.
    schedule: Option<(Instant, u32)>,
    heard_at: Instant,
    count: Count,
}

impl Traffic {
    /// Traffic of these senders; none sends yet.
    pub(crate) fn new(protocol: Protocol, pace: Pace, lanes: Vec<Lane>) -> Self {
        let members = lanes.iter().map(|lane| lane.member + 1).max().unwrap_or_default();
        let mut lane_of = vec![None; members];
        for (number, lane) in lanes.iter().enumerate() {
            lane_of[lane.member] = Some(number);
        }
        Self {
            protocol,
            pace,
            run: std::process::id(),
            lanes,
            lane_of,
            in_flight: 0,
            goes_on: false,
            schedule: None,
            heard_at: Instant::now(),
            count: Count::default(),
        }
    }

    /// When its lanes send.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// From now on they send at this pace; whatever was sent has arrived.
    pub(crate) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Counts from here on, and hands out what was counted before.
    pub(crate) fn reset(&mut self) -> Count {
        std::mem::take(&mut self.count)
    }

    /// Lets everybody send for so long; a second call goes on where the first ended.
    pub(crate) fn run(&mut self, crowd: &mut Crowd, time: Duration) -> Result<(), Failure> {
        let begun = Instant::now();
        if self.in_flight == 0 {
            self.heard_at = begun;
        }
        self.goes_on = true;
        if self.pace == Pace::Closed {
            for lane in 0..self.lanes.len() {
                if self.lanes[lane].flight.is_none() {
                    self.send(lane, begun, &mut crowd.mouths())?;
                }
            }
        }
        loop {
            let now = Instant::now();
            let Some(left) = time.checked_sub(now - begun).filter(|left| !left.is_zero()) else {
                return Ok(());
            };
            let mut wait = left;
            if let Pace::Open(apart) = self.pace {
                wait = wait.min(self.send_due(apart, now, crowd)? - now);
            }
            self.listen(crowd, wait)?;
        }
    }

    /// Sends what is due; when the next is.
    fn send_due(&mut self, apart: Duration, now: Instant, crowd: &mut Crowd) -> Result<Instant, Failure> {
        let (first, mut next) = self.schedule.unwrap_or((now, 0));
        while first + apart * next <= now {
            let lane = next as usize % self.lanes.len();
            if self.lanes[lane].flight.is_some() {
                return Err(Failure::Overrun);
            }
            self.send(lane, first + apart * next, &mut crowd.mouths())?;
            next += 1;
        }
        self.schedule = Some((first, next));
        Ok(first + apart * next)
    }

    /// Nobody sends any more; waits until all that was sent has arrived.
    pub(crate) fn settle(&mut self, crowd: &mut Crowd) -> Result<(), Failure> {
        self.goes_on = false;
        self.schedule = None;
        while self.in_flight > 0 {
            self.listen(crowd, Duration::from_secs(1))?;
        }
        Ok(())
    }

    fn listen(&mut self, crowd: &mut Crowd, wait: Duration) -> Result<(), Failure> {
        if self.in_flight > 0 && self.heard_at.elapsed() > PATIENCE {
            return Err(Failure::Silence(PATIENCE.as_secs()));
        }
        crowd.turn(wait, self)
    }

    fn send(&mut self, lane: usize, due: Instant, mouths: &mut Mouths<'_>) -> Result<(), Failure> {
        let sender = &mut self.lanes[lane];
        sender.sequence += 1;
        let missing = sender.recipients;
        sender.flight = Some(Flight { due, missing, is_confirmed: false });
        self.in_flight += 1;
        let Lane { member, room, sequence, text_length: length, .. } = *sender;
        let message = Message { room, lane, sequence, length, padding: 0, run: self.run };
        mouths.say(member, &self.protocol.message(message))?;
        Ok(())
    }

    /// The flight of a stamp, where that message is on its way.
    fn flight(&mut self, stamp: Stamp) -> Option<&mut Flight> {
        let lane = self.lanes.get_mut(stamp.lane())?;
        if Stamp::new(stamp.lane(), lane.sequence) != stamp {
            return None;
        }
        lane.flight.as_mut()
    }

    fn delivered(&mut self, member: usize, stamp: Stamp, at: Instant) -> Result<bool, Failure> {
        let flight = self.flight(stamp).ok_or(Failure::Unexpected(member))?;
        flight.missing = flight.missing.checked_sub(1).ok_or(Failure::Unexpected(member))?;
        let (due, is_last, is_done) = (flight.due, flight.missing == 0, flight.is_confirmed);
        let latency = at.saturating_duration_since(due);
        if self.is_noise(stamp) {
            if is_last {
                self.count.noise_to_last.record(latency);
            }
            return Ok(is_last && is_done);
        }
        self.count.deliveries += 1;
        if is_last {
            self.count.to_last.record(latency);
        }
        Ok(is_last && is_done)
    }

    fn confirmed(&mut self, member: usize, stamp: Stamp, at: Instant) -> Result<bool, Failure> {
        let is_noise = self.is_noise(stamp);
        let flight = self.flight(stamp).filter(|flight| !flight.is_confirmed);
        let flight = flight.ok_or(Failure::Unexpected(member))?;
        flight.is_confirmed = true;
        let (due, is_done) = (flight.due, flight.missing == 0);
        if is_noise {
            return Ok(is_done);
        }
        self.count.confirmed += 1;
        self.count.to_sender.record(at.saturating_duration_since(due));
        Ok(is_done)
    }

    fn is_noise(&self, stamp: Stamp) -> bool {
        self.lanes.get(stamp.lane()).is_some_and(|lane| lane.is_noise)
    }

    fn sends(&self, member: usize) -> bool {
        self.lane_of.get(member).is_some_and(Option::is_some)
    }

    fn stamp_in_flight(&self, member: usize) -> Option<Stamp> {
        let lane = self.lane_of.get(member).copied().flatten()?;
        Some(Stamp::new(lane, self.lanes[lane].sequence))
    }
}

impl Listener for Traffic {
    fn heard(
        &mut self,
        member: usize,
        heard: Heard<'_>,
        at: Instant,
        mouths: &mut Mouths<'_>,
    ) -> Result<(), Failure> {
        let (stamp, is_done) = match heard {
            // A server that sends members their own messages confirms by it.
            Heard::Delivery(stamp)
                if self.lanes.get(stamp.lane()).is_some_and(|lane| lane.member == member) =>
            {
                (stamp, self.confirmed(member, stamp, at)?)
            }
            Heard::Delivery(stamp) if self.is_noise(stamp) && !self.sends(member) => return Ok(()),
            Heard::Delivery(stamp) => (stamp, self.delivered(member, stamp, at)?),
            Heard::Confirmed(stamp) => {
                let stamp =
                    stamp.or_else(|| self.stamp_in_flight(member)).ok_or(Failure::Unexpected(member))?;
                (stamp, self.confirmed(member, stamp, at)?)
            }
            Heard::Unconfirmed(answer) => {
                return Err(Failure::Unconfirmed(String::from_utf8_lossy(answer).into_owned()));
            }
            Heard::Ping(_) | Heard::Close(_) | Heard::Other => return Ok(()),
        };
        self.heard_at = at;
        if is_done {
            self.lanes[stamp.lane()].flight = None;
            self.in_flight -= 1;
            if self.goes_on && self.pace == Pace::Closed {
                self.send(stamp.lane(), at, mouths)?;
            }
        }
        Ok(())
    }
}
