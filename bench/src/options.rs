//! What can be asked for.

use std::{env, fs, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::Args;

use crate::server::{Host, Kind};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");

/// How to measure.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Only these servers
    #[arg(long, value_delimiter = ',', global = true)]
    pub(crate) only: Vec<Kind>,

    /// Shorter windows, fewer rounds and connections: a glance, no measurement
    #[arg(long, global = true)]
    pub(crate) quick: bool,

    /// Rounds; in each, every server is measured once
    #[arg(long, global = true)]
    pub(crate) rounds: Option<usize>,

    /// Seconds of a measured window
    #[arg(long = "window", value_name = "SECONDS", global = true)]
    pub(crate) window_seconds: Option<f64>,

    /// Connections of the scenarios `idle`, `accept` and `herd`
    #[arg(long, global = true)]
    pub(crate) connections: Option<usize>,

    /// Where the table and the chart are kept; docs/ after every scenario was measured thoroughly, nowhere otherwise
    #[arg(long, global = true)]
    pub(crate) keep: Option<PathBuf>,

    /// Where databases are made: on the disk whose durability is to be paid for
    #[arg(long, global = true)]
    pub(crate) database: Option<PathBuf>,
}

impl Options {
    /// How many rounds.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 2 } else { 5 })
    }

    /// How long a measured window is.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs_f64(self.window_seconds.unwrap_or(if self.quick { 1.0 } else { 4.0 }))
    }

    /// How many connections, where it is about connections.
    pub(crate) fn connections(&self) -> usize {
        self.connections.unwrap_or(if self.quick { 2_000 } else { 10_000 })
    }

    /// How long traffic runs before it is measured.
    pub(crate) fn warm_up(&self) -> Duration {
        self.window() / 4
    }

    /// Whether a server is to be measured.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        self.only.is_empty() || self.only.contains(&kind)
    }

    /// Whether what one writer can put on the disk is to be measured.
    pub(crate) fn wants_floor(&self) -> bool {
        self.wants(Kind::Floor)
    }

    /// Where the table and the chart are kept after `all` scenarios, or after some.
    pub(crate) fn keep(&self, all: bool) -> Option<PathBuf> {
        let is_thorough = all
            && !self.quick
            && self.only.is_empty()
            && self.rounds.is_none()
            && self.window_seconds.is_none()
            && self.connections.is_none();
        self.keep.clone().or_else(|| is_thorough.then(|| PathBuf::from(DOCS)))
    }

    /// How servers are to run.
    pub(crate) fn host(&self) -> anyhow::Result<Host> {
        let folder = match &self.database {
            Some(folder) => folder.clone(),
            // Not the folder for temporary files, which may lie in memory.
            None => env::current_exe()?.with_file_name("bench-data"),
        };
        fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        Ok(Host { folder, ping_seconds: 3_600, afk_seconds: Some(0) })
    }
}
