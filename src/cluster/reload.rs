//! Puts rules and the policy in force that another node changed. A task of its own: compiling takes its time, and whoever
//! changes rules here waits for its own change meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use plic_pipeline::moderation::{DeskError, Notice};
use tokio::{sync::Notify, time::sleep};

use super::node::Node;

/// When what failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What is to be read again.
#[derive(Default)]
pub(super) struct Reload {
    rules: AtomicBool,
    policy: AtomicBool,
    wake: Notify,
}

impl Reload {
    pub(super) fn rules(&self) {
        self.rules.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub(super) fn policy(&self) {
        self.policy.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

impl Node {
    /// Reads again what is to be, for as long as it is polled.
    pub(super) async fn keep_reloading(self: Arc<Self>) {
        loop {
            self.reload.wake.notified().await;
            while let Err(error) = self.reload_now().await {
                plic_pipeline::log_limited!(
                    WARN,
                    error: &error,
                    "what another node changed is not in force yet"
                );
                sleep(AGAIN).await;
            }
        }
    }

    /// What fails does not keep the other from being read; it is read again.
    async fn reload_now(&self) -> Result<(), DeskError> {
        let rules = self.reload_rules().await;
        let policy = self.reload_policy().await;
        rules.and(policy)
    }

    async fn reload_rules(&self) -> Result<(), DeskError> {
        if self.reload.rules.swap(false, Ordering::AcqRel) {
            self.desk.reload_rules().await.inspect_err(|_| self.reload.rules())?;
            self.hub.tell(Notice::RulesReplaced);
        }
        Ok(())
    }

    async fn reload_policy(&self) -> Result<(), DeskError> {
        if self.reload.policy.swap(false, Ordering::AcqRel) {
            self.desk.reload_policy().await.inspect_err(|_| self.reload.policy())?;
            self.hub.tell(Notice::PolicyChanged);
        }
        Ok(())
    }
}
