//! Where the classifier's rules hold the line on this site: thresholds from what people wrote here, and from what
//! moderators decided about it.
//!
//! The lines that ship with the program were set on ordinary messages of others. A calibration sets them on messages that
//! were delivered here, for each live rule and each language, shows what that would have done, and publishes it like any
//! other change of rules: through the publish gate, with an entry of the audit log, and only while the rules are what it
//! was made from.

mod drafts;
mod effect;
mod line;
mod sample;
mod scores;

use std::{sync::Arc, time::Instant};

use plic_filter::{
    Action, Asks, Head, Language, Rule, RuleSet,
    rule::{RuleKind, Threshold},
};
use tokio::time::sleep;

pub use self::effect::{CalibrationEffect, StoppedCounts};
use self::{
    drafts::{Draft, drafts},
    effect::Comparison,
    line::{Bounds, LEAST_ORDINARY, propose, reaching},
    sample::KnownMessage,
    scores::{Probe, Scores, UNSURE},
};
use super::{
    Actor, Desk, DeskError,
    candidate::without_examples,
    off_the_path,
    rules::{Change, Gate, version_of},
};
use crate::{
    id::RuleId,
    moderation::{
        audit::Deed,
        notice::Notice,
        rulebook::{RuleWrite, Rulebook},
    },
    timestamp::Timestamp,
    token::Role,
};

/// Messages judged at a time; as long as that takes, the calibration then rests, as a back-test does.
const BATCH: usize = 250;
const CHANGED: &str = "Somebody else changed a rule meanwhile. Please calibrate again.";

/// What lines are to be set by.
#[derive(Debug, Clone)]
pub struct CalibrationRequest {
    /// The share of ordinary messages in a language that may reach the line of a rule that holds, masks or flags.
    pub hold_share: f64,
    /// The same for a rule that rejects or blocks.
    pub refuse_share: f64,
    /// Whether no line is lowered; one that refuses never is.
    pub raise_only: bool,
    /// Messages since then; `None` is all.
    pub since: Option<Timestamp>,
    /// At most so many delivered messages, the newest.
    pub limit: u32,
    /// Whether to put the lines in force.
    pub publish: bool,
}

impl CalibrationRequest {
    /// The shares for which the shipped lines were set.
    pub const HOLD_SHARE: f64 = 0.004;
    /// The same for a line that refuses.
    pub const REFUSE_SHARE: f64 = 0.000_5;
    /// The least and the largest share that can be asked for.
    pub const SHARES: (f64, f64) = (0.000_01, 0.1);
    /// Messages that are read where nothing is said, and at most.
    pub const USUAL_LIMIT: u32 = 20_000;
    /// The most messages that can be asked for.
    pub const MAX_LIMIT: u32 = 100_000;

    fn check(&self) -> Result<(), DeskError> {
        let (least, most) = Self::SHARES;
        for (field, share) in [("hold_share", self.hold_share), ("refuse_share", self.refuse_share)] {
            if !(least..=most).contains(&share) {
                let problem = format!("must be from {least} to {most}");
                return Err(DeskError::Invalid { field: field.to_owned(), problem });
            }
        }
        if !(1..=Self::MAX_LIMIT).contains(&self.limit) {
            let problem = format!("must be from 1 to {}", Self::MAX_LIMIT);
            return Err(DeskError::Invalid { field: "limit".to_owned(), problem });
        }
        Ok(())
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineChange {
    /// More ordinary messages reached it than may.
    Raised,
    /// Fewer ordinary messages reach a lower one than may.
    Lowered,
    /// It is where it was.
    Kept,
    /// Too few ordinary messages of its language were read: it is where it was.
    TooFew,
}

/// How many of some messages reach a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reaching {
    /// All of them.
    pub messages: u64,
    /// Those that reach the line in force.
    pub before: u64,
    /// Those that reach the proposed one.
    pub after: u64,
}

/// The line of a rule in a language.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibratedLine {
    /// The rule.
    pub rule: RuleId,
    /// Its version.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// What it asks the classifier for.
    pub head: Head,
    /// What it does.
    pub action: Action,
    /// The language (ISO 639-1).
    pub language: &'static str,
    /// The threshold in force.
    pub threshold: f64,
    /// The one that is proposed.
    pub proposed: f64,
    /// What became of it.
    pub change: LineChange,
    /// Ordinary messages in this language.
    pub ordinary: Reaching,
    /// Messages in this language that moderators upheld an incident about, of whatever category.
    pub upheld: Reaching,
}

