//! What a process and those that it started have used, from /proc.

use std::{
    fs, io,
    ops::{Add, Sub},
    time::Duration,
};

/// The unit of times in /proc: a hundredth of a second for every architecture that Linux runs on today.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds on a processor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Cpu {
    /// In the program.
    pub(crate) user: f64,
    /// In the kernel on its behalf.
    pub(crate) system: f64,
}

impl Cpu {
    /// Both.
    pub(crate) fn total(self) -> f64 {
        self.user + self.system
    }
}

impl Add for Cpu {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { user: self.user - earlier.user, system: self.system - earlier.system }
    }
}

/// A line of /proc/PID/stat.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stat {
    pid: u32,
    parent: u32,
    cpu: Cpu,
}

impl Stat {
    fn parse(line: &str) -> Option<Self> {
        // The name, in brackets, may hold anything.
        let (head, fields) = line.rsplit_once(')')?;
        let pid = head.split_whitespace().next()?.parse().ok()?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let seconds = |field: usize| Some(fields.get(field)?.parse::<f64>().ok()? / TICKS_PER_SECOND);
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            // What it used itself, and what its children had used when it waited for their end.
            cpu: Cpu { user: seconds(11)? + seconds(13)?, system: seconds(12)? + seconds(14)? },
        })
    }
}

/// What a process and its descendants have used since they began, those included that have ended and were waited for.
pub(crate) fn cpu(pid: u32) -> io::Result<Cpu> {
    let mut stats = Vec::new();
    for entry in fs::read_dir("/proc")? {
        // A process may end while the others are read.
        let line = fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
        stats.extend(Stat::parse(&line));
    }
    if !stats.iter().any(|stat| stat.pid == pid) {
        return Err(io::Error::other(format!("process {pid} has ended")));
    }
    Ok(tree(pid, &stats))
}

fn tree(root: u32, stats: &[Stat]) -> Cpu {
    let mut total = Cpu::default();
    for stat in stats {
        let used = match stat {
            Stat { pid, .. } if *pid == root => stat.cpu,
            Stat { pid, parent, .. } if *parent == root => tree(*pid, stats),
            _ => continue,
        };
        total.user += used.user;
        total.system += used.system;
    }
    total
}

/// How long the threads of a process have run on a processor, far more exactly than [`cpu`], but without those that have ended.
pub(crate) fn run_time(pid: u32) -> io::Result<Duration> {
    let mut total = Duration::ZERO;
    for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while the others are read.
        let file = fs::read_to_string(entry?.path().join("schedstat")).unwrap_or_default();
        total += nanoseconds(&file).unwrap_or_default();
    }
    Ok(total)
}

/// How long the calling thread has run on a processor.
pub(crate) fn own_run_time() -> io::Result<Duration> {
    let file = fs::read_to_string("/proc/thread-self/schedstat")?;
    nanoseconds(&file).ok_or_else(|| io::Error::other("the kernel keeps no run times"))
}

fn nanoseconds(schedstat: &str) -> Option<Duration> {
    Some(Duration::from_nanos(schedstat.split_whitespace().next()?.parse().ok()?))
}

/// Bytes of memory that a process holds.
pub(crate) fn resident(pid: u32) -> io::Result<u64> {
    status(pid, "VmRSS:")
}

/// Forgets what a process has held earlier: the peak begins again at what it holds now.
pub(crate) fn forget_peak(pid: u32) -> io::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5")
}

/// The most bytes of memory that a process has held.
pub(crate) fn peak(pid: u32) -> io::Result<u64> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, name: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    kibibytes(&status, name).map(|kib| kib * 1024).ok_or_else(|| io::Error::other(format!("no {name}")))
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(pid: u32, parent: u32, user: f64) -> Stat {
        Stat { pid, parent, cpu: Cpu { user, system: 1.0 } }
    }

    #[test]
    fn a_line_is_read_whatever_the_name() {
        let line = "12 (a ) b) S 7 12 12 0 -1 4194304 99 0 0 0 250 125 50 25 20 0 1 0 1 1 1";
        let read = Stat { pid: 12, parent: 7, cpu: Cpu { user: 3.0, system: 1.5 } };
        assert_eq!(Stat::parse(line), Some(read));
    }

    #[test]
    fn descendants_count_and_others_do_not() {
        let stats = [stat(1, 0, 9.0), stat(5, 1, 1.0), stat(6, 5, 2.0), stat(7, 6, 4.0), stat(8, 1, 100.0)];
        assert_eq!(tree(5, &stats), Cpu { user: 7.0, system: 3.0 });
    }

    #[test]
    fn memory_is_read_by_name() {
        assert_eq!(kibibytes("Name:\tx\nVmHWM:\t  20 kB\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12));
        assert_eq!(kibibytes("Name:\tx\n", "VmRSS:"), None);
    }

    #[test]
    fn this_process_uses_time_and_memory() {
        let own = std::process::id();
        assert!(cpu(own).is_ok() && cpu(u32::MAX).is_err());
        assert!(own_run_time().expect("as the test says") <= run_time(own).expect("as the test says"));
        assert!(peak(own).expect("as the test says") >= resident(own).expect("as the test says") / 2);
    }
}
