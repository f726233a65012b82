//! The one binary.

use std::process::ExitCode;

use anyhow::Context;
use plic_chat::{
    cli::{self, Command},
    log,
};
use tokio::runtime;

fn main() -> ExitCode {
    let command = cli::parse(std::env::args_os()).unwrap_or_else(|refusal| refusal.exit());
    log::to_stderr();
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
            Command::Unban(request) => cli::unban::run(&request).await,
            Command::Healthcheck(request) => cli::healthcheck::run(&request).await,
            Command::Moderation(command) => command.run().await,
            Command::Audit(task) => cli::audit::run(&task).await,
            Command::Openapi => cli::openapi::run(),
        }
    });
    // What is left may block, such as the look-up of a name; nobody waits for it.
    runtime.shutdown_background();
    done
}
