//! The chat that a web team would write itself: `chat.mjs` in Node.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::ensure;

use super::{Absent, announced, is_installed, pinned};

/// Where `chat.mjs` lies.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");
/// The oldest that its dependencies run on.
const OLDEST: u32 = 20;

/// Starts it on these cores with a database in `folder`. What it depends on is fetched when it is not there. The caller ends
/// it.
pub(crate) fn start(folder: &Path, secret: &str, cores: &str) -> anyhow::Result<(Child, SocketAddr)> {
    if !is_installed("node")? || !is_installed("npm")? {
        return Err(Absent("Node or npm is not installed".to_owned()).into());
    }
    let version = Command::new("node").arg("--version").output()?.stdout;
    let version = String::from_utf8_lossy(&version).trim().to_owned();
    if major(&version).is_none_or(|major| major < OLDEST) {
        return Err(Absent(format!("Node {OLDEST} or newer is needed, and this is {version}")).into());
    }
    fetch_dependencies(&version)?;
    let mut command = pinned("node", cores);
    command
        .arg("chat.mjs")
        .current_dir(SOURCES)
        .env("PORT", "0")
        .env("DATABASE", std::path::absolute(folder)?.join("chat.db"))
        .env("SUPABASE_JWT_SECRET", secret);
    announced(command, folder)
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Fetches them again when they are other ones, or for another Node: parts of them are compiled.
fn fetch_dependencies(version: &str) -> anyhow::Result<()> {
    let sources = Path::new(SOURCES);
    let wanted = format!("{version}\n{}", fs::read_to_string(sources.join("package-lock.json"))?);
    let marker = sources.join("node_modules/.fetched-for");
    if fs::read_to_string(&marker).is_ok_and(|fetched| fetched == wanted) {
        return Ok(());
    }
    let status = Command::new("npm")
        .args(["ci", "--silent", "--no-audit", "--no-fund"])
        .current_dir(SOURCES)
        .stdin(Stdio::null())
        .status()?;
    ensure!(status.success(), "npm ci ended with {status}");
    Ok(fs::write(marker, wanted)?)
}

#[cfg(test)]
mod tests;
