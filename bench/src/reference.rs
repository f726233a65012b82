//! The servers and writers that plic-chat is compared with, in the same run on the same machine.

pub(crate) mod durable;
pub(crate) mod floor;
pub(crate) mod mosquitto;
pub(crate) mod node;
pub(crate) mod unnest;

use std::{
    env,
    ffi::OsStr,
    fs::File,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::Context;

/// A server that says nothing for so long has hung.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that cannot be measured, for it is not installed, or too old.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Absent(pub(crate) String);

/// A command that runs on these cores alone, knows nothing of the settings of whoever measures, and ends with us.
pub(crate) fn pinned(program: impl AsRef<OsStr>, cores: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "taskset", "-c", cores]).arg(program);
    command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// Whether a program can be run at all.
fn is_installed(program: &str) -> io::Result<bool> {
    match Command::new(program).arg("--help").output() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Starts a server that says on its standard output where it listens; its errors go to a file in `folder`.
pub(crate) fn announced(mut command: Command, folder: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let log = folder.join("stderr");
    let stderr = File::options().create(true).append(true).open(&log)?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn();
    let mut child = child.context("could not start setpriv, of Debian's package util-linux")?;
    let stdout = child.stdout.take().expect("it is piped");
    let (say, said) = mpsc::channel();
    // Reads on after the first line: a server may say more, and must not wait for its reader.
    thread::spawn(move || {
        let heard = BufReader::new(stdout).lines().map_while(Result::ok);
        heard.for_each(|line| drop(say.send(line)));
    });
    let line = said.recv_timeout(PATIENCE).unwrap_or_default();
    if let Some(address) = address(&line) {
        return Ok((child, address));
    }
    reap(child)?;
    let errors = std::fs::read_to_string(&log).unwrap_or_default();
    anyhow::bail!("the server did not say where it listens: {line}{errors}")
}

fn address(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("listening on ")?.rsplit('/').next()?.parse().ok()
}

/// Ends a child that did not become a server, and waits for it.
fn reap(mut child: Child) -> io::Result<()> {
    child.kill()?;
    child.wait()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_with_and_without_a_scheme() {
        let expected = Some(([127, 0, 0, 1], 3030).into());
        assert_eq!(address("listening on http://127.0.0.1:3030\n"), expected);
        assert_eq!(address("listening on 127.0.0.1:3030\n"), expected);
        assert_eq!(address("no such port\n"), None);
    }
}
