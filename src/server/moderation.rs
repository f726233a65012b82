//! Puts moderation together: the rules and the policy of the database in force, and what is done by itself.

use std::{path::Path, sync::Arc, time::Duration};

use plic_encoder::Encoder;
use plic_filter::{Rule, Rules, rules_from_json, starter_rules};
use plic_pipeline::{
    meaning::ReadsMeaning,
    moderation::{Desk, Policy, Staff, Watch, desk, notice::Notices},
    opinion::SecondOpinion,
};
use tokio::time::{MissedTickBehavior, interval, sleep};
use url::Url;

use super::{Engine, StartError};
use crate::{
    audit_export::{self, AuditWebhook},
    config::Settings,
    encoder::EncoderPool,
    hub::Hub,
    metrics::{DriftMetrics, Metrics},
    second_opinion::HttpOpinion,
};

/// How often hits of rules are written down.
const HITS: Duration = Duration::from_secs(5);
/// How often the share of messages that are stopped is read.
const DRIFT: Duration = Duration::from_secs(5);
/// How often the policy's work in time is looked for, and how soon again while there is more.
const HOUSE: Duration = Duration::from_mins(1);
const HOUSE_AGAIN: Duration = Duration::from_millis(50);

/// What judges messages, and where moderators work.
pub(super) struct Moderation {
    pub(super) rules: Arc<Rules>,
    pub(super) watch: Arc<Watch>,
    pub(super) staff: Staff,
    pub(super) desk: Desk,
    pub(super) encoder: Option<Arc<dyn ReadsMeaning>>,
}

impl Moderation {
    /// With the rules and the policy of the database in force; a new one is given its first rules.
    pub(super) async fn start(
        settings: &Settings,
        engine: &Engine,
        hub: &Arc<Hub>,
        notices: Notices,
        metrics: &Metrics,
    ) -> Result<Self, StartError> {
        let rules = Arc::new(Rules::default());
        let watch = Arc::new(Watch::new(
            Arc::clone(&engine.store),
            Arc::clone(&engine.bus),
            Policy::default(),
            metrics.pipeline.clone(),
        ));
        let hub = Arc::clone(hub);
        let encoder = encoder(settings, metrics);
        let staff = Staff::new(Arc::clone(&engine.records));
        let desk = Desk::new(desk::Parts {
            records: Arc::clone(&engine.records),
            bus: Arc::clone(&engine.bus),
            rules: Arc::clone(&rules),
            watch: Arc::clone(&watch),
            notices,
            staff: staff.clone(),
            encoder: encoder.clone(),
            is_connected: Box::new(move |user| hub.is_connected(user)),
        });
        if desk.has_never_had_rules().await? {
            desk.found_rules(first_rules(settings.rules_file.as_deref())?).await?;
        }
        desk.reload_rules().await?;
        desk.reload_policy().await?;
        Ok(Self { rules, watch, staff, desk, encoder })
    }
}

/// What reads the meaning of texts, where its file is there.
fn encoder(settings: &Settings, metrics: &Metrics) -> Option<Arc<dyn ReadsMeaning>> {
    let Some(file) = settings.encoder_file() else {
        tracing::info!("there is no encoder: the linear stage of the filter decides alone");
        return None;
    };
    let threads = usize::from(settings.encoder_threads);
    let encoder = match Encoder::open(&file, threads) {
        Ok(encoder) => encoder,
        Err(error) => {
            tracing::error!(
                file = %file.display(),
                error = &error as &dyn std::error::Error,
                "the encoder was not loaded: the linear stage of the filter decides alone"
            );
            return None;
        }
    };
    tracing::info!(file = %file.display(), model = encoder.hash(), "the encoder was loaded");
    let deadline = Duration::from_millis(settings.encoder_milliseconds.get().into());
    Some(Arc::new(EncoderPool::new(encoder, threads, deadline, metrics.encoder.clone())))
}

/// Whom to ask where the classifier is not sure.
pub(super) fn second_opinion(settings: &Settings) -> Result<Option<Arc<dyn SecondOpinion>>, StartError> {
    let Some(url) = settings.second_opinion_url.clone() else { return Ok(None) };
    let deadline = Duration::from_millis(settings.second_opinion_milliseconds.get().into());
    let opinion = HttpOpinion::new(
        url,
        settings.second_opinion_key.clone(),
        deadline,
        settings.second_opinion_when_away,
    )?;
    Ok(Some(Arc::new(opinion)))
}

/// The rules that a database without rules begins with: those of `file`, or the starter rules.
pub fn first_rules(file: Option<&Path>) -> Result<Vec<Rule>, StartError> {
    let Some(path) = file else { return Ok(starter_rules()) };
    let json =
        std::fs::read(path).map_err(|source| StartError::RulesFile { path: path.to_owned(), source })?;
    Ok(rules_from_json(&json)?)
}

/// Returns what exports the head of the audit log for as long as it is polled.
pub(super) fn export_audit(
    webhook: Option<Url>,
    engine: &Engine,
) -> Result<impl Future<Output = ()> + Send + use<>, StartError> {
    let webhook = webhook.map(AuditWebhook::new).transpose().map_err(StartError::AuditWebhook)?;
    Ok(audit_export::keep_exporting(Arc::clone(&engine.records), engine.epoch(), webhook))
}

/// Writes down what rules did, a few seconds behind.
pub(super) async fn keep_hits(desk: Desk) {
    let mut ticks = interval(HITS);
    loop {
        ticks.tick().await;
        if let Err(error) = desk.write_down_hits().await {
            plic_pipeline::log_limited!(
                WARN,
                error: &error,
                "hits of rules wait to be written down"
            );
        }
    }
}

/// Shows on `/metrics` whether the filter stops more or fewer messages than it used to.
pub(super) async fn watch_drift(desk: Desk, metrics: DriftMetrics) {
    let mut ticks = interval(DRIFT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match desk.drift().await {
            Ok(drift) => metrics.set(&drift),
            Err(error) => {
                plic_pipeline::log_limited!(
                    WARN,
                    error: &error,
                    "the share of messages that are stopped was not read"
                );
            }
        }
    }
}

/// Does what the policy wants done in time: held messages, retention.
pub(super) async fn keep_house(desk: Desk) {
    loop {
        let pause = match desk.keep_house().await {
            Ok(true) => HOUSE_AGAIN,
            Ok(false) => HOUSE,
            Err(error) => {
                plic_pipeline::log_limited!(
                    WARN,
                    error: &error,
                    "what is due was not done"
                );
                HOUSE
            }
        };
        sleep(pause).await;
    }
}
