//! Measures plic-chat beside servers that people would use instead, in one run on one machine.
//!
//! [`scenario`] says what is measured, [`server`] how each server is started, [`load`] is the crowd of members, [`measure`] reads
//! clocks and /proc, [`report`] tells. [`reference`] are the servers of ours that others are compared with.

mod ground;
mod load;
mod measure;
mod mqtt;
mod options;
mod reference;
mod report;
mod scenario;
mod server;

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};

use self::{
    options::Options,
    report::{chart, machine, row::Row, table},
    scenario::{Outcome, accept, fanout, herd, hints, idle, nodes, open, pairs, stalled},
    server::Kind,
};

/// Measures plic-chat beside servers that people would use instead
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Every scenario; keeps the table and the chart in docs/ unless it is a glance or a part
    All,
    /// Rooms of a hundred in closed loop: what a delivery costs
    Fanout {
        /// How many of a room send: 1 and then 10 where it is not said
        #[arg(long)]
        senders: Option<usize>,
    },
    /// 256 pairs in closed loop: confirmed messages a second
    Pairs,
    /// 10,000 deliveries a second, whatever the server does: how long they take
    Open,
    /// Connections on which nothing happens: their memory and their time
    Idle,
    /// Connections accepted a second
    Accept,
    /// A server is killed and everybody comes back at once
    Herd,
    /// Members who stop reading
    Stalled,
    /// Two nodes over NATS and `PostgreSQL` beside one: how long deliveries take at the same load, and what messages cost a node
    /// where nobody listens
    Nodes,
    /// Hints over NATS by room or by node, without plic-chat
    Hints,
    /// What `PostgreSQL` and NATS cost: `pairs` on it, `nodes`, `hints`; keeps a table of its own unless it is a glance
    Cluster,
    /// Serves as the floor: a broadcast server without token, JSON, filter or database
    Floor {
        /// Where to listen; port 0 takes a free one
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// One write for each delivery, instead of one for what a turn of the event loop read
        #[arg(long)]
        separate: bool,
    },
    /// Writes rows durably, as fast as one writer can: to `SQLite` in a folder or to `PostgreSQL`
    Durable {
        /// Rows a transaction
        #[arg(long)]
        batch: usize,
        /// Where the `SQLite` database is made
        #[arg(long, required_unless_present = "postgres")]
        folder: Option<PathBuf>,
        /// An empty `PostgreSQL` database, in which a table is made
        #[arg(long, conflicts_with = "folder")]
        postgres: Option<String>,
        /// For how long
        #[arg(long, default_value_t = 3)]
        seconds: u64,
    },
}

fn main() -> anyhow::Result<()> {
    let Arguments { task, options } = Arguments::parse();
    match task.unwrap_or(Task::All) {
        Task::Floor { listen, separate } => Ok(reference::floor::serve(listen, separate)?),
        Task::Durable { batch, folder, postgres, seconds } => {
            let time = Duration::from_secs(seconds);
            let rate = match (postgres, folder) {
                (Some(url), _) => reference::unnest::rows_a_second(batch, &url, time)?,
                (None, Some(folder)) => reference::durable::rows_a_second(batch, &folder, time)?,
                (None, None) => bail!("it is not said where to"),
            };
            println!("{rate:.0}");
            Ok(())
        }
        task => measure(&task, &options),
    }
}

fn measure(task: &Task, options: &Options) -> anyhow::Result<()> {
    server::build()?;
    rlimit::increase_nofile_limit(u64::MAX)?;
    server::take_load_core()?;
    let databases = options.host()?.folder;
    // Servers that make a folder for themselves make it there too, and not where temporary files may lie in memory.
    if let Err(folder) = tempfile::env::override_temp_dir(&databases) {
        bail!("databases would lie in {}", folder.display());
    }
    server::sweep(&databases)?;
    let outcome = run(task, options)?;
    let report = format!("{}\n{}", table::markdown(&outcome.rows), machine::describe(&databases));
    println!("{report}");
    // Without any other server the table lacks what it is for; Mosquitto is a guest in it.
    let lacks = |row: &&Row| {
        let failure = row.failure.as_ref();
        failure
            .is_some_and(|failure| row.is_ours || failure.is_absent && row.server != Kind::Mosquitto.name())
    };
    if let Some(row) = outcome.rows.iter().find(lacks) {
        bail!("{}: {} failed, and nothing is kept", row.scenario, row.server);
    }
    if let Some(folder) = options.keep(matches!(task, Task::All | Task::Cluster)) {
        let keep = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))
        };
        if matches!(task, Task::Cluster) {
            return keep("performance-cluster.md", report);
        }
        keep("performance-table.md", report)?;
        keep("performance.svg", chart::svg(&outcome.panels))?;
    }
    Ok(())
}

fn run(task: &Task, options: &Options) -> anyhow::Result<Outcome> {
    match task {
        Task::Fanout { senders: Some(senders) } => fanout::run(options, *senders),
        Task::Fanout { senders: None } => {
            let mut outcome = fanout::run(options, 1)?;
            outcome.add(fanout::run(options, 10)?);
            Ok(outcome)
        }
        Task::Pairs => pairs::run(options),
        Task::Open => open::run(options),
        Task::Idle => Ok(idle::run(options)),
        Task::Accept => accept::run(options),
        Task::Herd => Ok(herd::run(options)),
        Task::Stalled => stalled::run(options),
        Task::Nodes => Ok(nodes::run(options)),
        Task::Hints => hints::run(options),
        Task::Cluster => {
            let servers = vec![Kind::Plic, Kind::PlicPostgres];
            let mut outcome = pairs::run(&Options { only: servers, ..options.clone() })?;
            outcome.add(nodes::run(options));
            outcome.add(hints::run(options)?);
            Ok(outcome)
        }
        Task::All | Task::Floor { .. } | Task::Durable { .. } => {
            let mut outcome = run(&Task::Fanout { senders: None }, options)?;
            for task in [Task::Pairs, Task::Open, Task::Idle, Task::Accept, Task::Herd, Task::Stalled] {
                outcome.add(run(&task, options)?);
            }
            Ok(outcome)
        }
    }
}
