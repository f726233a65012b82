//! `plic-chat check-config`: what is in force, and whether `serve` would start with it.

use anyhow::{Context as _, bail};
use plic_encoder::Encoder;
use plic_filter::RuleSet;

use super::misspelt::misspelt;
use crate::{config::Settings, server};

/// Prints the settings; fails where `serve` would refuse them, or where a variable is no setting.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    settings.require_tokens()?;
    settings.check()?;
    let rules = server::first_rules(settings.rules_file.as_deref())?;
    let rules = tokio::task::spawn_blocking(|| RuleSet::compile(rules)).await??;
    print!("{}", settings.describe());
    if let Some(file) = settings.encoder_file() {
        let encoder = Encoder::open(&file, 1).with_context(|| format!("the encoder {}", file.display()))?;
        println!("# the encoder is {}", encoder.hash());
    }
    println!("# {} filter rules, where the database has none", rules.rules().len());
    settings.warn();
    let misspelt: Vec<_> = misspelt().iter().map(ToString::to_string).collect();
    if !misspelt.is_empty() {
        bail!("{}", misspelt.join("; "));
    }
    Ok(())
}