/// What a calibration found, and did.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationReport {
    /// Ordinary messages by language; the last ones are those whose language is not sure.
    pub ordinary: Vec<(Option<&'static str>, u64)>,
    /// The lines, by rule and language.
    pub lines: Vec<CalibratedLine>,
    /// What the proposed lines would have done.
    pub effect: CalibrationEffect,
    /// Why the proposed lines cannot be published as they are, where they cannot.
    pub refusal: Option<String>,
    /// What was published: rules and their versions.
    pub published: Vec<(RuleId, u32)>,
}

impl Desk {
    /// Proposes lines for the classifier's rules, and publishes them where that is asked for; for admins. `force` is a
    /// reason to publish what the gate refuses.
    pub async fn calibrate(
        &self,
        actor: Actor,
        request: CalibrationRequest,
        force: Option<String>,
    ) -> Result<CalibrationReport, DeskError> {
        if actor.role < Role::Admin {
            return Err(DeskError::AdminsOnly("Only admins may calibrate the classifier's rules."));
        }
        request.check()?;
        let turn = self.0.calibrations.take().await?;
        let in_force = self.0.rules.load_full();
        let mut sample = sample::read(&*self.0.records, &request).await?;
        self.read_meanings(&mut sample).await;
        let sample: Arc<[KnownMessage]> = sample.into();
        let mut probe = work_through(Probe::new(Arc::clone(&in_force)), &sample, Probe::add).await?;
        probe.sort();
        let lines = lines(&probe.rules, &probe.scores, &request);
        let drafts = drafts(&probe.rules, &lines);
        let rules = with_drafts(in_force.rules(), &drafts);
        let after = off_the_path(move || RuleSet::compile(rules)).await??;
        let comparison = Comparison::new(in_force, Arc::new(after));
        let effect = work_through(comparison, &sample, Comparison::add).await?.effect;
        let ordinary = Language::SCORED.into_iter().chain([Language::Unsure]).map(Language::code);
        let ordinary =
            ordinary.zip(&probe.scores.ordinary).map(|(code, scores)| (code, number(scores))).collect();
        drop((sample, turn));
        let mut report = CalibrationReport { ordinary, lines, effect, refusal: None, published: Vec::new() };
        if drafts.is_empty() {
            return Ok(report);
        }
        if request.publish {
            report.published = self.publish_lines(actor, drafts, force).await?;
        } else {
            report.refusal = self.rehearse_lines(actor, drafts, force).await?;
        }
        Ok(report)
    }

    /// Has the encoder read a sample, and rests as long as each message takes: those that chat wait for it as well.
    async fn read_meanings(&self, sample: &mut [KnownMessage]) {
        let Some(encoder) = &self.0.encoder else { return };
        for one in sample {
            let began = Instant::now();
            one.meaning = encoder.meaning(&one.message.text, Asks::Unsure).await;
            sleep(began.elapsed()).await;
        }
    }

    async fn publish_lines(
        &self,
        actor: Actor,
        drafts: Vec<Draft>,
        force: Option<String>,
    ) -> Result<Vec<(RuleId, u32)>, DeskError> {
        let (desk, turn) = (self.clone(), self.0.changes.take().await?);
        self.to_the_end(async move {
            let _turn = turn;
            let gate = Gate::of(force, drafts.iter().map(|draft| &draft.rule));
            let written = desk.change(actor, gate, |book| plan(actor, book, drafts)).await?;
            let mut published = Vec::new();
            for Rule { id, version, name, state, .. } in written.rules {
                published.push((id, version));
                desk.tell(Notice::RuleChanged { rule: id, version, name, state, by: actor.user }).await;
            }
            Ok(published)
        })
        .await
    }

