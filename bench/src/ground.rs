//! What nodes of plic-chat share: a `PostgreSQL` of their own, and a NATS where there are several. Both run on the servers' core.
//!
//! Settings are those of a small server that loses nothing: a commit is on the disk when it returns, and pages are written
//! whole after a checkpoint. Whatever is compared with plic-chat on `PostgreSQL` runs on one with the same settings.

use std::io;

use testbed::{Nats, NatsOptions, Postgres, PostgresOptions};

use crate::{
    measure::process::{self, Cpu},
    reference::Absent,
    server::on_server_core,
};

/// Settings of `PostgreSQL` that are not its defaults, or that matter here.
pub(crate) const SETTINGS: [(&str, &str); 5] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "256MB"),
    ("max_wal_size", "4GB"),
];
/// The database of plic-chat.
const CHAT: &str = "chat";

/// What nodes stand on.
pub(crate) struct Ground {
    postgres: Postgres,
    nats: Option<Nats>,
}

impl Ground {
    /// An empty database, and NATS where it is wanted; an [`Absent`] error where they are not installed.
    pub(crate) fn start(with_nats: bool) -> anyhow::Result<Self> {
        let postgres = postgres()?;
        postgres.create_database(CHAT);
        let nats = with_nats.then(nats).transpose()?;
        Ok(Self { postgres, nats })
    }

    /// The settings of a node by which it finds them.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let database = ("DATABASE_URL", self.postgres.url(CHAT));
        let nats = self.nats.as_ref().map(|nats| ("NATS_URL", nats.url()));
        [Some(database), nats].into_iter().flatten().collect()
    }

    /// What they have used since they began.
    pub(crate) fn cpu(&self) -> io::Result<Cpu> {
        let mut cpu = process::cpu(self.postgres.pid())?;
        if let Some(nats) = &self.nats {
            cpu = cpu + process::cpu(nats.pid())?;
        }
        Ok(cpu)
    }

    /// The process of NATS.
    pub(crate) fn nats_pid(&self) -> Option<u32> {
        self.nats.as_ref().map(Nats::pid)
    }

    /// Runs a statement in the nodes' database.
    pub(crate) fn sql(&self, statement: &str) -> String {
        self.postgres.sql(CHAT, statement)
    }
}

/// A `PostgreSQL` with [`SETTINGS`].
pub(crate) fn postgres() -> anyhow::Result<Postgres> {
    needs("postgres", Postgres::is_installed())?;
    on_server_core(|| Postgres::with(&PostgresOptions { settings: &SETTINGS, ..PostgresOptions::default() }))
}

/// A NATS without anything in it.
pub(crate) fn nats() -> anyhow::Result<Nats> {
    needs("nats-server", Nats::is_installed())?;
    on_server_core(|| Nats::start(&NatsOptions::default()))
}

fn needs(program: &str, is_there: bool) -> anyhow::Result<()> {
    if is_there { Ok(()) } else { Err(Absent(format!("{program} is not installed")).into()) }
}
