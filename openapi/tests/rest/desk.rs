//! A real desk over records in memory, for the tests and the example server.

use std::sync::Arc;

use async_trait::async_trait;
use plic_filter::{RuleSet, Rules};
use plic_pipeline::{
    bus::Bus,
    event::Event,
    metrics::PipelineMetrics,
    moderation::{Desk, Policy, Records, Staff, Watch, desk, notice::Notices},
    store::Store,
};
use prometheus_client::registry::Registry;

use crate::{fake::FakeStore, records::FakeRecords};

/// A desk over `store` and records of its own; everybody whose number is even is connected.
pub(crate) fn desk(store: &Arc<FakeStore>) -> (Desk, Arc<FakeRecords>, Notices) {
    let notices = Notices::default();
    let records = Arc::new(FakeRecords::beside(store));
    let bus: Arc<dyn Bus> = Arc::new(FakeBus { notices: notices.clone() });
    let metrics = PipelineMetrics::register(&mut Registry::default());
    let keeper = Arc::clone(store) as Arc<dyn Store>;
    let watch = Watch::new(keeper, Arc::clone(&bus), Policy::default(), metrics);
    let parts = desk::Parts {
        records: Arc::clone(&records) as _,
        bus,
        rules: Arc::new(Rules::new(RuleSet::default())),
        watch: Arc::new(watch),
        notices: notices.clone(),
        staff: Staff::new(Arc::clone(&records) as Arc<dyn Records>),
        encoder: None,
        is_connected: Box::new(|user| user.0.as_u128().is_multiple_of(2)),
    };
    (Desk::new(parts), records, notices)
}

struct FakeBus {
    notices: Notices,
}

#[async_trait]
impl Bus for FakeBus {
    async fn publish(&self, events: Vec<Event>) {
        for event in events {
            if let Event::Notice(notice) = event {
                self.notices.tell(notice);
            }
        }
    }
}
