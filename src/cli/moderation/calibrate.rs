//! `plic-chat moderation calibrate`: asks a running server to calibrate the classifier's rules, and prints what it answers.
//!
//! The server does the work, with `POST /moderation/calibrate`: it may have its database to itself, publishes through the
//! gate, and puts the rules in force on every node.

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::{
    cli::reachable,
    config::{DEFAULT_LISTEN, address},
};

/// How long the server may take: a hundred thousand messages on a busy machine take minutes.
const PATIENCE: Duration = Duration::from_mins(15);
const CONNECT: Duration = Duration::from_secs(10);

/// Which server, and what lines.
#[derive(Debug, Args)]
pub struct Request {
    /// An admin's access token: the audit log names them
    #[arg(long, env = "PLIC_ADMIN_TOKEN", hide_env_values = true)]
    token: String,
    /// The server, where it is not the one on this machine
    #[arg(long, value_name = "URL")]
    server: Option<Url>,
    /// Address that the server on this machine listens on, `host:port`
    #[arg(long, env = "PLIC_LISTEN", default_value = DEFAULT_LISTEN, value_parser = address)]
    listen: SocketAddr,
    /// The share of ordinary messages that may reach the line of a rule that holds or flags [default: 0.004]
    #[arg(long, value_name = "SHARE")]
    hold_share: Option<f64>,
    /// The same for a rule that rejects or blocks [default: 0.0005]
    #[arg(long, value_name = "SHARE")]
    refuse_share: Option<f64>,
    /// Lower no line; one that rejects or blocks is never lowered
    #[arg(long)]
    raise_only: bool,
    /// Read messages since then only, in RFC 3339
    #[arg(long, value_name = "MOMENT")]
    since: Option<String>,
    /// Read at most so many messages, the newest [default: 20000]
    #[arg(long, value_name = "MESSAGES")]
    limit: Option<u32>,
    /// Put the lines in force; without it nothing is changed
    #[arg(long)]
    publish: bool,
    /// Why the lines are put in force although a rule then matches ordinary chat; kept in the audit log
    #[arg(long, value_name = "WHY")]
    override_reason: Option<String>,
}

