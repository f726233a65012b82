//! What moderation does on the way of a message: incidents, strikes and bans, and what rules did.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use plic_filter::{Action, Verdict};

use super::{
    incident::{Finding, IncidentKind, RefusedMessage},
    latency::Latency,
    notice::Notice,
    policy::Policy,
    stats::{Hits, JudgedDay, day_of},
};
use crate::{
    bus::Bus,
    event::Event,
    id::{RuleId, UserId},
    metrics::PipelineMetrics,
    rejection::Filtered,
    store::{SentKey, Store, StoreError},
    timestamp::Timestamp,
    token::Role,
};

/// Hits that wait to be written down: beyond so many rules and actions on a day nothing more is counted for now.
const MAX_COUNTED: usize = 50_000;

/// Characters of a rule's name in the log.
const MAX_LOGGED: usize = 128;

type HitKey = (RuleId, Action, bool, i64);

/// Takes notes on the way of messages; one a server.
pub struct Watch {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    policy: ArcSwap<Policy>,
    hits: Mutex<HashMap<HitKey, u64>>,
    /// Hits that no room was left for since they were last taken.
    uncounted: AtomicU64,
    /// Messages that were judged since they were last taken, and those of them that were stopped.
    judged: AtomicU64,
    stopped: AtomicU64,
    latency: Latency,
    metrics: PipelineMetrics,
}

impl Watch {
    /// Acts on `store`, and on live connections over `bus`, by a policy that may be replaced.
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>, policy: Policy, metrics: PipelineMetrics) -> Self {
        Self {
            store,
            bus,
            policy: ArcSwap::from_pointee(policy),
            hits: Mutex::default(),
            uncounted: AtomicU64::new(0),
            judged: AtomicU64::new(0),
            stopped: AtomicU64::new(0),
            latency: Latency::default(),
            metrics,
        }
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    /// Puts a policy in force.
    pub fn set_policy(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
    }

    /// Returns the moment by the clock that bans end by.
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// Returns whether a user with this role is kept out now.
    pub async fn is_kept_out(&self, user: UserId, role: Role) -> Result<bool, StoreError> {
        Ok(self.store.ban_of(user).await?.is_some_and(|ban| ban.keeps_out(role, self.now())))
    }

    /// How long messages took to judge.
    pub fn latency(&self) -> &Latency {
        &self.latency
    }

    /// Counts how long the rules took to judge a message.
    pub(crate) fn took(&self, took: Duration) {
        self.latency.record(took);
    }

    /// Counts what rules made of a message, each rule once, before anybody is asked for a second opinion.
    pub(crate) fn judged(&self, verdict: &Verdict) {
        self.judged.fetch_add(1, Ordering::Relaxed);
        if verdict.stops() {
            self.stopped.fetch_add(1, Ordering::Relaxed);
        }
        if verdict.matches.is_empty() {
            return;
        }
        let day = day_of(self.now());
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, hit) in verdict.matches.iter().enumerate() {
            if verdict.matches[..at].iter().any(|earlier| earlier.rule == hit.rule) {
                continue;
            }
            self.metrics.verdict(hit.rule, hit.action, hit.shadow);
            let key = (hit.rule, hit.action, hit.shadow, day);
            if hits.len() < MAX_COUNTED || hits.contains_key(&key) {
                *hits.entry(key).or_default() += 1;
            } else {
                self.uncounted.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Takes the hits that were counted since the last call, to write them down. Says in the log how many were not
    /// counted, because the store had been away for too long.
    pub fn take_hits(&self) -> Vec<Hits> {
        let uncounted = self.uncounted.swap(0, Ordering::Relaxed);
        if uncounted > 0 {
            tracing::warn!(
                uncounted,
                "matches of rules are missing from the numbers: too many waited to be written"
            );
        }
        let hits = std::mem::take(&mut *self.hits.lock().unwrap_or_else(PoisonError::into_inner));
        let hits = hits.into_iter();
        hits.map(|((rule, action, shadow, day), count)| Hits { rule, action, shadow, day, count }).collect()
    }

    /// Takes the numbers of messages that were judged and stopped since the last call, to write them down: they count as
    /// judged on the day of the call.
    pub fn take_judged(&self) -> Option<JudgedDay> {
        // The stopped ones first: a message is counted as judged before it is counted as stopped.
        let stopped = self.stopped.swap(0, Ordering::Relaxed);
        let judged = self.judged.swap(0, Ordering::Relaxed);
        (judged > 0 || stopped > 0).then(|| JudgedDay { day: day_of(self.now()), judged, stopped })
    }

    /// Puts back what could not be written down.
    pub fn put_back(&self, counted: Vec<Hits>, judged: Option<JudgedDay>) {
        if let Some(JudgedDay { judged, stopped, .. }) = judged {
            self.judged.fetch_add(judged, Ordering::Relaxed);
            self.stopped.fetch_add(stopped, Ordering::Relaxed);
        }
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        for Hits { rule, action, shadow, day, count } in counted {
            *hits.entry((rule, action, shadow, day)).or_default() += count;
        }
    }

    /// Puts a refused message on record; the sender's last strike bans them. The refusal is answered whether or not this
    /// succeeds: what failed is in the log.
    pub(crate) async fn refused(&self, key: SentKey, filtered: &Filtered) {
        let user = key.sender;
        log_refusal(user, filtered);
        let kind = if filtered.verdict.closes() { IncidentKind::Block } else { IncidentKind::Reject };
        let refused = RefusedMessage {
            key,
            text: filtered.text.clone(),
            finding: Finding::of(&filtered.verdict, &filtered.text, kind),
        };
        match self.store.record_refused(refused, &self.policy()).await {
            Ok(recorded) => {
                if let Some(ban) = recorded.banned {
                    let event = Event::Banned(user, ban.ban.authority);
                    self.bus.publish(vec![event, Event::Notice(Notice::Banned(Arc::new(ban)))]).await;
                }
            }
            Err(error) => {
                let room = filtered.room;
                crate::log_limited!(
                    ERROR,
                    error: &error,
                    user.id = %user,
                    room.id = %room,
                    "a refused message is not on record"
                );
            }
        }
    }
}

/// Says in the log which rule refused a message, and nothing of the message. A rule's name is what moderators wrote: it is
/// escaped and cut off.
fn log_refusal(user: UserId, Filtered { verdict, room, .. }: &Filtered) {
    let Some(hit) = verdict.matches.first() else { return };
    let name: String = hit.name.chars().take(MAX_LOGGED).collect();
    let score = hit.score.map(f64::from);
    let category = hit.category.as_str();
    if verdict.closes() {
        tracing::info!(
            user.id = %user, room.id = %room, rule.id = %hit.rule, rule.version = hit.version, rule.name = ?name, category,
            score, "a message was blocked"
        );
    } else {
        tracing::debug!(
            user.id = %user, room.id = %room, rule.id = %hit.rule, rule.version = hit.version, rule.name = ?name, category,
            score, "a message was rejected"
        );
    }
}
