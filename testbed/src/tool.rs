//! Programs of the system that run to their end, and the user that servers run as where tests run as root.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The unprivileged user that a database server, which refuses to be root, runs as.
const USER: &str = "postgres";

/// Runs a command to its end; answers what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{} cannot be run: {error}", name(command)));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} failed with {}: {error}", name(command), output.status);
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// A program by its name: from `PATH`, or from where Debian puts servers, which no ordinary user's `PATH` names.
pub(crate) fn find(program: &str) -> PathBuf {
    installed(program).unwrap_or_else(|| panic!("{program} is not installed"))
}

/// The same, where it is installed.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.find_map(|folder| Some(folder.join(program)).filter(|file| file.is_file()))
}

/// A command that does not run as root.
pub(crate) fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([&format!("--reuid={USER}"), &format!("--regid={USER}"), "--clear-groups", "--"])
        .arg(program);
    command
}

/// Writes a file that an unprivileged command may read and nobody else.
pub(crate) fn write_private(path: &Path, content: &[u8]) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(content));
    written.unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
    give(path);
}

/// Gives a file or folder to the user of [`unprivileged`].
pub(crate) fn give(path: &Path) {
    if is_root() {
        run(Command::new("chown").arg(USER).arg(path));
    }
}

fn is_root() -> bool {
    run(Command::new("id").arg("-u")) == "0"
}
