//! The one binary.

use std::{io::IsTerminal, process::ExitCode};

use anyhow::Context;
use plic_chat::cli::{self, Command};
use tokio::runtime;
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Libraries that would write what is said into the log at their finest levels.
const TALKATIVE: [&str; 6] = ["tungstenite", "tokio_tungstenite", "hyper", "reqwest", "sqlx", "async_nats"];

fn main() -> ExitCode {
    let command = cli::parse(std::env::args_os()).unwrap_or_else(|refusal| refusal.exit());
    log_to_stderr();
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plic-chat: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    // One core is served best without threads that hand each other work.
    let mut builder = match std::thread::available_parallelism() {
        Ok(cores) if cores.get() > 1 => runtime::Builder::new_multi_thread(),
        _ => runtime::Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build().context("could not start the runtime")?;
    let done = runtime.block_on(async {
        match command {
            Command::Dev(settings) => cli::dev::run(settings).await,
            Command::Serve(settings) => cli::serve::run(settings).await,
            Command::Token(request) => cli::token::run(&request),
            Command::CheckConfig(settings) => cli::check_config::run(&settings).await,
            Command::Migrate(settings) => cli::migrate::run(&settings).await,
            Command::Backup(request) => cli::backup::run(&request).await,
            Command::Restore(request) => cli::restore::run(&request).await,
            Command::NewEpoch(request) => cli::new_epoch::run(&request).await,
            Command::Healthcheck(request) => cli::healthcheck::run(&request).await,
            Command::Moderation(command) => command.run(),
            Command::Audit(task) => cli::audit::run(&task).await,
            Command::Openapi => cli::openapi::run(),
        }
    });
    // What is left may block, such as the look-up of a name; nobody waits for it.
    runtime.shutdown_background();
    done
}

fn log_to_stderr() {
    let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let discreet = filter_fn(|metadata| {
        *metadata.level() <= Level::INFO
            || !TALKATIVE.iter().any(|library| metadata.target().starts_with(library))
    })
    // Without it, every line that a library might log at its finest level is looked at.
    .with_max_level_hint(Level::TRACE);
    let lines = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(chosen.and(discreet))).init();
}
