//! The policy in force.

use plic_pipeline::moderation::{Policy, policy::HeldThen};

use super::user;
use crate::engine::Engine;

pub(crate) async fn the_default_holds_until_another_is_set(mut engine: impl Engine) {
    assert_eq!(engine.records().policy().await.expect("answers"), Policy::default());
    let other = Policy {
        strikes_to_ban: None,
        held_then: HeldThen::Drop,
        message_days: Some(7),
        ..Policy::default()
    };
    engine.records().set_policy(&other, user(9)).await.expect("sets");
    assert_eq!(engine.records().policy().await.expect("answers"), other);
    engine.reopen().await;
    assert_eq!(engine.records().policy().await.expect("answers"), other);
}
