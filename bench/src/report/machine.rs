//! On what it was measured.

use std::{fs, path::Path, process::Command};

use crate::server::SERVER_CORE;

/// The machine, the programs and the disk with the databases, a line each.
pub(crate) fn describe(databases: &Path) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let lines = [
        ("processor", format!("{}, {} cores", field(&cpus, "model name", ':'), cores(&cpus))),
        ("memory", field(&memory, "MemTotal", ':')),
        ("system", format!("{}, Linux {}", field(&system, "PRETTY_NAME", '='), release(&kernel))),
        ("cores that share one with the server's", siblings()),
        ("databases on", disk(databases)),
        ("plic-chat", version("git", &["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty"])),
        ("rustc", version("rustc", &["--version"])),
        ("SQLite", rusqlite::version().to_owned()),
        ("PostgreSQL", version("postgres", &["--version"])),
        ("NATS", version("/usr/sbin/nats-server", &["--version"])),
        ("Node", version("node", &["--version"])),
        ("Mosquitto", version("/usr/sbin/mosquitto", &["-h"])),
    ];
    lines.map(|(name, value)| format!("- {name}: {value}\n")).concat()
}

fn field(file: &str, name: &str, separator: char) -> String {
    let value = file.lines().find_map(|line| {
        let (key, value) = line.split_once(separator)?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
    });
    value.unwrap_or_else(|| "unknown".to_owned())
}

/// A kernel's version, without what its builder calls it.
fn release(kernel: &str) -> &str {
    kernel.trim().split('-').next().unwrap_or("unknown")
}

fn cores(cpus: &str) -> usize {
    cpus.lines().filter(|line| line.starts_with("processor")).count()
}

/// The threads of the server's physical core, itself included: a client on another of them slows it.
fn siblings() -> String {
    let file = format!("/sys/devices/system/cpu/cpu{SERVER_CORE}/topology/thread_siblings_list");
    fs::read_to_string(file).map_or_else(|_| "unknown".to_owned(), |list| list.trim().to_owned())
}

/// The file system of a folder.
fn disk(folder: &Path) -> String {
    let folder = folder.display().to_string();
    version("findmnt", &["--noheadings", "--output", "FSTYPE", "--target", &folder])
}

/// The first line that a program says about itself.
fn version(program: &str, arguments: &[&str]) -> String {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        return "not installed".to_owned();
    };
    String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_with_and_without_quotes() {
        assert_eq!(field("a: 1\nmodel name\t: Some CPU\n", "model name", ':'), "Some CPU");
        assert_eq!(field("PRETTY_NAME=\"Debian 13\"\n", "PRETTY_NAME", '='), "Debian 13");
        assert_eq!(field("", "model name", ':'), "unknown");
        assert_eq!(release("6.1.0-29-amd64\n"), "6.1.0");
        assert_eq!(cores("processor : 0\nx\nprocessor : 1\n"), 2);
    }
}
