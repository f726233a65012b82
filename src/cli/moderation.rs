//! `plic-chat moderation`: what moderation does, measured and set.

mod calibrate;
mod eval;
mod figures;

use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge every message of a CSV file of labelled messages, and print how often the rules are right
    Eval(eval::Request),
    /// Propose thresholds for the classifier's rules from what was delivered and decided on a running server
    Calibrate(calibrate::Request),
}

impl Command {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Eval(request) => eval::run(&request),
            Self::Calibrate(request) => calibrate::run(&request).await,
        }
    }
}
