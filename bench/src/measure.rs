//! What is measured: time of servers and of members, memory of servers.

pub(crate) mod latency;
pub(crate) mod process;
pub(crate) mod spread;
