//! The program as a child process: started with nothing of this environment, ended when it is dropped.

use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::within;

const PROGRAM: &str = env!("CARGO_BIN_EXE_plic-chat");

/// A running server process.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    stdout: Arc<Mutex<String>>,
    log: PathBuf,
}

/// What a command that ended left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program, in `folder`, with these settings alone.
fn command(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    in_folder(command, folder, settings)
}

fn in_folder(mut command: Command, folder: &Path, settings: &[(&str, &str)]) -> Command {
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    // Whoever runs the tests may have settings of their own for a server of their own.
    command.env_clear().envs(settings.iter().copied());
    command
}

/// Runs a command of the program to its end.
pub(crate) async fn run(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Ended {
    let mut command = command(folder, arguments, settings);
    let output = within("the command to end", command.output()).await.expect("the program runs");
    Ended {
        status: output.status,
        stdout: String::from_utf8(output.stdout).expect("the program prints text"),
        stderr: String::from_utf8(output.stderr).expect("the program prints text"),
    }
}

impl Process {
    /// Starts a server and waits until it says where it listens.
    pub(crate) async fn start(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        Self::start_command(folder, command(folder, arguments, settings)).await
    }

    /// Starts a server through another program, which must become it.
    pub(crate) async fn start_under(
        wrapper: &[String],
        folder: &Path,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        let started = match wrapper {
            [] => command(folder, arguments, settings),
            [wrapper, more @ ..] => {
                let mut command = Command::new(wrapper);
                command.args(more).arg(PROGRAM).args(arguments);
                in_folder(command, folder, settings)
            }
        };
        Self::start_command(folder, started).await
    }

    /// Starts a server that may open so many files.
    pub(crate) async fn start_with_files(
        files: u32,
        folder: &Path,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", r#"ulimit -n "$0" && exec "$@""#, &files.to_string(), PROGRAM]).args(arguments);
        Self::start_command(folder, in_folder(shell, folder, settings)).await
    }

    async fn start_command(folder: &Path, mut command: Command) -> Self {
        let log = folder.join("stderr.log");
        let stderr = File::options().create(true).append(true).open(&log).expect("a log file");
        let mut child =
            command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("the program can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let stdout = Arc::new(Mutex::new(String::new()));
        let address = within("the server to say where it listens", async {
            loop {
                let Some(line) = lines.next_line().await.expect("stdout is text") else {
                    let log = std::fs::read_to_string(&log).unwrap_or_default();
                    panic!("the server ended in place of listening: {log}");
                };
                note(&stdout, &line);
                if let Some((_, address)) = line.split_once("listening on http://") {
                    break address.trim().parse().expect("an address");
                }
            }
        })
        .await;
        // The pipe is emptied for as long as the server runs, or it would wait for us.
        let noted = Arc::clone(&stdout);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                note(&noted, &line);
            }
        });
        Self { child, address, stdout, log }
    }

    /// Everything that it printed on stdout up to now.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that it and those before it in the same folder logged on stderr up to now.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Ends it as a power failure would, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        within("the process to be gone", self.child.kill()).await.expect("the process can be killed");
    }

    /// Sends it a signal, by name.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("the process runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().await.expect("kill runs");
        assert!(sent.success(), "signal {name} was not sent");
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        within("the process to end by itself", self.child.wait()).await.expect("a child of ours")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let log = self.log();
        if std::thread::panicking() {
            // A failed test shows what the server had to say about it.
            let tail = log.char_indices().rev().nth(4000).map_or(0, |(at, _)| at);
            eprintln!("the server's log ends with:\n{}", &log[tail..]);
        } else {
            assert!(
                !log.contains("panicked at"),
                "whatever a test is about, the server does not panic: {log}"
            );
        }
    }
}

fn note(stdout: &Mutex<String>, line: &str) {
    let mut stdout = stdout.lock().unwrap_or_else(PoisonError::into_inner);
    stdout.push_str(line);
    stdout.push('\n');
}
