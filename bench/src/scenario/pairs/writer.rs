//! What a single writer can put on the disk, in a process of its own on the servers' core.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use testbed::Postgres;

use crate::{ground, options::Options, reference::pinned, server::SERVER_CORE};

/// The database of the writer on `PostgreSQL`, empty for each measurement.
const DATABASE: &str = "floor";

/// Where it writes.
pub(super) enum Writer {
    /// To a file in this folder.
    Sqlite(PathBuf),
    /// To a server of its own, on the same core, with the same settings as that of plic-chat.
    Postgres(Postgres),
}

impl Writer {
    /// A writer with a database in this folder.
    pub(super) fn sqlite(folder: &Path) -> Self {
        Self::Sqlite(folder.to_owned())
    }

    /// A writer with a server of its own.
    pub(super) fn postgres() -> anyhow::Result<Self> {
        Ok(Self::Postgres(ground::postgres()?))
    }

    /// What it writes to.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// Rows a second with so many rows a commit.
    pub(super) fn rows_a_second(&self, batch: usize, options: &Options) -> anyhow::Result<f64> {
        let seconds = options.window().as_secs().max(1).to_string();
        let mut command = pinned(env::current_exe()?, &SERVER_CORE.to_string());
        command.args(["durable", "--batch", &batch.to_string(), "--seconds", &seconds]);
        match self {
            Self::Sqlite(folder) => command.arg("--folder").arg(folder),
            Self::Postgres(postgres) => {
                postgres.create_database(DATABASE);
                command.args(["--postgres", &postgres.url(DATABASE)])
            }
        };
        let output = command.output()?;
        if let Self::Postgres(postgres) = self {
            postgres.drop_database(DATABASE);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the durable floor failed: {said}");
        String::from_utf8_lossy(&output.stdout).trim().parse().context("the durable floor says no number")
    }
}
