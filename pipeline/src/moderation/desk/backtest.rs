//! Whom a rule would have hit: a draft against stored messages, off the serving path.

use std::{
    cmp::Ordering,
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use plic_filter::{Action, Meaning, Recall, Remembered, Rule, RuleSet, Said, Verdict, rule::RuleKind};
use serde::Serialize;
use tokio::{sync::mpsc, time::timeout};

use super::{Actor, Desk, DeskError, candidate, off_the_path};
use crate::{
    id::{MessageId, RoomId, RuleId},
    moderation::{audit::Deed, incident::FoundMatch, records::Records},
    store::StoredMessage,
    timestamp::Timestamp,
};

/// Back-tests that run at once on a node.
pub(super) const AT_ONCE: usize = 2;
/// Messages read at a time: a few milliseconds of work. As long as that takes, the back-test then rests, so that of two
/// processors chat has at least one and a half.
const BATCH: usize = 250;
/// Steps that wait for the caller; a back-test whose steps nobody takes stands still, and after a while ends.
const STEPS_AHEAD: usize = 4;
/// How long it stands still: longer, and two callers that do not read would keep everybody else from back-testing.
const READER_PATIENCE: Duration = Duration::from_mins(1);

/// What to try.
#[derive(Debug, Clone)]
pub struct BacktestRequest {
    /// The rule, taken as live; where it has the id of a rule, in its place.
    pub draft: Rule,
    /// Messages since then; `None` is all.
    pub since: Option<Timestamp>,
    /// At most so many messages, the newest; `None` is all.
    pub limit: Option<u64>,
}

/// How far a back-test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Messages tried so far.
    pub scanned: u64,
    /// Messages to try in all.
    pub total: u64,
    /// Messages that the draft matches so far.
    pub matched: u64,
}

/// A message that a back-test shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The message.
    pub message: StoredMessage,
    /// What the rules in force make of it.
    pub before: Option<Action>,
    /// What they make of it with the draft.
    pub after: Option<Action>,
    /// Where the draft matches.
    pub matches: Vec<FoundMatch>,
}

/// What a back-test found.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestReport {
    /// Messages tried.
    pub scanned: u64,
    /// Messages that the draft matches.
    pub matched: u64,
    /// Messages that get a stronger action with the draft than without. Rules that look back (concepts across messages,
    /// repetition) are given, of what was said before, only what the draft matches as well, unless it looks back itself.
    pub newly_caught: u64,
    /// Messages that get a weaker one.
    pub released: u64,
    /// Matches by room, the most first; at most [`BacktestReport::MAX_ROOMS`].
    pub by_room: Vec<(RoomId, u64)>,
    /// At most [`BacktestReport::MAX_SAMPLES`] of the messages that it changes or matches, changed ones first.
    pub samples: Vec<Sample>,
    /// Microseconds a message, reading and judging.
    pub micros_per_message: f64,
}

impl BacktestReport {
    /// The most samples shown.
    pub const MAX_SAMPLES: usize = 100;
    /// The most rooms shown.
    pub const MAX_ROOMS: usize = 100;
}

/// A back-test that runs; dropping it stops it.
#[derive(Debug)]
pub struct Backtest {
    steps: mpsc::Receiver<Result<Step, DeskError>>,
}

/// A step of a back-test.
#[derive(Debug)]
pub enum Step {
    /// It goes on.
    Progress(Progress),
    /// It is done: the last step.
    Done(Box<BacktestReport>),
}

impl Backtest {
    /// The next step; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Step, DeskError>> {
        self.steps.recv().await
    }

    /// Waits for the end.
    pub async fn report(mut self) -> Result<BacktestReport, DeskError> {
        while let Some(step) = self.next().await {
            if let Step::Done(report) = step? {
                return Ok(*report);
            }
        }
        Err(DeskError::Busy("The back-test was stopped. Please try again."))
    }
}

impl Desk {
    /// Starts a back-test; what is wrong with the draft is said at once. Its samples show messages of any room, so that
    /// each leaves an audit entry.
    pub async fn backtest(&self, actor: Actor, request: BacktestRequest) -> Result<Backtest, DeskError> {
        let Ok(permit) = Arc::clone(&self.0.backtests).try_acquire_owned() else {
            return Err(DeskError::Busy("Too many back-tests are running. Please try again in a moment."));
        };
        let in_force = self.0.rules.load_full();
        let deed = Deed::new(Some(actor.user), "rule.backtest").with("name", request.draft.name.clone());
        // The place is held until what was begun has ended, also where whoever asked goes away.
        let (trial, permit) =
            off_the_path(move || Trial::new(&in_force, request.draft).map(|trial| (trial, permit))).await??;
        self.0.records.note_deed(deed, None).await?;
        let (start, total) = self.0.records.scan_from(request.since, request.limit).await?;
        let (steps, receiver) = mpsc::channel(STEPS_AHEAD);
        let records = Arc::clone(&self.0.records);
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = run(&*records, trial, start, total, &steps).await {
                // The caller may have gone: then nobody needs to know.
                let _ = timeout(READER_PATIENCE, steps.send(Err(error))).await;
            }
        });
        Ok(Backtest { steps: receiver })
    }
}

