//! What several nodes promise together, seen through their doors: real server processes on a real PostgreSQL and a real NATS,
//! which are stopped, killed and brought back.
//!
//! A file a group of facts; [`cluster`] starts nodes, [`load`] is the crowd that talks while things fail.

mod answer_thief;
mod calibrate;
mod clocks;
mod cluster;
mod conversations;
mod crossing;
mod database_faults;
mod freshness;
#[path = "../harness/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the harness of all tests through the door, of which this uses a part"
)]
mod harness;
mod load;
mod lost_answers;
mod nats_faults;
mod node_faults;
mod order;
mod separation;
mod state;
