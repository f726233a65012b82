//! `plic-chat moderation`: what moderation does, measured.

mod eval;
mod figures;

use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge every message of a CSV file of labelled messages, and print how often the rules are right
    Eval(eval::Request),
}

impl Command {
    /// Does it.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Eval(request) => eval::run(&request),
        }
    }
}