/// Reads messages in batches and tries them, until all are tried or nobody waits for it any more.
async fn run(
    records: &dyn Records,
    mut trial: Trial,
    start: MessageId,
    total: u64,
    steps: &mpsc::Sender<Result<Step, DeskError>>,
) -> Result<(), DeskError> {
    let started = Instant::now();
    let mut after = start;
    while trial.scanned < total {
        let began = Instant::now();
        let left = usize::try_from(total - trial.scanned).unwrap_or(BATCH).min(BATCH);
        let messages = records.scan(after, left).await?;
        let Some(last) = messages.last() else { break };
        after = last.id;
        trial = off_the_path(move || {
            for message in messages {
                trial.try_one(message);
            }
            trial
        })
        .await?;
        let worked = began.elapsed();
        let progress = Progress { scanned: trial.scanned, total, matched: trial.matched };
        // The caller has gone, or does not read.
        let Ok(Ok(())) = timeout(READER_PATIENCE, steps.send(Ok(Step::Progress(progress)))).await else {
            return Ok(());
        };
        tokio::time::sleep(worked).await;
    }
    let report = trial.report(started.elapsed());
    // An error means that the caller has gone, or does not read.
    let _ = timeout(READER_PATIENCE, steps.send(Ok(Step::Done(Box::new(report))))).await;
    Ok(())
}

/// The rules in force, the rules with the draft, and what came of it so far.
struct Trial {
    draft: RuleId,
    /// The draft alone, where it changes nothing about messages that it does not match: most are then judged once.
    alone: Option<Side>,
    before: Side,
    after: Side,
    scanned: u64,
    matched: u64,
    newly_caught: u64,
    released: u64,
    by_room: HashMap<RoomId, u64>,
    changed: Vec<Sample>,
    others: Vec<Sample>,
}

/// A rule set, and what was said lately as it remembers it.
pub(super) struct Side {
    rules: Arc<RuleSet>,
    recall: Recall,
}

impl Side {
    pub(super) fn new(rules: Arc<RuleSet>) -> Self {
        Self { rules, recall: Recall::new() }
    }

    pub(super) fn rules(&self) -> &RuleSet {
        &self.rules
    }

    pub(super) fn judge(&self, message: &StoredMessage, meaning: Option<Meaning>) -> Verdict {
        let StoredMessage { id, room, sender, text, created_at } = message;
        let earlier = self.recall.earlier(*sender, *room, (*created_at).into());
        let verdict = self.rules.judge_by(&Said { text, room: Some(*room), earlier: &earlier }, meaning);
        if self.rules.looks_back() {
            let said = Remembered { id: id.0, at: (*created_at).into(), trace: verdict.trace.clone() };
            self.recall.remember(*sender, *room, said);
        }
        verdict
    }
}

impl Trial {
    fn new(in_force: &Arc<RuleSet>, draft: Rule) -> Result<Self, DeskError> {
        let replaces = in_force.rules().iter().any(|rule| rule.id == draft.id);
        let allows = draft.action == Action::Allow;
        let looks_back = matches!(draft.kind, RuleKind::Concepts(_) | RuleKind::Repetition(_));
        let alone = if replaces || allows || looks_back {
            None
        } else {
            Some(Side::new(Arc::new(RuleSet::compile(vec![candidate::tried(draft.clone())])?)))
        };
        let (rules, draft) = candidate::with_draft(in_force.rules(), draft);
        Ok(Self {
            draft,
            alone,
            before: Side::new(Arc::clone(in_force)),
            after: Side::new(Arc::new(RuleSet::compile(rules)?)),
            scanned: 0,
            matched: 0,
            newly_caught: 0,
            released: 0,
            by_room: HashMap::new(),
            changed: Vec::new(),
            others: Vec::new(),
        })
    }

    fn try_one(&mut self, message: StoredMessage) {
        self.scanned += 1;
        if self.alone.as_ref().is_some_and(|alone| alone.judge(&message, None).matches.is_empty()) {
            return;
        }
        let (before, after) = (self.before.judge(&message, None), self.after.judge(&message, None));
        let matches = after.matches.iter().any(|hit| hit.rule == self.draft);
        if matches {
            self.matched += 1;
            *self.by_room.entry(message.room).or_default() += 1;
        }
        let samples = match after.action.cmp(&before.action) {
            Ordering::Greater => {
                self.newly_caught += 1;
                &mut self.changed
            }
            Ordering::Less => {
                self.released += 1;
                &mut self.changed
            }
            Ordering::Equal if matches => &mut self.others,
            Ordering::Equal => return,
        };
        if samples.len() < BacktestReport::MAX_SAMPLES {
            let mut matches = FoundMatch::all(&after, &message.text);
            matches.retain(|hit| hit.rule_id == self.draft);
            samples.push(Sample { message, before: before.action, after: after.action, matches });
        }
    }

    fn report(self, took: Duration) -> BacktestReport {
        let mut by_room: Vec<(RoomId, u64)> = self.by_room.into_iter().collect();
        by_room.sort_unstable_by_key(|&(room, count)| (std::cmp::Reverse(count), room));
        by_room.truncate(BacktestReport::MAX_ROOMS);
        let mut samples = self.changed;
        samples.extend(self.others);
        samples.truncate(BacktestReport::MAX_SAMPLES);
        #[expect(clippy::cast_precision_loss, reason = "a mean over 2^53 messages may be off by one")]
        let micros_per_message = took.as_secs_f64() * 1e6 / self.scanned.max(1) as f64;
        BacktestReport {
            scanned: self.scanned,
            matched: self.matched,
            newly_caught: self.newly_caught,
            released: self.released,
            by_room,
            samples,
            micros_per_message,
        }
    }
}
