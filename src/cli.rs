//! The command line: what the binary can be told to do, a file a command.

pub mod audit;
pub mod backup;
pub mod check_config;
pub mod dev;
pub mod healthcheck;
pub mod migrate;
mod misspelt;
pub mod moderation;
pub mod new_epoch;
pub mod openapi;
pub mod restore;
pub mod serve;
pub mod token;
pub mod unban;

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use anyhow::bail;
use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::config::Settings;

/// A self-hosted, moderated chat server
#[derive(Debug, Parser)]
#[command(name = "plic-chat", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve on this machine alone, with a secret, users and tokens made for trying it out
    Dev(Settings),
    /// Serve until SIGTERM or SIGINT
    Serve(Settings),
    /// Print an HS256 access token, for tests
    Token(token::Request),
    /// Print the settings in force, secrets hidden; fails where one is wrong
    CheckConfig(Settings),
    /// Bring the database up to date
    Migrate(Settings),
    /// Copy the database to a file, also while a server works on it
    Backup(backup::Request),
    /// Put a backup where the database is to be, under a new epoch
    Restore(restore::Request),
    /// Give the database a new epoch: ids may start over
    NewEpoch(new_epoch::Request),
    /// What was done by moderators, and whether that is what was written
    #[command(subcommand)]
    Audit(audit::Task),
    /// Lift a user's ban, whoever set it; for when admins are locked out
    Unban(unban::Request),
    /// Say whether the server on this machine lives
    Healthcheck(healthcheck::Request),
    /// Measure the filter, and set where it holds the line
    #[command(subcommand)]
    Moderation(moderation::Command),
    /// Print the OpenAPI document
    Openapi,
}

/// Why the command line is not carried out: one line for a wrong setting, or clap's own text for help and usage.
#[derive(Debug)]
pub enum Refusal {
    /// A setting has a wrong value.
    Setting(String),
    /// Help, version or usage.
    Usage(clap::Error),
}

impl Refusal {
    /// Says it and ends the process.
    pub fn exit(&self) -> ! {
        match self {
            Self::Setting(line) => {
                eprintln!("plic-chat: {line}");
                std::process::exit(2)
            }
            Self::Usage(error) => error.exit(),
        }
    }
}

/// Reads the command line and the environment.
///
/// # Errors
/// What to tell the user instead of working.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Refusal> {
    let mut command = Cli::command().mut_subcommands(ignore_empty_variables);
    let cli = command
        .try_get_matches_from_mut(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| refusal(&command, error))?;
    Ok(cli.command)
}

/// A variable that is set to nothing is not set: deployments pass on what they may not have.
fn ignore_empty_variables(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|argument| {
        let empty = argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if empty { argument.env(Resettable::Reset) } else { argument }
    });
    command.mut_subcommands(ignore_empty_variables)
}

/// Fails where there is no file of a database at `path`.
fn require_database(path: &Path) -> anyhow::Result<()> {
    if path.try_exists().is_ok_and(|exists| !exists) {
        bail!("there is no database at `{}`", path.display());
    }
    Ok(())
}

/// Returns the address of the server on this machine: one that listens everywhere is reached over loopback.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listen
}

/// A word of a command for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn refusal(command: &clap::Command, error: clap::Error) -> Refusal {
    let (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(ContextValue::String(argument))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return Refusal::Usage(error);
    };
    let flag = argument.split_whitespace().next().unwrap_or(argument).trim_start_matches('-');
    let variable = command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments)
        .find(|known| known.get_long() == Some(flag))
        .and_then(|known| known.get_env());
    let name = variable.map(|name| name.to_string_lossy()).unwrap_or_default();
    let why = match (std::error::Error::source(&error), error.get(ContextKind::ValidValue)) {
        (Some(why), _) => why.to_string(),
        (None, Some(ContextValue::Strings(known))) => format!("not one of {}", known.join(", ")),
        (None, _) => error.kind().to_string(),
    };
    Refusal::Setting(if variable.is_some() {
        format!("{name} (--{flag}): {why}")
    } else {
        format!("--{flag}: {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(arguments: &[&str]) -> String {
        let arguments = std::iter::once("plic-chat").chain(arguments.iter().copied()).map(OsString::from);
        match parse(arguments) {
            Err(Refusal::Setting(line)) => line,
            other => panic!("not refused for a setting: {other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_setting_is_one_line_that_names_it() {
        assert_eq!(
            refused(&["serve", "--ping-seconds", "0"]),
            "PLIC_PING_SECONDS (--ping-seconds): must be at least 1 second"
        );
        for (flag, value, name) in [
            ("--listen", "nowhere", "PLIC_LISTEN"),
            ("--database-url", "mysql://x", "DATABASE_URL"),
            ("--database-url", "postgres://x", "DATABASE_URL"),
            ("--database-pooler", "session", "PLIC_DATABASE_POOLER"),
            ("--database-connections", "2", "PLIC_DATABASE_CONNECTIONS"),
            ("--supabase-url", "ftp://x", "SUPABASE_URL"),
            ("--nats-url", "x:4222", "NATS_URL"),
            ("--nats-prefix", "plic.*", "PLIC_NATS_PREFIX"),
            ("--rate-limit-per-second", "-1", "PLIC_RATE_LIMIT_PER_SECOND"),
            ("--address-limit-per-second", "0", "PLIC_ADDRESS_LIMIT_PER_SECOND"),
            ("--connections-per-address", "0", "PLIC_CONNECTIONS_PER_ADDRESS"),
            ("--max-message-chars", "many", "PLIC_MAX_MESSAGE_CHARS"),
            ("--allowed-origins", "https://a.example/path", "PLIC_ALLOWED_ORIGINS"),
            ("--trusted-proxies", "10.0.0.0/99", "PLIC_TRUSTED_PROXIES"),
        ] {
            let line = refused(&["serve", &format!("{flag}={value}")]);
            assert!(line.starts_with(name) && !line.contains('\n'), "{line}");
        }
    }
}