    /// Returns why the drafts would be refused, where they would.
    async fn rehearse_lines(
        &self,
        actor: Actor,
        drafts: Vec<Draft>,
        force: Option<String>,
    ) -> Result<Option<String>, DeskError> {
        let _turn = self.0.trials.take().await?;
        let gate = Gate::of(force, drafts.iter().map(|draft| &draft.rule));
        match self.rehearse(actor, gate, |book| plan(actor, book, drafts)).await {
            Ok(()) => Ok(None),
            Err(DeskError::Invalid { field, problem }) if field == "state" => Ok(Some(problem)),
            Err(DeskError::Rule(error)) => Ok(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

/// The change that writes these drafts, where the rules are what they were made from.
fn plan(actor: Actor, book: &Rulebook, drafts: Vec<Draft>) -> Result<Change, DeskError> {
    let mut new_ids = book.next_id..;
    let mut change = Change { writes: Vec::new(), deeds: Vec::new() };
    for Draft { of: (of, expected), is_new, mut rule } in drafts {
        if version_of(book, of) != Some(expected) {
            return Err(DeskError::Conflict(CHANGED));
        }
        (rule.id, rule.version) =
            if is_new { (RuleId(new_ids.next().expect("ids do not end")), 1) } else { (of, expected + 1) };
        let mut deed = Deed::new(Some(actor.user), "rule.calibrate")
            .with("rule", rule.id.0)
            .with("version", rule.version)
            .with("languages", rule.languages.clone());
        if let RuleKind::Classifier(Threshold { threshold, .. }) = rule.kind {
            deed = deed.with("threshold", threshold);
        }
        if is_new {
            deed = deed.with("beside", of.0);
        }
        change.deeds.push(deed);
        change.writes.push(RuleWrite::Put(rule));
    }
    Ok(change)
}

/// Does something with every message, off the threads that serve and with pauses.
async fn work_through<S: Send + 'static>(
    mut state: S,
    sample: &Arc<[KnownMessage]>,
    step: fn(&mut S, &KnownMessage),
) -> Result<S, DeskError> {
    for start in (0..sample.len()).step_by(BATCH) {
        let (began, sample) = (Instant::now(), Arc::clone(sample));
        state = off_the_path(move || {
            for message in sample[start..].iter().take(BATCH) {
                step(&mut state, message);
            }
            state
        })
        .await?;
        sleep(began.elapsed()).await;
    }
    Ok(state)
}

/// The lines of these rules, each in the languages that it judges and the classifier scores.
fn lines(rules: &[Rule], scores: &Scores, request: &CalibrationRequest) -> Vec<CalibratedLine> {
    let mut lines = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        let RuleKind::Classifier(Threshold { head, threshold }) = rule.kind else { continue };
        for (group, language) in Language::SCORED.into_iter().enumerate() {
            let judges = rule.languages.as_ref().is_none_or(|languages| language.is_among(languages));
            let (Some(code), true) = (language.code(), judges) else { continue };
            let (ordinary, unsure) = (&scores.ordinary[group][place], &scores.ordinary[UNSURE][place]);
            let is_enough = ordinary.len() >= LEAST_ORDINARY;
            // A message whose language is not sure is judged by the lines of all.
            let with_unsure = [ordinary.as_slice(), unsure.as_slice()];
            let groups = if unsure.len() >= LEAST_ORDINARY { &with_unsure[..] } else { &with_unsure[..1] };
            let proposed =
                if is_enough { propose(groups, bounds(rule.action, threshold, request)) } else { threshold };
            let change = match proposed.total_cmp(&threshold) {
                _ if !is_enough => LineChange::TooFew,
                std::cmp::Ordering::Greater => LineChange::Raised,
                std::cmp::Ordering::Less => LineChange::Lowered,
                std::cmp::Ordering::Equal => LineChange::Kept,
            };
            let counts = |scores: &[f32]| Reaching {
                messages: scores.len() as u64,
                before: reaching(scores, threshold) as u64,
                after: reaching(scores, proposed) as u64,
            };
            lines.push(CalibratedLine {
                rule: rule.id,
                version: rule.version,
                name: rule.name.clone(),
                head,
                action: rule.action,
                language: code,
                threshold,
                proposed,
                change,
                ordinary: counts(ordinary),
                upheld: counts(&scores.upheld[group][place]),
            });
        }
    }
    lines
}

fn bounds(action: Action, now: f64, request: &CalibrationRequest) -> Bounds {
    let refuses = action >= Action::Reject;
    Bounds {
        now,
        share: if refuses { request.refuse_share } else { request.hold_share },
        // Messages that reach a lower line were held, so that those which were delivered do not tell how many there are.
        may_lower: !refuses && !request.raise_only,
    }
}

/// The rules in force with these drafts in their places or beside them.
fn with_drafts(in_force: &[Rule], drafts: &[Draft]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = in_force.iter().cloned().map(without_examples).collect();
    let mut new_ids = rules.iter().map(|rule| rule.id.0).max().unwrap_or(0) + 1..;
    for draft in drafts {
        let rule = without_examples(draft.rule.clone());
        match rules.iter_mut().find(|rule| rule.id == draft.of.0).filter(|_| !draft.is_new) {
            Some(place) => *place = rule,
            None => rules.push(Rule { id: RuleId(new_ids.next().expect("ids do not end")), ..rule }),
        }
    }
    rules
}

fn number(of_rules: &[Vec<f32>]) -> u64 {
    of_rules.first().map_or(0, |scores| scores.len() as u64)
}
