//! The task that writes: messages in batches on one connection, and beside them every other write on another.
//!
//! Both hand what they committed to one way of deliveries. A change does not overtake the batch that was under way when
//! it was committed: who was removed from a room gets nothing of it after that was answered.

use std::sync::Arc;

use plic_pipeline::bus::Bus;
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, sleep_until},
};

use crate::store::write_health::WriteHealth;

use super::{
    appender::Appender,
    change::Run,
    commit::Writing,
    delivery::Deliveries,
    purge,
    queue::Job,
    reach::{Link, Reach},
    ticket::Append,
};

/// What both writers share.
pub(super) struct Outlet {
    pub(super) deliveries: Deliveries,
    /// Held from before a batch is sent to the database until it is handed on.
    pub(super) batch: Mutex<()>,
    pub(super) health: Arc<WriteHealth>,
}

/// Writes until nobody can ask any more, and waits until all of it is published and answered.
pub(super) async fn run(
    reach: Reach,
    node: i64,
    bus: Arc<dyn Bus>,
    health: Arc<WriteHealth>,
    messages: mpsc::Receiver<Job<Append>>,
    changes: mpsc::Receiver<Job<Box<dyn Run>>>,
) {
    let outlet = Outlet { deliveries: Deliveries::start(bus), batch: Mutex::new(()), health };
    let appender = Appender::new(Link::new(reach.clone()), node);
    tokio::join!(appender.run(&outlet, messages), change(&outlet, Link::new(reach), node, changes),);
    if let Err(error) = outlet.deliveries.finish().await {
        tracing::error!(%error, "deliveries had ended early");
    }
}

/// Does what is not appending, one after another.
async fn change(outlet: &Outlet, mut link: Link, node: i64, mut changes: mpsc::Receiver<Job<Box<dyn Run>>>) {
    let mut purge_at = Instant::now();
    while !outlet.deliveries.have_ended() {
        let job = tokio::select! {
            job = changes.recv() => job,
            // Without deliveries nobody would be answered.
            () = outlet.deliveries.ended() => break,
            () = sleep_until(purge_at) => {
                purge_at = Instant::now() + purge::purge(&mut link).await;
                continue;
            }
        };
        match job {
            None => break,
            Some(Job::Stop) => changes.close(),
            Some(Job::Write(change)) if change.is_wanted() => {
                match change.run(&mut Writing { link: &mut link, node }).await {
                    Ok(delivery) => {
                        let _batch = outlet.batch.lock().await;
                        outlet.deliveries.hand_on(delivery).await;
                    }
                    // It has been answered.
                    Err(error) => outlet.health.failed(&error),
                }
            }
            Some(Job::Write(_)) => {}
        }
    }
    link.close().await;
}
