//! What rules did, in numbers, and what is done by itself.

use super::{Desk, DeskError};
use crate::{
    moderation::{
        drift::Drift,
        stats::{Stats, day_of},
    },
    timestamp::Timestamp,
};

/// Numbers for moderators.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Hits and decisions.
    pub stats: Stats,
    /// Messages that this node judged since it started.
    pub judged: u64,
    /// Half of them were judged within so many microseconds.
    pub p50_micros: f64,
    /// 99 of a hundred were.
    pub p99_micros: f64,
}

impl Desk {
    /// The numbers since a moment.
    pub async fn stats(&self, since: Timestamp) -> Result<Numbers, DeskError> {
        let desk = self.clone();
        self.to_the_end(async move { desk.write_down_hits().await }).await?;
        let latency = self.0.watch.latency();
        Ok(Numbers {
            stats: self.0.records.stats(since).await?,
            judged: latency.count(),
            p50_micros: latency.percentile(0.5),
            p99_micros: latency.percentile(0.99),
        })
    }

    /// Writes down what rules did since the last time; whoever builds the desk calls this now and then.
    pub async fn write_down_hits(&self) -> Result<(), DeskError> {
        let (hits, judged) = (self.0.watch.take_hits(), self.0.watch.take_judged());
        if hits.is_empty() && judged.is_none() {
            return Ok(());
        }
        if let Err(error) = self.0.records.add_hits(hits.clone(), judged).await {
            self.0.watch.put_back(hits, judged);
            return Err(error.into());
        }
        Ok(())
    }

    /// Compares the share of messages that are stopped today with that of the weeks before, as the store has them: the
    /// same on every node.
    pub async fn drift(&self) -> Result<Drift, DeskError> {
        let today = day_of(self.0.watch.now());
        let days = self.0.records.judged_days(today - Drift::DAYS, today).await?;
        Ok(Drift::of(&days, today))
    }

    /// Does a bounded part of what the policy wants done in time; answers whether there is more to do now. Whoever builds
    /// the desk calls this now and then.
    pub async fn keep_house(&self) -> Result<bool, DeskError> {
        Ok(self.0.records.keep_house(&self.0.watch.policy()).await?)
    }

    /// Reads the policy and puts it in force: at the start, and after another node's change.
    pub async fn reload_policy(&self) -> Result<(), DeskError> {
        let _changing = self.0.changing_policy.lock().await;
        self.0.watch.set_policy(self.0.records.policy().await?);
        Ok(())
    }
}
