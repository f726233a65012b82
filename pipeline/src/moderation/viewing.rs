//! Who looks at which incident now, so that two moderators do not decide about the same one. Kept in memory, for seconds:
//! what is lost of it is said again.

use std::{sync::Arc, time::Duration};

use moka::{ops::compute::Op, sync::Cache};

use crate::{
    id::{IncidentId, UserId},
    timestamp::Timestamp,
};

/// How long a moderator is taken to look at an incident unless they say so again.
pub const HOLDS: Duration = Duration::from_secs(30);
/// The most viewers of an incident that are kept: those who said so last.
const MAX_VIEWERS: usize = 10;
/// The most incidents whose viewers are kept: each is forgotten when its last viewing is over.
const MAX_INCIDENTS: u64 = 10_000;

/// That a moderator looks at an incident, or does not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewing {
    /// The incident.
    pub incident: IncidentId,
    /// Who.
    pub user: UserId,
    /// Until when, unless they say so again; `None` where they have left.
    pub until: Option<Timestamp>,
}

/// Who looks at an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub user: UserId,
    /// Until when, unless they say so again.
    pub until: Timestamp,
}

/// Who looks at which incident now, as far as this node knows.
#[derive(Debug)]
pub(super) struct Viewers(Cache<IncidentId, Arc<[Viewer]>>);

impl Default for Viewers {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MAX_INCIDENTS).time_to_live(HOLDS).build())
    }
}

impl Viewers {
    /// Those who look at an incident, whoever began first.
    pub(super) fn of(&self, incident: IncidentId, now: Timestamp) -> Vec<Viewer> {
        let viewers = self.0.get(&incident);
        viewers
            .iter()
            .flat_map(|viewers| viewers.iter())
            .filter(|viewer| viewer.until > now)
            .copied()
            .collect()
    }

    /// Whether somebody looks at an incident.
    pub(super) fn is_viewed_by(&self, incident: IncidentId, user: UserId, now: Timestamp) -> bool {
        self.of(incident, now).iter().any(|viewer| viewer.user == user)
    }

    /// Remembers a viewing; answers it as it is remembered, for no longer than it holds by this node's clock.
    pub(super) fn keep(&self, viewing: Viewing, now: Timestamp) -> Viewing {
        let until = viewing.until.map(|until| until.min(now.after(HOLDS)));
        self.0.entry(viewing.incident).and_compute_with(|entry| {
            let mut viewers: Vec<Viewer> = entry
                .iter()
                .flat_map(|entry| entry.value().iter())
                .filter(|viewer| viewer.until > now)
                .copied()
                .collect();
            let place = viewers.iter().position(|viewer| viewer.user == viewing.user);
            match (place, until) {
                (Some(place), Some(until)) => viewers[place].until = until,
                (Some(place), None) => drop(viewers.remove(place)),
                (None, Some(until)) => viewers.push(Viewer { user: viewing.user, until }),
                (None, None) => {}
            }
            if viewers.len() > MAX_VIEWERS {
                let first = (0..viewers.len()).min_by_key(|place| viewers[*place].until);
                viewers.remove(first.expect("there are more than none"));
            }
            if viewers.is_empty() { Op::Remove } else { Op::Put(viewers.into()) }
        });
        Viewing { until, ..viewing }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SEVEN: IncidentId = IncidentId(7);

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn viewing(n: u128, until: Option<Timestamp>) -> Viewing {
        Viewing { incident: SEVEN, user: user(n), until }
    }

    fn who(viewers: &Viewers, now: Timestamp) -> Vec<u128> {
        viewers.of(SEVEN, now).into_iter().map(|viewer| viewer.user.0.as_u128()).collect()
    }

    #[test]
    fn a_viewing_holds_until_it_is_over_or_its_viewer_leaves() {
        let viewers = Viewers::default();
        let now = Timestamp::now();
        let later = now.after(Duration::from_secs(20));
        viewers.keep(viewing(1, Some(now.after(HOLDS))), now);
        viewers.keep(viewing(2, Some(now.after(HOLDS))), now);
        viewers.keep(viewing(1, Some(later.after(HOLDS))), later);
        assert_eq!(who(&viewers, later), [1, 2]);
        assert_eq!(who(&viewers, now.after(HOLDS)), [1]);
        assert!(viewers.is_viewed_by(SEVEN, user(1), later) && !viewers.is_viewed_by(SEVEN, user(3), later));
        viewers.keep(viewing(1, None), later);
        viewers.keep(viewing(3, None), later);
        assert_eq!(who(&viewers, later), [2]);
        assert!(viewers.of(IncidentId(8), now).is_empty());
    }

    #[test]
    fn what_another_clock_says_holds_no_longer_than_here() {
        let viewers = Viewers::default();
        let now = Timestamp::now();
        let kept = viewers.keep(viewing(1, Some(now.after(100 * HOLDS))), now);
        assert_eq!(kept.until, Some(now.after(HOLDS)));
        assert_eq!(viewers.of(SEVEN, now), [Viewer { user: user(1), until: now.after(HOLDS) }]);
    }

    #[test]
    fn of_more_than_ten_the_one_who_said_so_first_is_forgotten() {
        let viewers = Viewers::default();
        let now = Timestamp::now();
        for n in 0..11_u128 {
            let until = now.after(if n == 3 { HOLDS } else { HOLDS / 2 });
            viewers.keep(viewing(n, Some(until)), now);
        }
        assert_eq!(who(&viewers, now), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
}
