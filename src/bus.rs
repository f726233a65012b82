//! The ways in which events travel: to this node's own hub, and as hints to the other nodes.

pub mod local;
pub mod nats;
