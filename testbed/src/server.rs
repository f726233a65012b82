//! A server process that cannot outlive us.
//!
//! A shell stands between: the server is its child, and the end of its input, which a process's death by any signal brings
//! about, makes it stop the server and remove the folder. (The kernel's own signal on a parent's death would come at the end
//! of the thread that started the server, and tests are threads.)

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::tool;

/// How long a server may take to start or to stop.
const DEADLINE: Duration = Duration::from_mins(1);

/// `$1` is the folder, `$2` the signal that stops the server (one that the server does not inherit as ignored, as a shell's
/// jobs do `INT` and `QUIT`), the rest its command line.
const KEEPER: &str = r#"
folder=$1 signal=$2
shift 2
exec 3<&0
"$@" 3<&- </dev/null >>"$folder/log" 2>&1 &
server=$!
echo "$server"
exec >/dev/null 2>&1
{ cat <&3; : >"$folder/over"; kill -s "$signal" "$server"; sleep 10; kill -s KILL "$server"; } &
watch=$!
wait "$server"
kill "$watch"
if [ -e "$folder/over" ]; then rm -rf "$folder"; fi
"#;

/// A server and its folder; both are gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    folder: TempDir,
    running: Option<Running>,
    stop: &'static str,
}

#[derive(Debug)]
struct Running {
    keeper: Child,
    pid: String,
}

impl Server {
    /// A server that does not run yet, whose folder belongs to the unprivileged user, and which this signal stops.
    pub(crate) fn new(stop: &'static str) -> Self {
        let folder = tempfile::Builder::new().prefix("testbed-").tempdir().expect("a temporary folder");
        tool::give(folder.path());
        Self { folder, running: None, stop }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        let running = self.running.as_ref().expect("it runs");
        running.pid.parse().expect("the keeper prints a number")
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    fn log_file(&self) -> PathBuf {
        self.folder().join("log")
    }

    /// Starts it, and waits until it is ready; false where it ended instead.
    pub(crate) fn start(&mut self, command: &Command, ready: impl Fn() -> bool) -> bool {
        assert!(self.running.is_none(), "it runs already");
        File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("the folder can be written to");
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(self.folder()).arg(self.stop);
        keeper.arg(command.get_program()).args(command.get_args());
        // A Ctrl-C at the terminal ends us and not the keeper, which has still to clean up.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = keeper.spawn().expect("sh is there");
        let mut pid = String::new();
        let stdout = keeper.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut pid).expect("the keeper prints the server's number");
        self.running = Some(Running { keeper, pid: pid.trim().to_owned() });
        let started = Instant::now();
        while !ready() {
            if self.has_ended() {
                self.running = None;
                return false;
            }
            assert!(started.elapsed() < DEADLINE, "not ready after {DEADLINE:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    fn has_ended(&mut self) -> bool {
        let keeper = self.running.as_mut().map(|running| running.keeper.try_wait());
        !matches!(keeper, Some(Ok(None)))
    }

    /// Sends it a signal, by name.
    pub(crate) fn signal(&self, name: &str) {
        let running = self.running.as_ref().expect("it runs");
        tool::run(Command::new("kill").args(["-s", name, &running.pid]));
    }

    /// Ends it with a signal, and waits until it is gone. Its folder stays.
    pub(crate) fn end(&mut self, signal: &str) {
        self.signal(signal);
        let started = Instant::now();
        while !self.has_ended() {
            assert!(started.elapsed() < DEADLINE, "still there after {DEADLINE:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.running = None;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        drop(running.keeper.stdin.take());
        // A stopped process sees no other signal before it is continued.
        _ = Command::new("kill").args(["-s", "CONT", &running.pid]).stderr(Stdio::null()).status();
        _ = running.keeper.wait();
    }
}
