//! The servers that are compared: how each is started, on which cores, and where it then listens.

use std::{
    env, fs, io, iter,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};
use clap::ValueEnum;
use tempfile::TempDir;

use crate::{
    ground::Ground,
    load::{
        crowd::{Crowd, Waiting},
        protocol::Protocol,
        rooms::SECRET,
    },
    measure::process::{self, Cpu},
    reference::{announced, mosquitto, node, pinned},
};

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Kind {
    /// plic-chat as it is built in this workspace.
    Plic,
    /// plic-chat with two cores, of which it shares one with the load generator.
    PlicTwoCores,
    /// plic-chat on `PostgreSQL`, which is on the same core and part of what is measured.
    PlicPostgres,
    /// Two nodes of plic-chat over `PostgreSQL` and NATS, all on the same core.
    PlicNodes,
    /// A broadcast server that joins what it writes to a member.
    Floor,
    /// The same with one write for each delivery.
    FloorSeparate,
    /// The chat of our contract as a web team would write it.
    Node,
    /// An MQTT broker.
    Mosquitto,
}

impl Kind {
    /// As it is called in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plic => "plic-chat",
            Self::PlicTwoCores => "plic-chat, two cores",
            Self::PlicPostgres => "plic-chat on PostgreSQL",
            Self::PlicNodes => "plic-chat, two nodes",
            Self::Floor => "floor",
            Self::FloorSeparate => "floor, a write a delivery",
            Self::Node => "Node",
            Self::Mosquitto => "Mosquitto",
        }
    }

    /// What it speaks.
    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Self::Plic | Self::PlicTwoCores | Self::PlicPostgres | Self::PlicNodes | Self::Node => {
                Protocol::Contract
            }
            Self::Floor | Self::FloorSeparate => Protocol::Floor,
            Self::Mosquitto => Protocol::Mqtt,
        }
    }

    /// A crowd that speaks it, and leaves the server the cores that it is measured on.
    pub(crate) fn crowd(self) -> io::Result<Crowd> {
        let waiting = if self == Self::PlicTwoCores { Waiting::Asleep } else { Waiting::Awake };
        Crowd::new(self.protocol(), waiting)
    }

    /// Whether it is plic-chat itself.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Plic | Self::PlicTwoCores | Self::PlicPostgres | Self::PlicNodes)
    }

    /// Whether rooms are made over REST, rather than by naming them.
    pub(crate) fn has_rest(self) -> bool {
        self.protocol() == Protocol::Contract
    }
}

/// How servers are to run.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    /// Databases are made below it.
    pub(crate) folder: PathBuf,
    /// Seconds between heartbeats of plic-chat.
    pub(crate) ping_seconds: u64,
    /// Seconds until plic-chat takes somebody for away; its default where it is `None`.
    pub(crate) afk_seconds: Option<u64>,
}

/// The core of servers.
pub(crate) const SERVER_CORE: usize = 0;
/// The core of the load generator.
const LOAD_CORE: &str = "1";
/// How the folders of databases begin; the process that made them follows.
const WORK_FOLDER: &str = "plic-chat-bench-";
const NO_TASKSET: &str = "could not start taskset, of Debian's package util-linux";

/// A server that runs; dropping it kills it.
pub(crate) struct Server {
    /// Which.
    pub(crate) kind: Kind,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
    folder: TempDir,
    /// What stands on the same ground.
    peer: Option<Box<Server>>,
    ground: Option<Ground>,
}

impl Server {
    /// Starts a server with an empty database; an [`Absent`](crate::reference::Absent) error where it is not installed.
    pub(crate) fn start(kind: Kind, host: &Host) -> anyhow::Result<Self> {
        let folder = work_folder(&host.folder)?;
        let core = SERVER_CORE.to_string();
        let (child, address) = match kind {
            Kind::Node => node::start(folder.path(), SECRET, &core)?,
            Kind::Mosquitto => mosquitto::start(folder.path(), &core)?,
            Kind::PlicPostgres | Kind::PlicNodes => return Self::start_on_ground(kind, host),
            kind => announced(command(kind, host, folder.path())?, folder.path())?,
        };
        Ok(Self { kind, address, child, folder, peer: None, ground: None })
    }

    fn start_on_ground(kind: Kind, host: &Host) -> anyhow::Result<Self> {
        let ground = Ground::start(kind == Kind::PlicNodes)?;
        let node = || {
            let folder = work_folder(&host.folder)?;
            let mut command = plic(host, &SERVER_CORE.to_string())?;
            command.envs(ground.settings());
            let (child, address) = announced(command, folder.path())?;
            anyhow::Ok(Self { kind, address, child, folder, peer: None, ground: None })
        };
        let mut server = node()?;
        if kind == Kind::PlicNodes {
            server.peer = Some(Box::new(node()?));
        }
        server.ground = Some(ground);
        Ok(server)
    }