/// What a server answers to any request.
#[derive(Debug, Deserialize)]
struct Envelope {
    error_message: Option<String>,
    data: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Report {
    ordinary: Vec<OrdinaryCount>,
    lines: Vec<Line>,
    effect: Effect,
    refusal: Option<String>,
    published: Vec<Published>,
}

#[derive(Debug, Deserialize)]
struct OrdinaryCount {
    language: Option<String>,
    messages: u64,
}

#[derive(Debug, Deserialize)]
struct Line {
    rule_id: i64,
    head: String,
    action: String,
    language: String,
    threshold: f64,
    proposed: f64,
    change: String,
    ordinary: Counts,
    upheld: Counts,
}

#[derive(Debug, Deserialize)]
struct Counts {
    messages: u64,
    before: u64,
    after: u64,
}

#[derive(Debug, Deserialize)]
struct Effect {
    ordinary: Counts,
    newly_stopped: u64,
    released: u64,
    dismissed: Counts,
    upheld: Counts,
}

#[derive(Debug, Deserialize)]
struct Published {
    rule_id: i64,
    version: u32,
}

/// Asks, and prints what came of it; fails where the lines were to be published and were not.
pub(super) async fn run(request: &Request) -> anyhow::Result<()> {
    let report: Report =
        serde_json::from_value(ask(request).await?).context("the server is of another version")?;
    print(request, &report).context("could not write to standard output")
}

async fn ask(request: &Request) -> anyhow::Result<Value> {
    let server = match &request.server {
        Some(server) => server.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{}", reachable(request.listen)),
    };
    let mut url =
        Url::parse(&format!("{server}/moderation/calibrate")).context("not the address of a server")?;
    if let Some(reason) = &request.override_reason {
        url.query_pairs_mut().append_pair("override_reason", reason);
    }
    let mut body = json!({
        "hold_share": request.hold_share, "refuse_share": request.refuse_share, "raise_only": request.raise_only,
        "since": request.since, "limit": request.limit, "publish": request.publish,
    });
    // The server has a default for what is not set.
    if let Some(body) = body.as_object_mut() {
        body.retain(|_, value| !value.is_null());
    }
    let mut client = reqwest::Client::builder().connect_timeout(CONNECT).timeout(PATIENCE);
    if request.server.is_none() {
        client = client.no_proxy();
    }
    let sent = client
        .build()?
        .post(url)
        .bearer_auth(&request.token)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send();
    // The address may hold what is not to be shown.
    let answer = sent.await.map_err(reqwest::Error::without_url).context("the server does not answer")?;
    let status = answer.status();
    let text = answer.text().await.map_err(reqwest::Error::without_url).context("the answer broke off")?;
    let envelope: Option<Envelope> = serde_json::from_str(&text).ok();
    match envelope {
        Some(Envelope { error_message: Some(sentence), .. }) => bail!("{sentence}"),
        Some(Envelope { data: Some(data), .. }) if status.is_success() => Ok(data),
        _ => bail!("the server answers {status}"),
    }
}

fn print(request: &Request, report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "ordinary messages")?;
    for OrdinaryCount { language, messages } in &report.ordinary {
        writeln!(out, "  {:<9}{messages:>9}", language.as_deref().unwrap_or("not sure"))?;
    }
    writeln!(
        out,
        "\n{:>5}  {:<11}{:<8}{:<4}{:>7}{:>7}  {:<8}{:>9}{:>9}{:>9}{:>8}{:>8}{:>8}",
        "rule",
        "head",
        "action",
        "in",
        "line",
        "new",
        "",
        "ordinary",
        "reached",
        "new",
        "upheld",
        "reached",
        "new"
    )?;
    for line in &report.lines {
        let Line { ordinary, upheld, .. } = line;
        writeln!(
            out,
            "{:>5}  {:<11}{:<8}{:<4}{:>7.3}{:>7.3}  {:<8}{:>9}{:>9}{:>9}{:>8}{:>8}{:>8}",
            line.rule_id,
            line.head,
            line.action,
            line.language,
            line.threshold,
            line.proposed,
            line.change.replace('_', " "),
            ordinary.messages,
            percent(ordinary.before, ordinary.messages),
            percent(ordinary.after, ordinary.messages),
            upheld.messages,
            upheld.before,
            upheld.after,
        )?;
    }
    if report.lines.iter().any(|line| line.change == "too_few") {
        writeln!(out, "\ntoo few: of fewer than 1,000 ordinary messages in a language no line is set")?;
    }
    let Effect { ordinary, newly_stopped, released, dismissed, upheld } = &report.effect;
    writeln!(out, "\nstopped by all rules        messages   before    after")?;
    for (name, counts) in
        [("ordinary", ordinary), ("  of them wrongly stopped", dismissed), ("upheld", upheld)]
    {
        let Counts { messages, before, after } = counts;
        writeln!(out, "{name:<27}{messages:>9}{before:>9}{after:>9}")?;
    }
    writeln!(out, "newly stopped {newly_stopped}, released {released}")?;
    if let Some(refusal) = &report.refusal {
        writeln!(out, "\nthis would be refused: {refusal}")?;
    }
    let moves = report.lines.iter().any(|line| matches!(line.change.as_str(), "raised" | "lowered"));
    if !report.published.is_empty() {
        let rules: Vec<String> = report
            .published
            .iter()
            .map(|Published { rule_id, version }| format!("rule {rule_id} version {version}"))
            .collect();
        writeln!(out, "\npublished: {}", rules.join(", "))
    } else if !moves {
        writeln!(out, "\nno line moves: nothing to publish")
    } else if request.publish {
        Ok(())
    } else {
        writeln!(out, "\nnothing was changed; --publish puts the new lines in force")
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of 2^53 messages may be off by one")]
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2}%", part as f64 * 100.0 / whole as f64) }
}
