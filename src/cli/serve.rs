//! `plic-chat serve`: serves until it is told to stop.

use std::time::Duration;

use anyhow::{Context, anyhow};
use plic_pipeline::rejection::DEFAULT_SITE_NAME;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::misspelt;
use crate::{
    config::Settings,
    server::{self, Server},
};

/// Serves with these settings; returns after SIGTERM or SIGINT.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    misspelt::warn();
    settings.require_tokens()?;
    settings.check()?;
    settings.warn();
    let patience = Duration::from_secs(settings.shutdown_seconds);
    let signals = Signals::listen()?;
    let has_site_name = settings.site_name.is_some();
    let server = server::start(settings, None).await?;
    if !has_site_name {
        tracing::warn!(
            "PLIC_SITE_NAME is not set: people whose message is blocked read that it is not permitted on {DEFAULT_SITE_NAME}"
        );
    }
    println!("listening on http://{}", server.address());
    signals.serve(server, patience).await
}

/// What the process is told by signals; listened for before anybody can know that it serves.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("could not listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Serves on until SIGTERM or SIGINT.
    pub(super) async fn serve(mut self, mut server: Server, patience: Duration) -> anyhow::Result<()> {
        let is_broken = tokio::select! {
            _ = self.terminate.recv() => false,
            _ = self.interrupt.recv() => false,
            () = server.broken() => true,
        };
        server.shutdown(patience).await;
        if is_broken { Err(anyhow!("the server could not go on")) } else { Ok(()) }
    }
}
