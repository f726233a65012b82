//! CPU time of this process, and of a server and the processes that it started.

use std::{
    fmt, fs,
    ops::{Add, Div},
};

use crate::Error;

/// Where these stand in a process's line, behind its name.
const PARENT: usize = 1;
const ITSELF: usize = 11;
const ENDED_CHILDREN: usize = 13;

/// Microseconds in user and in system mode.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu {
    user: f64,
    system: f64,
}

impl Cpu {
    /// Both.
    pub(crate) fn total(self) -> f64 {
        self.user + self.system
    }

    /// What was used since then.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { user: self.user - earlier.user, system: self.system - earlier.system }
    }
}

impl Add for Cpu {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }
}

impl Div<f64> for Cpu {
    type Output = Self;

    fn div(self, by: f64) -> Self {
        Self { user: self.user / by, system: self.system / by }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} + {:.1}", self.user, self.system)
    }
}

/// Of this process.
pub(crate) fn own() -> Result<Cpu, Error> {
    time(&fields("self")?, ITSELF)
}

/// Of a process and its children, those that ended included.
pub(crate) fn tree(pid: u32) -> Result<Cpu, Error> {
    let root = fields(&pid.to_string())?;
    let mut total = time(&root, ITSELF)? + time(&root, ENDED_CHILDREN)?;
    for entry in fs::read_dir("/proc")? {
        // What is there beside processes has no such file, and a process may end while the others are read.
        let Ok(fields) = fields(&entry?.file_name().to_string_lossy()) else { continue };
        if fields[PARENT].parse() == Ok(pid) {
            total = total + time(&fields, ITSELF)?;
        }
    }
    Ok(total)
}

/// What follows the name in a process's line.
fn fields(pid: &str) -> Result<Vec<String>, Error> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the process, in brackets, may contain anything.
    let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

/// The time in two fields, of ticks of 10 ms.
fn time(fields: &[String], at: usize) -> Result<Cpu, Error> {
    Ok(Cpu { user: fields[at].parse::<f64>()? * 1e4, system: fields[at + 1].parse::<f64>()? * 1e4 })
}
