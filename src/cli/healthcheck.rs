//! `plic-chat healthcheck`: whether the server on this machine lives, for containers that have nothing else to ask with.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, bail};
use clap::Args;

use crate::config::{DEFAULT_LISTEN, address};

const PATIENCE: Duration = Duration::from_secs(3);

/// Which server.
#[derive(Debug, Args)]
pub struct Request {
    /// Address that the server listens on, `host:port`
    #[arg(long, env = "PLIC_LISTEN", default_value = DEFAULT_LISTEN, value_parser = address)]
    listen: SocketAddr,
}

/// Asks its `/healthz`; fails where it does not answer well.
pub async fn run(request: &Request) -> anyhow::Result<()> {
    let url = format!("http://{}/healthz", super::reachable(request.listen));
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let status = client.get(&url).send().await.context("the server does not answer")?.status();
    if !status.is_success() {
        bail!("{url} answers {status}");
    }
    Ok(())
}
