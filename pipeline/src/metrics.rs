//! What the pipeline counts: per stage, how often it let pass and refused, and how long it took to decide.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use plic_filter::Action;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use crate::id::RuleId;

/// From a quarter of a microsecond, each bucket four times the last: to one second.
const BUCKETS: [f64; 12] =
    [2.5e-7, 1e-6, 4e-6, 1.6e-5, 6.4e-5, 2.5e-4, 1e-3, 4e-3, 1.6e-2, 6.4e-2, 0.25, 1.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    stage: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabels {
    rule: String,
    action: &'static str,
    shadow: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReadLabels {
    outcome: &'static str,
}

/// Rules that have a label of their own.
const MAX_RULES: usize = 500;

/// The pipeline's metrics, registered once a server; cheap to clone.
#[derive(Debug, Clone)]
pub struct PipelineMetrics {
    outcomes: Family<OutcomeLabels, Counter>,
    seconds: Family<StageLabels, Histogram>,
    verdicts: Family<VerdictLabels, Counter>,
    memory_reads: Family<ReadLabels, Counter>,
    rules: Arc<Mutex<HashSet<RuleId>>>,
}

impl PipelineMetrics {
    /// Registers the metrics with `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let outcomes = Family::default();
        let seconds: Family<StageLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register("plic_stage_commands", "Commands by stage and outcome", outcomes.clone());
        registry.register("plic_stage_seconds", "Time a stage took to decide", seconds.clone());
        let verdicts = Family::default();
        registry.register(
            "plic_filter_matches",
            "Messages that a rule of the filter matched, by rule and action",
            verdicts.clone(),
        );
        let memory_reads = Family::default();
        registry.register(
            "plic_filter_memory_reads",
            "Reads of what a sender said before, by outcome: where one failed, the message was judged without",
            memory_reads.clone(),
        );
        Self { outcomes, seconds, verdicts, memory_reads, rules: Arc::default() }
    }

    /// Counts a read of what a sender said before.
    pub(crate) fn memory_read(&self, is_done: bool) {
        let outcome = if is_done { "read" } else { "failed" };
        self.memory_reads.get_or_create_owned(&ReadLabels { outcome }).inc();
    }

    /// Counts a message that a rule matches. Beyond [`MAX_RULES`] rules all others share one label.
    pub(crate) fn verdict(&self, rule: RuleId, action: Action, shadow: bool) {
        let known = {
            let mut known = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            known.contains(&rule) || (known.len() < MAX_RULES && known.insert(rule))
        };
        let rule = if known { rule.to_string() } else { "other".to_owned() };
        let labels =
            VerdictLabels { rule, action: action.as_str(), shadow: if shadow { "true" } else { "false" } };
        self.verdicts.get_or_create_owned(&labels).inc();
    }

    pub(crate) fn stage(&self, stage: &'static str) -> StageMetrics {
        let outcome = |outcome| self.outcomes.get_or_create_owned(&OutcomeLabels { stage, outcome });
        StageMetrics(Arc::new(Handles {
            passed: outcome("passed"),
            refused: outcome("refused"),
            seconds: self.seconds.get_or_create_owned(&StageLabels { stage }),
        }))
    }
}

/// One stage's metrics; a clone is a reference count.
#[derive(Debug, Clone)]
pub(crate) struct StageMetrics(Arc<Handles>);

#[derive(Debug)]
struct Handles {
    passed: Counter,
    refused: Counter,
    seconds: Histogram,
}

impl StageMetrics {
    pub(crate) fn record(&self, passed: bool, took: Duration) {
        if passed { &self.0.passed } else { &self.0.refused }.inc();
        self.0.seconds.observe(took.as_secs_f64());
    }
}