    /// Where it listens, on every node.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        iter::once(self.address).chain(self.peer.as_ref().map(|peer| peer.address)).collect()
    }

    /// The second node.
    pub(crate) fn peer(&self) -> Option<&Self> {
        self.peer.as_deref()
    }

    /// What its nodes share, where that is not a file.
    pub(crate) fn ground(&self) -> Option<&Ground> {
        self.ground.as_ref()
    }

    /// What it has used since it began, with everything that serves it alone.
    pub(crate) fn cpu(&self) -> io::Result<Cpu> {
        let mut cpu = process::cpu(self.pid())?;
        if let Some(peer) = &self.peer {
            cpu = cpu + peer.cpu()?;
        }
        if let Some(ground) = &self.ground {
            cpu = cpu + ground.cpu()?;
        }
        Ok(cpu)
    }

    /// Kills a plic-chat as a crash does, and starts it again on the same database.
    pub(crate) fn restart(&mut self, host: &Host) -> anyhow::Result<()> {
        self.stop();
        let folder = self.folder.path();
        (self.child, self.address) = announced(command(self.kind, host, folder)?, folder)?;
        Ok(())
    }

    /// Of the process that is measured.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn stop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Builds plic-chat as it is now, where this is run by cargo; whoever starts the program itself measures what is there.
pub(crate) fn build() -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        bail!("only optimized programs are worth measuring: cargo run --release -p bench");
    }
    let Some(cargo) = env::var_os("CARGO") else { return Ok(()) };
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let built = Command::new(cargo)
        .args(["build", "--release", "--locked", "--package", "plic-chat", "--bin", "plic-chat"])
        .current_dir(root)
        .status()?;
    if built.success() { Ok(()) } else { bail!("plic-chat was not built") }
}

/// Keeps this process off the core of the servers, and what it starts from then on too.
pub(crate) fn take_load_core() -> anyhow::Result<()> {
    take_core(LOAD_CORE)
}

/// Starts something from the core of the servers, so that it stays there.
pub(crate) fn on_server_core<T>(start: impl FnOnce() -> T) -> anyhow::Result<T> {
    take_core(&SERVER_CORE.to_string())?;
    let started = start();
    take_core(LOAD_CORE)?;
    Ok(started)
}

/// Has the calling thread, and what it starts from then on, run on one core alone.
fn take_core(core: &str) -> anyhow::Result<()> {
    let own = fs::read_link("/proc/thread-self")?;
    let own = own.file_name().context("no thread without a number")?;
    let done = Command::new("taskset").args(["-cp", core]).arg(own).stdout(Stdio::null()).status();
    if !done.context(NO_TASKSET)?.success() {
        bail!("a machine with two cores is needed: one for the server, one for its clients");
    }
    Ok(())
}

/// A folder that is removed in the end, and by a later run should this one be killed.
pub(crate) fn work_folder(parent: &Path) -> anyhow::Result<TempDir> {
    let prefix = format!("{WORK_FOLDER}{}-", std::process::id());
    let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(parent);
    folder.with_context(|| format!("no folder in {}", parent.display()))
}

/// Removes the folders of runs that were killed.
pub(crate) fn sweep(parent: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(WORK_FOLDER)?.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn command(kind: Kind, host: &Host, folder: &Path) -> anyhow::Result<Command> {
    match kind {
        Kind::Plic | Kind::PlicTwoCores => {
            let cores = if kind == Kind::Plic { SERVER_CORE.to_string() } else { "0,1".to_owned() };
            let mut command = plic(host, &cores)?;
            command.env("DATABASE_URL", format!("sqlite://{}", folder.join("chat.db").display()));
            Ok(command)
        }
        Kind::Floor | Kind::FloorSeparate => {
            let mut command = pinned(env::current_exe()?, &SERVER_CORE.to_string());
            command.args(["floor", "--listen", "127.0.0.1:0"]);
            if kind == Kind::FloorSeparate {
                command.arg("--separate");
            }
            Ok(command)
        }
        Kind::PlicPostgres | Kind::PlicNodes | Kind::Node | Kind::Mosquitto => {
            bail!("{} is started elsewhere", kind.name())
        }
    }
}

/// A node of plic-chat on these cores, without limits that the load would reach, and without a database.
fn plic(host: &Host, cores: &str) -> anyhow::Result<Command> {
    let program = env::current_exe()?.with_file_name("plic-chat");
    if !program.exists() {
        bail!("{} is not there: run `cargo build --release` first", program.display());
    }
    let mut command = pinned(&program, cores);
    command
        .arg("serve")
        .env("PLIC_LISTEN", "127.0.0.1:0")
        .env("SUPABASE_JWT_SECRET", SECRET)
        .env("PLIC_ENCODER", "off")
        .env("PLIC_PING_SECONDS", host.ping_seconds.to_string());
    if let Some(seconds) = host.afk_seconds {
        command.env("PLIC_AFK_SECONDS", seconds.to_string());
    }
    for limit in [
        "PLIC_RATE_LIMIT_PER_SECOND",
        "PLIC_RATE_LIMIT_BURST",
        "PLIC_FRAMES_PER_SECOND",
        "PLIC_REST_LIMIT_PER_SECOND",
        "PLIC_ADDRESS_LIMIT_PER_SECOND",
        "PLIC_CONNECTIONS_PER_ADDRESS",
        "PLIC_NEW_ROOMS_PER_DAY",
        "PLIC_PEOPLE_ADDED_PER_DAY",
    ] {
        command.env(limit, "1000000");
    }
    Ok(command)
}
