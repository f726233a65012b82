//! Several nodes over one database: this process as one of them.
//!
//! What this node commits goes to its own connections in the order of each room, then to the other nodes as a hint over
//! NATS; what the others commit comes as hints (`rooms` has the order). Whatever is lost on the way is read from the
//! database: `catching_up` reads what is known to be missing, `heads` looks for what is not. Changes other than messages
//! are in a feed in the database, which every node reads (`news`). Who is connected here is registered there
//! (`attendance`). Without NATS all of it works, some seconds slower.

mod attendance;
mod catching_up;
mod clock;
mod heads;
mod lives;
mod news;
mod node;
mod node_bus;
mod reload;
mod rooms;
pub mod shared;

use std::sync::Arc;

use plic_pipeline::moderation::{Desk, Records};
use tokio::task::JoinSet;

pub use self::node_bus::NodeBus;
use self::{
    attendance::Register,
    node::Node,
    shared::{Attendance, Forget, Shared},
};
use crate::{bus::nats::Hearing, hub::Hub};

/// What a node is made from.
pub struct Parts {
    /// The connections of this node.
    pub hub: Arc<Hub>,
    /// The database that the nodes share.
    pub shared: Arc<dyn Shared>,
    /// What moderators see.
    pub records: Arc<dyn Records>,
    /// What this node remembers.
    pub forget: Arc<dyn Forget>,
    /// Puts rules and the policy in force.
    pub desk: Desk,
    /// Connections that a user may have, on whichever nodes.
    pub connections_per_user: usize,
    /// [`Shared::news_head`] from before anything was remembered.
    pub news_from: i64,
}

/// Starts what makes this process a node, as tasks in `background`; what `bus` is handed goes to the other nodes from then
/// on. Answers who is to be told of those who come and go.
pub fn start(
    parts: Parts,
    bus: &NodeBus,
    hearing: Option<Hearing>,
    background: &mut JoinSet<()>,
) -> Arc<dyn Attendance> {
    let node = Arc::new(Node::new(parts, bus.wire(), bus.metrics()));
    let (register, coming) = Register::new();
    background.spawn(Arc::clone(&node).keep_register(coming));
    background.spawn(Arc::clone(&node).catch_up());
    background.spawn(Arc::clone(&node).look_at_heads());
    background.spawn(Arc::clone(&node).read_news());
    background.spawn(Arc::clone(&node).keep_reloading());
    background.spawn(Arc::clone(&node).say_that_it_lives());
    background.spawn(Arc::clone(&node).keep_clock());
    if let Some(hearing) = hearing {
        background.spawn(Arc::clone(&node).hear(hearing));
    }
    bus.attach(node);
    Arc::new(register)
}
