//! `plic-chat check-config`: what is in force, and whether `serve` would start with it.

use crate::{config::Settings, server};

/// Prints the settings; fails where `serve` would refuse them.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    settings.require_tokens()?;
    let rules = server::load_rules(settings.rules_file.as_deref()).await?;
    print!("{}", settings.describe());
    println!("# {} filter rules", rules.rules().len());
    settings.warn();
    Ok(())
}
