//! Variables of the environment that look like a setting and are none.

use std::{env, fmt};

use clap::CommandFactory;

use super::Cli;

/// What the names of our own settings begin with.
const PREFIX: &str = "PLIC_";

/// A variable that is no setting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misspelt {
    name: String,
    nearest: String,
}

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no setting and has no effect; the nearest one is {}", self.name, self.nearest)
    }
}

/// Returns the variables of this process that begin as settings do and are none. As with settings, one that is set to nothing is
/// not set.
pub(super) fn misspelt() -> Vec<Misspelt> {
    let set = env::vars_os()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name.to_string_lossy().into_owned());
    among(set, &names(&Cli::command()))
}

/// Warns of each of them in the log.
pub(super) fn warn() {
    for misspelt in misspelt() {
        tracing::warn!("{misspelt}");
    }
}

/// The variables that a command and those below it read.
fn names(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_env());
    let own = own.map(|name| name.to_string_lossy().into_owned());
    own.chain(command.get_subcommands().flat_map(names)).filter(|name| name.starts_with(PREFIX)).collect()
}

fn among(set: impl Iterator<Item = String>, known: &[String]) -> Vec<Misspelt> {
    let mut found: Vec<_> = set
        .filter(|name| is_like_ours(name) && !known.contains(name) && !is_of_kubernetes(name))
        .filter_map(|name| {
            let upper = name.to_ascii_uppercase();
            let nearest = known.iter().min_by_key(|known| strsim::damerau_levenshtein(&upper, known))?;
            Some(Misspelt { nearest: nearest.clone(), name })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn is_like_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Whether Kubernetes sets it in every container for a service named `plic-..`.
fn is_of_kubernetes(name: &str) -> bool {
    ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"].iter().any(|part| name.contains(part))
        || name.ends_with("_PORT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(set: &[&str]) -> Vec<String> {
        let set = set.iter().map(|name| (*name).to_owned());
        among(set, &names(&Cli::command())).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_variable_is_told_with_the_nearest_setting() {
        for (name, nearest) in [
            ("PLIC_SITE_NAM", "PLIC_SITE_NAME"),
            ("PLIC_SITENAME", "PLIC_SITE_NAME"),
            ("plic_listen", "PLIC_LISTEN"),
            ("PLIC_RATE_LIMIT_PER_SECONDS", "PLIC_RATE_LIMIT_PER_SECOND"),
            ("PLIC_ALLOWED_ORIGIN", "PLIC_ALLOWED_ORIGINS"),
        ] {
            let expected = format!("{name} is no setting and has no effect; the nearest one is {nearest}");
            assert_eq!(found(&[name]), [expected]);
        }
    }

    #[test]
    fn settings_other_names_and_those_of_kubernetes_are_none() {
        let passed =
            ["PLIC_LISTEN", "PLIC_NATS_PREFIX", "PATH", "PLIC_CHAT_SERVICE_HOST", "PLIC_CHAT_PORT_3030_TCP"];
        assert!(found(&passed).is_empty(), "{:?}", found(&passed));
    }
}
