//! What an engine is compared with: the least that is durable on the same database.

use std::time::Duration;

use crate::Error;

/// One table, one index, and nothing but inserts.
pub(crate) trait Floor {
    /// Inserts for some time, so many rows a transaction; how many it were.
    async fn fill(&mut self, batch: usize, time: Duration) -> Result<u32, Error>;
}
