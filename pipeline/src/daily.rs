//! How much a user may start within a day. Pure rules: every storage engine loads the hours of use in its transaction,
//! asks here, and adds to them.

use std::time::Duration;

use crate::{room::RoomError, timestamp::Timestamp};

const MICROSECONDS_PER_HOUR: i64 = 3_600_000_000;
/// Hours that count beside the current one: together at least 24 whole hours.
const HOURS: i64 = 24;

/// The most that a user may do within 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyLimits {
    /// Rooms started.
    pub rooms: u32,
    /// People brought into rooms, when a room is started and later.
    pub people: u32,
}

/// What a user did, or is about to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Rooms started.
    pub rooms: u64,
    /// People brought into rooms.
    pub people: u64,
}

/// What a user did within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourOfUse {
    /// The hour, counted from 1970 (UTC).
    pub hour: i64,
    /// What they did.
    pub usage: Usage,
}

/// Returns the hour of a moment, counted from 1970 (UTC).
pub fn hour_of(moment: Timestamp) -> i64 {
    moment.0.div_euclid(MICROSECONDS_PER_HOUR)
}

/// Returns the first hour that still counts at `now`.
pub fn first_hour(now: Timestamp) -> i64 {
    hour_of(now) - HOURS
}

impl DailyLimits {
    /// No limits.
    pub const NONE: Self = Self { rooms: u32::MAX, people: u32::MAX };

    /// Decides whether a user may do `more` at `now`, after what they did in the hours `used`, the oldest first.
    ///
    /// # Errors
    /// `TooManyRoomsToday` or `TooManyPeopleToday`, with the time after which it is allowed again;
    /// `MorePeopleThanADayAllows` where it never is.
    pub fn allow(&self, used: &[HourOfUse], more: Usage, now: Timestamp) -> Result<(), RoomError> {
        if more.people > u64::from(self.people) {
            return Err(RoomError::MorePeopleThanADayAllows(self.people));
        }
        let rooms: Vec<(i64, u64)> = used.iter().map(|hour| (hour.hour, hour.usage.rooms)).collect();
        if let Some(wait) = wait(&rooms, more.rooms, self.rooms, now) {
            return Err(RoomError::TooManyRoomsToday(wait));
        }
        let people: Vec<(i64, u64)> = used.iter().map(|hour| (hour.hour, hour.usage.people)).collect();
        match wait(&people, more.people, self.people, now) {
            Some(wait) => Err(RoomError::TooManyPeopleToday(wait)),
            None => Ok(()),
        }
    }
}

/// Returns how long to wait until `more` fits within `limit`; nothing where it fits now.
fn wait(used: &[(i64, u64)], more: u64, limit: u32, now: Timestamp) -> Option<Duration> {
    if more == 0 {
        return None;
    }
    let counted = used.iter().filter(|(hour, _)| *hour >= first_hour(now));
    let mut total = more + counted.clone().map(|(_, count)| count).sum::<u64>();
    let limit = u64::from(limit);
    if total <= limit {
        return None;
    }
    let freeing = counted.copied().find(|(_, count)| {
        total = total.saturating_sub(*count);
        total <= limit
    });
    // Of one room, or of no more people than the limit, each fits once the last hour has ended that counts.
    let (hour, _) = freeing.unwrap_or((hour_of(now), 0));
    let ends_at = Timestamp((hour + HOURS + 1) * MICROSECONDS_PER_HOUR);
    Some(ends_at.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: DailyLimits = DailyLimits { rooms: 3, people: 10 };
    const ROOM: Usage = Usage { rooms: 1, people: 2 };

    fn at(hour: i64, minutes: i64) -> Timestamp {
        Timestamp(hour * MICROSECONDS_PER_HOUR + minutes * 60_000_000)
    }

    fn used(hours: &[(i64, u64, u64)]) -> Vec<HourOfUse> {
        let hour = |&(hour, rooms, people)| HourOfUse { hour, usage: Usage { rooms, people } };
        hours.iter().map(hour).collect()
    }

    #[test]
    fn a_limit_is_reached_and_not_passed() {
        assert!(LIMITS.allow(&[], ROOM, at(100, 0)).is_ok());
        assert!(LIMITS.allow(&used(&[(100, 2, 8)]), ROOM, at(100, 1)).is_ok());
        let rooms = LIMITS.allow(&used(&[(99, 1, 0), (100, 2, 0)]), ROOM, at(100, 30));
        assert!(matches!(rooms, Err(RoomError::TooManyRoomsToday(_))), "{rooms:?}");
        let people = LIMITS.allow(&used(&[(100, 1, 9)]), ROOM, at(100, 30));
        assert!(matches!(people, Err(RoomError::TooManyPeopleToday(_))), "{people:?}");
        for used in [used(&[]), used(&[(100, 3, 10)])] {
            let never = LIMITS.allow(&used, Usage { rooms: 1, people: 11 }, at(100, 30));
            assert!(matches!(never, Err(RoomError::MorePeopleThanADayAllows(10))), "{never:?}");
        }
        assert!(LIMITS.allow(&[], Usage { rooms: 1, people: 10 }, at(100, 30)).is_ok());
        assert!(DailyLimits::NONE.allow(&used(&[(100, 1 << 20, 1 << 30)]), ROOM, at(100, 0)).is_ok());
    }

    #[test]
    fn an_hour_counts_for_a_whole_day_after_it_and_the_wait_is_until_enough_is_free() {
        let hours = used(&[(100, 1, 0), (101, 2, 0)]);
        let two = Usage { rooms: 2, people: 0 };
        for (more, free_at) in [(ROOM, 125), (two, 126), (Usage { rooms: 9, people: 0 }, 127)] {
            let Err(RoomError::TooManyRoomsToday(wait)) = LIMITS.allow(&hours, more, at(102, 20)) else {
                panic!("{more:?} is allowed")
            };
            assert_eq!(wait, at(free_at, 0).since(at(102, 20)), "{more:?}");
        }
        assert!(LIMITS.allow(&hours, ROOM, at(124, 59)).is_err());
        assert!(LIMITS.allow(&hours, ROOM, at(125, 0)).is_ok());
        assert!(LIMITS.allow(&hours, two, at(125, 59)).is_err());
    }
}
