//! Whether a connection has shown a token that holds. The server gives strangers less time and less room.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The standing of one connection, in the data of each of its requests; a clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct Standing(Arc<AtomicBool>);

impl Standing {
    /// Returns whether a token that holds has come over the connection.
    pub fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that a token that holds has come over the connection.
    pub fn become_known(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Notes that a token that does not hold has come over the connection.
    pub fn become_stranger(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
