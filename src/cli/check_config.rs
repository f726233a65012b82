//! `plic-chat check-config`: what is in force, and whether `serve` would start with it.

use anyhow::bail;
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
    println!("# {} filter rules, where the database has none", rules.rules().len());
    settings.warn();
    let misspelt: Vec<_> = misspelt().iter().map(ToString::to_string).collect();
    if !misspelt.is_empty() {
        bail!("{}", misspelt.join("; "));
    }
    Ok(())
}
